//! An artifact on its way to the server: whole or not at all.

use std::io::Read;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::cli::connection::Connection;
use crate::cli::failure::Failure;
use crate::cli::retry::Patience;
use crate::cli::transfer::Transfer;
use crate::disk::Input;
use crate::grpc::pb::storage_client::StorageClient;
use crate::grpc::pb::upload_artifact_request::{Header, Part};
use crate::grpc::pb::{UploadArtifactRequest, UploadArtifactResponse};
use crate::limits::UPLOAD_IDLE;

use super::content::next_chunk;
use super::sha256;

/// How many chunks are read ahead.
const READ_AHEAD: usize = 4;
/// How often a file is sent at most: what breaks every upload on its way is no break.
const ATTEMPTS_MAX: usize = 10;
/// After which silence of the source an empty chunk tells the server that more may come.
const SILENCE: Duration = UPLOAD_IDLE.checked_div(3).expect("three is not zero");

/// An upload.
pub(super) struct Upload<'a> {
    pub(super) connection: &'a Connection,
    pub(super) client: &'a StorageClient<Channel>,
    pub(super) header: Header,
    /// The file that it comes from.
    pub(super) file: &'a Path,
}

type Source = Box<dyn Read + Send>;

/// What became of sending it once.
struct Attempt {
    answer: Result<UploadArtifactResponse, Status>,
    /// The hash of what was sent, if that was all.
    hash: String,
    /// Whether there was a connection to send something over.
    got_somewhere: bool,
}

impl Upload<'_> {
    /// Sends the content. What is `known` of it in advance makes it a file that can be
    /// read again, should the connection break.
    pub(super) async fn send(
        &self,
        source: Source,
        known: Option<(u64, String)>,
    ) -> Result<UploadArtifactResponse, Failure> {
        let Some((length, _)) = known else {
            let attempt = self.attempt(source, None).await?;
            let refused = |status| Failure::of_status(self.connection.address(), &status);
            let answer = attempt.answer.map_err(refused)?;
            self.check(&answer, &attempt.hash)?;
            return Ok(answer);
        };
        let (mut source, mut patience) = (source, Patience::new());
        let mut attempts = 1;
        loop {
            let attempt = self.attempt(source, Some(length)).await?;
            let status = match attempt.answer {
                Ok(answer) => return Ok(answer),
                Err(status) => status,
            };
            if attempt.got_somewhere && attempts < ATTEMPTS_MAX {
                patience.renew();
            }
            patience.wait(self.connection, &status).await?;
            source = self.open_again()?;
            attempts += 1;
        }
    }

    fn open_again(&self) -> Result<Source, Failure> {
        let open = |source| Failure::own(&format!("open {}", self.file.display()), &source);
        Ok(Box::new(Input::open(self.file).map_err(open)?))
    }

    /// Makes the call, for as long as it takes: the connection itself notices a server
    /// that is gone.
    async fn attempt(&self, source: Source, length: Option<u64>) -> Result<Attempt, Failure> {
        let (chunks, reader) = read_in_a_thread(source);
        let (failed, failure) = oneshot::channel();
        let transfer = Transfer::begin(&self.header.name, length);
        let is_taken = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&is_taken);
        let requests = requests(self.header.clone(), chunks, failed, transfer, SILENCE)
            .inspect(move |_| noted.store(true, Ordering::Relaxed));
        let mut client = self.client.clone();
        let mut call = pin!(client.upload_artifact(requests));
        let mut failure = failure;
        let answer = tokio::select! {
            answer = &mut call => answer.map(Response::into_inner),
            // Dropping the call breaks the upload off: the server keeps nothing of it.
            Ok(error) = &mut failure => {
                let shown = self.file.display();
                return Err(Failure::own(&format!("read {shown}"), &error));
            }
        };
        // Only what was sent to its end has a hash.
        let hash = if answer.is_ok() { reader.join().unwrap_or_default() } else { String::new() };
        Ok(Attempt { answer, hash, got_somewhere: is_taken.load(Ordering::Relaxed) })
    }

    fn check(&self, answer: &UploadArtifactResponse, sent: &str) -> Result<(), Failure> {
        let artifact = answer.artifact.clone().unwrap_or_default();
        if artifact.sha256 == sent {
            return Ok(());
        }
        let hint = "it was damaged on its way: remove it, and save it again";
        Err(sha256::mismatch(&artifact.path, &artifact.sha256, sent, hint))
    }
}

/// What the reading thread says: a chunk, or none at the end.
type Chunk = Result<Option<Vec<u8>>, std::io::Error>;

