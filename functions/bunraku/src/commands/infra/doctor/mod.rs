//! `bunraku infra doctor`: is what is deployed as it should be?

mod checks;
mod finding;

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::console;
use crate::failure::Result;
use finding::{Finding, State};

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
                findings.push(Finding::error(url, failure.to_string()));
            }
        }
    }
    let count = |state| findings.iter().filter(|it| it.state == state).count();
    let (errors, warnings) = (count(State::Error), count(State::Warning));
    let result = json!({ "errors": errors, "warnings": warnings, "findings": findings });
    console::result(json, &result, || {
        let mut rows = vec![["STATE", "WHAT", "FOUND"].map(str::to_owned).to_vec()];
        rows.extend(findings.iter().map(Finding::row));
        format!("{}\n{}\n", console::table(&rows), summary(errors, warnings))
    });
    Ok(match (unreachable, errors) {
        (true, _) => ExitCode::from(3),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::from(1),
    })
}

fn summary(errors: usize, warnings: usize) -> String {
    match (errors, warnings) {
        (0, 0) => "The farm is well.".to_owned(),
        _ => format!("{errors} errors, {warnings} warnings"),
    }
}
