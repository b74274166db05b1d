//! Slips that the tokens before an error give away: signs and words of other languages, and what was left out.

use ecow::{EcoString, eco_format};

use crate::lexer::token::TokenKind;

use super::Parser;
use super::hints::ends_value;
use super::statements::starts_expression;

impl Parser<'_> {
    /// What to write instead at the current token, which stands in what `opened` opened.
    pub(super) fn slip(&self, opened: Option<TokenKind>) -> Option<EcoString> {
        let fixed = self.foreign().or_else(|| self.left_out(opened));
        fixed.map(EcoString::from).or_else(|| self.renamed())
    }

    /// A sign of another language.
    fn foreign(&self) -> Option<&'static str> {
        use TokenKind as T;
        let before = self.kind_behind(1);
        Some(match self.kind() {
            T::Equals if before == T::IsEqual => "write `==` for `===`",
            T::Greater if before == T::Less => "write `!=` for `<>`",
            T::Colon if self.kind_ahead(1) == T::Equals => "write `=` for `:=`",
            T::Colon if before == T::RParen && self.is_function_head() => {
                "write `>>` before the type of a function's result"
            }
            T::Pipe if before == T::ClassRef => "write `Variant[A, B]` for `A|B`",
            T::QMark if before == T::ClassRef => "write `Optional[A]` for `A?`",
            T::At if before == T::RenderExpr => "write `$name` for `@name`",
            _ if self.word_behind(1) == "not" => "write `!` for `not`",
            _ if self.word() == "extends" => "write `inherits` for `extends`",
            _ => return None,
        })
    }

    /// A sign or a name that is missing, or another one in its place.
    fn left_out(&self, opened: Option<TokenKind>) -> Option<&'static str> {
        use TokenKind as T;
        let (kind, ahead) = (self.kind(), self.kind_ahead(1));
        let (before, second) = (self.kind_behind(1), self.kind_behind(2));
        let in_braces = matches!(opened, Some(T::LBrace | T::SelBrace));
        Some(match kind {
            T::Eof if before == T::Semic => {
                "`;` stands between statements; the last one is too many"
            }
            T::Eof if before == T::Comma => "a value is missing behind the last comma",
            T::Colon if opened == Some(T::SelBrace) => "write `=>` between a value and its result",
            T::FArrow if second == T::Semic && in_braces => {
                "`,` stands between attributes; `;` ends those of one title"
            }
            T::OutEdge | T::InEdge if matches!(second, T::Colon | T::Comma) && in_braces => {
                "write `=>` between a name and its value"
            }
            T::DqPost if before == T::DqPre => {
                "the braces are empty: a name or an expression belongs in them"
            }
            T::LBrace if before == T::Variable && second == T::Pipe => {
                "a `|` is missing behind the parameters"
            }
            T::LParen | T::WsLParen if matches!(before, T::Define | T::Class | T::Function) => {
                "a name is missing before this"
            }
            T::Variable if before == T::Node => {
                "a node is a name, a string or a pattern; ask for a fact with `if`"
            }
            T::String if second == T::Node && ends_value(before) => {
                "a comma is missing before this"
            }
            T::Name if before == T::Regex && second == T::LBrace => {
                "a path that is a title wants quotes"
            }
            _ if ahead == T::FArrow
                && second == T::FArrow
                && ends_value(before)
                && kind != T::Name =>
            {
                "a comma is missing before this"
            }
            _ if ahead == T::FArrow
                && second == T::LBrace
                && self.kind_behind(3) == T::Name
                && ends_value(before) =>
            {
                "`:` is missing behind the title"
            }
            T::LBrace => return None,
            kind if !starts_expression(kind) => return None,
            _ if before == T::Pipe && self.kind_behind(2) == T::Variable => {
                "a `{` is missing before this"
            }
            _ if matches!(second, T::If | T::Elsif | T::Unless) && ends_value(before) => {
                "a `{` is missing before this"
            }
            _ => return None,
        })
    }

    /// A name that wants another first letter.
    fn renamed(&self) -> Option<EcoString> {
        use TokenKind as T;
        if self.kind() != T::Name {
            return None;
        }
        let word = self.word();
        let capital = || {
            let mut letters = word.chars();
            let first: EcoString = letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .collect();
            first + letters.as_str()
        };
        match self.kind_behind(1) {
            T::Type => Some(eco_format!(
                "names of types start with a capital: `{}`",
                capital()
            )),
            T::LParen | T::WsLParen if self.is_parameter_list() => Some(match self.kind_ahead(1) {
                T::Variable => eco_format!("names of types start with a capital: `{}`", capital()),
                _ => eco_format!("names of parameters start with a dollar sign: `${word}`"),
            }),
            _ => None,
        }
    }

    /// Whether the parenthesis before the current token opens the parameters of a definition.
    fn is_parameter_list(&self) -> bool {
        use TokenKind as T;
        let keyword = self.kind_behind(3);
        matches!(keyword, T::Class | T::Define | T::Function | T::Plan)
            && self.kind_behind(2) == T::Name
    }

    /// Whether the parentheses before the current token are those of a function's parameters.
    fn is_function_head(&self) -> bool {
        let opens = |kind| matches!(kind, TokenKind::LParen | TokenKind::WsLParen);
        let open = (1..=self.at).find(|back| opens(self.kind_behind(*back)));
        open.is_some_and(|open| self.kind_behind(open + 2) == TokenKind::Function)
    }

    fn kind_behind(&self, back: usize) -> TokenKind {
        let token = self.at.checked_sub(back).and_then(|at| self.tokens.get(at));
        token.map_or(TokenKind::Eof, |token| token.kind)
    }

    fn word(&self) -> EcoString {
        match self.kind() {
            TokenKind::Name => self.text(self.token()),
            _ => EcoString::new(),
        }
    }

    fn word_behind(&self, back: usize) -> EcoString {
        let token = self.at.checked_sub(back).and_then(|at| self.tokens.get(at));
        match token {
            Some(token) if token.kind == TokenKind::Name => self.text(*token),
            _ => EcoString::new(),
        }
    }
}
