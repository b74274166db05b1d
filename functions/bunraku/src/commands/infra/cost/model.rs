//! The bill of a month: quantities from the site's numbers, times prices.

use serde::Serialize;

use super::levers::{
    FEWER_CHANGED, FEWER_EXPORTS, FEWER_PUSHES, FEWER_REPORTS, FEWER_ROLLOUTS, FEWER_RUNS, FIXED,
    LOG_LESS, OWN_EDGES, STORED,
};
use super::prices::Prices;
use super::requests::{
    BATCH, ENVIRONMENT_READ, ENVIRONMENT_READS_PER_RUN, ENVIRONMENT_SECONDS, LOOKS_PER_HOUR,
    PER_AGENT_RUN, PER_AWAITED_NODE, PER_CHANGED_EXPORT, PER_COLLECTED_CATALOG, PER_COLLECTION,
    PER_COLLECTION_AND_NODE, PER_COLLECTION_AND_THOUSAND_NODES, PER_COMPILED_NODE, PER_GATHERING,
    PER_GATHERING_AND_THOUSAND_NODES, PER_LOOK, PER_LOOK_AND_THOUSAND_NODES,
    PER_MIRROR_AND_THOUSAND_NODES, PER_MIRRORED_CATALOG, PER_MIRRORED_NODE, PER_OUTCOME,
    PER_PLACED_NODE, PER_PUBLISHED_POINTER_AND_EDGE, PER_PUSH, PER_THOUSAND_NODES_LISTED,
    PER_UNCHANGED_NODE, POLLS_PER_SECOND, POLLS_PER_SECOND_AND_EDGE, Requests,
};
use super::usage::{
    ALARMS, COLLECT_SECONDS, COLLECT_SECONDS_PER_NODE, COMPILE_GB, COMPILE_SECONDS,
    CONNECTIONS_PER_RUN, EDGE_GB, EDGE_VCPU, FACTS_KB, INGEST_SECONDS, KEY_REQUESTS_PER_DAY,
    LCU_CONNECTIONS_PER_SECOND, LCU_GB_PER_HOUR, LOG_KB_PER_CALL, LOG_KB_PER_TASK, METRICS,
    PLAN_GB, PLAN_SECONDS, PLAN_SECONDS_PER_NODE, POINTER_KB, RELEASE_KB, REPORT_DAYS, REPORT_KB,
    SENT_KB, VERIFY_SECONDS, VERSION_DAYS, YEAR_DAYS,
};

/// What a site says of itself.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Site {
    pub(crate) nodes: f64,
    /// Of each node.
    pub(crate) runs_per_day: f64,
    pub(crate) changes_per_day: f64,
    pub(crate) share_of_nodes_changed: f64,
    /// Edges on Fargate; none when the site runs them on machines of its own.
    pub(crate) edges: f64,
    pub(crate) catalog_kb: f64,
    /// Those of the pushes that come to the nodes stage by stage.
    pub(crate) rollouts_per_day: f64,
    pub(crate) hours_per_rollout: f64,
    /// Of the nodes that get a new catalog, those that then export something else.
    pub(crate) share_of_nodes_exporting: f64,
    /// To a mirror.
    pub(crate) exports_per_day: f64,
}

/// One line of the bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) service: &'static str,
    pub(crate) item: &'static str,
    pub(crate) quantity: f64,
    pub(crate) unit: &'static str,
    pub(crate) unit_price: f64,
    pub(crate) sum: f64,
    /// What makes this line smaller.
    #[serde(skip)]
    pub(crate) lever: &'static str,
}

const HOURS: f64 = 730.0;
const SECONDS: f64 = HOURS * 3600.0;
const DAYS: f64 = HOURS / 24.0;
const KB: f64 = 1.0 / 1_000_000.0;

/// The lines of the bill, those that are nothing left out.
pub(crate) fn bill(site: &Site, prices: &Prices) -> Vec<Line> {
    let flow = Flow::of(site);
    let mut lines = Vec::new();
    storage(site, &flow, prices, &mut lines);
    requests(site, &flow, prices, &mut lines);
    functions(site, &flow, prices, &mut lines);
    watching(site, &flow, prices, &mut lines);
    edges(site, &flow, prices, &mut lines);
    lines.retain(|line| line.quantity > 0.0);
    lines
}

