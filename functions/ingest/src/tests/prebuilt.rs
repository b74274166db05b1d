use bunraku_farm::PrebuiltName;
use bunraku_farm::documents::{
    Prebuilt, PrebuiltCatalogs, PrebuiltChange, SiteSettings, UploadManifest,
};
use bunraku_farm::rollout::Rollout;
use bunraku_farm::rollout::advance::{Action, Seen, next};
use serde_json::json;

use super::*;

fn catalog(title: &str) -> String {
    let file = json!({ "type": "File", "title": title, "parameters": {} });
    json!({ "name": "a", "version": 1, "environment": "e", "resources": [file], "edges": [] })
        .to_string()
}

/// An upload that changes pre-built catalogs, with the files that it brings.
fn change(change: &PrebuiltChange, files: &[(&str, &str)]) -> Vec<u8> {
    rolled_change(change, files, None)
}

fn rolled_change(
    change: &PrebuiltChange,
    files: &[(&str, &str)],
    rollout: Option<&RolloutRequest>,
) -> Vec<u8> {
    let entry = |(path, text): &(&str, &str)| {
        let entry = json!({ "digest": Digest::of(text), "size": text.len(), "mode": 420 });
        ((*path).to_owned(), entry)
    };
    let entries: serde_json::Map<_, _> = files.iter().map(entry).collect();
    let manifest = json!({ "files": entries, "prebuilt": change, "rollout": rollout });
    let manifest = manifest.to_string();
    let blobs: Vec<String> = files
        .iter()
        .map(|(_, text)| format!("{}{}", UploadManifest::BLOBS, Digest::of(text)))
        .collect();
    let mut puts = vec![File(UploadManifest::PATH, &manifest)];
    puts.extend(
        blobs
            .iter()
            .zip(files)
            .map(|(path, (_, text))| File(path, text)),
    );
    zstd(&tar(&puts))
}

fn publish(name: &str, certname: &str, text: &str) -> PrebuiltChange {
    let prebuilt = json!({
        "name": name, "catalog": Digest::of(text), "certname": certname, "by": "me", "at": "2026-01-01T00:00:00Z",
    });
    PrebuiltChange::Publish(serde_json::from_value(prebuilt).unwrap())
}

fn unpublish(name: &str) -> PrebuiltChange {
    PrebuiltChange::Unpublish(PrebuiltName::parse(name).unwrap())
}

async fn send(context: &Context, id: &str, archive: Vec<u8>) -> UploadResult {
    context
        .store
        .create_upload(&key(id), archive)
        .await
        .unwrap();
    deliver(context, id).await
}

async fn published(context: &Context, name: &str, text: &str) -> UploadResult {
    let path = Prebuilt::path(&PrebuiltName::parse(name).unwrap()).unwrap();
    let archive = change(&publish(name, "*", text), &[(path.as_str(), text)]);
    send(context, name, archive).await
}

/// The paths of the current release, and the names of its pre-built catalogs.
async fn current(context: &Context) -> (Vec<String>, Vec<String>) {
    let environment = context
        .store
        .environment(&production())
        .await
        .unwrap()
        .unwrap();
    let manifest = context
        .store
        .release_manifest(&production(), environment.release)
        .await
        .unwrap();
    let list = manifest.file(PrebuiltCatalogs::PATH);
    let names = match list {
        Some(list) => {
            let text = context.store.blob(list.digest).await.unwrap();
            let list: PrebuiltCatalogs = serde_json::from_slice(&text).unwrap();
            list.catalogs.iter().map(|it| it.name.to_string()).collect()
        }
        None => Vec::new(),
    };
    (
        manifest.files.keys().map(ToString::to_string).collect(),
        names,
    )
}

#[tokio::test]
async fn they_come_into_the_release_stay_there_with_new_code_and_go() {
    let context = context();
    push(&context, "1", &[site()]).await;
    let (a, b) = (catalog("/a"), catalog("/b"));
    assert!(published(&context, "one", &a).await.accepted);
    let two = published(&context, "two", &b).await;
    assert!(two.accepted, "{:?}", two.diagnostics);
    let own = [
        ".bunraku/prebuilt.json",
        ".bunraku/prebuilt/one.json",
        ".bunraku/prebuilt/two.json",
    ];
    let names = ["two".to_owned(), "one".to_owned()];
    let (files, listed) = current(&context).await;
    assert_eq!(
        (files, listed.as_slice()),
        (
            [own.as_slice(), &[SITE.0]]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            names.as_slice()
        )
    );

    // Code does not bring any along, and leaves those that are there.
    let forged = File(".bunraku/prebuilt/one.json", "[]");
    let code = push(
        &context,
        "2",
        &[site(), File("manifests/b.pp", "class b {}"), forged],
    )
    .await;
    assert!(code.accepted, "{:?}", code.diagnostics);
    let (files, listed) = current(&context).await;
    assert_eq!((files.len(), listed.as_slice()), (5, names.as_slice()));
    assert!(context.store.blob(Digest::of(&a)).await.is_ok());

    let taken = send(&context, "3", change(&unpublish("one"), &[])).await;
    assert!(taken.accepted, "{:?}", taken.diagnostics);
    let (files, listed) = current(&context).await;
    assert_eq!((files.len(), listed), (4, vec!["two".to_owned()]));
}

