use bunraku_host::Program;

use super::*;

/// [`World::new`] with a program in the place of our compiler.
async fn world(line: &str) -> World {
    let world = World::new().await;
    let own = Own::new(Program::new(line), world.store.clone());
    let (queue, counters) = (Arc::clone(&world.queue), Arc::clone(&world.counters));
    let compile = Compile::with_engine(Arc::new(own), world.store.clone(), queue, counters);
    World { compile, ..world }
}

/// A program that answers with a catalog of one file, with what `template` says of the question.
fn one_file(template: &str) -> String {
    let resource = format!(
        r#"{{"type": "File", "title": "/etc/web", "file": "%s/manifests/site.pp", "parameters": {{"content": "{template}"}}}}"#
    );
    // Python is what the tests have at hand.
    format!(
        r#"python3 -c 'import json, sys
asked = json.load(sys.stdin)
text = sys.argv[1] % asked["code"]
for name in ["mode", "motto"]:
    text = text.replace(name.upper(), asked["facts"].get(name, "none"))
text = text.replace("DATA", open(asked["code"] + "/data/common.yaml").read().strip())
print(json.dumps({{"name": asked["certname"], "version": 9, "resources": [json.loads(text)]}}))' '{resource}'"#
    )
}

#[tokio::test]
async fn its_catalog_is_made_of_the_code_and_the_facts_and_served_under_our_names() {
    let world = world(&one_file("DATA, MODE")).await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    let (catalog, pointer) = (world.catalog().await, world.pointer().await);
    assert_eq!(world.file().await["content"], "web::motto: fast, 0644");
    let release = pointer.release.unwrap();
    assert_eq!(catalog["version"], release.short().as_str());
    assert_eq!(catalog["code_id"], release.to_hex().as_str());
    let file = catalog["resources"][0]["file"].as_str().unwrap();
    assert_eq!(
        file,
        "/etc/puppetlabs/code/environments/production/manifests/site.pp"
    );
    assert!(
        pointer.compiler.starts_with("own python3 "),
        "{}",
        pointer.compiler
    );
    let again = replay(&world.store, &production(), &web1()).await;
    assert!(matches!(again, Err(ReplayError::OtherCompiler(_))));
}

#[tokio::test]
async fn it_is_asked_again_when_anything_in_the_release_or_in_the_facts_changed_and_not_before() {
    let world = world(&one_file("MODE")).await;
    world.pushed().await;
    assert!(matches!(world.pushed().await, Handled::Skipped(_)));
    world
        .release(&site_with(&[("README.md", "Another.\n")]))
        .await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    world.facts(json!({ "mode": "0600" })).await;
    let task = world.task(Cause::Facts).await;
    let handled = world.compile.handle(&task, None).await.unwrap();
    assert_eq!(handled, Handled::Compiled);
    assert_eq!(world.file().await["content"], "0600");
    assert_eq!(world.counted(), (3, 0));
    // The same code again is the same release.
    world
        .release(&site_with(&[("README.md", "Another.\n")]))
        .await;
    assert!(!matches!(world.pushed().await, Handled::Compiled));
}

#[tokio::test]
async fn its_refusal_is_the_codes_error_at_the_place_that_users_know() {
    let line = r#"python3 -c 'import json, sys; sys.exit("no such class (file: %s/manifests/site.pp, line: 1)" % json.load(sys.stdin)["code"])'"#;
    let world = world(line).await;
    assert_eq!(world.pushed().await, Handled::Failed);
    let error = world.pointer().await.failure.unwrap().error;
    assert_eq!(
        error,
        "no such class (file: /etc/puppetlabs/code/environments/production/manifests/site.pp, line: 1)"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_catalog_of_the_node_is_told_and_not_served() {
    let wrong = [
        ("echo oh", "catalog JSON"),
        ("true", "catalog JSON"),
        (
            r#"echo '{"name": "web2", "version": 1, "resources": []}'"#,
            "it is for \"web2\"",
        ),
        (
            r#"echo '{"name": "web1", "version": 1, "resources": []}'"#,
            "it has no resources",
        ),
    ];
    for (line, reason) in wrong {
        let world = world(line).await;
        assert_eq!(world.pushed().await, Handled::Failed, "{line}");
        let error = world.pointer().await.failure.unwrap().error;
        assert!(
            error.starts_with("The compiler '") && error.contains(reason),
            "{error}"
        );
    }
}

#[tokio::test]
async fn who_cannot_now_is_asked_another_time() {
    for line in ["exit 75", "kill -9 $$", "/no/such/compiler"] {
        let world = world(line).await;
        let task = world.task(Cause::Request).await;
        let handled = world.compile.handle(&task, None).await;
        assert!(
            matches!(handled, Err(CompileError::Trouble { .. })),
            "{handled:?}"
        );
        let pointer = world.store.pointer(&production(), &web1()).await.unwrap();
        assert_eq!(pointer, None);
    }
}
