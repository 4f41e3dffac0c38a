//! Saving artifacts, whole or not at all.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc;

use crate::content::{Again, CHUNK_BYTES, Content, Source, hex, read_up_to};
use crate::patience::Patience;
use crate::v1::upload_artifact_request::{Header, Part};
use crate::v1::{Artifact, SaveArtifactRequest, UploadArtifactRequest, UploadArtifactResponse};
use crate::{Client, Error, random};

/// What the server takes in one message, in bytes.
const DATA_BYTES_MAX: usize = 1 << 20;
/// How many chunks are read ahead.
const READ_AHEAD: usize = 4;
/// After which silence of the content an empty chunk tells the server, which gives up after
/// 60 s, that more may come.
const SILENCE: Duration = Duration::from_secs(20);

impl Client {
    /// Saves an artifact of the task: a file by its path, bytes, or a stream. A plain one takes
    /// the place of the one with its name.
    pub fn put_artifact(&self, content: impl Into<Content>) -> PutArtifact {
        let header = Header { request_id: random::request_id(), ..Header::default() };
        PutArtifact { client: self.clone(), content: content.into(), header, on_progress: None }
    }
}

/// An artifact about to be saved; see [`Client::put_artifact`].
#[must_use = "nothing is saved before send"]
pub struct PutArtifact {
    client: Client,
    content: Content,
    header: Header,
    on_progress: Option<Observer>,
}

type Observer = Box<dyn FnMut(Progress) + Send>;

/// An artifact that is saved, and on the server's disk.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SavedArtifact {
    /// The artifact, with its SHA-256.
    pub artifact: Artifact,
    /// Whether an earlier call with this request id had saved it.
    pub duplicate: bool,
}

/// How far an artifact that is too large for one message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// So many bytes were read, to know the SHA-256 before anything is sent.
    Read(u64),
    /// So many bytes were sent; fewer than before when it is begun again.
    Sent {
        /// How many.
        bytes: u64,
        /// How many there are, if that is known.
        total: Option<u64>,
    },
}

impl PutArtifact {
    /// Sets the name, also with folders, as in `sdd/spec.md`. Unless set: the file's.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.header.name = name.into();
        self
    }

    /// Saves it beside older versions: `report.md` becomes `report.1.md`, `report.2.md` …
    pub fn versioned(mut self) -> Self {
        self.header.versioned = true;
        self
    }

    /// Saves it for a message to point to, as `ATTACH-<stamp>-<name>`.
    pub fn attachment(mut self) -> Self {
        self.header.attachment = true;
        self
    }

    /// Saves it only if this is the SHA-256 of its content, as 64 hex digits; else
    /// CHECKSUM_MISMATCH.
    pub fn sha256(mut self, sha256: impl Into<String>) -> Self {
        self.header.sha256 = sha256.into().to_ascii_lowercase();
        self
    }

    /// Sets the request id: the same one with the same content saves once.
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.header.request_id = request_id.into();
        self
    }

    /// Has this called after every chunk of what is too large for one message.
    pub fn on_progress(mut self, observer: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(observer));
        self
    }

    /// Saves it.
    ///
    /// The client's timeout bounds how long it is tried again without getting anywhere, not how
    /// long the transfer takes. What is too large for one message is read twice: its size and its
    /// SHA-256 go ahead, so that the server verifies what arrives. A stream is sent once, and
    /// verified by what the server answers.
    ///
    /// # Errors
    /// What the server refuses it for; of the kind [`Io`](crate::ErrorKind::Io) when the content
    /// cannot be read: nothing is saved then; of the kind [`Usage`](crate::ErrorKind::Usage)
    /// without a project, or without a name.
    pub async fn send(mut self) -> Result<SavedArtifact, Error> {
        (self.header.project_id, self.header.task_id) = self.client.place.bus()?;
        if self.header.name.is_empty() {
            let name = self.content.file_name();
            let name = name.ok_or_else(|| Error::usage("no name: only a file has one itself"))?;
            self.header.name = name.to_owned();
        }
        let request_id = self.header.request_id.clone();
        let saved = self.save().await;
        saved.map_err(|error| error.with_request_id(&request_id))
    }

    async fn save(self) -> Result<SavedArtifact, Error> {
        let Self { client, content, header, on_progress } = self;
        let (mut source, again) = content.open().await?;
        let beginning = read_up_to(&mut source, DATA_BYTES_MAX + 1).await?;
        if beginning.len() <= DATA_BYTES_MAX {
            return save(&client, header, beginning).await;
        }
        let mut upload = Upload { client: &client, header, on_progress };
        match again {
            None => upload.send_once(Box::pin(std::io::Cursor::new(beginning).chain(source))).await,
            Some(again) => {
                drop(beginning);
                upload.send(&again).await
            }
        }
    }
}

/// Saves what fits into one message.
async fn save(client: &Client, mut header: Header, data: Vec<u8>) -> Result<SavedArtifact, Error> {
    check(&mut header, hex(Sha256::new_with_prefix(&data)))?;
    let request = SaveArtifactRequest {
        project_id: header.project_id,
        task_id: header.task_id,
        name: header.name,
        versioned: header.versioned,
        attachment: header.attachment,
        sha256: header.sha256,
        data,
        request_id: header.request_id,
    };
    let answer = client.call_repeatably(request).await?;
    Ok(SavedArtifact { artifact: answer.artifact.unwrap_or_default(), duplicate: answer.duplicate })
}

/// Sets the hash that the content has, when it must not have another one.
fn check(header: &mut Header, actual: String) -> Result<(), Error> {
    if !header.sha256.is_empty() && header.sha256 != actual {
        return Err(Error::checksum_mismatch(&header.name, &actual, &header.sha256));
    }
    header.sha256 = actual;
    Ok(())
}

