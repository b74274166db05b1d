//! `/puppet/v3/node/NAME` and `/puppet/v3/environments`.

use bunraku_farm::Certname;
use serde_json::{Map, Value, json};

use crate::edge::Shared;
use crate::http::accept::json_type;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, json, no_environment, not_acceptable};
use crate::routes::{environment_name, store_problem};

/// The node's environment: the one it asks for. These two keys are all that agents read.
pub(crate) async fn node(shared: &Shared, call: &Call, name: Certname) -> Result<Reply, Problem> {
    let environment = environment_name(call.query.get("environment"))?;
    let content_type = json_type(&call.headers).ok_or_else(|| not_acceptable(&call.headers))?;
    shared
        .farm
        .environment(&environment)
        .await
        .map_err(|error| store_problem(shared, &error))?
        .ok_or_else(|| no_environment(&environment))?;
    Ok(json(
        content_type,
        &json!({"name": name, "environment": environment}),
    ))
}

/// All environments with their settings, in the reference's shape.
pub(crate) async fn environments(shared: &Shared) -> Result<Reply, Problem> {
    let failed = |error| store_problem(shared, &error);
    let root = format!("{}/environments", shared.config.codedir);
    let mut list = Map::new();
    for name in shared.farm.store.environments().await.map_err(failed)? {
        let Some(environment) = shared.farm.environment(&name).await.map_err(failed)? else {
            continue;
        };
        let tree = shared
            .farm
            .tree(&name, environment.release)
            .await
            .map_err(failed)?;
        let directory = format!("{root}/{name}");
        let modulepath: Vec<_> = tree
            .module_path()
            .iter()
            .map(|path| format!("{directory}/{path}"))
            .collect();
        let settings = json!({"settings": {
            "modulepath": modulepath,
            "manifest": format!("{directory}/manifests"),
            "environment_timeout": "unlimited",
            "config_version": "",
        }});
        list.insert(name.into(), settings);
    }
    let document =
        json!({"search_paths": [format!("file://{root}")], "environments": Value::Object(list)});
    Ok(json("application/json;charset=utf-8", &document))
}
