//! Parsed code: an arena that outlives one evaluation, and a cache that outlives them all.

use std::sync::{Arc, RwLock};

use bunraku_syntax::{ParseOptions, Parsed, Program, SourceFile, parse_epp, parse_manifest};
use ecow::EcoString;
use elsa::FrozenMap;
use rustc_hash::FxHashMap;

/// A parsed manifest or template.
#[derive(Debug)]
pub(crate) struct ParsedFile {
    /// Display path, as messages and resources show it.
    pub(crate) display: Option<Arc<str>>,
    /// The module it belongs to.
    pub(crate) module: Option<EcoString>,
    /// Text and line index.
    pub(crate) source: SourceFile,
    /// The tree.
    pub(crate) program: Arc<Program>,
}

/// All code of one evaluation: append-only, so that trees are borrowed instead of cloned.
#[derive(Default)]
pub(crate) struct Code {
    files: FrozenMap<String, Arc<ParsedFile>>,
}

impl Code {
    /// Keeps a file under a key (its path, or a name for code without one); an earlier one stays.
    pub(crate) fn add(&self, key: String, file: Arc<ParsedFile>) -> &ParsedFile {
        self.files.insert(key, file)
    }

    /// The file kept under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&ParsedFile> {
        self.files.get(key)
    }
}

/// How a text is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Syntax {
    /// A manifest (`.pp`).
    Manifest,
    /// A template (`.epp`).
    Epp,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CacheKey {
    display: Option<Arc<str>>,
    digest: Arc<str>,
    module_path: Option<Arc<str>>,
    syntax: Syntax,
    tasks: bool,
    strict: bunraku_syntax::Strict,
}

/// Parsed code of a process, shared between compiles and threads.
///
/// A text is parsed once for its display path and digest. The cache only grows: whoever keeps it
/// for long starts a new one from time to time.
#[derive(Default)]
pub struct CodeCache {
    parsed: RwLock<FxHashMap<CacheKey, Arc<CachedParse>>>,
}

/// A parse and whether it may be evaluated.
#[derive(Debug)]
pub(crate) struct CachedParse {
    /// Text and line index.
    pub(crate) source: SourceFile,
    /// Tree and findings.
    pub(crate) parsed: Parsed,
}

impl CodeCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of texts parsed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parsed.read().map_or(0, |parsed| parsed.len())
    }

    /// Whether nothing was parsed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn parse(
        &self,
        syntax: Syntax,
        display: Option<Arc<str>>,
        digest: Arc<str>,
        text: &str,
        options: &ParseOptions,
    ) -> Arc<CachedParse> {
        let key = CacheKey {
            display: display.clone(),
            digest,
            module_path: options.module_path.clone(),
            syntax,
            tasks: options.tasks,
            strict: options.strict,
        };
        if let Ok(parsed) = self.parsed.read()
            && let Some(found) = parsed.get(&key)
        {
            return Arc::clone(found);
        }
        let fresh = Arc::new(parse(syntax, display, text, options));
        if let Ok(mut parsed) = self.parsed.write() {
            return Arc::clone(parsed.entry(key).or_insert(fresh));
        }
        fresh
    }
}

/// Parses a text without a cache.
pub(crate) fn parse(
    syntax: Syntax,
    display: Option<Arc<str>>,
    text: &str,
    options: &ParseOptions,
) -> CachedParse {
    let source = SourceFile::new(display, text);
    let parsed = match syntax {
        Syntax::Manifest => parse_manifest(&source, options),
        Syntax::Epp => parse_epp(&source, options),
    };
    CachedParse { source, parsed }
}
