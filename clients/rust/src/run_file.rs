//! The files of a run: appending to them, reading and following them.

use std::future::poll_fn;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::content::{CHUNK_BYTES, Content, read_up_to};
use crate::cuts::Cuts;
use crate::log::retry_for;
use crate::new_file::NewFile;
use crate::resuming::{Opening, Resuming, Source};
use crate::v1::{
    AppendRunOutputRequest, ListRunFilesRequest, ReadRunFileRequest, ReadRunFileResponse,
};
use crate::{Client, Error};

impl Client {
    /// Appends to a file of the run, `prompt`, `output`, `stdout`, `stderr` or `logs/<name>`:
    /// what a file holds, bytes, or a stream. Returns where the file ends now, in bytes.
    ///
    /// It appends nothing twice when the connection breaks. The client's timeout is for each
    /// chunk of 256 KiB.
    ///
    /// # Errors
    /// RUN_NOT_FOUND; of the kind [`Io`](crate::ErrorKind::Io) when the content cannot be read;
    /// of the kind [`Usage`](crate::ErrorKind::Usage) without a run; and as [`Client::call`].
    pub async fn put_run_file(
        &self,
        file: impl Into<String>,
        content: impl Into<Content>,
    ) -> Result<u64, Error> {
        let mut end = FileEnd::find(self.clone(), file.into()).await?;
        let (mut source, _) = content.into().open().await?;
        loop {
            let chunk = read_up_to(&mut source, CHUNK_BYTES).await?;
            if chunk.is_empty() {
                return Ok(u64::try_from(end.offset).unwrap_or(0));
            }
            end.append(chunk).await?;
        }
    }

    /// Reads a file of the run, also `events`, from its beginning unless told otherwise.
    pub fn get_run_file(&self, file: impl Into<String>) -> GetRunFile {
        let request = ReadRunFileRequest { file: file.into(), ..ReadRunFileRequest::default() };
        GetRunFile { client: self.clone(), request }
    }
}

/// Where a file of a run ends, and what is appended to it goes.
pub(crate) struct FileEnd {
    client: Client,
    file: String,
    offset: i64,
}

impl FileEnd {
    /// Knows where the file ends: of a run that was just created, at 0.
    pub(crate) fn at_beginning(client: Client, file: &str) -> Self {
        Self { client, file: file.to_owned(), offset: 0 }
    }

    /// Asks where the file ends; one that is not there ends at 0.
    async fn find(client: Client, file: String) -> Result<Self, Error> {
        let (project_id, task_id, run_id) = client.place.run()?;
        let mut request =
            ListRunFilesRequest { project_id, task_id, run_id, ..ListRunFilesRequest::default() };
        loop {
            let page = client.call(request.clone()).await?;
            if let Some(found) = page.files.iter().find(|one| one.file == file) {
                return Ok(Self { client, file, offset: found.size });
            }
            if page.next_page_token.is_empty() {
                return Ok(Self { client, file, offset: 0 });
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Appends a chunk, at most 1 MiB. When another program wrote to the file, the chunk goes
    /// behind that; when it does so again and again, as soon as there is a pause.
    pub(crate) async fn append(&mut self, chunk: Vec<u8>) -> Result<(), Error> {
        let (project_id, task_id, run_id) = self.client.place.run()?;
        let file = self.file.clone();
        let mut request =
            AppendRunOutputRequest { project_id, task_id, run_id, file, offset: None, chunk };
        let began = Instant::now();
        let mut delays = None;
        loop {
            request.offset = Some(self.offset);
            let error = match self.client.call_repeatably(request.clone()).await {
                Ok(answer) => {
                    self.offset = answer.next_offset;
                    return Ok(());
                }
                Err(error) => error,
            };
            let Some(size) = size_at(&error) else { return Err(error) };
            self.offset = size;
            // Once is what happens; more often than that we are too slow for somebody.
            match &mut delays {
                None => delays = Some(Backoff::new()),
                Some(_) if began.elapsed() >= self.client.timeout() => return Err(error),
                Some(delays) => tokio::time::sleep(delays.next_delay()).await,
            }
        }
    }
}

/// Returns where a file ends, when a chunk did not fit for that.
fn size_at(error: &Error) -> Option<i64> {
    let size = error.metadata().get("size").filter(|_| error.reason() == "OFFSET_MISMATCH")?;
    size.parse().ok()
}

/// What to read of a run's file; see [`Client::get_run_file`].
#[derive(Debug, Clone)]
#[must_use = "nothing is read before open, save or write_to"]
pub struct GetRunFile {
    client: Client,
    request: ReadRunFileRequest,
}

impl GetRunFile {
    /// Begins at a byte, counted from 0.
    pub fn offset(mut self, offset: i64) -> Self {
        self.request.offset = offset;
        self
    }

    /// Begins with the last so many lines: at most 100 000.
    pub fn tail_lines(mut self, lines: i32) -> Self {
        self.request.tail_lines = lines;
        self
    }

    /// Goes on with what is appended until the run has ended, through breaks and restarts of the
    /// server.
    pub fn follow(mut self) -> Self {
        self.request.follow = true;
        self
    }

    /// Begins to read.
    ///
    /// # Errors
    /// Of the kind [`Usage`](crate::ErrorKind::Usage) without a run. What the server refuses it
    /// for comes instead of the first chunk.
    pub fn open(mut self) -> Result<RunFile, Error> {
        (self.request.project_id, self.request.task_id, self.request.run_id) =
            self.client.place.run()?;
        let retry_for = retry_for(&self.client, self.request.follow);
        let source = FileSource { request: self.request, cuts: Cuts::default() };
        Ok(RunFile(Resuming::new(self.client, source, retry_for)))
    }

    /// Writes it to a stream, and returns how many bytes that were.
    ///
    /// # Errors
    /// RUN_FILE_NOT_FOUND; of the kind [`Io`](crate::ErrorKind::Io) when it cannot be written;
    /// and as [`open`](Self::open).
    pub async fn write_to(self, sink: &mut (impl AsyncWrite + Unpin)) -> Result<u64, Error> {
        let failed = |source| Error::io("write the file of the run", source);
        let (mut chunks, mut length) = (self.open()?, 0);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            length += chunk.len() as u64;
            sink.write_all(&chunk).await.map_err(failed)?;
        }
        sink.flush().await.map_err(failed)?;
        Ok(length)
    }

    /// Saves it as a file, which is there when all of it is, and returns its size in bytes.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to).
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let (mut chunks, mut length) = (self.open()?, 0);
        let mut file = NewFile::create(path.as_ref()).await?;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            length += chunk.len() as u64;
            file.write(&chunk).await?;
        }
        file.finish().await?;
        Ok(length)
    }
}

