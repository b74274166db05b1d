//! Behind its first error of syntax a file is read on: what the reference says stays the same, and more is said.

mod support;

use bunraku_syntax::{
    Diagnostic, Language, ParseOptions, SourceFile, diagnose, parse_epp, parse_manifest,
};

fn found(text: &str) -> Vec<(u32, String, bool)> {
    let source = SourceFile::new(None, text);
    let found = diagnose(&source, &ParseOptions::default(), Language::Manifest);
    found
        .iter()
        .map(|found| {
            let line = found.span.map_or(0, |span| source.line(span.start));
            (line, found.message.to_string(), found.further)
        })
        .collect()
}

fn lines(text: &str) -> Vec<u32> {
    found(text).into_iter().map(|(line, ..)| line).collect()
}

fn hint(text: &str) -> String {
    let source = SourceFile::new(None, text);
    let found = diagnose(&source, &ParseOptions::default(), Language::Manifest);
    let hint = found.first().and_then(Diagnostic::advice);
    hint.unwrap_or_default().to_string()
}

/// Whatever the program, what comes before the further findings is what a parse that stops finds.
#[test]
fn the_findings_of_the_reference_come_first_and_unchanged() {
    for case in support::all_cases() {
        let source = SourceFile::new(None, case.text.as_str());
        let options = ParseOptions {
            tasks: case.tasks,
            ..ParseOptions::default()
        };
        let (language, parsed) = if case.epp {
            (Language::Template, parse_epp(&source, &options))
        } else {
            (Language::Manifest, parse_manifest(&source, &options))
        };
        let found = diagnose(&source, &options, language);
        let (further, first): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.further);
        assert_eq!(first, parsed.diagnostics, "{}", case.path);
        assert!(
            further.is_empty() || parsed.program.is_none(),
            "{}",
            case.path
        );
    }
}

#[test]
fn each_broken_statement_is_told_once() {
    let text = "class a {\n  file { 'x':\n    mode => '0644'\n    owner => 'root',\n  }\n  $y = = 2\n  notice('fine')\n  $z = [1,, 2]\n}\nclass b {\n  include ::\n  if $x { } else if $y { }\n}\n";
    assert_eq!(lines(text), [4, 6, 8, 11, 12]);
    let kinds: Vec<bool> = found(text)
        .into_iter()
        .map(|(_, _, further)| further)
        .collect();
    assert_eq!(kinds, [false, true, true, true, true]);
}

#[test]
fn broken_words_do_not_end_the_search() {
    assert_eq!(
        lines("$a = 089\n$b = Foo::bar\n$c =~ /[/\n$d = }\n"),
        [1, 2, 3, 4]
    );
}

#[test]
fn what_the_validator_says_of_the_statements_that_are_left_is_told_too() {
    let found = found("$a = }\n$b += 1\nnode x inherits y { }\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[1].1.contains("'+='"), "{found:?}");
}

/// One brace that is missing or too many is one error, not one for each line behind it.
#[test]
fn one_slip_is_one_error() {
    let sound = "class b {\n  notice(1)\n  file { 'x': mode => '0644' }\n}\n";
    assert_eq!(
        lines(&format!("class a {{\n  notice(1)\n}}\n}}\n{sound}{sound}")),
        [4]
    );
    assert_eq!(
        lines(&format!("class a {{\n  if $x {{\n  notice(1)\n}}\n{sound}")).len(),
        1
    );
    assert_eq!(
        lines(
            "unless $x {\n  notice(1)\n} elsif $y {\n  notice(2)\n} else {\n  notice(3)\n}\nnotice(4)\n"
        ),
        [3]
    );
    assert_eq!(lines("$a = 'abc\nnotice(1)\nnotice(2)\n"), [1]);
    assert_eq!(
        lines("file { 'a'\n  mode => 1,\n}\nfile { 'b': mode => 2 }\n"),
        [2]
    );
}

#[test]
fn hints_say_what_to_write_instead() {
    let cases = [
        (
            "file { 'a':\n mode => 1\n owner => 2 }",
            "a comma is missing before `owner`",
        ),
        ("file { 'a': mode = 1 }", "write `=>`"),
        ("class a { $x = = 1 }", "one too many"),
        ("$a = {'b': 1}", "write `=>`"),
        ("if $x { } else if $y { }", "`elsif`"),
        ("unless $x { } elsif $y { }", "`unless` has no `elsif`"),
        ("if $a && $b { }", "write `and`"),
        ("if $a || $b { }", "write `or`"),
        ("class a {\n\n", "`{` of line 1"),
        ("class a { }\n}", "one too many"),
        ("notice((1]", "`(` of line 1"),
        ("$a = “b”", "typographic"),
        ("clas foo { }", "did you mean `class`?"),
        ("file { 'a': 'mode' => 1 }", "`mode`"),
        ("$a = ", "not finished"),
        ("inlcude foo\nnotice(1)", "did you mean `include`?"),
        ("class fooBar-x { }", "did you mean `foo_bar_x`?"),
        ("$a = $Foo::Bar", "did you mean `$foo::bar`?"),
        ("$a = Foo::bar", "did you mean `Foo::Bar`?"),
        ("class a($Abc) { }", "did you mean `$abc`?"),
        ("$a += 1", "do not change"),
        ("file { 'a' mode => 1 }", "`:` is missing"),
        ("file { 'a': mode => 1; owner => 2 }", "`,` stands between"),
        ("file { 'a': mode -> 1 }", "write `=>`"),
        ("file { /etc/motd: mode => 1 }", "wants quotes"),
        ("$a = { 'x' => 1 'y' => 2 }", "a comma is missing"),
        ("$a = $x ? { 1 => 'a' 2 => 'b' }", "a comma is missing"),
        ("$a = $x ? { 1: 'a' }", "write `=>`"),
        ("if $a === $b { }", "write `==`"),
        ("if $a <> $b { }", "write `!=`"),
        ("if not $a { }", "write `!`"),
        ("if $x notice('a')", "a `{` is missing"),
        ("$a := 1", "write `=`"),
        ("$a = \"${}\"", "the braces are empty"),
        ("class a extends b { }", "`inherits`"),
        ("class a(x, y) { }", "`$x`"),
        ("class a(string $x) { }", "`String`"),
        ("class a(String|Integer $x) { }", "`Variant[A, B]`"),
        ("class a(String? $x) { }", "`Optional[A]`"),
        ("class a { };", "too many"),
        ("define ($x) { }", "a name is missing"),
        ("function f(Integer $x) : String { }", "`>>`"),
        ("type a = Integer", "`A`"),
        ("node $fqdn { }", "a node is a name"),
        ("node 'a' 'b' { }", "a comma is missing"),
        ("$a.each |$x| notice($x)", "a `{` is missing"),
        ("$a.each |$x { }", "a `|` is missing"),
        ("notice 'a',", "behind the last comma"),
    ];
    for (text, expected) in cases {
        let hint = hint(text);
        assert!(hint.contains(expected), "{text}: {hint:?}");
    }
}

#[test]
fn more_errors_than_are_told_before_a_lexer_that_stops_come_to_an_end() {
    let text = format!("{}$a = 'b", "$a = )\n".repeat(30));
    let source = SourceFile::new(None, text);
    let found = diagnose(&source, &ParseOptions::default(), Language::Manifest);
    assert_eq!(found.len(), 20);
}