/// An upload in chunks.
struct Upload<'a> {
    client: &'a Client,
    header: Header,
    on_progress: Option<Observer>,
}

/// What was sent.
#[derive(Default)]
struct Sent {
    bytes: u64,
    hash: Sha256,
    is_whole: bool,
}

impl Upload<'_> {
    /// Sends what can be read again, again after a break.
    async fn send(&mut self, content: &Again) -> Result<SavedArtifact, Error> {
        let mut observer = self.on_progress.as_mut();
        let (size, sha256) = content
            .measure(|bytes| {
                if let Some(observer) = &mut observer {
                    observer(Progress::Read(bytes));
                }
            })
            .await?;
        self.header.size = i64::try_from(size).ok();
        check(&mut self.header, sha256)?;
        let mut patience = Patience::new(self.client.retry_for());
        loop {
            let mut sent = Sent::default();
            match self.attempt(content.open().await?, &mut sent).await {
                Ok(answer) => return Ok(saved(answer)),
                Err(error) => patience.wait(error, sent.bytes > 0).await?,
            }
        }
    }

    /// Sends a stream.
    async fn send_once(&mut self, source: Source) -> Result<SavedArtifact, Error> {
        let mut sent = Sent::default();
        let answer = self.attempt(source, &mut sent).await?;
        let saved = saved(answer);
        // The server may answer before it has read the end when the request id is known.
        if sent.is_whole && !saved.duplicate {
            let actual = hex(sent.hash);
            if saved.artifact.sha256 != actual {
                let path = &saved.artifact.path;
                return Err(Error::checksum_mismatch(path, &saved.artifact.sha256, &actual));
            }
        }
        Ok(saved)
    }

    async fn attempt(
        &mut self,
        source: Source,
        sent: &mut Sent,
    ) -> Result<UploadArtifactResponse, Error> {
        let (sender, mut parts) = mpsc::channel(READ_AHEAD);
        let requests = stream::poll_fn(move |cx| next_request(&mut parts, cx));
        let mut storage = self.client.storage();
        let call = storage.upload_artifact(requests);
        let feed = self.feed(source, sender, sent);
        tokio::pin!(call, feed);
        let answer = tokio::select! {
            answer = &mut call => answer,
            fed = &mut feed => {
                fed?;
                call.await
            }
        };
        Ok(answer?.into_inner())
    }

    /// Sends the header, and then the content up to its end.
    async fn feed(
        &mut self,
        mut source: Source,
        sender: mpsc::Sender<Request>,
        sent: &mut Sent,
    ) -> Result<(), Error> {
        let request = |part| Some(UploadArtifactRequest { part: Some(part) });
        // Whoever takes the parts is gone once the call is answered: that answer counts.
        if sender.send(request(Part::Header(self.header.clone()))).await.is_err() {
            return Ok(());
        }
        loop {
            let Some(chunk) = next_chunk(&mut source, &sender).await? else {
                // Nobody takes it once the call is answered.
                sent.is_whole = sender.send(None).await.is_ok();
                return Ok(());
            };
            sent.hash.update(&chunk);
            let length = chunk.len() as u64;
            if sender.send(request(Part::Chunk(chunk))).await.is_err() {
                return Ok(());
            }
            sent.bytes += length;
            if let Some(observer) = &mut self.on_progress {
                let total = self.header.size.and_then(|size| u64::try_from(size).ok());
                observer(Progress::Sent { bytes: sent.bytes, total });
            }
        }
    }
}

/// What is to be sent next; none says that all was sent.
type Request = Option<UploadArtifactRequest>;

/// Returns the next request of an upload. They end only where that is said: what broke off, or is
/// not waited for any more, would be saved as if it were whole.
fn next_request(parts: &mut mpsc::Receiver<Request>, cx: &mut Context<'_>) -> Poll<Request> {
    match ready!(parts.poll_recv(cx)) {
        Some(request) => Poll::Ready(request),
        None => Poll::Pending,
    }
}

/// Reads the next chunk; none at the end. A silence of the source is filled with empty ones.
async fn next_chunk(
    source: &mut (impl AsyncRead + Unpin),
    sender: &mpsc::Sender<Request>,
) -> Result<Option<Vec<u8>>, Error> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    while chunk.len() < CHUNK_BYTES {
        let mut rest = (&mut *source).take((CHUNK_BYTES - chunk.len()) as u64);
        match tokio::time::timeout(SILENCE, rest.read_buf(&mut chunk)).await {
            Ok(Ok(0)) => break,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(Error::io("read the content", error)),
            Err(_) => {
                let empty = UploadArtifactRequest { part: Some(Part::Chunk(Vec::new())) };
                // Nobody takes it once the call is answered; the next chunk finds out.
                let _ = sender.send(Some(empty)).await;
            }
        }
    }
    Ok((!chunk.is_empty()).then_some(chunk))
}

fn saved(answer: UploadArtifactResponse) -> SavedArtifact {
    SavedArtifact { artifact: answer.artifact.unwrap_or_default(), duplicate: answer.duplicate }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn only_what_was_sent_whole_ends() {
        let (sender, mut parts) = mpsc::channel(READ_AHEAD);
        sender.send(Some(UploadArtifactRequest::default())).await.expect("taken");
        sender.send(None).await.expect("taken");
        assert!(poll_fn(|cx| next_request(&mut parts, cx)).await.is_some());
        assert!(poll_fn(|cx| next_request(&mut parts, cx)).await.is_none());
        drop(sender);
        let next = poll_fn(|cx| next_request(&mut parts, cx)).now_or_never();
        assert!(next.is_none(), "it waits");
    }
}
