//! Workers that do not know yet of a pin.

use std::pin::Pin;
use std::sync::Mutex;

use async_trait::async_trait;
use bunraku_catalog::{Broken, Trace};
use bunraku_farm::rollout::command::{self, Actor};

use super::*;

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An engine that lets something else happen once while it compiles.
struct Slow {
    native: Native,
    meanwhile: Mutex<Option<Meanwhile>>,
}

#[async_trait]
impl Engine for Slow {
    fn name(&self) -> &str {
        self.native.name()
    }

    async fn prepare(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<(), EngineError> {
        self.native.prepare(environment, release).await
    }

    async fn verify(
        &self,
        site: Site<'_>,
        certname: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError> {
        self.native.verify(site, certname, facts, trace).await
    }

    async fn compile(&self, site: Site<'_>, facts: &FactsDoc) -> Result<Compiled, EngineError> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        self.native.compile(site, facts).await
    }
}

/// Two releases; the node is yet to be brought to the second.
async fn world() -> (World, Digest) {
    let world = World::new().await;
    let first = world.task(Cause::Manual).await.release;
    world
        .release(&site_with(&[("modules/web/templates/web.epp", "new\n")]))
        .await;
    (world, first)
}

async fn pin(store: &Store, release: Option<Digest>) {
    let by = Actor {
        who: "me@here",
        at: Timestamp::UNIX_EPOCH,
    };
    let change = |current: Option<&EnvironmentDoc>| match release {
        Some(release) => Some(command::pin(current?, &web1(), release, by)),
        None => command::unpin(current?, &web1(), by),
    };
    let changed = store.update_environment(&production(), change).await;
    assert!(changed.unwrap().written);
}

/// Another worker brings the node to where it is to be.
async fn other_worker(store: Store, queue: Arc<dyn Queue>, task: CompileTask) {
    let other = Compile::new(store, queue, Arc::default());
    let handled = other.handle(&task, None).await.unwrap();
    assert_eq!(handled, Handled::Compiled);
}

#[tokio::test]
async fn a_worker_with_an_older_document_leaves_a_pinned_node_where_another_brought_it() {
    let (world, first) = world().await;
    world.pushed().await;
    let late = world.task(Cause::Facts).await;
    for (pinned, content) in [(Some(first), "served\n"), (None, "new\n")] {
        pin(&world.store, pinned).await;
        let task = world.task(Cause::Request).await;
        other_worker(world.store.clone(), Arc::clone(&world.queue), task).await;
        assert_eq!(world.file().await["content"], content);
        // This one has read the environment's document just before.
        let handled = world.compile.handle(&late, None).await.unwrap();
        assert_eq!(handled, Handled::Skipped(SkipReason::UpToDate));
        assert_eq!(world.file().await["content"], content);
    }
}

#[tokio::test]
async fn a_node_that_is_pinned_while_it_is_compiled_is_left_where_another_brought_it() {
    let (world, first) = world().await;
    let task = world.task(Cause::Manual).await;
    let (store, queue, request) = (
        world.store.clone(),
        Arc::clone(&world.queue),
        world.task(Cause::Request).await,
    );
    let meanwhile = async move {
        pin(&store, Some(first)).await;
        other_worker(store, queue, request).await;
    };
    let slow = Slow {
        native: Native::new(Releases::new(world.store.clone())),
        meanwhile: Mutex::new(Some(Box::pin(meanwhile))),
    };
    let (store, queue) = (world.store.clone(), Arc::clone(&world.queue));
    let slow = Compile::with_engine(Arc::new(slow), store, queue, Arc::default());
    slow.handle(&task, None).await.unwrap();
    let pointer = world.pointer().await;
    assert_eq!(pointer.release, Some(first));
    assert_eq!(world.file().await["content"], "served\n");
}
