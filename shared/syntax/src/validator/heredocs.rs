//! Static texts of heredocs with a syntax tag are checked by that syntax (`syntax_checkers`).

use ecow::eco_format;

use crate::ast::{ExprKind, Heredoc};
use crate::diagnostic::Diagnostic;
use crate::span::SourceFile;
use crate::{Language, ParseOptions, Parsed, Severity};

use super::{Check, Validator};

/// How deep manifests in heredocs in manifests may nest.
const MAX_NESTED_TEXTS: u32 = 8;

/// What a text is checked as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Base64,
    Json,
    Manifest,
    Template,
}

/// The most specific known syntax: `data+json` is JSON.
fn syntax_of(tag: &str) -> Option<Syntax> {
    let mut rest = tag;
    loop {
        let known = match rest {
            "base64" => Some(Syntax::Base64),
            "json" => Some(Syntax::Json),
            "pp" => Some(Syntax::Manifest),
            "epp" => Some(Syntax::Template),
            _ => None,
        };
        if known.is_some() {
            return known;
        }
        rest = rest.split_once('+')?.1;
    }
}

impl Validator<'_> {
    pub(super) fn check_heredoc(&mut self, heredoc: &Heredoc) -> Check {
        let ExprKind::String(text) = &heredoc.text.kind else {
            return Ok(());
        };
        let Some(syntax) = syntax_of(&heredoc.syntax) else {
            return Ok(());
        };
        let (code, problem) = match syntax {
            Syntax::Base64 => ("ILLEGAL_BASE64", base64_problem(text)),
            Syntax::Json => ("ILLEGAL_JSON", json_problem(text)),
            Syntax::Manifest => ("ILLEGAL_PP", self.program_problem(text, Language::Manifest)),
            Syntax::Template => (
                "ILLEGAL_EPP",
                self.program_problem(text, Language::Template),
            ),
        };
        let Some(problem) = problem else {
            return Ok(());
        };
        let message = eco_format!(
            "Invalid produced text having syntax: '{}'. {problem}",
            heredoc.syntax
        );
        Err(Box::new(Diagnostic::error(
            code,
            message,
            Some(heredoc.text.span),
        )))
    }

    fn program_problem(&self, text: &str, language: Language) -> Option<String> {
        if self.nested >= MAX_NESTED_TEXTS {
            return None;
        }
        let options = ParseOptions {
            module_path: None,
            ..self.options.clone()
        };
        let source = SourceFile::new(None, text);
        let parsed = crate::parse_nested(&source, &options, language, self.nested + 1);
        let message = summary(&source, &parsed)?;
        let shown: String = message.chars().take(500).collect();
        let shown = shown.replace("\r\n", "\\n").replace('\n', "\\n");
        Some(format!(
            "{} syntax checker: \"{shown}\"",
            match language {
                Language::Template => "EPP",
                Language::Manifest => "PP",
            }
        ))
    }
}

/// The message of the exception that the reference raises for a program.
fn summary(source: &SourceFile, parsed: &Parsed) -> Option<String> {
    let errors: Vec<&Diagnostic> = parsed
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .collect();
    let (first, more) = errors.split_first()?;
    if more.is_empty() {
        return Some(first.located(source).to_string());
    }
    let warnings = parsed
        .diagnostics
        .iter()
        .filter(|found| found.severity != Severity::Error)
        .count();
    let mut message = format!("Language validation logged {} errors", errors.len());
    if warnings > 0 {
        message.push_str(&format!(", and {warnings} warnings"));
    }
    Some(message + ". Giving up")
}

fn base64_problem(text: &str) -> Option<String> {
    let clean: Vec<u8> = text
        .chars()
        .filter(|ch| !matches!(ch, '\r' | '?' | '\n') && !crate::lexer::chars::is_blank(*ch))
        .map(byte_of)
        .collect();
    let digits = clean
        .iter()
        .rposition(|byte| *byte != b'=')
        .map_or(0, |at| at + 1);
    let padding = clean.len() - digits;
    let (body, _) = clean.split_at(digits);
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    // Bits beyond the last whole byte must be zero in the strict form.
    let last = body.last().map_or(0, |byte| sextet(*byte));
    let canonical = match padding {
        0 => true,
        1 => last & 0b11 == 0,
        2 => last & 0b1111 == 0,
        _ => false,
    };
    if clean.len().is_multiple_of(4) && body.iter().all(alphabet) && canonical {
        return None;
    }
    let problem = if (clean.len() * 8).is_multiple_of(6) {
        "contains letters outside strict base 64 range (or whitespace)"
    } else {
        "padding is not correct"
    };
    Some(format!(
        "Base64 syntax checker: Cannot parse invalid Base64 string - {problem}"
    ))
}

fn byte_of(ch: char) -> u8 {
    u8::try_from(ch).unwrap_or(0)
}

fn sextet(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    }
}

/// The verdict is the reference's, the reason is in our parser's words.
fn json_problem(text: &str) -> Option<String> {
    let problem = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
    let shown: String = problem.to_string().chars().take(100).collect();
    Some(format!(
        "JSON syntax checker: Cannot parse invalid JSON string. \"{shown}\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntaxes_are_found_from_the_right() {
        assert!(syntax_of("x+json") == Some(Syntax::Json));
        assert!(syntax_of("json+x").is_none());
    }

    #[test]
    fn base64_is_strict() {
        assert_eq!(base64_problem("aGVq\n"), None);
        assert_eq!(base64_problem("aGU="), None);
        assert!(base64_problem("aGV=").is_some());
        assert!(base64_problem("a").is_some());
    }
}
