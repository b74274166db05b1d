//! Strings with interpolation, heredocs, regular expressions and literal hashes.

use std::sync::Arc;

use bunraku_pcore::{PuppetHash, RubyRegex, Value, to_display_string};
use bunraku_syntax::ast::{ExprKind, HashEntry, Heredoc, StringPart};
use ecow::EcoString;

use super::Evaluator;
use crate::error::{Error, Result, Unwind};
use crate::frame::Frame;

/// Bytes of the longest string that interpolation makes: a loop that doubles one must end before the memory does.
const MAX_TEXT: usize = 256 << 20;

impl<'a> Evaluator<'a> {
    pub(super) fn eval_interpolated(
        &mut self,
        parts: &'a [StringPart],
        frame: Frame<'a>,
    ) -> Result<Value> {
        let mut text = EcoString::new();
        for part in parts {
            match part {
                StringPart::Text(literal, _) => text.push_str(literal),
                StringPart::Expr(expr) => match self.eval(expr, frame)? {
                    Value::Str(value) => text.push_str(&value),
                    value => text.push_str(&to_display_string(&value)),
                },
            }
            if text.len() > MAX_TEXT {
                return Err(Unwind::plain("The string is too long"));
            }
        }
        Ok(Value::Str(text))
    }

    pub(super) fn eval_heredoc(&mut self, heredoc: &'a Heredoc, frame: Frame<'a>) -> Result<Value> {
        let value = self.eval(&heredoc.text, frame)?;
        if !heredoc.syntax.is_empty()
            && !matches!(heredoc.text.kind, ExprKind::String(_))
            && let Value::Str(text) = &value
        {
            self.check_syntax(text, &heredoc.syntax, &heredoc.text, frame)?;
        }
        Ok(value)
    }

    /// Checks interpolated heredoc text against its syntax tag; tags without a checker are free
    /// (`ExternalSyntaxSupport#assert_external_syntax`).
    fn check_syntax(
        &mut self,
        text: &str,
        syntax: &str,
        expr: &'a bunraku_syntax::Expr,
        frame: Frame<'a>,
    ) -> Result<()> {
        let is_json = syntax
            .rsplit('+')
            .next()
            .is_some_and(|last| last.eq_ignore_ascii_case("json"));
        if is_json && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            let at = frame.file.source.line_column(expr.span.start);
            let message = format!(
                "Invalid produced text having syntax: '{syntax}'. JSON syntax checker: Cannot parse invalid JSON string. \"{error}\""
            );
            let file = frame.file.display.clone();
            let mut invalid = Error::verbatim(message, file, Some(at.line), Some(at.column));
            invalid.issue_code = Some("ILLEGAL_JSON".to_owned());
            return Err(invalid.into());
        }
        Ok(())
    }

    pub(super) fn eval_regex(&mut self, source: &EcoString) -> Result<Value> {
        if let Some(known) = self.types.regexes.get(source) {
            return Ok(Value::Regexp(Arc::clone(known)));
        }
        let regex = Arc::new(RubyRegex::new(source)?);
        self.types
            .regexes
            .insert(source.clone(), Arc::clone(&regex));
        Ok(Value::Regexp(regex))
    }

    pub(super) fn eval_hash(
        &mut self,
        entries: &'a [HashEntry],
        frame: Frame<'a>,
    ) -> Result<Value> {
        let mut hash = PuppetHash::with_capacity(entries.len());
        for entry in entries {
            let key = self.eval(&entry.key, frame)?;
            let value = self.eval(&entry.value, frame)?;
            hash.insert(key, value);
        }
        Ok(Value::hash(hash))
    }
}
