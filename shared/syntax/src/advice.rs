//! What to write instead: the rule behind an issue in a line, and names that were meant.

use ecow::{EcoString, eco_format};

use crate::diagnostic::Diagnostic;

impl Diagnostic {
    /// What to do about it, in a line: the hint that the place gave, a name that was meant, or the rule behind the issue.
    #[must_use]
    pub fn advice(&self) -> Option<EcoString> {
        if let Some(hint) = &self.hint {
            return Some(hint.clone());
        }
        let rule = rule(self.issue_code);
        match (self.meant(), rule) {
            (Some(meant), Some(rule)) => Some(eco_format!("did you mean `{meant}`? {rule}")),
            (Some(meant), None) => Some(eco_format!("did you mean `{meant}`?")),
            (None, rule) => rule.map(EcoString::from),
        }
    }

    /// The name that was most likely meant by one that breaks a rule.
    fn meant(&self) -> Option<EcoString> {
        // The reference puts the name into quotes.
        let given = |behind: &str| {
            let rest = self.message.split_once(behind)?.1;
            rest.split_once('\'').map(|(name, _)| name)
        };
        let meant = match self.issue_code {
            "ILLEGAL_DEFINITION_NAME" => {
                let name = given("The name '")?;
                if name.starts_with(|ch: char| ch.is_ascii_uppercase())
                    && self.message.contains("Type")
                {
                    return None;
                }
                small(name)
            }
            "ILLEGAL_VAR_NAME" | "ILLEGAL_PARAM_NAME" => {
                let name = given("given name '")?;
                if name.is_empty() {
                    return None;
                }
                eco_format!("${}", small(name))
            }
            _ => return None,
        };
        Some(meant)
    }
}

/// A name in small letters, its words joined by underscores.
fn small(name: &str) -> EcoString {
    let mut out = EcoString::new();
    let mut before = ':';
    for ch in name.chars() {
        let ch = if ch == '-' { '_' } else { ch };
        if ch.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.push(ch.to_ascii_lowercase());
        before = ch;
    }
    out
}

/// What to do about an issue, in a line.
fn rule(code: &str) -> Option<&'static str> {
    Some(match code {
        "UNCLOSED_QUOTE" => "close the string with the quote that opens it",
        "UNCLOSED_MLCOMMENT" => "close the comment with */",
        "ILLEGAL_CLASS_REFERENCE" | "ILLEGAL_FULLY_QUALIFIED_CLASS_REFERENCE" => {
            "each part of a type's name starts with a capital: Foo::Bar"
        }
        "ILLEGAL_FULLY_QUALIFIED_NAME" => "a name follows `::`, starting with a small letter",
        "INVALID_OCTAL_NUMBER" => {
            "a number that starts with 0 is octal; quote it if it is a string, such as a file mode"
        }
        "ILLEGAL_NUMBER" | "INVALID_DECIMAL_NUMBER" | "INVALID_HEX_NUMBER" => {
            "quote it if it is a string"
        }
        "HEREDOC_WITHOUT_END_TAGGED_LINE" => {
            "end the text with a line that has only the tag, optionally after `|` and `-`"
        }
        "UNRECOGNIZED_ESCAPE" => "write `\\\\` for a backslash, or use single quotes",
        "RESOURCE_WITHOUT_TITLE" => "a resource is written `type { 'title': attribute => value }`",
        "IDEM_EXPRESSION_NOT_LAST" | "IDEM_NOT_ALLOWED_LAST" => {
            "remove it, or assign or use its value"
        }
        "APPENDS_DELETES_NO_LONGER_SUPPORTED" => {
            "variables do not change: assign `$new = $old + …` instead"
        }
        "ILLEGAL_ATTRIBUTE_APPEND" => {
            "`+>` works in resource overrides and collectors only; use `=>` here"
        }
        "NOT_TOP_LEVEL" | "NOT_ABSOLUTE_TOP_LEVEL" => {
            "move the definition to a file of its own in its module"
        }
        "ILLEGAL_DEFINITION_NAME" => {
            "names have small letters, digits and underscores, and start with a letter"
        }
        "ILLEGAL_VAR_NAME" | "ILLEGAL_PARAM_NAME" => {
            "names of variables start with a small letter or an underscore"
        }
        "CROSS_SCOPE_ASSIGNMENT" => {
            "assign to a variable without `::`; other scopes can only be read"
        }
        "RESERVED_WORD" => "quote it if it is a string",
        "RESERVED_PARAMETER" => "every resource has $title and $name already; choose another name",
        "ILLEGAL_NODE_INHERITANCE" => "put what nodes share in a class and include it",
        "ILLEGAL_HOSTNAME_CHARS" => "use a regular expression to match several hosts",
        "NOT_RVALUE" => "put it in a statement of its own",
        "DUPLICATE_KEY" | "DUPLICATE_DEFAULT" | "DUPLICATE_PARAMETER" => "remove one of the two",
        "CAPTURES_REST_NOT_SUPPORTED" => {
            "take an array instead; `*` works in functions and lambdas only"
        }
        "CAPTURES_REST_NOT_LAST" => "move the parameter with `*` to the end",
        "ILLEGAL_EPP_PARAMETERS" => "start the template with `<%- | parameters | -%>`",
        "EPP_UNBALANCED_TAG" | "EPP_UNBALANCED_EXPRESSION" | "EPP_UNBALANCED_COMMENT" => {
            "close the tag with %>"
        }
        "ILLEGAL_DEFINITION_LOCATION" => {
            "class a::b::c of module a is in manifests/b/c.pp, class a in manifests/init.pp"
        }
        "ILLEGAL_BOM" => "save the file as UTF-8 without a byte order mark",
        _ => return None,
    })
}
