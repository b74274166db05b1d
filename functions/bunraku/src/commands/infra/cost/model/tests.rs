use super::*;

/// Every unit costs one, so that a sum is a quantity.
fn ones() -> Prices {
    Prices {
        s3_storage_gb_month: 1.0,
        s3_put_request: 1.0,
        s3_get_request: 1.0,
        sqs_request: 1.0,
        sns_publish: 1.0,
        lambda_request: 1.0,
        lambda_gb_second: 1.0,
        kms_key_month: 1.0,
        kms_request: 1.0,
        logs_gb: 1.0,
        logs_storage_gb_month: 1.0,
        alarm_month: 1.0,
        dashboard_month: 1.0,
        metric_month: 1.0,
        fargate_vcpu_hour: 1.0,
        fargate_gb_hour: 1.0,
        nlb_hour: 1.0,
        nlb_lcu_hour: 1.0,
        secret_month: 1.0,
    }
}

fn site() -> Site {
    Site {
        nodes: 1000.0,
        runs_per_day: 48.0,
        changes_per_day: 10.0,
        share_of_nodes_changed: 0.3,
        edges: 2.0,
        catalog_kb: 60.0,
        rollouts_per_day: 0.0,
        hours_per_rollout: 5.0,
        share_of_nodes_exporting: 0.0,
        exports_per_day: 0.0,
    }
}

