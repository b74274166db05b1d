//! What makes a line of the bill smaller.

/// Of what each changed node costs.
pub(super) const FEWER_CHANGED: &str = "push fewer, larger changes, and narrow what each concerns: code and data that a node does not read do not recompile it (bunraku explain NODE shows what it reads)";
/// Of what each push costs, or each node of it.
pub(super) const FEWER_PUSHES: &str = "push fewer, larger changes: each one looks at every node";
/// Of what agents' runs cost.
pub(super) const FEWER_RUNS: &str =
    "let agents run less often (runinterval), and on news instead of by the clock (bunraku watch)";
/// Of what runs cost that report.
pub(super) const FEWER_REPORTS: &str = "let agents run less often (runinterval; bunraku watch runs them on news), or send no reports where nobody reads them (report = false)";
/// Of what rollouts cost.
pub(super) const FEWER_ROLLOUTS: &str =
    "roll out what may break, and push the rest; shorter stages are looked at less often";
/// Of what an export to a mirror costs.
pub(super) const FEWER_EXPORTS: &str = "export less often: each one looks at every node";
/// Of what does not depend on the site.
pub(super) const FIXED: &str = "this is the price of standing ready, whatever the number of nodes";
/// Of what edges on Fargate cost.
pub(super) const OWN_EDGES: &str =
    "run the edges on machines that you have already (--edges 0): they hold no state";
/// Of what is kept.
pub(super) const STORED: &str =
    "expire what nobody asks for: ReportExpiryDays and NoncurrentVersionDays of the template";
/// Of logs.
pub(super) const LOG_LESS: &str = "log less: set LogLevel of the template to warn";
