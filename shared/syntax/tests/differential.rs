//! Our trees and findings against the reference's, which `puppet-agent` of Debian brings.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read their environment and golden files"
)]

mod support;

use bunraku_syntax::{Language, token_spans};
use support::{Request, all_cases, ask_reference, cases, difference, modules_of_debian, ours};

/// Every manifest and template of every module that Debian packages, where the reference would load it from.
#[test]
fn trees_and_findings_on_all_modules_of_debian_equal_those_of_the_reference() {
    let sources = modules_of_debian();
    let count = sources.len();
    assert!(count > 1500, "only {count} sources");
    compare(&sources);
}

#[test]
fn trees_of_corner_cases_equal_those_of_the_reference() {
    let requests = cases("valid.txt");
    assert!(requests.len() > 30);
    compare(&requests);
}

fn compare(requests: &[Request]) {
    let answers = ask_reference(requests);
    let mut differences = Vec::new();
    for (request, expected) in requests.iter().zip(&answers) {
        if let Some(text) = difference(&ours(request), expected) {
            differences.push(format!("{}: {text}", request.path));
        }
    }
    let shown = differences
        .iter()
        .take(20)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{shown}",
        differences.len(),
        requests.len()
    );
}

/// Real sources with tokens deleted, doubled, swapped or cut off: the errors must be the reference's too.
/// `BUNRAKU_SYNTAX_SEED` and `BUNRAKU_SYNTAX_MUTATIONS` make other and more of them.
#[test]
fn findings_in_mutated_programs_equal_those_of_the_reference() {
    let mut random = Random::seeded();
    let mut sources = all_cases();
    sources.extend(modules_of_debian());
    sources.retain(|source| source.text.len() < 8_000);
    let requests: Vec<Request> = (0..setting("BUNRAKU_SYNTAX_MUTATIONS", 5000))
        .map(|_| {
            let source = &sources[random.below(sources.len())];
            let text = mutate(source, &mut random);
            let path = format!("{}\n--------\n{text}\n--------\n", source.path);
            Request {
                path,
                text,
                epp: source.epp,
                tasks: source.tasks || random.below(8) == 0,
                strict: ["off", "warning", "error"][random.below(3)],
                module_path: source.module_path.clone(),
            }
        })
        .collect();
    compare(&requests);
}

/// Regular expressions made of pieces: what Ruby says of them is what we say.
#[test]
fn findings_in_regular_expressions_equal_those_of_ruby() {
    const PIECES: [&str; 110] = [
        "a",
        "b",
        "c",
        "é",
        "z",
        "1",
        "2",
        "8",
        "(",
        "(",
        "(",
        ")",
        ")",
        ")",
        "[",
        "[",
        "]",
        "]",
        "{",
        "}",
        "*",
        "+",
        "?",
        "|",
        "|",
        "^",
        "$",
        ".",
        "-",
        "-",
        "&&",
        ":",
        ",",
        " ",
        "#",
        "(?:",
        "(?i)",
        "(?i:",
        "(?x)",
        "(?-m)",
        "(?m-ix:",
        "(?=",
        "(?!",
        "(?<=",
        "(?<=",
        "(?<!",
        "(?>",
        "(?~",
        "(?#",
        "(?<n>",
        "(?'m'",
        "(?(1)",
        "(?(<n>)",
        "(?P<",
        "(?<",
        "(?",
        "{2}",
        "{1,2}",
        "{3,1}",
        "{,3}",
        "{2,}",
        "{,}",
        "*?",
        "++",
        "[:alpha:]",
        "[:foo:]",
        "[[:word::]]",
        "[:^digit:]",
        "[^",
        "a-z",
        "z-a",
        "\\d",
        "\\w",
        "\\b",
        "\\1",
        "\\2",
        "\\k<n>",
        "\\k<1>",
        "\\k<-1>",
        "\\k'x'",
        "\\x41",
        "\\x",
        "\\u0041",
        "\\u00e9",
        "\\u{41 e9}",
        "\\u12",
        "\\p{Alpha}",
        "\\p{",
        "\\p{^L}",
        "\\pL",
        "\\R",
        "\\cA",
        "\\0",
        "\\/",
        "\\xe9",
        "\\p{Foo}",
        "\\p{In Basic-Latin}",
        "\\g<n>",
        "\\g<n>",
        "\\g<1>",
        "\\g<1>",
        "\\g<2>",
        "\\g<0>",
        "\\g<-1>",
        "\\g<+1>",
        "\\g'm'",
        "(?<n>x|",
        "(?(<1>)",
        "(?(2)",
        "(?'m'",
    ];
    let mut random = Random::seeded();
    let requests: Vec<Request> = (0..setting("BUNRAKU_SYNTAX_PATTERNS", 4000))
        .map(|_| {
            let pieces: Vec<&str> = (0..=random.below(7))
                .map(|_| PIECES[random.below(PIECES.len())])
                .collect();
            let text = format!("$x =~ /{}/", pieces.concat());
            Request::new(&text, text.clone())
        })
        .collect();
    compare(&requests);
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

struct Random(u64);

impl Random {
    /// By `BUNRAKU_SYNTAX_SEED`.
    fn seeded() -> Self {
        Self(setting("BUNRAKU_SYNTAX_SEED", 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % bound.max(1)
    }
}

/// A program with one to three of its tokens deleted, doubled, swapped or replaced by another one, or cut off behind one.
fn mutate(source: &Request, random: &mut Random) -> String {
    let mut pieces = Pieces::of(source);
    for _ in 0..=random.below(2) {
        let count = pieces.tokens.len();
        if count < 2 {
            break;
        }
        let at = random.below(count);
        match random.below(8) {
            0 | 1 => pieces.delete(at),
            2 | 3 => pieces.double(at),
            4 => pieces.swap(at, (at + 1) % count),
            5 => pieces.swap(at, random.below(count)),
            6 => pieces.replace(at, random.below(count)),
            _ => pieces.cut_off(at),
        }
    }
    pieces.text.concat()
}

/// A program in pieces: its tokens by the lexer, strings and heredocs piece by piece, and what lies between them.
struct Pieces<'s> {
    text: Vec<&'s str>,
    /// Where in `text` the tokens are.
    tokens: Vec<usize>,
}

impl<'s> Pieces<'s> {
    fn of(source: &'s Request) -> Self {
        let language = if source.epp {
            Language::Template
        } else {
            Language::Manifest
        };
        let mut text = Vec::new();
        let mut tokens = Vec::new();
        let mut end = 0;
        for span in token_spans(&source.text, language, source.tasks) {
            let (start, stop) = (span.start as usize, span.end as usize);
            text.push(&source.text[end..start]);
            tokens.push(text.len());
            text.push(&source.text[start..stop]);
            end = stop;
        }
        text.push(&source.text[end..]);
        Self { text, tokens }
    }

    fn delete(&mut self, at: usize) {
        self.text[self.tokens[at]] = "";
    }

    fn double(&mut self, at: usize) {
        let piece = self.tokens[at];
        self.text.insert(piece, self.text[piece]);
        for token in &mut self.tokens[at + 1..] {
            *token += 1;
        }
    }

    fn swap(&mut self, at: usize, other: usize) {
        self.text.swap(self.tokens[at], self.tokens[other]);
    }

    fn replace(&mut self, at: usize, other: usize) {
        self.text[self.tokens[at]] = self.text[self.tokens[other]];
    }

    fn cut_off(&mut self, at: usize) {
        self.text.truncate(self.tokens[at] + 1);
        self.tokens.truncate(at + 1);
    }
}
