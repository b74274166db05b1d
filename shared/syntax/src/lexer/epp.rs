//! Templates: text with `<% %>` around code (`epp_support.rb`).

use ecow::EcoString;

use super::token::TokenKind;
use super::{Failure, Lexer};

/// What the lexer of a template is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EppMode {
    /// It is no template.
    Off,
    /// Text.
    Text,
    /// `<% code %>`
    Code,
    /// `<%= expression %>`
    Expr,
}

impl Lexer<'_, '_> {
    pub(super) fn scan_epp(&mut self) -> Result<(), Failure> {
        self.epp_mode = EppMode::Text;
        let start = self.token(TokenKind::EppStart, 0, 0, (0, 0));
        let before = self.out.tokens.len();
        self.out.tokens.push(start);
        if let Err(failure) = self.template_text(false) {
            self.out.tokens.truncate(before);
            return Err(failure);
        }
        self.after = self.out.tokens.last().map(|token| token.kind);
        while self.pos < self.src.len() {
            self.top_level_step()?;
        }
        if self.epp_open {
            let message = "Unbalanced epp tag, reached <eof> without closing tag.";
            return Err(self.failure("EPP_UNBALANCED_TAG", message, self.pos));
        }
        Ok(())
    }

    /// `%>` or `-%>`: back to text.
    pub(super) fn epp_end(&mut self, trim: bool) -> Result<(), Failure> {
        let start = self.pos;
        let len = if trim { 3 } else { 2 };
        self.pos += len;
        if self.epp_mode == EppMode::Expr {
            let kind = if trim {
                TokenKind::EppEndTrim
            } else {
                TokenKind::EppEnd
            };
            let token = self.token(kind, start, start + len, (start, start + len));
            self.out.tokens.push(token);
        }
        if !trim {
            self.epp_mode = EppMode::Text;
        }
        self.template_text(trim)
    }

    /// Reads text up to the next tag (or the end) and switches the mode.
    fn template_text(&mut self, skip_leading: bool) -> Result<(), Failure> {
        let start = self.pos;
        let scanned = TextScanner {
            src: self.src,
            pos: start,
        }
        .scan(skip_leading);
        let (text, mode, end) = match scanned {
            Ok(scanned) => scanned,
            Err((code, message, at)) => return Err(self.failure(code, message, at)),
        };
        self.pos = end;
        // At the end of a template even an empty text counts.
        if let Some(text) = text.filter(|text| mode == EppMode::Text || !text.is_empty()) {
            let token =
                self.owned_token(TokenKind::RenderString, start, end, EcoString::from(text));
            self.out.tokens.push(token);
        }
        self.epp_open = mode != EppMode::Text;
        if mode == EppMode::Expr {
            let token = self.token(TokenKind::RenderExpr, start, start, (start, start));
            self.out.tokens.push(token);
        }
        if mode != EppMode::Text {
            self.epp_mode = mode;
        }
        Ok(())
    }
}

type ScanFailure = (&'static str, &'static str, usize);

/// Reads text with `<%%`, `%%>` and comments up to a tag (`EppScanner`).
struct TextScanner<'s> {
    src: &'s str,
    pos: usize,
}

impl<'s> TextScanner<'s> {
    fn rest(&self) -> &'s str {
        self.src.get(self.pos..).unwrap_or("")
    }

    /// The text, what follows it, and where. No text when the template ends right behind a comment or `<%%`: the
    /// reference then drops what precedes.
    fn scan(mut self, skip_leading: bool) -> Result<(Option<String>, EppMode, usize), ScanFailure> {
        let mut skip_leading = skip_leading;
        let mut text = String::new();
        while self.pos < self.src.len() {
            let rest = self.rest();
            let tag = memchr::memmem::find(rest.as_bytes(), b"<%");
            let part = rest
                .get(..tag.map_or(rest.len(), |at| at + 2))
                .unwrap_or("");
            self.pos += part.len();
            let part = if skip_leading {
                without_blank_line_start(part)
            } else {
                part
            };
            skip_leading = false;
            let part = part.replace("%%>", "%>");
            if tag.is_none() {
                text.push_str(&part);
                return Ok((Some(text), EppMode::Text, self.pos));
            }
            text.push_str(part.strip_suffix("<%").unwrap_or(&part));
            match self.rest().as_bytes().first() {
                None => {
                    let message =
                        "Unbalanced embedded expression - opening <% and reaching end of input";
                    return Err(("EPP_UNBALANCED_EXPRESSION", message, self.pos));
                }
                Some(b'-') => {
                    trim_end_blanks(&mut text);
                    return Ok((Some(text), EppMode::Code, self.pos + 1));
                }
                Some(b'%') => {
                    text.push_str("<%");
                    self.pos += 1;
                }
                Some(b'=') => return Ok((Some(text), EppMode::Expr, self.pos + 1)),
                Some(b'#') => {
                    let Some(comment) = self.comment() else {
                        return Err((
                            "EPP_UNBALANCED_COMMENT",
                            "Reaching end after opening <%# without seeing %>",
                            self.pos,
                        ));
                    };
                    if comment.as_bytes().get(1) == Some(&b'-') {
                        trim_end_blanks(&mut text);
                    }
                    skip_leading = comment.ends_with("-%>");
                }
                Some(_) => return Ok((Some(text), EppMode::Code, self.pos)),
            }
        }
        Ok((None, EppMode::Text, self.pos))
    }

    /// The comment from `#` to the first `%>` that no `%` precedes.
    fn comment(&mut self) -> Option<&'s str> {
        let rest = self.rest();
        let mut from = 0;
        loop {
            let at = from + memchr::memmem::find(rest.as_bytes().get(from..)?, b"%>")?;
            if at > 0 && rest.as_bytes().get(at - 1) != Some(&b'%') {
                self.pos += at + 2;
                return rest.get(..at + 2);
            }
            from = at + 2;
        }
    }
}

/// What `-%>` leaves of the text after it: blanks up to and including a line break go, on the first line that the
/// pattern `^[ \t]*\r?(?:\n|\z)?` matches, which is always the first.
fn without_blank_line_start(text: &str) -> &str {
    let rest = text.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix('\r').unwrap_or(rest);
    rest.strip_prefix('\n').unwrap_or(rest)
}

fn trim_end_blanks(text: &mut String) {
    text.truncate(text.trim_end_matches([' ', '\t']).len());
}
