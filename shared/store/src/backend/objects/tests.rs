//! Puts whose answers are lost, refused late or overtaken.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

use futures::stream::BoxStream;
use object_store::client::{HttpError, HttpErrorKind};
use object_store::memory::InMemory;
use object_store::{
    CopyOptions, ListResult, MultipartUpload, PutMultipartOptions, PutPayload, PutResult, Result,
};

use super::*;

/// What happens to one put.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It is written, and the connection breaks.
    LostAfterWriting,
    /// The connection breaks before.
    LostBeforeWriting,
    /// It is written, sent again out of sight, and then refused.
    RefusedAfterWriting,
    /// Another writer writes the same bytes, so that it is refused.
    Overtaken,
    /// Another write is under way.
    Raced,
    /// The bucket is not there.
    NoBucket,
}

/// A store in memory with faults, one for each put in turn.
#[derive(Debug)]
struct Scripted {
    inner: InMemory,
    faults: Mutex<VecDeque<Fault>>,
}

fn objects(faults: &[Fault]) -> (Arc<Scripted>, Objects) {
    let scripted = Arc::new(Scripted {
        inner: InMemory::new(),
        faults: Mutex::new(VecDeque::new()),
    });
    let objects = Objects::over(Arc::clone(&scripted) as Arc<dyn ObjectStore>, Home::Memory);
    scripted.then(faults);
    (scripted, objects)
}

impl Scripted {
    fn then(&self, faults: &[Fault]) {
        self.faults.lock().unwrap().extend(faults);
    }
}

fn lost() -> Error {
    Error::Generic {
        store: "scripted",
        source: Box::new(HttpError::new(
            HttpErrorKind::Interrupted,
            std::io::Error::other("connection reset"),
        )),
    }
}

fn answer(path: &Path, code: &str) -> Error {
    Error::Precondition {
        path: path.to_string(),
        source: format!("<Error><Code>{code}</Code></Error>").into(),
    }
}

#[async_trait]
impl ObjectStore for Scripted {
    async fn put_opts(
        &self,
        path: &Path,
        bytes: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.put_opts(path, bytes, options).await,
            Some(Fault::LostAfterWriting) => {
                self.inner.put_opts(path, bytes, options).await?;
                Err(lost())
            }
            Some(Fault::LostBeforeWriting) => Err(lost()),
            Some(Fault::RefusedAfterWriting) => {
                self.inner.put_opts(path, bytes, options).await?;
                Err(answer(path, "PreconditionFailed"))
            }
            Some(Fault::Overtaken) => {
                self.inner
                    .put_opts(path, bytes, PutOptions::default())
                    .await?;
                Err(answer(path, "PreconditionFailed"))
            }
            Some(Fault::Raced) => Err(answer(path, "ConditionalRequestConflict")),
            Some(Fault::NoBucket) => Err(answer(path, "NoSuchBucket")),
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

const KEY: &str = "environments/production.json";

async fn swap(
    objects: &Objects,
    text: &'static str,
    expected: Option<&Version>,
) -> std::result::Result<Option<Version>, StoreError> {
    objects.swap(KEY, Bytes::from(text), expected).await
}

async fn create(objects: &Objects) -> std::result::Result<bool, StoreError> {
    let created = objects
        .create(vec![(KEY.to_owned(), Bytes::from("one"))])
        .await?;
    Ok(created[0])
}

async fn there(objects: &Objects) -> (Bytes, Version) {
    objects.read(KEY).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_swap_that_was_written_but_not_answered_has_won() {
    for fault in [Fault::LostAfterWriting, Fault::RefusedAfterWriting] {
        let (scripted, objects) = objects(&[fault]);
        let first = swap(&objects, "one", None).await.unwrap().expect("written");
        assert_eq!(there(&objects).await, (Bytes::from("one"), first.clone()));
        scripted.then(&[fault]);
        let second = swap(&objects, "two", Some(&first)).await.unwrap();
        let second = second.expect("written");
        assert_eq!(there(&objects).await, (Bytes::from("two"), second.clone()));
        // Its version is a good one for the next swap.
        assert!(
            swap(&objects, "three", Some(&second))
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn the_same_bytes_by_another_writer_are_a_lost_race() {
    let (scripted, objects) = objects(&[Fault::Overtaken]);
    assert_eq!(swap(&objects, "one", None).await.unwrap(), None);
    let (_, version) = there(&objects).await;
    scripted.then(&[Fault::LostBeforeWriting, Fault::Overtaken]);
    assert_eq!(swap(&objects, "two", Some(&version)).await.unwrap(), None);
    assert_eq!(there(&objects).await.0, "two");
}

#[tokio::test]
async fn what_is_deleted_meanwhile_is_a_lost_race() {
    let (_, objects) = objects(&[]);
    let version = swap(&objects, "one", None).await.unwrap().unwrap();
    assert!(objects.delete(KEY).await.unwrap());
    assert_eq!(swap(&objects, "two", Some(&version)).await.unwrap(), None);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_has_written() {
    let (_, lost) = objects(&[Fault::LostAfterWriting]);
    assert!(create(&lost).await.unwrap());
    assert!(!create(&lost).await.unwrap());
    // Out of sight, it is as if another had written the same.
    let (_, refused) = objects(&[Fault::RefusedAfterWriting]);
    assert!(!create(&refused).await.unwrap());
    assert_eq!(there(&refused).await.0, "one");
}

#[tokio::test]
async fn writes_that_meet_others_are_sent_again_and_then_a_conflict() {
    let (_, met) = objects(&[Fault::Raced, Fault::Raced]);
    assert!(create(&met).await.unwrap());
    let (_, met) = objects(&[Fault::Raced; 4]);
    let refused = create(&met).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "{refused:?}"
    );
    let (_, met) = objects(&[Fault::Raced; 4]);
    let refused = swap(&met, "one", None).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn connections_that_always_break_make_the_store_unavailable() {
    let (_, broken) = objects(&[Fault::LostBeforeWriting; 4]);
    let refused = create(&broken).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_missing_bucket_is_no_lost_race() {
    let (_, objects) = objects(&[Fault::NoBucket, Fault::NoBucket]);
    let refused = create(&objects).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    let refused = swap(&objects, "one", Some(&Version("\"0\"".to_owned()))).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn big_objects_are_read_by_way_of_a_file() {
    let (_, objects) = objects(&[]);
    for size in [LARGE, LARGE + 1, 2 * LARGE, 2 * LARGE + 7] {
        let key = size.to_string();
        let bytes: Vec<u8> = (0..size).map(|n| n.to_le_bytes()[1]).collect();
        let bytes = Bytes::from(bytes);
        objects
            .create(vec![(key.clone(), bytes.clone())])
            .await
            .unwrap();
        let mut read = Vec::new();
        let mut stream = objects.open(&key).await.unwrap().unwrap();
        stream.read_to_end(&mut read).unwrap();
        assert!(read == bytes, "{size}");
    }
    assert!(objects.open("nothing").await.unwrap().is_none());
}
