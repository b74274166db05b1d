//! One mismatch, where it is, and its text (the `Mismatch` classes).

use crate::types::Size;
use crate::{Type, types};

/// Where within the described thing a mismatch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Subject(String),
    EntryValue(String),
    EntryKey(String),
    Parameter(String),
    Return,
    Block,
    Index(usize),
    Variant(usize),
    Signature(usize),
}

impl Step {
    /// Alternatives: two mismatches are in the same place when they differ in these only.
    fn is_alternative(&self) -> bool {
        matches!(self, Self::Variant(_) | Self::Signature(_))
    }

    fn text(&self) -> String {
        match self {
            Self::Subject(name) => name.clone(),
            Self::EntryValue(key) => format!("entry '{key}'"),
            Self::EntryKey(key) => format!("key of entry '{key}'"),
            Self::Parameter(name) => format!("parameter '{name}'"),
            Self::Return => "return".to_owned(),
            Self::Block => "block".to_owned(),
            Self::Index(index) => format!("index {index}"),
            Self::Variant(index) => format!("variant {index}"),
            Self::Signature(index) => format!("{}.", index.saturating_add(1)),
        }
    }
}

/// The steps from the subject inwards.
pub(super) type Path = Vec<Step>;

/// `path` and one step more.
pub(super) fn at(path: &[Step], step: Step) -> Path {
    let mut path = path.to_vec();
    path.push(step);
    path
}

/// What is wrong.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    MissingKey(String),
    MissingParameter(String),
    ExtraneousKey(String),
    InvalidParameter(String),
    UnexpectedBlock,
    MissingRequiredBlock,
    Unresolved(String),
    Type { expected: Type, actual: Type },
    Pattern { expected: Type, actual: Type },
    Size { expected: Size, actual: Size },
    Count { expected: Size, actual: Size },
}

/// Families of mismatches that alternatives may share, so that they are told as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Size,
    Count,
    MissingRequiredBlock,
    UnexpectedBlock,
    Type,
}

/// A mismatch at a place.
#[derive(Debug, Clone)]
pub(super) struct Mismatch {
    path: Path,
    kind: Kind,
}

impl Mismatch {
    pub(super) fn new(path: &[Step], kind: Kind) -> Self {
        Self {
            path: path.to_vec(),
            kind,
        }
    }

    pub(super) fn of_type(path: &[Step], expected: &Type, actual: &Type) -> Self {
        Self::new(
            path,
            Kind::Type {
                expected: expected.normalize(),
                actual: actual.normalize(),
            },
        )
    }

    pub(super) fn of_pattern(path: &[Step], expected: &Type, actual: &Type) -> Self {
        Self::new(
            path,
            Kind::Pattern {
                expected: expected.normalize(),
                actual: actual.normalize(),
            },
        )
    }

    fn same_place(&self, other: &Self) -> bool {
        let place = |path: &[Step]| {
            path.iter()
                .filter(|step| !step.is_alternative())
                .cloned()
                .collect::<Path>()
        };
        place(&self.path) == place(&other.path)
    }