/// What happens in a month.
struct Flow {
    runs: f64,
    pushes: f64,
    compiled: f64,
    unchanged: f64,
    /// Nodes looked at, over all pushes.
    tasks: f64,
    /// Calls of `compile`.
    batches: f64,
    /// Nodes whose stage opened, over all rollouts.
    placed: f64,
    /// Looks at rollouts.
    looks: f64,
    /// Runs while a rollout goes on.
    outcomes: f64,
    /// Nodes that export something else than before.
    exporting: f64,
}

impl Flow {
    fn of(site: &Site) -> Self {
        let pushes = site.changes_per_day * DAYS;
        let tasks = pushes * site.nodes;
        let compiled = tasks * site.share_of_nodes_changed;
        let runs = site.nodes * site.runs_per_day * DAYS;
        let rollouts = site.rollouts_per_day * DAYS;
        let placed = rollouts * site.nodes;
        // Of two rollouts one waits for the other.
        let rolling = (rollouts * site.hours_per_rollout).min(HOURS);
        Self {
            runs,
            placed,
            looks: rolling * LOOKS_PER_HOUR * site.edges.max(1.0),
            outcomes: runs * rolling / HOURS,
            exporting: compiled * site.share_of_nodes_exporting,
            pushes,
            compiled,
            unchanged: tasks - compiled,
            tasks,
            batches: (tasks + placed) / BATCH,
        }
    }
}

