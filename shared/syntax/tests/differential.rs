//! Our trees and findings against the reference's, which `puppet-agent` of Debian brings.

mod support;

use support::{Request, ask_reference, cases, difference, ours, walk};

/// Every source that the installed packages bring. `BUNRAKU_SYNTAX_CORPUS` names a directory with more.
#[test]
fn trees_and_findings_on_installed_modules_equal_those_of_the_reference() {
    let mut requests = Vec::new();
    for root in [
        "/usr/share/puppet/modules",
        "/usr/share/doc/puppet-agent/examples",
    ] {
        walk(root.as_ref(), &mut requests);
    }
    if let Ok(more) = std::env::var("BUNRAKU_SYNTAX_CORPUS") {
        walk(more.as_ref(), &mut requests);
    }
    let count = requests.len();
    assert!(
        count > 50,
        "only {count} sources: install puppet-module-puppetlabs-stdlib and -concat"
    );
    compare(&requests);
}

#[test]
fn trees_of_corner_cases_equal_those_of_the_reference() {
    let requests = cases("valid.txt");
    assert!(requests.len() > 30);
    compare(&requests);
}

fn compare(requests: &[Request]) {
    let answers = ask_reference(requests);
    let mut differences = Vec::new();
    for (request, expected) in requests.iter().zip(&answers) {
        if let Some(text) = difference(&ours(request), expected) {
            differences.push(format!("{}: {text}", request.path));
        }
    }
    let shown = differences
        .iter()
        .take(20)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{shown}",
        differences.len(),
        requests.len()
    );
}
