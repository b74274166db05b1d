//! `bunraku infra doctor`: is what is deployed as it should be?

mod checks;

use std::process::ExitCode;

use bunraku_farm::{Finding, Level};
use clap::Args;
use serde_json::json;

use crate::console;
use crate::failure::Result;

/// Options of `bunraku infra doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: nothing is broken (there may be warnings); 1: something is; 3: the bucket or \
    the queues could not be reached.\n\nExample:\n  eval \"$(aws cloudformation describe-stacks --stack-name \
    bunraku | bunraku infra env)\"\n  bunraku infra doctor"
)]
pub(crate) struct Doctor {
    /// The bucket: `s3://BUCKET`, the stack's output StoreUrl.
    #[arg(long, value_name = "URL", env = "BUNRAKU_STORE")]
    store: String,
    /// The queues: `sqs://PREFIX`, the stack's output QueueUrl.
    #[arg(long, value_name = "URL", env = "BUNRAKU_QUEUE")]
    queue: String,
}

/// The hint of a side that can't be looked at.
const UNREACHABLE: &str = "are credentials, region and AWS_ENDPOINT_URL those of the stack?";

/// Looks at everything, shows what was found, and says by the exit code how bad it is.
pub(crate) async fn run(options: &Doctor, json: bool) -> Result<ExitCode> {
    let mut findings = Vec::new();
    let mut unreachable = false;
    let checked = [
        (&options.store, checks::store(&options.store).await),
        (&options.queue, checks::queues(&options.queue).await),
    ];
    for (url, found) in checked {
        match found {
            Ok(found) => findings.extend(found),
            Err(failure @ crate::failure::Failure::Input(_)) => return Err(failure),
            Err(failure) => {
                unreachable = true;
                findings.push(Finding::error(
                    url.as_str(),
                    failure.to_string(),
                    UNREACHABLE,
                ));
            }
        }
    }
    let count = |level| findings.iter().filter(|it| it.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let result = json!({ "errors": errors, "warnings": warnings, "findings": findings });
    console::result(json, &result, || {
        let mut rows = vec![["STATE", "WHAT", "FOUND"].map(str::to_owned).to_vec()];
        rows.extend(findings.iter().map(row));
        format!("{}\n{}\n", console::table(&rows), summary(errors, warnings))
    });
    Ok(match (unreachable, errors) {
        (true, _) => ExitCode::from(3),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(1),
    })
}

/// What a person is told of a finding.
fn row(finding: &Finding) -> Vec<String> {
    let state = match finding.level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let detail = match &finding.hint {
        Some(hint) => format!("{}; {hint}", finding.detail),
        None => finding.detail.clone(),
    };
    vec![state.to_owned(), finding.what.clone(), detail]
}

fn summary(errors: usize, warnings: usize) -> String {
    match (errors, warnings) {
        (0, 0) => "The farm is well.".to_owned(),
        _ => format!("{errors} errors, {warnings} warnings"),
    }
}
