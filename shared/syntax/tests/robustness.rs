//! Whatever the text, parsing ends with a tree or with findings that can be shown: no panic, no overflow of the stack.

mod support;

use bunraku_syntax::excerpt::{Colour, render};
use bunraku_syntax::{
    Language, ParseOptions, SourceFile, diagnose, dump_pn, parse_epp, parse_manifest,
};
use proptest::prelude::*;

fn survives(text: &str) {
    let source = SourceFile::new(Some("fuzz.pp".into()), text);
    for tasks in [false, true] {
        let options = ParseOptions {
            tasks,
            ..ParseOptions::default()
        };
        for language in [Language::Manifest, Language::Template] {
            for found in diagnose(&source, &options, language) {
                assert!(!render(&found, &source, Colour::Off).is_empty());
            }
        }
        for parsed in [
            parse_manifest(&source, &options),
            parse_epp(&source, &options),
        ] {
            for found in &parsed.diagnostics {
                assert!(!render(found, &source, Colour::Off).is_empty());
            }
            match &parsed.program {
                Some(program) => assert!(!dump_pn(program).is_empty()),
                None => assert!(parsed.has_errors()),
            }
        }
    }
}

fn sources() -> Vec<String> {
    support::all_cases()
        .into_iter()
        .map(|case| case.text)
        .collect()
}

const PIECES: [&str; 48] = [
    "$",
    "${",
    "}",
    "{",
    "\"",
    "'",
    "\\",
    "@(",
    "@(\"E\")\n",
    "| E\n",
    "E\n",
    "<%",
    "%>",
    "-%>",
    "<%=",
    "<%-",
    "<%#",
    "|",
    "||",
    "(",
    ")",
    "[",
    "]",
    "/",
    "/*",
    "*/",
    "#",
    "\n",
    "\r",
    "\t",
    "::",
    "Foo",
    "bar",
    "1",
    "0x",
    "1.",
    "e5",
    "=>",
    "+>",
    "->",
    "<<|",
    "|>",
    "?",
    ":",
    "å",
    "\u{a0}",
    "class",
    "\\u{d800}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn arbitrary_pieces_of_the_language_never_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        survives(&pieces.concat());
    }

    #[test]
    fn mutated_programs_never_panic(
        text in prop::sample::select(sources()),
        at in any::<prop::sample::Index>(),
        remove in 0_usize..12,
        insert in prop::sample::select(&PIECES[..]),
    ) {
        let chars: Vec<char> = text.chars().collect();
        let at = if chars.is_empty() { 0 } else { at.index(chars.len()) };
        let end = (at + remove).min(chars.len());
        let mutated: String = chars[..at].iter().copied().chain(insert.chars()).chain(chars[end..].iter().copied()).collect();
        survives(&mutated);
    }
}

/// Deep nesting and long chains of every kind, opened and never closed or closed in full.
#[test]
fn deep_nesting_ends_in_an_error() {
    const DEPTH: usize = 20_000;
    let open = [
        "(",
        "[",
        "{a => ",
        "!",
        "- ",
        "*",
        "$x[",
        "foo(",
        "if $x { ",
        "class a { ",
        "\"${",
        "$x ? ",
        "$x ? { a => ",
        "$x.y(",
        "@",
        "$a = ",
        "case $x { 1: { ",
        "$x.each |$y| { ",
        "unless $x { ",
        "define a($x = ",
        "Foo[",
        "notice ",
        "/",
        "@(\"E\")\n${",
        "<%= { ",
        "a { 'b': c => ",
        "$x + ",
        "$x -> ",
        "$x.y",
        "$x[1]",
        "if $x { } els",
        "1 ? 2 => ",
        "$x and ",
        "File <| a == ",
    ];
    for piece in open {
        survives(&piece.repeat(DEPTH));
    }
    let chains = [
        ("1", " + 1"),
        ("$x", "[1]"),
        ("$x", ".y"),
        ("A['x']", " -> A['x']"),
        ("foo", "()"),
        ("if $x { }", " elsif $x { }"),
        ("$a", " = 1"),
        ("a", " { b => 1 }"),
        ("$x", " ? { 1 => 2 }"),
    ];
    for (first, rest) in chains {
        survives(&format!("{first}{}", rest.repeat(DEPTH)));
    }
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a => ", "}"),
        ("\"${", "}\""),
        ("if $x { ", "}"),
        ("!", ""),
        ("-", ""),
    ] {
        for depth in [50, 120, 400] {
            survives(&format!(
                "$r = {}1{}",
                open.repeat(depth),
                close.repeat(depth)
            ));
        }
    }
}

#[test]
fn programs_of_common_depth_parse() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a => ", "}"),
        ("if $x { ", "}"),
        ("f(", ")"),
    ] {
        let text = format!("$r = {}1{}", open.repeat(60), close.repeat(60));
        let source = SourceFile::new(None, text);
        assert!(
            parse_manifest(
                &source,
                &ParseOptions {
                    validate: false,
                    ..ParseOptions::default()
                }
            )
            .program
            .is_some(),
            "{open}"
        );
    }
    let chain = format!("$r = 1{}", " + 1".repeat(300));
    assert!(!parse_manifest(&SourceFile::new(None, chain), &ParseOptions::default()).has_errors());
}
