//! Tokens, named as the terminals of the reference's grammar.

use crate::span::Span;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    String,
    DqPre,
    DqMid,
    DqPost,
    Word,
    Name,
    ClassRef,
    Variable,
    Number,
    Regex,
    Heredoc,
    Sublocate,
    ListStart,
    LBrack,
    RBrack,
    LBrace,
    SelBrace,
    RBrace,
    LParen,
    WsLParen,
    RParen,
    Equals,
    Appends,
    Deletes,
    IsEqual,
    NotEqual,
    Match,
    NoMatch,
    GreaterEqual,
    Greater,
    LessEqual,
    Less,
    FArrow,
    PArrow,
    LShift,
    LLCollect,
    LCollect,
    RShift,
    RRCollect,
    RCollect,
    Plus,
    Minus,
    Div,
    Times,
    Modulo,
    Not,
    Dot,
    Pipe,
    At,
    AtAt,
    Colon,
    Comma,
    Semic,
    QMark,
    /// `~`: lexed, but no operator of the language.
    Tilde,
    InEdge,
    InEdgeSub,
    OutEdge,
    OutEdgeSub,
    EppStart,
    EppEnd,
    EppEndTrim,
    RenderString,
    RenderExpr,
    Case,
    Class,
    Default,
    Define,
    If,
    Elsif,
    Else,
    Inherits,
    Node,
    And,
    Or,
    Undef,
    True,
    False,
    In,
    Unless,
    Function,
    Type,
    Attr,
    Private,
    Plan,
    Apply,
    /// A character that starts no token.
    Other,
    /// The lexer found no token here; why is in `Lexed::failures`.
    Failure,
    /// End of input.
    Eof,
}

impl TokenKind {
    /// The keyword that `word` is.
    pub(crate) fn keyword(word: &str, tasks: bool) -> Option<TokenKind> {
        Some(match word {
            "case" => TokenKind::Case,
            "class" => TokenKind::Class,
            "default" => TokenKind::Default,
            "define" => TokenKind::Define,
            "if" => TokenKind::If,
            "elsif" => TokenKind::Elsif,
            "else" => TokenKind::Else,
            "inherits" => TokenKind::Inherits,
            "node" => TokenKind::Node,
            "and" => TokenKind::And,
            "or" => TokenKind::Or,
            "undef" => TokenKind::Undef,
            "false" => TokenKind::False,
            "true" => TokenKind::True,
            "in" => TokenKind::In,
            "unless" => TokenKind::Unless,
            "function" => TokenKind::Function,
            "type" => TokenKind::Type,
            "attr" => TokenKind::Attr,
            "private" => TokenKind::Private,
            "plan" if tasks => TokenKind::Plan,
            "apply" if tasks => TokenKind::Apply,
            _ => return None,
        })
    }

    /// Whether it is a keyword other than the two of `tasks` (which the reference's interpolation forgets).
    pub(crate) const fn is_plain_keyword(self) -> bool {
        use TokenKind as T;
        matches!(
            self,
            T::Case
                | T::Class
                | T::Default
                | T::Define
                | T::If
                | T::Elsif
                | T::Else
                | T::Inherits
                | T::Node
                | T::And
                | T::Or
                | T::Undef
                | T::True
                | T::False
                | T::In
                | T::Unless
                | T::Function
                | T::Type
                | T::Attr
                | T::Private
        )
    }

    /// Whether it may name an attribute.
    pub(crate) const fn is_attribute_name(self) -> bool {
        use TokenKind as T;
        match self {
            T::Name | T::Plan | T::Apply => true,
            T::True | T::False => false,
            other => other.is_plain_keyword(),
        }
    }
}

/// Where a token's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// A range of the source.
    Source(Span),
    /// An index into the side table of strings that differ from their source.
    Owned(u32),
}

/// A token: 24 bytes, its value a slice of the source wherever possible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    pub(crate) text: Text,
}
