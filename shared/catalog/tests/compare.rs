//! Canonical form and diff.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bunraku_catalog::canonical::Canonical;
use bunraku_catalog::diff::{Difference, HIDDEN, Subject, diff, render};
use bunraku_catalog::scoreboard::{NodeScore, Scoreboard};
use serde_json::{Value as Json, json};

const RICH: &str = include_str!("samples/rich.json");
const ROOT: &str = "/etc/puppet/code/environments/production";

fn sample() -> Json {
    serde_json::from_str(RICH).unwrap()
}

fn resource<'a>(catalog: &'a mut Json, title: &str) -> &'a mut Json {
    let resources = catalog["resources"].as_array_mut().unwrap();
    resources.iter_mut().find(|r| r["title"] == title).unwrap()
}

/// Differences of the sample from the sample as `change` leaves it.
fn after(change: impl FnOnce(&mut Json)) -> Vec<Difference> {
    let mut changed = sample();
    change(&mut changed);
    let canonical = |json: &Json| Canonical::from_json(json, &[ROOT]).unwrap();
    diff(&canonical(&sample()), &canonical(&changed))
}

#[test]
fn versions_ids_and_times_do_not_count() {
    let differences = after(|catalog| {
        catalog["version"] = json!("other");
        catalog["catalog_uuid"] = json!("00000000-0000-0000-0000-000000000000");
        catalog["code_id"] = Json::Null;
        let tree =
            &mut catalog["recursive_metadata"]["/srv/demo-tree"]["puppet:///modules/profile/tree"];
        tree[0]["checksum"]["value"] = json!("{ctime}2000-01-01 00:00:00 +0000");
    });
    assert_eq!(differences, []);
}

#[test]
fn the_order_of_tags_edges_and_parameters_does_not_count() {
    let differences = after(|catalog| {
        catalog["tags"].as_array_mut().unwrap().reverse();
        catalog["edges"].as_array_mut().unwrap().reverse();
        let file = resource(catalog, "/srv/demo-content");
        file["tags"].as_array_mut().unwrap().reverse();
        let reversed: Vec<_> = file["parameters"]
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .rev()
            .collect();
        file["parameters"] = reversed.into_iter().collect();
    });
    assert_eq!(differences, []);
}

#[test]
fn paths_count_from_the_root() {
    let moved = RICH.replace(ROOT, "/elsewhere/site");
    let moved: Json = serde_json::from_str(&moved).unwrap();
    let left = Canonical::from_json(&sample(), &[ROOT]).unwrap();
    // The sample has one path outside of the environment: it must not become relative.
    let right = Canonical::from_json(&moved, &["/elsewhere/site/"]).unwrap();
    assert_eq!(diff(&left, &right), []);
    assert_eq!(
        left.resources["Notify[n1]"].attributes["file"],
        "manifests/site.pp"
    );
}

#[test]
fn every_kind_of_difference_is_found() {
    let differences = after(|catalog| {
        catalog["environment"] = json!("testing");
        catalog["classes"].as_array_mut().unwrap().reverse();
        resource(catalog, "/srv/demo-content")["parameters"]["mode"] = json!("0600");
        resource(catalog, "/srv/demo-content")["line"] = json!(99);
        resource(catalog, "n2")["tags"] = json!(["notify"]);
        resource(catalog, "n3")["parameters"]["message"] = json!(1);
        resource(catalog, "n4")["title"] = json!("n5");
        catalog["edges"].as_array_mut().unwrap().pop();
        catalog["metadata"]["/srv/demo-src"]["mode"] = json!(1);
    });
    let subjects: Vec<String> = differences
        .iter()
        .map(|difference| match &difference.subject {
            Subject::Catalog { name } => name.clone(),
            Subject::Resource { resource } => resource.clone(),
            Subject::Parameter { resource, name } => format!("{resource} {name}"),
            Subject::Attribute { resource, name } => format!("{resource} ({name})"),
            Subject::Edge { .. } => "edge".to_owned(),
            Subject::Order => "order".to_owned(),
            Subject::Metadata { title } => format!("metadata {title}"),
        })
        .collect();
    let expected = [
        "environment",
        "classes",
        "Notify[n2] (tags)",
        "Notify[n3] message",
        "Notify[n4]",
        "File[/srv/demo-content] mode",
        "File[/srv/demo-content] (line)",
        "Notify[n5]",
        "edge",
        "metadata /srv/demo-src",
    ];
    assert_eq!(subjects, expected);
}

#[test]
fn the_order_of_resources_counts() {
    let differences = after(|catalog| catalog["resources"].as_array_mut().unwrap().swap(4, 5));
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].subject, Subject::Order);
    assert_eq!(differences[0].left, Some(json!("Notify[n1]")));
}

#[test]
fn order_within_an_array_counts_and_integer_differs_from_float() {
    assert_eq!(
        after(|c| resource(c, "n4")["parameters"]["tag"] = json!(["Foo::Bar", "mytag"])).len(),
        1
    );
    let one_and_a_half = |c: &mut Json| resource(c, "n3")["parameters"]["message"][6] = json!(1.5);
    assert_eq!(after(one_and_a_half), []);
}

#[test]
fn sensitive_values_are_compared_but_not_shown() {
    let differences = after(|catalog| {
        resource(catalog, "n1")["parameters"]["message"] = json!("other secret");
    });
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].left, Some(json!(HIDDEN)));
    assert!(!render(&differences).contains("secret"));
    let gone = after(|catalog| {
        catalog["resources"]
            .as_array_mut()
            .unwrap()
            .retain(|r| r["title"] != "n1")
    });
    assert!(!serde_json::to_string(&gone).unwrap().contains("\"top\""));
}

#[test]
fn a_resource_twice_is_an_error() {
    let mut catalog = sample();
    let first = catalog["resources"][4].clone();
    catalog["resources"].as_array_mut().unwrap().push(first);
    let error = Canonical::from_json(&catalog, &[]).unwrap_err().to_string();
    assert_eq!(error, "the catalog holds Notify[n1] twice");
}

#[test]
fn text_shows_only_the_lines_that_differ() {
    let differences = after(|catalog| {
        resource(catalog, "/srv/demo-content")["parameters"]["content"] = json!("x\ny\n");
        resource(catalog, "/srv/demo-content")["parameters"]["mode"] = json!("0600");
    });
    let expected = "~ File[/srv/demo-content]\n    content: from line 2\n      + y\n    mode: \"0644\" -> \"0600\"\n";
    assert_eq!(render(&differences), expected);
}

#[test]
fn differences_and_scoreboards_are_json_and_back() {
    let mut board = Scoreboard::default();
    let differences = after(|c| resource(c, "n3")["parameters"]["message"] = json!(1));
    board.push(NodeScore {
        node: "a".into(),
        equal: true,
        ..NodeScore::default()
    });
    board.push(NodeScore {
        node: "b".into(),
        differences,
        ..NodeScore::default()
    });
    let text = serde_json::to_string(&board).unwrap();
    assert_eq!(serde_json::from_str::<Scoreboard>(&text).unwrap(), board);
    assert!(
        text.contains(r#""kind":"parameter","resource":"Notify[n3]","name":"message""#),
        "{text}"
    );
    assert!(!board.is_perfect());
    assert!(board.render().ends_with("1 of 2 equal\n"));
}
