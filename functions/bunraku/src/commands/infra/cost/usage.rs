//! What a farm with the template's defaults uses, beside requests.

/// Memory of `ingest` and `compile`, in GB.
pub(super) const COMPILE_GB: f64 = 1769.0 / 1024.0;
/// Memory of `plan`, in GB.
pub(super) const PLAN_GB: f64 = 0.5;
/// Time of `ingest` for a push.
pub(super) const INGEST_SECONDS: f64 = 3.0;
/// Time of `plan` for a push, and for each node.
pub(super) const PLAN_SECONDS: f64 = 0.2;
pub(super) const PLAN_SECONDS_PER_NODE: f64 = 0.001;
/// Time of `compile` for a catalog, and to verify one that still holds.
pub(super) const COMPILE_SECONDS: f64 = 0.3;
pub(super) const VERIFY_SECONDS: f64 = 0.03;
/// Time of `plan` to collect garbage, and for each node of it: 64 pointers are read at once.
pub(super) const COLLECT_SECONDS: f64 = 2.0;
pub(super) const COLLECT_SECONDS_PER_NODE: f64 = 0.0005;
/// Calls of the key: S3 (with a bucket key), SNS and the logs remember data keys for minutes.
pub(super) const KEY_REQUESTS_PER_DAY: f64 = 1000.0;
/// Days that overwritten versions and reports are kept.
pub(super) const VERSION_DAYS: f64 = 30.0;
pub(super) const REPORT_DAYS: f64 = 90.0;
/// Catalogs and releases have no end of life: the bill is that after a year.
pub(super) const YEAR_DAYS: f64 = 365.0;
/// Sizes as stored.
pub(super) const POINTER_KB: f64 = 8.0;
pub(super) const FACTS_KB: f64 = 25.0;
pub(super) const REPORT_KB: f64 = 10.0;
pub(super) const RELEASE_KB: f64 = 3000.0;
/// What an agent sends beside fetching its catalog: facts and report.
pub(super) const SENT_KB: f64 = 60.0;
/// Log lines of a handled task, and of an invocation with its metrics.
pub(super) const LOG_KB_PER_TASK: f64 = 0.5;
pub(super) const LOG_KB_PER_CALL: f64 = 2.0;
/// Alarms and metrics of the template and the functions.
pub(super) const ALARMS: f64 = 16.0;
pub(super) const METRICS: f64 = 50.0;
/// Size of an edge's task.
pub(super) const EDGE_VCPU: f64 = 0.5;
pub(super) const EDGE_GB: f64 = 1.0;
/// One unit of a network load balancer: 800 new connections a second, or 1 GB an hour.
pub(super) const LCU_CONNECTIONS_PER_SECOND: f64 = 800.0;
pub(super) const LCU_GB_PER_HOUR: f64 = 1.0;
pub(super) const CONNECTIONS_PER_RUN: f64 = 4.0;
