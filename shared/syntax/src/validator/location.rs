//! Where autoloaded definitions may be: the name of a file says what is in it.

use ecow::eco_format;

use crate::ast::{Expr, ExprKind, Program};

use super::Validator;
use crate::label::label;

/// The namespace that a file of a module stands for; `None` when the file is in no directory of code.
fn namespace_of(module_path: &str) -> Option<String> {
    let lower = module_path.to_lowercase();
    let parts: Vec<&str> = lower.split('/').filter(|part| !part.is_empty()).collect();
    let (module, rest) = parts.split_first()?;
    let (directory, rest) = rest.split_first()?;
    if !matches!(*directory, "manifests" | "functions" | "types" | "plans") {
        return None;
    }
    let (file, directories) = rest.split_last()?;
    let mut names = vec![*module];
    names.extend(directories);
    if !(directories.is_empty() && *file == "init.pp") {
        names.push(file.strip_suffix(".pp").unwrap_or(file));
    }
    Some(names.join("::"))
}

impl Validator<'_> {
    /// The check that a file of a module has nothing but definitions.
    pub(super) fn namespace(&mut self, program: &Program) {
        if self
            .options
            .module_path
            .as_ref()
            .is_none_or(|path| !path.ends_with(".pp"))
        {
            return;
        }
        match &program.body.kind {
            ExprKind::Nop => {}
            ExprKind::Block(statements) => statements
                .iter()
                .for_each(|statement| self.check_top_construct(statement)),
            _ => self.check_top_construct(&program.body),
        }
    }

    fn check_top_construct(&mut self, expr: &Expr) {
        let value = label(expr);
        let message = match &expr.kind {
            ExprKind::Class(_)
            | ExprKind::Define(_)
            | ExprKind::Function(_)
            | ExprKind::Plan(_)
            | ExprKind::TypeAlias(_)
            | ExprKind::TypeMapping(_)
            | ExprKind::TypeDefinition(_) => return,
            _ => eco_format!(
                "This {value} is unacceptable as a top level construct in this location"
            ),
        };
        self.report("ILLEGAL_TOP_CONSTRUCT_LOCATION", expr.span, message);
    }

    /// The check that a definition is in the file where the autoloader looks for it.
    pub(super) fn check_definition_location(&mut self, expr: &Expr, name: &str) {
        let Some(path) = self
            .options
            .module_path
            .as_deref()
            .filter(|path| path.ends_with(".pp"))
        else {
            return;
        };
        let fits =
            namespace_of(path).is_some_and(|namespace| name.to_lowercase().starts_with(&namespace));
        if !fits {
            let file = self.source.name().unwrap_or(path);
            let message = eco_format!(
                "Unacceptable location. The name '{name}' is unacceptable in file '{file}'"
            );
            self.report("ILLEGAL_DEFINITION_LOCATION", expr.span, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::namespace_of;

    #[test]
    fn files_stand_for_namespaces() {
        assert_eq!(
            namespace_of("ntp/manifests/init.pp").as_deref(),
            Some("ntp")
        );
        assert_eq!(
            namespace_of("Ntp/manifests/server/Config.pp").as_deref(),
            Some("ntp::server::config")
        );
        assert_eq!(
            namespace_of("ntp/functions/f.pp").as_deref(),
            Some("ntp::f")
        );
        assert_eq!(
            namespace_of("ntp/manifests/sub/init.pp").as_deref(),
            Some("ntp::sub::init")
        );
        assert_eq!(namespace_of("ntp/lib/x.pp"), None);
    }
}
