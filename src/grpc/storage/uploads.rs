//! Uploads of artifacts: a header, then the content in chunks.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};

use crate::audit::{Audit, Entry};
use crate::error::{Error, Result};
use crate::grpc::convert;
use crate::grpc::gate::Entrance;
use crate::grpc::pb;
use crate::grpc::rules::Ruled as _;
use crate::grpc::status::{Answer, oversize, status};
use crate::store::{Artifacts, SavedArtifact};

use super::streams::{until_idle, until_shutdown};

use pb::upload_artifact_request::Part;

/// How the transport broke an upload off; empty while it did not.
type Break = Arc<OnceLock<Status>>;
/// The line of its change, when they are noted, from its header on.
type Line = Arc<Mutex<Option<(Audit, Entry)>>>;

/// Answers UploadArtifact. Whatever ends `requests` before their own end, a client that
/// falls silent for `idle` and the server's stop too, ends the content with an error, so that nothing
/// is saved.
pub(super) async fn upload<B: Artifacts>(
    backend: &B,
    requests: impl Stream<Item = Result<pb::UploadArtifactRequest, Status>> + Send + Unpin + 'static,
    entrance: Entrance,
    idle: Duration,
    shutdown: CancellationToken,
) -> Answer<pb::UploadArtifactResponse> {
    let broken = Break::default();
    let noted = Arc::clone(&broken);
    let line = Line::default();
    let begun = Arc::clone(&line);
    let reached = entrance.clone();
    let open = (requests, entrance, String::new());
    let parts = Box::pin(futures_util::stream::unfold(Some(open), move |open| {
        let (noted, begun) = (Arc::clone(&noted), Arc::clone(&begun));
        async move {
            let (mut requests, entrance, mut project) = open?;
            let part = match requests.next().await? {
                Ok(request) => {
                    if project.is_empty() {
                        request.project().clone_into(&mut project);
                        *begun.lock().unwrap_or_else(PoisonError::into_inner) =
                            entrance.entry(&request);
                    }
                    let admitted = entrance.admit(&request, &project).await;
                    let part = request.part.ok_or(Error::RequiredField { field: "part" });
                    admitted.and(part)
                }
                Err(status) => Err(broken_off(status, &noted)),
            };
            Some((part, Some((requests, entrance, project))))
        }
    }));
    let parts = Box::pin(until_idle(parts, idle));
    let saved = save(backend, until_shutdown(parts, shutdown)).await;
    let saved = saved.map_err(|error| reached.within_reach(error));
    let begun = line.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((audit, entry)) = begun {
        let made = saved.as_ref().map(|saved| saved.artifact.id.path());
        audit.note(entry.ended(made)).await;
    }
    match saved {
        Ok(saved) => Ok(Response::new(convert::artifacts::uploaded(saved))),
        // What the transport said itself is passed on as it is.
        Err(error) => Err(broken.get().cloned().unwrap_or_else(|| status(&error))),
    }
}

async fn save<B: Artifacts>(
    backend: &B,
    parts: impl Stream<Item = Result<Part>> + Send + 'static,
) -> Result<SavedArtifact> {
    let mut parts = Box::pin(parts);
    let header = match parts.next().await.transpose()? {
        Some(Part::Header(header)) => header,
        Some(Part::Chunk(_)) | None => return Err(Error::RequiredField { field: "header" }),
    };
    let (artifact, request_id) = convert::artifacts::header(&header)?;
    let content = parts.map(chunk).chain(end());
    backend.save_artifact(artifact, Box::pin(content), request_id).await
}

/// The end of a content, which comes a turn late. A call that its client cancels looks to
/// us as if it had sent everything; the transport drops it when it has to wait. So it
/// waits once before what came is taken for the whole.
fn end<T>() -> impl Stream<Item = T> + Send {
    futures_util::stream::unfold((), |()| async {
        tokio::task::yield_now().await;
        None
    })
}

/// Says what is wrong with the transport, and notes it.
fn broken_off(status: Status, broken: &OnceLock<Status>) -> Error {
    oversize(&status).unwrap_or_else(|| {
        let source = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, status.message());
        let _ = broken.set(status);
        Error::Io { action: "receive", path: "the upload".into(), source: Arc::new(source) }
    })
}

