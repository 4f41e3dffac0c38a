//! A file of a run as it is streamed: a followed one outlives its connection, and goes
//! on where its last chunk ended.

use tonic::{Code, Status, Streaming};

use crate::grpc::pb::{ReadRunFileRequest, ReadRunFileResponse};

use super::breaks::{Breaks, Received};
use super::connection::Connection;
use super::failure::{self, Failure};

/// The parts of a file from a ReadRunFile call, across breaks when it is followed.
pub(super) struct RunFileStream<'a> {
    connection: &'a Connection,
    request: ReadRunFileRequest,
    stream: Streaming<ReadRunFileResponse>,
    breaks: Breaks<'a>,
    /// Whether the next part is the first of a file that is read anew.
    anew: bool,
}

impl<'a> RunFileStream<'a> {
    /// Begins to read.
    ///
    /// # Errors
    /// A server that cannot be reached at the start is an error; only later breaks
    /// are bridged.
    pub(super) async fn open(
        connection: &'a Connection,
        request: ReadRunFileRequest,
    ) -> Result<Self, Failure> {
        let mut client = connection.storage().await?;
        let stream = connection.answer(client.read_run_file(request.clone())).await?;
        Ok(Self { connection, request, stream, breaks: Breaks::new(connection), anew: false })
    }

    /// Returns the next part, or none when the file, or the run that is followed, has
    /// ended.
    pub(super) async fn next(&mut self) -> Result<Option<ReadRunFileResponse>, Failure> {
        if !self.request.follow {
            let part = self.stream.message().await;
            let address = self.connection.address();
            return part.map_err(|status| Failure::of_status(address, &status));
        }
        loop {
            match self.breaks.receive(&mut self.stream, None).await? {
                Received::Message(mut part) => {
                    part.restarted |= std::mem::take(&mut self.anew);
                    advance(&mut self.request, &part);
                    return Ok(Some(part));
                }
                Received::End => return Ok(None),
                Received::Break => {}
            }
            let (connection, request) = (self.connection, &mut self.request);
            let anew = &mut self.anew;
            let read = async || read_on(connection, request, anew).await;
            self.stream = self.breaks.open_again(read).await?;
        }
    }
}

/// Reads on where the request says; from the beginning when the file has become shorter
/// than that: then `anew` is set.
async fn read_on(
    connection: &Connection,
    request: &mut ReadRunFileRequest,
    anew: &mut bool,
) -> Result<Result<Streaming<ReadRunFileResponse>, Status>, Failure> {
    let mut client = connection.storage().await?;
    let answer = connection.try_answer(client.read_run_file(request.clone())).await?;
    match answer {
        Err(status) if was_cut(&status) && request.offset > 0 => {
            request.offset = 0;
            *anew = true;
            connection.try_answer(client.read_run_file(request.clone())).await
        }
        answer => Ok(answer),
    }
}

/// Has the request go on behind this part.
fn advance(request: &mut ReadRunFileRequest, part: &ReadRunFileResponse) {
    let length = i64::try_from(part.chunk.len()).unwrap_or(i64::MAX);
    request.offset = part.offset.saturating_add(length);
    request.tail_lines = 0;
}

/// Whether the file ends before the offset.
fn was_cut(status: &Status) -> bool {
    status.code() == Code::Aborted && failure::short(status) == "OFFSET_MISMATCH"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_goes_on_behind_the_last_part() {
        let mut request = ReadRunFileRequest { tail_lines: 5, follow: true, ..Default::default() };
        let part = |offset, chunk: &str, restarted| ReadRunFileResponse {
            chunk: chunk.into(),
            offset,
            restarted,
        };
        advance(&mut request, &part(100, "abc", false));
        assert_eq!((request.offset, request.tail_lines), (103, 0));
        advance(&mut request, &part(0, "x", true));
        assert_eq!((request.offset, request.follow), (1, true));
    }
}
