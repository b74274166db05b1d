//! Our trees and findings against the reference's, which `puppet-agent` of Debian brings.

mod support;

use support::{Request, ask_reference, difference, ours};

/// All sources that come with the packages, plus the corner cases here.
#[test]
fn trees_of_installed_modules_and_corner_cases_equal_those_of_the_reference() {
    let mut requests = Vec::new();
    for root in [
        "/usr/share/puppet/modules",
        "/usr/share/doc/puppet-agent/examples",
    ] {
        support::walk(root.as_ref(), &mut requests);
    }
    if let Ok(more) = std::env::var("BUNRAKU_SYNTAX_CORPUS") {
        support::walk(more.as_ref(), &mut requests);
    }
    assert!(
        requests.len() > 50,
        "no modules of Puppet installed (apt-get install puppet-module-puppetlabs-stdlib)"
    );
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    support::walk(cases.as_ref(), &mut requests);
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
    let shown: Vec<&String> = differences.iter().take(10).collect();
    assert!(
        differences.is_empty(),
        "{} of {} differ: {shown:#?}",
        differences.len(),
        requests.len()
    );
}