/// Takes a part after the header.
fn chunk(part: Result<Part>) -> Result<Vec<u8>> {
    match part? {
        Part::Chunk(chunk) => Ok(chunk),
        Part::Header(_) => Err(Error::InvalidField {
            field: "header",
            problem: "only the first message is one".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Context, Waker};

    use tokio::time::timeout;
    use tokio_stream::iter;
    use tonic::Code;

    use super::*;
    use crate::domain::{Artifact, ArtifactId, RequestId, TaskKey};
    use crate::limits::UPLOAD_IDLE;
    use crate::store::{
        ArtifactContent, ArtifactQuery, ArtifactRange, ContentStream, NewArtifact, Page,
    };

    /// Keeps what was saved whole.
    #[derive(Default)]
    struct Shelf(Mutex<Vec<Vec<u8>>>);

    impl Artifacts for Shelf {
        async fn save_artifact(
            &self,
            new: NewArtifact,
            mut content: ContentStream,
            _: Option<RequestId>,
        ) -> Result<SavedArtifact> {
            let mut bytes = Vec::new();
            while let Some(chunk) = content.next().await {
                bytes.extend(chunk?);
            }
            let artifact = Artifact {
                task: new.task,
                id: ArtifactId::Artifact(new.name.as_str().to_owned()),
                version: None,
                size: bytes.len() as u64,
                modified_at: None,
                sha256: None,
                problem: None,
            };
            self.0.lock().expect("the shelf").push(bytes);
            Ok(SavedArtifact { artifact, duplicate: false })
        }

        async fn artifact(
            &self,
            _: TaskKey,
            _: ArtifactId,
            _: ArtifactRange,
        ) -> Result<ArtifactContent> {
            Err(Error::Bug("not asked for".into()))
        }

        async fn list_artifacts(&self, _: ArtifactQuery) -> Result<Page<Artifact>> {
            Err(Error::Bug("not asked for".into()))
        }

        async fn delete_artifact(&self, _: TaskKey, _: ArtifactId) -> Result<()> {
            Err(Error::Bug("not asked for".into()))
        }
    }

    type Sent = Result<pb::UploadArtifactRequest, Status>;

    fn header() -> Sent {
        let header = convert::artifacts::Header {
            project_id: "demo".into(),
            task_id: "task-a".into(),
            name: "report.md".into(),
            ..Default::default()
        };
        Ok(pb::UploadArtifactRequest { part: Some(Part::Header(header)) })
    }

    fn bytes(bytes: &[u8]) -> Sent {
        Ok(pb::UploadArtifactRequest { part: Some(Part::Chunk(bytes.to_vec())) })
    }

    async fn send(sent: Vec<Sent>) -> (Result<i64, Status>, Vec<Vec<u8>>) {
        let shelf = Shelf::default();
        let answer = upload(
            &shelf,
            iter(sent),
            Entrance::of_anybody(),
            UPLOAD_IDLE,
            CancellationToken::new(),
        )
        .await;
        let size = answer.map(|answer| answer.into_inner().artifact.expect("an artifact").size);
        (size, shelf.0.into_inner().expect("the shelf"))
    }

    #[tokio::test]
    async fn what_comes_after_the_header_is_the_content() {
        let (size, shelf) = send(vec![header(), bytes(b"ab"), bytes(b""), bytes(b"c")]).await;
        assert_eq!((size.expect("saved"), shelf), (3, vec![b"abc".to_vec()]));
        let (size, shelf) = send(vec![header()]).await;
        assert_eq!((size.expect("saved"), shelf), (0, vec![Vec::new()]));
    }

    #[tokio::test]
    async fn an_upload_that_is_not_well_formed_saves_nothing() {
        let nothing = || Ok(pb::UploadArtifactRequest { part: None });
        for (sent, message) in [
            (vec![], "header is required"),
            (vec![bytes(b"a"), header()], "header is required"),
            (vec![nothing()], "part is required"),
            (vec![header(), bytes(b"a"), header()], "only the first message is one"),
            (vec![header(), nothing()], "part is required"),
        ] {
            let (refused, shelf) = send(sent).await;
            let refused = refused.expect_err(message);
            assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
            assert!(refused.message().contains(message), "{refused}");
            assert!(shelf.is_empty(), "{message}");
        }
    }

    #[tokio::test]
    async fn an_upload_that_breaks_saves_nothing_and_a_message_too_large_says_so() {
        let broken = Status::unknown("h2 protocol error");
        let (refused, shelf) = send(vec![header(), bytes(b"a"), Err(broken)]).await;
        assert_eq!(refused.expect_err("broken").message(), "h2 protocol error");
        assert!(shelf.is_empty());
        let large = "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes";
        for before in [vec![], vec![header()]] {
            let sent = before.into_iter().chain([Err(Status::out_of_range(large))]).collect();
            let (refused, shelf) = send(sent).await;
            let refused = refused.expect_err("too large");
            assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
            assert!(refused.message().contains("REQUEST_BYTES_MAX"), "{refused}");
            assert!(shelf.is_empty());
        }
    }

    #[tokio::test]
    async fn nothing_is_saved_before_a_client_that_cancelled_could_be_noticed() {
        let shelf = Shelf::default();
        let sent = iter(vec![header(), bytes(b"a")]);
        let mut uploading = Box::pin(upload(
            &shelf,
            sent,
            Entrance::of_anybody(),
            UPLOAD_IDLE,
            CancellationToken::new(),
        ));
        let first = uploading.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(first.is_pending());
        assert!(shelf.0.lock().expect("the shelf").is_empty());
        uploading.await.expect("saved");
        assert_eq!(shelf.0.lock().expect("the shelf").len(), 1);
    }

    #[tokio::test]
    async fn an_upload_that_falls_silent_ends_and_saves_nothing() {
        for sent in [vec![], vec![header(), bytes(b"a")]] {
            let shelf = Shelf::default();
            let endless = Box::pin(iter(sent).chain(tokio_stream::pending()));
            let answer = upload(
                &shelf,
                endless,
                Entrance::of_anybody(),
                Duration::from_millis(10),
                CancellationToken::new(),
            );
            let answer = answer.await;
            let refused = answer.expect_err("stalled");
            assert_eq!(refused.code(), Code::DeadlineExceeded, "{refused}");
            assert!(refused.message().contains("UPLOAD_IDLE"), "{refused}");
            assert!(shelf.0.into_inner().expect("the shelf").is_empty());
        }
    }

    #[tokio::test]
    async fn the_servers_stop_ends_an_upload_that_goes_on() {
        for sent in [vec![], vec![header(), bytes(b"a")]] {
            let shelf = Shelf::default();
            let shutdown = CancellationToken::new();
            let endless = iter(sent).chain(tokio_stream::pending());
            let uploading = upload(
                &shelf,
                Box::pin(endless),
                Entrance::of_anybody(),
                UPLOAD_IDLE,
                shutdown.clone(),
            );
            let stopped = async { tokio::join!(uploading, async { shutdown.cancel() }).0 };
            let answer = timeout(Duration::from_secs(10), stopped).await.expect("an end");
            assert_eq!(answer.expect_err("stopped").code(), Code::Unavailable);
            assert!(shelf.0.into_inner().expect("the shelf").is_empty());
        }
    }
}
