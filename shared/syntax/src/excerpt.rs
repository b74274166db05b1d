//! Diagnostics for people: the reference's wording and location, then the line with a caret and a hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::span::SourceFile;

/// Whether to write colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Off,
    /// ANSI escapes.
    On,
}

/// A diagnostic as text of several lines, without a line break at the end:
///
/// ```text
/// error: Syntax error at '}' (file: site.pp, line: 2, column: 8)
///   |
/// 2 |   $x = }
///   |        ^
///   |
///   = help: an expression is missing before this
/// ```
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: &SourceFile, colour: Colour) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Deprecation => Level::WARNING.with_name("deprecation"),
    };
    let title = level.primary_title(diagnostic.located(source).to_string());
    let mut group = Group::with_title(title);
    if let Some(excerpt) = excerpt(diagnostic, source) {
        let Excerpt {
            text,
            first_line,
            mark,
        } = excerpt;
        let snippet = Snippet::source(text)
            .line_start(first_line as usize)
            .annotation(AnnotationKind::Primary.span(mark));
        group = group.element(snippet);
    }
    let hint = diagnostic.hint.as_deref().or_else(|| hint(diagnostic));
    if let Some(hint) = hint {
        group = group.element(Level::HELP.message(hint));
    }
    let renderer = match colour {
        Colour::Off => Renderer::plain(),
        Colour::On => Renderer::styled(),
    };
    renderer.render(&[group])
}

struct Excerpt<'s> {
    text: &'s str,
    first_line: u32,
    /// What to mark, in bytes of `text`; ends on the line where it starts.
    mark: std::ops::Range<usize>,
}

/// The line of a diagnostic. Only that line goes to the renderer: sources may be large.
fn excerpt<'s>(diagnostic: &Diagnostic, source: &'s SourceFile) -> Option<Excerpt<'s>> {
    let span = diagnostic.span?;
    let first_line = source.line(span.start);
    let start = source.line_start(first_line)? as usize;
    let rest = source.text().get(start..)?;
    let text = rest.split('\n').next().unwrap_or(rest);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let from = (span.start as usize).saturating_sub(start).min(text.len());
    let one_character = text
        .get(from..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    let to = (span.end as usize)
        .saturating_sub(start)
        .clamp(from + one_character, text.len().max(from));
    // An offset within a character would make the renderer stop.
    (text.is_char_boundary(from) && text.is_char_boundary(to)).then_some(Excerpt {
        text,
        first_line,
        mark: from..to,
    })
}

/// What to do about an issue, in a line.
#[must_use]
pub fn hint(diagnostic: &Diagnostic) -> Option<&'static str> {
    Some(match diagnostic.issue_code {
        "SYNTAX_ERROR" => return syntax_hint(&diagnostic.message),
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

fn syntax_hint(message: &str) -> Option<&'static str> {
    Some(match message.strip_prefix("Syntax error at ")? {
        "end of input" => {
            "a brace, bracket or parenthesis is not closed, or the last statement is not finished"
        }
        "'}'" => {
            "an expression is missing before this, or there is a brace too many (a `;` needs a statement after it)"
        }
        "'elsif'" => "`unless` has no `elsif`; use `if`",
        "'=>'" => "a comma or a brace may be missing before this",
        "')'" | "']'" => "an argument is missing before this, or it closes nothing",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ParseOptions, parse_manifest};

    fn first(text: &str, name: Option<&str>) -> String {
        let source = SourceFile::new(name.map(Into::into), text);
        let parsed = parse_manifest(&source, &ParseOptions::default());
        render(parsed.diagnostics.first().unwrap(), &source, Colour::Off)
    }

    #[test]
    fn the_message_of_the_reference_comes_first_then_the_line_with_a_caret_and_a_hint() {
        let shown = first("class a {\n  $x = å + }\n}\n", Some("site.pp"));
        let expected = "error: Syntax error at 'å' (file: site.pp, line: 2, column: 8)";
        assert!(shown.starts_with(&expected.replace("'å'", "''")), "{shown}");
        assert!(shown.contains("2 |   $x = å + }\n  |        ^"), "{shown}");
        let shown = first("unless $x { } elsif $y { }", None);
        assert_eq!(
            shown,
            "error: Syntax error at 'elsif' (line: 1, column: 15)\n  |\n1 | unless $x { } elsif $y { }\n  |               ^^^^^\n  |\n  = help: `unless` has no `elsif`; use `if`"
        );
    }

    #[test]
    fn findings_without_a_position_have_no_excerpt() {
        let shown = first("class a {", Some("a.pp"));
        assert!(
            shown.starts_with("error: Syntax error at end of input (file: a.pp)\n"),
            "{shown}"
        );
        assert!(!shown.contains("class a {"), "{shown}");
    }

    #[test]
    fn long_spans_end_with_their_line() {
        let shown = first(
            "$a = {a => 1,\n'a' => 2}\n  File {\n tag +> 1 }\nif true { define b {\n } }",
            None,
        );
        assert!(shown.contains("line: 2, column: 5"), "{shown}");
    }
}
