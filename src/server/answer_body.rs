//! The body of an answer: handed to the transport in pieces, so that what a client does not
//! take waits here, where it is counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http_body::{Body as HttpBody, Frame};
use prost::bytes::Bytes;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::HeaderMap;

use crate::error::Error;
use crate::grpc;
use crate::limits;

use super::calls::Call;

/// The body of an answer.
pub(super) struct AnswerBody {
    body: Body,
    /// What of a frame was not handed on yet.
    rest: Bytes,
    /// The room of single answers and how much there is in all, in bytes; none for a stream,
    /// which its reader's pace bounds.
    room: Option<(Arc<Semaphore>, usize)>,
    refused: bool,
    call: Arc<Call>,
}

/// What the transport was handed. It keeps what a client does not take, also when the body
/// has come to its end: so the call lasts as long.
struct Untaken {
    bytes: Bytes,
    is_single: bool,
    call: Arc<Call>,
}

impl AsRef<[u8]> for Untaken {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        // With the last of it the call ends.
        if self.is_single && Arc::strong_count(&self.call) > 1 {
            self.call.moved();
        }
    }
}

impl AnswerBody {
    /// Wraps the body of a call's answer. The call has ended when it and all that came out of
    /// it are dropped.
    pub(super) fn new(body: Body, room: Option<(Arc<Semaphore>, usize)>, call: Arc<Call>) -> Self {
        Self { body, rest: Bytes::new(), room, refused: false, call }
    }

    /// Takes room for a single answer.
    fn hold(&self, length: usize) -> Result<(), Error> {
        let Some((room, limit)) = &self.room else { return Ok(()) };
        self.call.moved();
        if length <= limits::ANSWER_PIECE_BYTES {
            return Ok(());
        }
        let busy = |_| Error::Busy {
            what: "bytes of answers that are not taken",
            limit_name: "ANSWERS_BYTES_MAX",
            limit: *limit,
        };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.call.hold(Arc::clone(room).try_acquire_many_owned(length).map_err(busy)?);
        Ok(())
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(limits::ANSWER_PIECE_BYTES);
        let bytes = self.rest.split_to(length);
        let is_single = self.room.is_some();
        let call = Arc::clone(&self.call);
        Frame::data(Bytes::from_owner(Untaken { bytes, is_single, call }))
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let body = &mut *self;
        if !body.rest.is_empty() {
            return Poll::Ready(Some(Ok(body.piece())));
        }
        if body.refused {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut body.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            ended => return Poll::Ready(ended),
        };
        match frame.into_data() {
            Ok(data) => {
                if let Err(error) = body.hold(data.len()) {
                    body.refused = true;
                    let mut trailers = HeaderMap::new();
                    grpc::status(&error).add_header(&mut trailers)?;
                    body.call.note_outcome(&trailers);
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                body.rest = data;
                Poll::Ready(Some(Ok(body.piece())))
            }
            Err(frame) => {
                if let Some(trailers) = frame.trailers_ref() {
                    body.call.note_outcome(trailers);
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && (self.refused || self.body.is_end_stream())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};
    use tonic::Code;

    use super::super::calls::tests::a_call;
    use super::*;

    const LONG: usize = 3 * limits::ANSWER_PIECE_BYTES + 10;

    fn answer(room: Option<&Arc<Semaphore>>) -> AnswerBody {
        let body = Body::new(Full::new(Bytes::from(vec![b'x'; LONG])));
        AnswerBody::new(body, room.cloned().map(|room| (room, LONG)), Arc::new(a_call()))
    }

    #[tokio::test]
    async fn a_long_answer_goes_out_in_pieces_and_holds_its_room_until_all_of_it_is_taken() {
        let room = Arc::new(Semaphore::new(LONG));
        let mut answer = answer(Some(&room));
        let call = Arc::downgrade(&answer.call);
        let mut pieces = Vec::new();
        while let Some(frame) = answer.frame().await {
            let piece = frame.expect("more of it").into_data().expect("data");
            assert!(piece.len() <= limits::ANSWER_PIECE_BYTES, "{}", piece.len());
            pieces.push(piece);
        }
        drop(answer);
        assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), LONG);
        let last = pieces.pop();
        drop(pieces);
        assert_eq!(room.available_permits(), 0, "the transport still has some of it");
        assert!(call.upgrade().is_some(), "and the call lasts");
        drop(last);
        assert_eq!(room.available_permits(), LONG);
        assert!(call.upgrade().is_none());
    }

    #[tokio::test]
    async fn an_answer_that_finds_no_room_is_refused_by_name_and_a_stream_needs_none() {
        let none = Arc::new(Semaphore::new(LONG - 1));
        let mut refused = answer(Some(&none));
        let frame = refused.frame().await.expect("a frame").expect("trailers");
        let trailers = frame.into_trailers().expect("trailers");
        let status = Status::from_header_map(&trailers).expect("a status");
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("ANSWERS_BYTES_MAX"), "{status:?}");
        assert!(refused.frame().await.is_none(), "nothing follows");
        let whole = answer(None).collect().await.expect("all of it").to_bytes();
        assert_eq!(whole.len(), LONG);
    }
}