/// Reads in a thread of its own, which returns the hash of all of it.
fn read_in_a_thread(mut source: Source) -> (mpsc::Receiver<Chunk>, JoinHandle<String>) {
    let (sender, chunks) = mpsc::channel(READ_AHEAD);
    let reader = thread::spawn(move || {
        let mut hash = Sha256::new();
        loop {
            let chunk = match next_chunk(&mut source) {
                Ok(chunk) if chunk.is_empty() => Ok(None),
                Ok(chunk) => {
                    hash.update(&chunk);
                    Ok(Some(chunk))
                }
                Err(error) => Err(error),
            };
            let is_last = !matches!(chunk, Ok(Some(_)));
            if sender.blocking_send(chunk).is_err() || is_last {
                return sha256::finish(hash);
            }
        }
    });
    (chunks, reader)
}

/// Returns the messages of the call. They end only where the content does: when it cannot
/// be read further, `failed` is told, and nothing more comes. A `silence` of the source is
/// filled with empty chunks.
fn requests(
    header: Header,
    chunks: mpsc::Receiver<Chunk>,
    failed: oneshot::Sender<std::io::Error>,
    transfer: Transfer,
    silence: Duration,
) -> impl Stream<Item = UploadArtifactRequest> + Send + 'static {
    let request = |part| UploadArtifactRequest { part: Some(part) };
    let state = (Some(header), chunks, failed, transfer);
    stream::unfold(state, move |(header, mut chunks, failed, mut transfer)| async move {
        if let Some(header) = header {
            return Some((request(Part::Header(header)), (None, chunks, failed, transfer)));
        }
        let chunk = tokio::time::timeout(silence, chunks.recv()).await;
        match chunk.unwrap_or_else(|_| Some(Ok(Some(Vec::new())))) {
            Some(Ok(Some(chunk))) => {
                transfer.advance(chunk.len());
                Some((request(Part::Chunk(chunk)), (None, chunks, failed, transfer)))
            }
            Some(Ok(None)) => None,
            Some(Err(error)) => {
                let _ = failed.send(error);
                std::future::pending().await
            }
            // The reader broke down, which is a bug: an end would look like success.
            None => {
                let _ = failed.send(std::io::ErrorKind::UnexpectedEof.into());
                std::future::pending().await
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::task::Poll;

    use futures_util::poll;

    use super::*;

    fn of(
        source: impl Read + Send + 'static,
    ) -> (impl Stream<Item = UploadArtifactRequest>, oneshot::Receiver<io::Error>) {
        let (chunks, _) = read_in_a_thread(Box::new(source));
        let (failed, failure) = oneshot::channel();
        let transfer = Transfer::begin("x", None).hidden();
        (requests(Header::default(), chunks, failed, transfer, SILENCE), failure)
    }

    #[tokio::test]
    async fn a_header_comes_first_and_then_the_content_in_chunks() {
        let (stream, _) = of(io::repeat(7).take(600 << 10));
        let parts: Vec<UploadArtifactRequest> = stream.collect().await;
        assert!(matches!(parts[0].part, Some(Part::Header(_))));
        let sizes: Vec<usize> = parts[1..]
            .iter()
            .map(|request| match &request.part {
                Some(Part::Chunk(chunk)) => chunk.len(),
                _ => 0,
            })
            .collect();
        assert_eq!(sizes, [256 << 10, 256 << 10, 88 << 10]);
    }

    #[tokio::test]
    async fn while_the_source_is_silent_empty_chunks_are_sent() {
        let (_source, chunks) = mpsc::channel(1);
        let (failed, _failure) = oneshot::channel();
        let transfer = Transfer::begin("x", None).hidden();
        let silence = Duration::from_millis(1);
        let stream = requests(Header::default(), chunks, failed, transfer, silence);
        let parts: Vec<_> = stream.take(3).filter_map(async |request| request.part).collect().await;
        let empty = || Part::Chunk(Vec::new());
        assert_eq!(parts, [Part::Header(Header::default()), empty(), empty()]);
    }

    #[tokio::test]
    async fn what_cannot_be_read_to_its_end_never_ends() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        let (stream, mut failure) = of((&b"half"[..]).chain(Broken));
        let mut stream = pin!(stream);
        assert!(stream.next().await.is_some());
        let rest = async { stream.next().await.is_none() };
        let mut rest = pin!(rest);
        tokio::select! {
            error = &mut failure => assert_eq!(error.expect("told").kind(), io::ErrorKind::InvalidData),
            _ = &mut rest => panic!("it ended"),
        }
        assert_eq!(poll!(rest), Poll::Pending);
    }
}
