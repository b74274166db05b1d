//! The lexer: strings, heredocs, patterns and numbers, which hold any bytes.
#![no_main]

mod support;

use bunraku_syntax::Language;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let frames = [
        ("$a = \"", "\""),
        ("$a = '", "'"),
        ("$a = @(\"E\"/)\n", "\n  | E"),
        ("$a = $b =~ /", "/"),
        ("$a = ", ""),
        ("$a = @(", ")\nx\nE\n"),
    ];
    for (before, after) in frames {
        support::check(&format!("{before}{text}{after}"), Language::Manifest);
    }
});