fn request(name: &str) -> RolloutRequest {
    RolloutRequest {
        name: Some(name.to_owned()),
        plan: None,
        pins: BTreeMap::new(),
        by: "me@here".to_owned(),
    }
}

/// Publishes `one` stage by stage.
async fn rolled_out(context: &Context, name: &str) -> UploadResult {
    let text = catalog("/a");
    let files = [(".bunraku/prebuilt/one.json", text.as_str())];
    let archive = rolled_change(&publish("one", "*", &text), &files, Some(&request(name)));
    send(context, name, archive).await
}

async fn code_rolled_out(context: &Context, name: &str) -> UploadResult {
    let text = format!("node {name} {{ }}");
    let (manifest, blob) = thin(&text, Some(request(name)));
    let puts = [File(UploadManifest::PATH, &manifest), File(&blob, &text)];
    push(context, name, &puts).await
}

async fn states(context: &Context) -> Vec<(String, &'static str)> {
    let found = context.store.environment(&production()).await;
    let rollouts = found.unwrap().unwrap().rollouts;
    let state = |rollout: Rollout| (rollout.name, rollout.state.word());
    rollouts.into_iter().map(state).collect()
}

#[tokio::test]
async fn a_publication_behind_a_rollout_that_is_ended_does_not_bring_its_code() {
    let context = context();
    push(&context, "1", &[site()]).await;
    assert!(code_rolled_out(&context, "code").await.accepted);
    assert!(rolled_out(&context, "first").await.accepted);
    // It has the code of the rollout before it.
    let abort = |document: &EnvironmentDoc| command::abort(document, Some("code"), by());
    let told = super::change(&context, abort).await;
    assert!(told.contains("rollout first"), "{told}");
    let ended = |name: &str| (name.to_owned(), "aborted");
    assert_eq!(states(&context).await, [ended("code"), ended("first")]);

    // Made again it has the code that nodes have.
    let again = rolled_out(&context, "again").await;
    let manifest = context
        .store
        .release_manifest(&production(), again.release.unwrap())
        .await
        .unwrap();
    assert_eq!(
        manifest.file(SITE.0).unwrap().digest,
        Digest::of(SITE.1.as_bytes())
    );
    // Code behind it has its catalogs, and goes with it.
    assert!(code_rolled_out(&context, "behind").await.accepted);
    let abort = |document: &EnvironmentDoc| command::abort(document, Some("again"), by());
    super::change(&context, abort).await;
    assert_eq!(
        states(&context).await[2..],
        [ended("again"), ended("behind")]
    );
}

#[tokio::test]
async fn code_behind_a_taking_back_that_is_ended_does_not_take_the_catalogs() {
    let context = context();
    push(&context, "1", &[site()]).await;
    published(&context, "one", &catalog("/a")).await;
    let taken = rolled_change(&unpublish("one"), &[], Some(&request("taken")));
    assert!(send(&context, "2", taken).await.accepted);
    // It has no catalogs, as the rollout before it.
    assert!(code_rolled_out(&context, "behind").await.accepted);
    let abort = |document: &EnvironmentDoc| command::abort(document, Some("taken"), by());
    super::change(&context, abort).await;
    let ended = |name: &str| (name.to_owned(), "aborted");
    assert_eq!(states(&context).await, [ended("taken"), ended("behind")]);
    assert_eq!(current(&context).await.1, ["one"]);
}

