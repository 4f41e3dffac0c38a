//! A file as it is streamed, of a run or the log of a task: a followed one outlives its
//! connection, and goes on where its last part ended.

use tonic::transport::Channel;
use tonic::{Code, Response, Status, Streaming};

use crate::grpc::pb::storage_client::StorageClient;
use crate::grpc::pb::{
    ReadRunFileRequest, ReadRunFileResponse, ReadTaskLogRequest, ReadTaskLogResponse,
};

use super::breaks::{Breaks, Received};
use super::connection::Connection;
use super::failure::{self, Failure};

/// A request for a file in parts.
pub(super) trait Request: Clone {
    /// A part of the file.
    type Part;

    /// Makes the call.
    async fn call(
        self,
        client: &mut StorageClient<Channel>,
    ) -> Result<Response<Streaming<Self::Part>>, Status>;

    /// Whether it is for what is appended, too.
    fn is_following(&self) -> bool;

    /// Where it begins.
    fn offset(&mut self) -> &mut i64;

    /// Has it go on behind this part.
    fn advance(&mut self, part: &Self::Part);

    /// Whether a part is the first of a file that is read anew.
    fn restarted(part: &mut Self::Part) -> &mut bool;
}

impl Request for ReadRunFileRequest {
    type Part = ReadRunFileResponse;

    async fn call(
        self,
        client: &mut StorageClient<Channel>,
    ) -> Result<Response<Streaming<ReadRunFileResponse>>, Status> {
        client.read_run_file(self).await
    }

    fn is_following(&self) -> bool {
        self.follow
    }

    fn offset(&mut self) -> &mut i64 {
        &mut self.offset
    }

    fn advance(&mut self, part: &ReadRunFileResponse) {
        let length = i64::try_from(part.chunk.len()).unwrap_or(i64::MAX);
        self.offset = part.offset.saturating_add(length);
        self.tail_lines = 0;
    }

    fn restarted(part: &mut ReadRunFileResponse) -> &mut bool {
        &mut part.restarted
    }
}

impl Request for ReadTaskLogRequest {
    type Part = ReadTaskLogResponse;

    async fn call(
        self,
        client: &mut StorageClient<Channel>,
    ) -> Result<Response<Streaming<ReadTaskLogResponse>>, Status> {
        client.read_task_log(self).await
    }

    fn is_following(&self) -> bool {
        self.follow
    }

    fn offset(&mut self) -> &mut i64 {
        &mut self.offset
    }

    fn advance(&mut self, part: &ReadTaskLogResponse) {
        self.offset = part.next_offset;
        self.tail_entries = 0;
    }

    fn restarted(part: &mut ReadTaskLogResponse) -> &mut bool {
        &mut part.restarted
    }
}

/// The parts of a file, across breaks when it is followed.
pub(super) struct Followed<'a, R: Request> {
    connection: &'a Connection,
    request: R,
    stream: Streaming<R::Part>,
    breaks: Breaks<'a>,
    /// Whether the next part is the first of a file that is read anew.
    anew: bool,
}

impl<'a, R: Request> Followed<'a, R> {
    /// Begins to read.
    ///
    /// # Errors
    /// A server that cannot be reached at the start is an error; only later breaks
    /// are bridged.
    pub(super) async fn open(connection: &'a Connection, request: R) -> Result<Self, Failure> {
        let mut client = connection.storage().await?;
        let stream = connection.answer(request.clone().call(&mut client)).await?;
        Ok(Self { connection, request, stream, breaks: Breaks::new(connection), anew: false })
    }

    /// Returns the next part, or none when the file, or the run that is followed, has
    /// ended.
    pub(super) async fn next(&mut self) -> Result<Option<R::Part>, Failure> {
        if !self.request.is_following() {
            let part = self.stream.message().await;
            let address = self.connection.address();
            return part.map_err(|status| Failure::of_status(address, &status));
        }
        loop {
            match self.breaks.receive(&mut self.stream, None).await? {
                Received::Message(mut part) => {
                    *R::restarted(&mut part) |= std::mem::take(&mut self.anew);
                    self.request.advance(&part);
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
async fn read_on<R: Request>(
    connection: &Connection,
    request: &mut R,
    anew: &mut bool,
) -> Result<Result<Streaming<R::Part>, Status>, Failure> {
    let mut client = connection.storage().await?;
    let answer = connection.try_answer(request.clone().call(&mut client)).await?;
    match answer {
        Err(status) if was_cut(&status) && *request.offset() > 0 => {
            *request.offset() = 0;
            *anew = true;
            connection.try_answer(request.clone().call(&mut client)).await
        }
        answer => Ok(answer),
    }
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
        request.advance(&part(100, "abc", false));
        assert_eq!((request.offset, request.tail_lines), (103, 0));
        request.advance(&part(0, "x", true));
        assert_eq!((request.offset, request.follow), (1, true));
        let mut request = ReadTaskLogRequest { tail_entries: 5, ..Default::default() };
        request.advance(&ReadTaskLogResponse { next_offset: 7, ..Default::default() });
        assert_eq!((request.offset, request.tail_entries), (7, 0));
    }
}
