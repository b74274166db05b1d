//! Data: YAML, JSON and facts documents.

use bunraku_farm::documents::{Severity, UploadDiagnostic};
use bunraku_farm::facts::{SiteFacts, SiteFactsError};
use bunraku_hiera::yaml;

use super::excerpt::excerpt;

pub(super) fn yaml(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    match yaml::load(bytes, Some(path)) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let line = error.line.and_then(|line| u32::try_from(line).ok());
            let column = error.column.and_then(|column| u32::try_from(column).ok());
            vec![located(path, bytes, error.message, line, column)]
        }
    }
}

pub(super) fn json(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let (line, column) = (
                u32::try_from(error.line()).ok(),
                u32::try_from(error.column()).ok(),
            );
            let message = format!("Unable to parse ({path}): {error}");
            vec![located(
                path,
                bytes,
                message,
                line,
                column.map(|column| column.max(1)),
            )]
        }
    }
}

/// Broken JSON is an error; a document that is for no node is left out with a warning.
pub(super) fn facts(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    match SiteFacts::parse(path, bytes) {
        Ok(_) => Vec::new(),
        Err(SiteFactsError::Json {
            message,
            line,
            column,
        }) => {
            let message = format!("Unable to parse ({path}): {message}");
            vec![located(path, bytes, message, Some(line), Some(column))]
        }
        Err(SiteFactsError::Shape(reason)) => vec![UploadDiagnostic {
            severity: Severity::Warning,
            ..UploadDiagnostic::error(format!("not taken as facts of a node: {reason}"))
                .in_file(path)
        }],
    }
}

fn located(
    path: &str,
    bytes: &[u8],
    message: String,
    line: Option<u32>,
    column: Option<u32>,
) -> UploadDiagnostic {
    let text = String::from_utf8_lossy(bytes);
    UploadDiagnostic {
        line,
        column,
        excerpt: line.and_then(|line| excerpt(&text, line, column.unwrap_or(1), 1)),
        ..UploadDiagnostic::error(message).in_file(path)
    }
}