#[tokio::test]
async fn a_publication_for_all_nodes_has_their_code_and_not_that_of_what_waits() {
    let context = context();
    push(&context, "1", &[site()]).await;
    code_rolled_out(&context, "first").await;
    code_rolled_out(&context, "second").await;
    let begin = |document: &EnvironmentDoc| {
        let seen = Seen::default();
        let Action::Write(document) = next(document, jiff::Timestamp::now(), &seen) else {
            panic!("it begins");
        };
        command::undo(&document, by())
    };
    super::change(&context, begin).await;
    assert_eq!(states(&context).await[1].1, "held");
    let refused = published(&context, "one", &catalog("/a")).await;
    let why = &refused.diagnostics[0].message;
    assert!(why.contains("rollout second waits"), "{why}");
    let abort = |document: &EnvironmentDoc| command::abort(document, Some("second"), by());
    super::change(&context, abort).await;
    let taken = published(&context, "two", &catalog("/a")).await;
    assert!(taken.accepted, "{:?}", taken.diagnostics);
    let (files, _) = current(&context).await;
    let found = context.store.environment(&production()).await;
    let release = found.unwrap().unwrap().release;
    let manifest = context.store.release_manifest(&production(), release).await;
    let code = manifest.unwrap().file(SITE.0).unwrap().digest;
    assert_eq!((files.len(), code), (3, Digest::of(SITE.1.as_bytes())));
}

#[tokio::test]
async fn what_another_release_overtook_comes_in_over_none_but_the_one_it_was_made_from() {
    let context = context();
    let base = push(&context, "1", &[site()]).await.release.unwrap();
    let environment = production();
    let newcomer = |text: &str| Newcomer {
        environment: &environment,
        release: Digest::of(text),
        upload: None,
        origin: Some(Origin {
            release: base,
            is_part: true,
        }),
        settings: SiteSettings::default(),
    };
    let enroll = async |text: &str| {
        let at = jiff::Timestamp::now();
        let (newcomer, request) = (newcomer(text), request(text));
        let enrolled = newcomer.enroll(&context.store, &request, at).await;
        enrolled.unwrap()
    };
    assert_eq!(enroll("quick").await, Enrolled::In("quick".to_owned()));
    assert_eq!(enroll("slow").await, Enrolled::Overtaken);
    assert_eq!(states(&context).await.len(), 1);
}

#[tokio::test]
async fn a_removed_environment_comes_back_with_code_and_without_them() {
    let context = context();
    push(&context, "1", &[site()]).await;
    published(&context, "one", &catalog("/a")).await;
    assert!(
        context
            .store
            .remove_environment(&production())
            .await
            .unwrap()
    );
    let back = push(&context, "2", &[site()]).await;
    assert!(back.accepted, "{:?}", back.diagnostics);
    assert_eq!(
        current(&context).await,
        (vec![SITE.0.to_owned()], Vec::new())
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let context = context();
    let early = published(&context, "early", &catalog("/a")).await;
    assert!(early.diagnostics[0].message.contains("has no code yet"));
    push(&context, "1", &[site()]).await;
    let before = current(&context).await;
    let path = ".bunraku/prebuilt/x.json";
    let good = catalog("/a");
    for (id, archive, reason) in [
        (
            "none",
            change(&unpublish("none"), &[]),
            "there is no pre-built catalog none",
        ),
        (
            "empty",
            change(&publish("x", "*", &good), &[]),
            "is not in the upload",
        ),
        (
            "other",
            change(&publish("x", "*", &good), &[(path, "{}")]),
            "another digest",
        ),
        (
            "more",
            change(&publish("x", "*", &good), &[(path, &good), ("a.pp", "")]),
            "no other file",
        ),
        (
            "bad",
            change(&publish("x", "*", "[]"), &[(path, "[]")]),
            "catalog JSON",
        ),
    ] {
        let refused = send(&context, id, archive).await;
        let told = &refused.diagnostics[0].message;
        assert!(!refused.accepted && told.contains(reason), "{id}: {told}");
    }
    assert_eq!(current(&context).await, before);
}

#[tokio::test]
async fn who_was_killed_after_taking_a_catalog_back_tells_that_it_was_taken() {
    let context = context();
    push(&context, "1", &[site()]).await;
    published(&context, "one", &catalog("/a")).await;
    let without = send(&context, "first", change(&unpublish("one"), &[])).await;
    let release = without.release.unwrap();
    published(&context, "one-again", &catalog("/a")).await;

    // The worker before got as far as the environment's document.
    let upload = key("second");
    let archive = change(&unpublish("one-again"), &[]);
    let store = &context.store;
    store.create_upload(&upload, archive).await.unwrap();
    let arrival = store.arrival(&upload).await.unwrap().unwrap();
    let taken = |current: Option<&EnvironmentDoc>| {
        EnvironmentDoc::advance(current, release, Some(&arrival), arrival.at)
    };
    let taken = store.update_environment(&production(), taken).await;
    assert!(taken.unwrap().written);

    let result = deliver(&context, "second").await;
    assert!(result.accepted, "{:?}", result.diagnostics);
    assert_eq!(result.release, Some(release));
    assert_eq!(current(&context).await.1, [""; 0]);
}
