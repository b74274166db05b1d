//! What a function is told by its environment.

use std::fmt::Display;
use std::str::FromStr;

/// Attempts at a message if the environment does not say, as in the stack's redrive policies.
const MAX_ATTEMPTS: u32 = 5;

/// The settings of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `BUNRAKU_STORE`: the store's URL, the stack's output `StoreUrl`.
    pub store: String,
    /// `BUNRAKU_QUEUE`: the URL of the queues, the stack's output `QueueUrl`.
    pub queue: String,
    /// `BUNRAKU_MAX_ATTEMPTS`: how often a message is received at most, the `maxReceiveCount` of the
    /// queues.
    pub max_attempts: u32,
    /// The function's name on Lambda.
    pub function: String,
    /// Its version on Lambda.
    pub version: String,
}

/// A variable of the environment that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// One of ours is not set.
    #[error("the environment variable {name} is not set: it is {meaning}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        meaning: &'static str,
    },
    /// One that Lambda sets is not set.
    #[error(
        "the environment variable {name} is not set: this program is a function that AWS Lambda starts"
    )]
    NotOnLambda {
        /// The variable.
        name: &'static str,
    },
    /// It holds something else than it should.
    #[error("the environment variable {name} is {value:?}: {reason}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong.
        reason: String,
    },
}

impl Settings {
    /// The settings in this process's environment.
    ///
    /// # Errors
    /// When a variable is missing or wrong; it is named.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let of_lambda = |name| variable(name).ok_or(SettingsError::NotOnLambda { name });
        // What the runtime's client would panic without.
        of_lambda("AWS_LAMBDA_RUNTIME_API")?;
        let memory = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
        parse::<i32>(memory, of_lambda(memory)?)?;
        let (function, version) = (
            of_lambda("AWS_LAMBDA_FUNCTION_NAME")?,
            of_lambda("AWS_LAMBDA_FUNCTION_VERSION")?,
        );
        let ours = |name, meaning| variable(name).ok_or(SettingsError::Missing { name, meaning });
        let attempts = "BUNRAKU_MAX_ATTEMPTS";
        let max_attempts = match variable(attempts) {
            None => MAX_ATTEMPTS,
            Some(value) => match parse(attempts, value.clone())? {
                0 => {
                    return Err(SettingsError::Wrong {
                        name: attempts,
                        value,
                        reason: "it is at least 1".to_owned(),
                    });
                }
                attempts => attempts,
            },
        };
        Ok(Self {
            store: ours("BUNRAKU_STORE", "the store's URL, such as s3://BUCKET")?,
            queue: ours("BUNRAKU_QUEUE", "the URL of the queues, sqs://PREFIX")?,
            max_attempts,
            function,
            version,
        })
    }

    /// The prefix of the queues' names.
    pub(crate) fn prefix(&self) -> &str {
        self.queue.strip_prefix("sqs://").unwrap_or(&self.queue)
    }
}

fn parse<T: FromStr<Err: Display>>(name: &'static str, value: String) -> Result<T, SettingsError> {
    value.parse().map_err(|error: T::Err| SettingsError::Wrong {
        name,
        reason: error.to_string(),
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVIRONMENT: [(&str, &str); 6] = [
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_NAME", "farm-compile"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("BUNRAKU_STORE", "s3://bucket"),
        ("BUNRAKU_QUEUE", "sqs://farm"),
    ];

    /// The settings with one variable changed or added.
    fn with(name: &str, value: &str) -> Result<Settings, SettingsError> {
        Settings::read(|asked| {
            if asked == name {
                return Some(value.to_owned());
            }
            let found = ENVIRONMENT.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_whole_environment_is_read() {
        let settings = with("BUNRAKU_MAX_ATTEMPTS", "3").unwrap();
        assert_eq!((settings.max_attempts, settings.prefix()), (3, "farm"));
        assert_eq!(
            (&*settings.function, &*settings.version),
            ("farm-compile", "$LATEST")
        );
        assert_eq!(with("", "").unwrap().max_attempts, 5);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, _) in ENVIRONMENT {
            let error = with(name, "").unwrap_err().to_string();
            assert!(error.contains(&format!("{name} is not set")), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_value() {
        for (name, value) in [
            ("BUNRAKU_MAX_ATTEMPTS", "0"),
            ("BUNRAKU_MAX_ATTEMPTS", "many"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512M"),
        ] {
            let error = with(name, value).unwrap_err().to_string();
            assert!(error.contains(&format!("{name} is {value:?}")), "{error}");
        }
    }
}
