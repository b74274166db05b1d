//! Pre-built catalogs: whether an agent can do something with them.

use bunraku_catalog::fault::faults;
use bunraku_catalog::wire;
use bunraku_farm::documents::{Severity, UploadDiagnostic};

/// What is wrong with a catalog.
pub(super) fn findings(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    let found = match wire::from_json(bytes) {
        Ok(catalog) => faults(&catalog),
        Err(error) => return vec![UploadDiagnostic::error(error.to_string()).in_file(path)],
    };
    let diagnostic = |fault: bunraku_catalog::fault::Fault| UploadDiagnostic {
        severity: match fault.fatal {
            true => Severity::Error,
            false => Severity::Warning,
        },
        ..UploadDiagnostic::error(fault.message)
    };
    let found = found.into_iter().map(diagnostic);
    found.map(|found| found.in_file(path)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_agent_can_use_is_an_error_and_what_may_be_well_a_warning() {
        let file =
            json!({ "type": "File", "title": "/a", "parameters": { "notify": "Service[x]" } });
        let resources = |resources| json!({ "name": "a", "version": 1, "environment": "production", "resources": resources });
        let severities = |catalog: serde_json::Value| {
            let found = findings("x", catalog.to_string().as_bytes());
            found.iter().map(|found| found.severity).collect::<Vec<_>>()
        };
        assert_eq!(severities(resources(json!([file]))), [Severity::Warning]);
        assert_eq!(severities(resources(json!([]))), [Severity::Error]);
        for none in [json!([]), json!("x")] {
            let found = findings("x", none.to_string().as_bytes());
            assert!(found[0].message.starts_with("catalog JSON: "), "{found:?}");
        }
    }
}
