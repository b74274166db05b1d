//! `bunraku replay`

use std::process::ExitCode;

use bunraku_compile::Replayed;
use bunraku_farm::{Certname, EnvironmentName};
use serde_json::json;

use super::inventory::open_store;
use crate::cli::NodeArgs;
use crate::console;
use crate::failure::{Failure, Result};

/// Compiles a node's catalog again from what is stored; exit code 1 when it is another one.
pub(crate) async fn run(args: &NodeArgs, json: bool) -> Result<ExitCode> {
    let store = open_store(&args.environment.store).await?;
    let environment = EnvironmentName::parse(args.environment.environment.as_str())?;
    let certname = Certname::parse(args.node.as_str())?;
    let Replayed { stored, compiled } = bunraku_compile::replay(&store, &environment, &certname)
        .await
        .map_err(|error| Failure::input(error.to_string()))?;
    let same = stored == compiled;
    let result = json!({ "node": certname, "stored": stored, "compiled": compiled, "same": same });
    console::result(json, &result, || {
        if same {
            format!("{certname}: the same catalog, {}", stored.short())
        } else {
            format!(
                "{certname}: another catalog, {} instead of {}",
                compiled.short(),
                stored.short()
            )
        }
    });
    Ok(ExitCode::from(u8::from(!same)))
}
