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
    if let Some(advice) = diagnostic.advice() {
        group = group.element(Level::HELP.message(String::from(advice)));
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