/// A file of a run that is being read. Dropping it ends the call.
#[must_use = "chunks come as they are taken"]
pub struct RunFile(Resuming<FileSource>);

impl RunFile {
    /// Waits for the next bytes; none at the end, and after an error. A file that was replaced
    /// or cut is given from its new beginning.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Error>> {
        Some(self.next_part().await?.map(|part| part.chunk))
    }

    /// Waits for the next bytes as they come from the server, with where they begin, and whether
    /// the file began anew: it was replaced or cut, also while the connection was broken.
    ///
    /// Dropping this future loses nothing.
    pub async fn next_part(&mut self) -> Option<Result<ReadRunFileResponse, Error>> {
        let part = poll_fn(|cx| self.0.poll_frame(cx)).await?;
        Some(part.map(|mut part| {
            self.0.source.take(&mut part);
            part
        }))
    }
}

/// A ReadRunFile call, again and again.
struct FileSource {
    request: ReadRunFileRequest,
    cuts: Cuts,
}

impl FileSource {
    fn take(&mut self, part: &mut ReadRunFileResponse) {
        self.cuts.note_part(&mut part.restarted);
        let length = i64::try_from(part.chunk.len()).unwrap_or(i64::MAX);
        self.request.offset = part.offset.saturating_add(length);
        self.request.tail_lines = 0;
    }
}

impl Source for FileSource {
    type Frame = ReadRunFileResponse;

    fn open(&mut self, client: &Client) -> Opening<ReadRunFileResponse> {
        let (mut storage, request) = (client.storage(), self.request.clone());
        async move { storage.read_run_file(request).await }.boxed()
    }

    fn end_is_break(&self) -> bool {
        false
    }

    fn silence_max(&self) -> Option<Duration> {
        None
    }

    fn recover(&mut self, error: &Error) -> bool {
        self.cuts.recover(&mut self.request.offset, error)
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt as _};

    use super::*;

    fn refusal(reason: &str) -> Error {
        let metadata = [("size".to_owned(), "42".to_owned())];
        let details = ErrorDetails::with_error_info(reason, "callboard", metadata);
        Status::with_error_details(Code::Aborted, "what happened", details).into()
    }

    #[test]
    fn a_file_that_another_program_wrote_to_says_where_it_ends() {
        assert_eq!(size_at(&refusal("OFFSET_MISMATCH")), Some(42));
        assert_eq!(size_at(&refusal("FOREIGN_WRITE")), None);
    }

    #[test]
    fn reading_goes_on_behind_the_last_chunk_and_anew_when_the_file_was_cut() {
        let request = ReadRunFileRequest { tail_lines: 5, follow: true, ..Default::default() };
        let mut source = FileSource { request, cuts: Cuts::default() };
        let part =
            |offset, restarted| ReadRunFileResponse { chunk: b"abc".to_vec(), offset, restarted };
        source.take(&mut part(100, false));
        assert_eq!((source.request.offset, source.request.tail_lines), (103, 0));
        assert!(source.recover(&refusal("OFFSET_MISMATCH")) && source.request.offset == 0);
        let mut anew = part(0, false);
        source.take(&mut anew);
        assert!(anew.restarted && source.request.follow);
        assert!(!source.recover(&refusal("RUN_NOT_FOUND")));
    }
}