fn sum(lines: &[Line], service: &str, item: &str) -> f64 {
    let chosen = |line: &&Line| line.service == service && (item.is_empty() || line.item == item);
    lines.iter().filter(chosen).map(|line| line.sum).sum()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn requests_are_counted_by_hand() {
    let lines = bill(&site(), &ones());
    let days = 730.0 / 24.0;
    let runs = 48_000.0 * days;
    assert!(close(sum(&lines, "S3 PUT, LIST", "agents' runs"), runs));
    // A pointer, facts and a catalog in each run, and the environment as often as two edges may.
    let environments = 2.0 * 730.0 * 3600.0 / 2.0;
    let read = 3.0 * runs + environments;
    assert!(close(sum(&lines, "S3 GET", "agents' runs"), read));
    let compiled = 10.0 * 1000.0 * 0.3 * days;
    let unchanged = 10.0 * 1000.0 * 0.7 * days;
    assert!(close(
        sum(&lines, "S3 GET", "compiled nodes"),
        PER_COMPILED_NODE.get * compiled
    ));
    assert!(close(
        sum(&lines, "S3 PUT, LIST", "unchanged nodes"),
        unchanged
    ));
    assert!(close(sum(&lines, "SNS", ""), compiled + unchanged));
    let polls = (25.0 / 20.0 + 2.0 / 20.0) * 730.0 * 3600.0;
    assert!(close(sum(&lines, "SQS", "polling"), polls));
}

#[test]
fn gatherings_and_collections_are_counted_by_hand() {
    let lines = bill(&site(), &ones());
    assert!(close(
        sum(&lines, "S3 PUT, LIST", "hourly gatherings"),
        730.0 * 2.0
    ));
    assert!(close(sum(&lines, "SQS", "hourly gatherings"), 730.0 * 2.0));
    let days = 730.0 / 24.0;
    let collected = 10.0 * 1000.0 * 0.3 * days;
    let read = sum(&lines, "S3 GET", "daily collections");
    assert!(close(read, 1002.0 * days + collected));
    let listed = sum(&lines, "S3 PUT, LIST", "daily collections");
    assert!(close(listed, 4.0 * days + collected));
    assert!(close(sum(&lines, "SQS", "daily collections"), 2.0 * days));
    let seconds = 2.0 + 0.5;
    let plan = sum(&lines, "Lambda", "plan: daily collections");
    assert!(close(plan, days * seconds * 0.5));
}

#[test]
fn rollouts_are_counted_by_hand_and_one_goes_on_at_a_time() {
    let rolled = |rollouts_per_day| {
        let site = Site {
            rollouts_per_day,
            ..site()
        };
        bill(&site, &ones())
    };
    let lines = rolled(1.0);
    let days = 730.0 / 24.0;
    // Five hours of a day, two edges that look twice a minute, and 1,000 nodes that report twice an hour.
    let (looks, outcomes, placed) = (2.0 * 120.0 * 5.0, 10_000.0, 1000.0);
    let read = sum(&lines, "S3 GET", "rollouts");
    assert!(close(read, days * (placed + 2.0 * outcomes + 2.0 * looks)));
    let written = sum(&lines, "S3 PUT, LIST", "rollouts");
    assert!(close(written, days * (placed + outcomes + 2.0 * looks)));
    let messages = sum(&lines, "SQS", "rollouts");
    assert!(close(messages, days * (0.3 * placed + 3.0 * looks)));
    let published = sum(&lines, "SNS", "") - sum(&bill(&site(), &ones()), "SNS", "");
    assert!(close(published, days * placed));
    assert_eq!(sum(&rolled(0.0), "S3 GET", "rollouts"), 0.0);
    // No more than a day's hours, however many there are.
    let looked = |rollouts: f64| sum(&rolled(rollouts), "Lambda", "plan: rollouts");
    assert!(close(looked(10.0), looked(1.0) * 24.0 / 5.0));
}

#[test]
fn changed_exports_and_mirrors_are_counted_by_hand() {
    let site = Site {
        share_of_nodes_exporting: 0.1,
        exports_per_day: 2.0,
        ..site()
    };
    let lines = bill(&site, &ones());
    let days = 730.0 / 24.0;
    let compiled = 10.0 * 1000.0 * 0.3;
    let changed = compiled * 0.1;
    let of = |service, item| sum(&lines, service, item) / days;
    assert!(close(of("S3 GET", "changed exports"), 5.0 * changed));
    assert!(close(of("S3 PUT, LIST", "changed exports"), 7.0 * changed));
    assert!(close(of("SQS", "changed exports"), 3.0 * changed));
    // Two exports a day write each node's catalog twice at most.
    let mirrored = 2000.0;
    assert!(close(
        of("S3 GET", "exports to a mirror"),
        2000.0 + mirrored
    ));
    let written = of("S3 PUT, LIST", "exports to a mirror");
    assert!(close(written, 2.0 + mirrored));
}

#[test]
fn the_environment_is_read_twice_in_a_run_and_no_oftener_than_its_time_allows() {
    let of = |nodes: f64| Site { nodes, ..site() };
    let read = |site| sum(&bill(&site, &ones()), "S3 GET", "agents' runs");
    let runs = 48.0 * 730.0 / 24.0;
    assert!(close(read(of(10.0)), 10.0 * runs * 5.0));
    let most = 2.0 * 730.0 * 3600.0 / 2.0;
    assert!(close(read(of(1e6)), 1e6 * runs * 3.0 + most));
}

#[test]
fn what_grows_with_the_nodes_doubles_and_what_stands_ready_does_not() {
    let lines = bill(&site(), &ones());
    let twice = bill(
        &Site {
            nodes: 2000.0,
            ..site()
        },
        &ones(),
    );
    for (service, item) in [
        ("S3 storage", "reports"),
        ("S3 PUT, LIST", "compiled nodes"),
        ("Lambda", "compile: compiled nodes"),
    ] {
        let (once, twice) = (sum(&lines, service, item), sum(&twice, service, item));
        assert!(once > 0.0 && close(2.0 * once, twice), "{service} {item}");
    }
    for service in ["KMS", "Fargate"] {
        assert!(
            close(sum(&lines, service, ""), sum(&twice, service, "")),
            "{service}"
        );
    }
}

#[test]
fn edges_of_ones_own_cost_nothing() {
    let own = Site {
        edges: 0.0,
        ..site()
    };
    let lines = bill(&own, &ones());
    for service in ["Fargate", "Load balancer", "Secrets Manager"] {
        assert!(sum(&bill(&site(), &ones()), service, "") > 0.0, "{service}");
        assert!(
            !lines.iter().any(|line| line.service == service),
            "{service}"
        );
    }
}

#[test]
fn a_site_without_pushes_pays_for_runs_and_standing_ready() {
    let quiet = Site {
        changes_per_day: 0.0,
        ..site()
    };
    let lines = bill(&quiet, &ones());
    let lambda = lines.iter().filter(|line| line.service == "Lambda");
    let items: Vec<&str> = lambda.map(|line| line.item).collect();
    assert_eq!(items, ["plan: daily collections", "calls"]);
    assert!(
        lines
            .iter()
            .all(|line| line.quantity > 0.0 && line.sum.is_finite())
    );
}

#[test]
fn the_largest_line_is_found() {
    let lines = bill(&site(), &ones());
    let largest = largest(&lines).unwrap();
    assert!(lines.iter().all(|line| line.sum <= largest.sum));
    assert!(close(
        total(&lines),
        lines.iter().map(|line| line.sum).sum()
    ));
    assert!(super::largest(&[]).is_none());
}
