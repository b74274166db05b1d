use bunraku_farm::documents::EnvironmentDoc;
use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::Store;
use jiff::Timestamp;

use crate::{bunraku, run};

#[tokio::test]
async fn what_is_garbage_is_told_and_removed_environments_are_gone_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open_directory(directory.path()).await.unwrap();
    let name = EnvironmentName::parse("test").unwrap();
    store.put_blob("of no release").await.unwrap();
    let pushed = |current: Option<&EnvironmentDoc>| {
        EnvironmentDoc::advance(current, Digest::of("1"), None, Timestamp::now())
    };
    store.update_environment(&name, pushed).await.unwrap();
    let command = |words: &[&str]| {
        let mut command = bunraku(words);
        run(command.arg("--store").arg(directory.path()))
    };
    let told = command(&["gc", "--dry-run", "--json"]).json();
    assert_eq!(told["dry_run"], true);
    assert_eq!(told["collected"]["blobs"]["young"], 1);
    let done = command(&["gc", "--json"]).json();
    assert_eq!(done["collected"]["blobs"]["removed"], 0);
    let listed = command(&["environments", "--json"]).json();
    assert_eq!(listed[0]["environment"], "test");
    let removed = command(&["environments", "remove", "test", "--json"]).json();
    assert_eq!(removed["removed"][0], "test");
    assert_eq!(
        command(&["environments", "--json"]).json(),
        serde_json::json!([])
    );
    assert_eq!(store.environment(&name).await.unwrap(), None);
    let again = command(&["environments", "remove", "test"]);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(again.stderr.contains("there is no environment test"));
}
