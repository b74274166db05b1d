//! Puppet's settings, as far as a compile depends on them.

/// How severely a questionable program is treated (Puppet's setting `strict`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strict {
    /// Say nothing.
    Off,
    /// Warn and go on.
    Warning,
    /// Refuse; Puppet 8's default.
    Error,
}

/// Settings with Puppet 8's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `strict`.
    pub strict: Strict,
    /// `strict_variables`: an unknown variable is an error.
    pub strict_variables: bool,
    /// `tasks`: accept the syntax of plans.
    pub tasks: bool,
    /// `rich_data`: values that JSON has no shape for stay typed.
    pub rich_data: bool,
    /// `static_catalogs`: metadata of served files is written into the catalog.
    pub static_catalogs: bool,
    /// `merge_dependency_warnings`.
    pub merge_dependency_warnings: bool,
    /// `disable_warnings`: kinds of warnings that are not logged.
    pub disable_warnings: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strict: Strict::Error,
            strict_variables: true,
            tasks: false,
            rich_data: true,
            static_catalogs: true,
            merge_dependency_warnings: false,
            disable_warnings: Vec::new(),
        }
    }
}
