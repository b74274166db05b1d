//! What all targets do with a text.

use bunraku_syntax::excerpt::{Colour, render};
use bunraku_syntax::{
    Diagnostic, Language, ParseOptions, SourceFile, diagnose, dump_pn, parse_epp, parse_manifest,
};

/// Parses, validates, shows what was found, dumps, and looks for more behind the first error.
pub(crate) fn check(text: &str, language: Language) {
    let source = SourceFile::new(Some("fuzz".into()), text);
    for tasks in [false, true] {
        let options = ParseOptions {
            tasks,
            module_path: Some("fuzz/manifests/init.pp".into()),
            ..ParseOptions::default()
        };
        let parsed = match language {
            Language::Manifest => parse_manifest(&source, &options),
            Language::Template => parse_epp(&source, &options),
        };
        show(&parsed.diagnostics, &source);
        match &parsed.program {
            Some(program) => assert!(!dump_pn(program).is_empty()),
            None => assert!(parsed.has_errors()),
        }
        let all = diagnose(&source, &options, language);
        show(&all, &source);
        let first: Vec<Diagnostic> = all.into_iter().filter(|found| !found.further).collect();
        assert_eq!(first, parsed.diagnostics);
    }
}

fn show(found: &[Diagnostic], source: &SourceFile) {
    for found in found {
        assert!(!render(found, source, Colour::Off).is_empty());
    }
}