    /// Whether telling of both says the same twice.
    ///
    /// So it is for blocks only: the reference compares keys, types and sizes such that they never are equal
    /// (`super.==(o)` compares the answer of `super` with `o`), hence tells of them again.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        matches!(
            (&self.kind, &other.kind),
            (Kind::UnexpectedBlock, Kind::UnexpectedBlock)
                | (Kind::MissingRequiredBlock, Kind::MissingRequiredBlock)
        ) && self.same_place(other)
    }

    pub(super) fn is_of(&self, family: Family) -> bool {
        match &self.kind {
            Kind::Size { .. } => family == Family::Size,
            // The class of argument counts is derived from that of sizes.
            Kind::Count { .. } => matches!(family, Family::Size | Family::Count),
            Kind::MissingRequiredBlock => family == Family::MissingRequiredBlock,
            Kind::UnexpectedBlock => family == Family::UnexpectedBlock,
            Kind::Type { .. } | Kind::Pattern { .. } => family == Family::Type,
            _ => false,
        }
    }

    /// Both in one, with the wider expectation, of the kind of the first; `None` in different places.
    pub(super) fn merge(self, other: &Self) -> Option<Self> {
        if !self.same_place(other) {
            return None;
        }
        let Self { path, kind } = self;
        let kind = match (kind, &other.kind) {
            (
                Kind::Type { expected, actual },
                Kind::Type { expected: also, .. } | Kind::Pattern { expected: also, .. },
            ) => Kind::Type {
                expected: either(expected, also),
                actual,
            },
            (
                Kind::Pattern { expected, actual },
                Kind::Type { expected: also, .. } | Kind::Pattern { expected: also, .. },
            ) => Kind::Pattern {
                expected: either(expected, also),
                actual,
            },
            (
                Kind::Size { expected, actual },
                Kind::Size { expected: also, .. } | Kind::Count { expected: also, .. },
            ) => Kind::Size {
                expected: wider(expected, *also),
                actual,
            },
            (
                Kind::Count { expected, actual },
                Kind::Size { expected: also, .. } | Kind::Count { expected: also, .. },
            ) => Kind::Count {
                expected: wider(expected, *also),
                actual,
            },
            (kind, _) => kind,
        };
        Some(Self { path, kind })
    }

    /// Without the step at `index` of the path.
    pub(super) fn without_step(mut self, index: usize) -> Self {
        if index < self.path.len() {
            self.path.remove(index);
        }
        self
    }

    /// The text, with a leading blank unless the path is empty and the text says so itself.
    pub(super) fn text(&self) -> String {
        let (variant, steps) = match self.path.split_first() {
            Some((first @ Step::Signature(_), rest)) => (format!(" {}", first.text()), rest),
            _ => (String::new(), self.path.as_slice()),
        };
        let mut text = variant;
        for step in steps {
            text.push(' ');
            text.push_str(&step.text());
        }
        text.push_str(&self.problem());
        text
    }

    fn problem(&self) -> String {
        match &self.kind {
            Kind::MissingKey(key) => format!(" expects a value for key '{key}'"),
            Kind::MissingParameter(name) => format!(" expects a value for parameter '{name}'"),
            Kind::ExtraneousKey(key) => format!(" unrecognized key '{key}'"),
            Kind::InvalidParameter(name) => format!(" has no parameter named '{name}'"),
            Kind::UnexpectedBlock => " does not expect a block".to_owned(),
            Kind::MissingRequiredBlock => " expects a block".to_owned(),
            Kind::Unresolved(name) => format!(" references an unresolved type '{name}'"),
            Kind::Type { expected, actual } => super::wording::type_problem(expected, actual),
            Kind::Pattern { expected, actual } => pattern_problem(expected, actual),
            Kind::Size { expected, actual } => {
                format!(
                    " expects size to be {}, got {}",
                    size_text(*expected, "0"),
                    size_text(*actual, "0")
                )
            }
            Kind::Count { expected, actual } => {
                let singular = matches!(
                    expected,
                    Size {
                        from: 1,
                        to: Some(1) | None
                    } | Size {
                        from: 0,
                        to: Some(1)
                    }
                );
                format!(
                    " expects {} argument{}, got {}",
                    size_text(*expected, "no"),
                    if singular { "" } else { "s" },
                    size_text(*actual, "none")
                )
            }
        }
    }
}

/// One type for both, flattened, each once.
fn either(a: Type, b: &Type) -> Type {
    fn add(part: &Type, flat: &mut Vec<Type>) {
        match part {
            Type::Variant(parts) => parts.iter().for_each(|part| add(part, flat)),
            part if flat.contains(part) => {}
            part => flat.push(part.clone()),
        }
    }
    let mut flat = Vec::new();
    add(&a, &mut flat);
    add(b, &mut flat);
    if flat.len() > 1 {
        Type::variant(flat).normalize()
    } else {
        flat.pop().unwrap_or(a)
    }
}

fn wider(a: Size, b: Size) -> Size {
    Size {
        from: a.from.min(b.from),
        to: a.to.zip(b.to).map(|(a, b)| a.max(b)),
    }
}

fn size_text(size: Size, zero: &str) -> String {
    match (size.from, size.to) {
        (0, Some(0)) => zero.to_owned(),
        (from, Some(to)) if from == to => from.to_string(),
        (0, None) => "unlimited".to_owned(),
        (0, Some(to)) => format!("at most {to}"),
        (from, None) => format!("at least {from}"),
        (from, Some(to)) => format!("between {from} and {to}"),
    }
}

fn pattern_problem(expected: &Type, actual: &Type) -> String {
    let (expected, undef) = match expected {
        Type::Optional(inner) => (inner.as_deref().unwrap_or(&Type::Any), "an undef value or "),
        other => (other, ""),
    };
    let got = match actual {
        Type::String(types::StringType::Value(text)) => format!("'{text}'"),
        other => super::wording::short_name(other),
    };
    format!(
        " expects {undef}a match for {}, got {got}",
        types::expanded(expected)
    )
}