fn line(
    service: &'static str,
    item: &'static str,
    (quantity, unit): (f64, &'static str),
    unit_price: f64,
    lever: &'static str,
) -> Line {
    Line {
        service,
        item,
        quantity,
        unit,
        unit_price,
        sum: quantity * unit_price,
        lever,
    }
}

fn storage(site: &Site, flow: &Flow, prices: &Prices, lines: &mut Vec<Line>) {
    let compiled_per_day = flow.compiled / DAYS;
    let catalogs = (site.nodes + compiled_per_day * YEAR_DAYS) * site.catalog_kb * KB;
    let reports = site.nodes * site.runs_per_day * REPORT_DAYS * REPORT_KB * KB;
    let versions = flow.tasks / DAYS * VERSION_DAYS * POINTER_KB;
    let releases = site.changes_per_day * YEAR_DAYS * RELEASE_KB;
    let documents = (site.nodes * (POINTER_KB + FACTS_KB) + versions + releases) * KB;
    let price = prices.s3_storage_gb_month;
    for (item, gb, lever) in [
        ("catalogs of a year", catalogs, FEWER_CHANGED),
        ("reports", reports, STORED),
        ("pointers, facts, releases", documents, STORED),
    ] {
        lines.push(line("S3 storage", item, (gb, "GB"), price, lever));
    }
}

fn requests(site: &Site, flow: &Flow, prices: &Prices, lines: &mut Vec<Line>) {
    // However many agents run, an edge reads an environment once in its time.
    let environments = (flow.runs * ENVIRONMENT_READS_PER_RUN)
        .min(site.edges.max(1.0) * SECONDS / ENVIRONMENT_SECONDS);
    let pages = (site.nodes / 1000.0).ceil().max(1.0);
    let exports = site.exports_per_day * DAYS;
    // A catalog that was replaced before the next export is never exported.
    let mirrored = flow.compiled.min(exports * site.nodes);
    let steps: [(&str, Requests, &str); 9] = [
        (
            "pushes",
            PER_PUSH.times(flow.pushes)
                + PER_THOUSAND_NODES_LISTED.times(flow.pushes * pages)
                + PER_AWAITED_NODE.times(flow.tasks),
            FEWER_PUSHES,
        ),
        (
            "compiled nodes",
            PER_COMPILED_NODE.times(flow.compiled),
            FEWER_CHANGED,
        ),
        (
            "unchanged nodes",
            PER_UNCHANGED_NODE.times(flow.unchanged),
            FEWER_PUSHES,
        ),
        (
            "agents' runs",
            PER_AGENT_RUN.times(flow.runs) + ENVIRONMENT_READ.times(environments),
            FEWER_REPORTS,
        ),
        (
            "hourly gatherings",
            PER_GATHERING.times(HOURS) + PER_GATHERING_AND_THOUSAND_NODES.times(HOURS * pages),
            FIXED,
        ),
        (
            "daily collections",
            PER_COLLECTION.times(DAYS)
                + PER_COLLECTION_AND_NODE.times(DAYS * site.nodes)
                + PER_COLLECTION_AND_THOUSAND_NODES.times(DAYS * pages)
                + PER_COLLECTED_CATALOG.times(flow.compiled),
            FEWER_CHANGED,
        ),
        (
            "rollouts",
            PER_PLACED_NODE.times(flow.placed)
                + PER_OUTCOME.times(flow.outcomes)
                + PER_LOOK.times(flow.looks)
                + PER_LOOK_AND_THOUSAND_NODES.times(flow.looks * pages),
            FEWER_ROLLOUTS,
        ),
        (
            "changed exports",
            PER_CHANGED_EXPORT.times(flow.exporting)
                + PER_GATHERING_AND_THOUSAND_NODES.times(flow.exporting * pages),
            FEWER_CHANGED,
        ),
        (
            "exports to a mirror",
            PER_MIRRORED_NODE.times(exports * site.nodes)
                + PER_MIRROR_AND_THOUSAND_NODES.times(exports * pages)
                + PER_MIRRORED_CATALOG.times(mirrored),
            FEWER_EXPORTS,
        ),
    ];
    let requests = "requests";
    for (item, sum, lever) in steps {
        let written = (sum.put + sum.list, requests);
        lines.push(line(
            "S3 PUT, LIST",
            item,
            written,
            prices.s3_put_request,
            lever,
        ));
    }
    for (item, sum, lever) in steps {
        lines.push(line(
            "S3 GET",
            item,
            (sum.get, requests),
            prices.s3_get_request,
            lever,
        ));
    }
    for (item, sum, lever) in steps {
        lines.push(line(
            "SQS",
            item,
            (sum.messages, requests),
            prices.sqs_request,
            lever,
        ));
    }
    // Every node of a push gets a pointer, which is published, and of a rollout another one when its stage opens.
    let published = flow.tasks + flow.placed;
    let delivered = PER_PUBLISHED_POINTER_AND_EDGE.times(published * site.edges);
    let polls = (POLLS_PER_SECOND + POLLS_PER_SECOND_AND_EDGE * site.edges) * SECONDS;
    for (item, count, lever) in [
        ("published pointers", delivered.messages, FEWER_PUSHES),
        ("polling", polls, FIXED),
    ] {
        lines.push(line(
            "SQS",
            item,
            (count, requests),
            prices.sqs_request,
            lever,
        ));
    }
    let published = (published, "publishes");
    lines.push(line(
        "SNS",
        "published pointers",
        published,
        prices.sns_publish,
        FEWER_PUSHES,
    ));
}

fn functions(site: &Site, flow: &Flow, prices: &Prices, lines: &mut Vec<Line>) {
    let ingest = flow.pushes * INGEST_SECONDS * COMPILE_GB;
    let plan = (flow.pushes * PLAN_SECONDS + flow.tasks * PLAN_SECONDS_PER_NODE) * PLAN_GB;
    let looks = flow.looks * PLAN_SECONDS * PLAN_GB;
    let collecting = COLLECT_SECONDS + COLLECT_SECONDS_PER_NODE * site.nodes;
    let collections = DAYS * collecting * PLAN_GB;
    let compile = flow.compiled * COMPILE_SECONDS * COMPILE_GB;
    let verify = (flow.unchanged + flow.placed) * VERIFY_SECONDS * COMPILE_GB;
    for (item, gb_seconds, lever) in [
        ("ingest", ingest, FEWER_PUSHES),
        ("plan", plan, FEWER_PUSHES),
        ("plan: rollouts", looks, FEWER_ROLLOUTS),
        ("plan: daily collections", collections, FIXED),
        ("compile: compiled nodes", compile, FEWER_CHANGED),
        ("compile: unchanged nodes", verify, FEWER_PUSHES),
    ] {
        let quantity = (gb_seconds, "GB-s");
        lines.push(line(
            "Lambda",
            item,
            quantity,
            prices.lambda_gb_second,
            lever,
        ));
    }
    let calls = 2.0 * flow.pushes + flow.batches + flow.looks + flow.exporting + DAYS + HOURS;
    let calls = (calls, "requests");
    lines.push(line(
        "Lambda",
        "calls",
        calls,
        prices.lambda_request,
        FEWER_PUSHES,
    ));
}

fn watching(site: &Site, flow: &Flow, prices: &Prices, lines: &mut Vec<Line>) {
    let key_requests = (KEY_REQUESTS_PER_DAY * DAYS, "requests");
    lines.push(line(
        "KMS",
        "key",
        (1.0, "keys"),
        prices.kms_key_month,
        FIXED,
    ));
    lines.push(line(
        "KMS",
        "requests",
        key_requests,
        prices.kms_request,
        FIXED,
    ));
    let calls = 2.0 * flow.pushes + flow.batches;
    let logs = (flow.tasks * LOG_KB_PER_TASK + calls * LOG_KB_PER_CALL) * KB;
    let name = "CloudWatch";
    lines.push(line(
        name,
        "logs taken in",
        (logs, "GB"),
        prices.logs_gb,
        LOG_LESS,
    ));
    lines.push(line(
        name,
        "logs kept",
        (logs, "GB"),
        prices.logs_storage_gb_month,
        LOG_LESS,
    ));
    lines.push(line(
        name,
        "alarms",
        (ALARMS, "alarms"),
        prices.alarm_month,
        FIXED,
    ));
    lines.push(line(
        name,
        "dashboard",
        (1.0, "dashboards"),
        prices.dashboard_month,
        FIXED,
    ));
    // A metric is charged for the hours in which it gets values.
    let metrics = METRICS * (site.changes_per_day / 24.0).min(1.0);
    lines.push(line(
        name,
        "metrics",
        (metrics, "metrics"),
        prices.metric_month,
        FIXED,
    ));
}

fn edges(site: &Site, flow: &Flow, prices: &Prices, lines: &mut Vec<Line>) {
    if site.edges <= 0.0 {
        return;
    }
    let served_gb = flow.runs * site.catalog_kb * KB;
    let vcpu = (site.edges * EDGE_VCPU * HOURS, "vCPU-h");
    let memory = (site.edges * EDGE_GB * HOURS, "GB-h");
    lines.push(line(
        "Fargate",
        "edges' processors",
        vcpu,
        prices.fargate_vcpu_hour,
        OWN_EDGES,
    ));
    lines.push(line(
        "Fargate",
        "edges' memory",
        memory,
        prices.fargate_gb_hour,
        OWN_EDGES,
    ));
    let through_gb = served_gb + flow.runs * SENT_KB * KB;
    let connections = flow.runs * CONNECTIONS_PER_RUN / SECONDS / LCU_CONNECTIONS_PER_SECOND;
    let lcu = connections.max(through_gb / HOURS / LCU_GB_PER_HOUR) * HOURS;
    let name = "Load balancer";
    lines.push(line(
        name,
        "hours",
        (HOURS, "h"),
        prices.nlb_hour,
        OWN_EDGES,
    ));
    lines.push(line(
        name,
        "use",
        (lcu, "LCU-h"),
        prices.nlb_lcu_hour,
        FEWER_RUNS,
    ));
    lines.push(line(
        "Secrets Manager",
        "edges' key",
        (1.0, "secrets"),
        prices.secret_month,
        OWN_EDGES,
    ));
}

/// The sum of all lines.
pub(crate) fn total(lines: &[Line]) -> f64 {
    lines.iter().map(|line| line.sum).sum()
}

/// The line that costs most.
pub(crate) fn largest(lines: &[Line]) -> Option<&Line> {
    lines.iter().max_by(|a, b| a.sum.total_cmp(&b.sum))
}

#[cfg(test)]
mod tests;
