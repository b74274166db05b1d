//! Types as strings, which are parsed as the value of an alias.
#![no_main]

mod support;

use bunraku_syntax::Language;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        support::check(&format!("type Fuzz = {text}"), Language::Manifest);
        support::check(text, Language::Manifest);
    }
});
