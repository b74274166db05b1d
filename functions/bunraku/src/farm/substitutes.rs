//! What a site has in the place of the farm's functions.

use std::str::FromStr;

use bunraku_host::Program;
use clap::Args;

use super::functions::Function;

/// Programs of a site's own.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Substitutes {
    /// A program of yours in front of `ingest`, `plan` or `compile`: a line for the shell, run for each message
    /// with its JSON on standard input. Each line that it prints is a message that is sent on, and one for this
    /// function goes to ours. Repeatable.
    #[arg(long = "with", value_name = "FUNCTION=COMMAND")]
    filters: Vec<Filtered>,
    /// A compiler of yours: a line for the shell, run for each catalog, with the node, its facts and the directory
    /// of the code as JSON on standard input. It prints the catalog in Puppet's JSON.
    #[arg(long, value_name = "COMMAND", env = "BUNRAKU_COMPILER")]
    compiler: Option<String>,
}

/// A function with a program in front of it.
#[derive(Clone, Debug)]
struct Filtered {
    function: Function,
    line: String,
}

impl FromStr for Filtered {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (function, line) = text
            .split_once('=')
            .filter(|(_, line)| !line.trim().is_empty())
            .ok_or("what is wanted is FUNCTION=COMMAND, such as plan=./router.py")?;
        Ok(Self {
            function: function.parse()?,
            line: line.to_owned(),
        })
    }
}

impl Substitutes {
    /// The program in front of a function; of several the last.
    pub(super) fn filter(&self, function: Function) -> Option<Program> {
        let mut filters = self.filters.iter().rev();
        let found = filters.find(|filter| filter.function == function);
        found.map(|filter| Program::new(&filter.line))
    }

    /// The compiler.
    pub(super) fn compiler(&self) -> Option<Program> {
        self.compiler.as_deref().map(Program::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_and_a_command() {
        let filtered: Filtered = "plan=./router.py --lane=bulk".parse().unwrap();
        assert_eq!(filtered.function, Function::Plan);
        assert_eq!(filtered.line, "./router.py --lane=bulk");
        for wrong in ["plan", "plan=", "plan= ", "edge=./mine"] {
            let told = wrong.parse::<Filtered>().unwrap_err();
            assert!(told.contains("plan"), "{told}");
        }
    }
}
