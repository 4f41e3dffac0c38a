//! The body of a request: its messages come to their end in time, and the long ones wait for
//! their turn. Nothing here reads what they say.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tonic::Status;
use tonic::body::Body;

use crate::config::ServiceLimits;
use crate::error::Error;
use crate::grpc::{self, RequestRoom};
use crate::limits;

use super::calls::Call;

/// A message that is no longer needs no room of its own: as much may wait in each stream.
const SHORT_BYTES: usize = limits::STREAM_WINDOW_BYTES as usize;
/// What stands before each message: a flag, and its length in four bytes.
const PREFIX_BYTES: usize = 5;

/// The body of a request.
pub(super) struct RequestBody {
    body: Body,
    /// Whether the method takes many messages. Then pauses between them are its own matter,
    /// and the room of each is given back when the next one is asked for.
    takes_many: bool,
    place: Place,
    room: Arc<Semaphore>,
    held: RequestRoom,
    waiting: Option<BoxFuture<'static, Option<OwnedSemaphorePermit>>>,
    /// How long a message may take, besides what its length gives it.
    timeout: Duration,
    /// How long a message may be, in bytes.
    message_bytes_max: usize,
    /// There is one while something is waited for.
    deadline: Option<(Pin<Box<Sleep>>, Duration)>,
    call: Arc<Call>,
}

impl RequestBody {
    /// Wraps a body. What it holds of the room is in the second value, too.
    pub(super) fn new(
        body: Body,
        takes_many: bool,
        room: Arc<Semaphore>,
        limits: &ServiceLimits,
        call: Arc<Call>,
    ) -> (Self, RequestRoom) {
        // It begins before its messages come.
        if takes_many {
            call.came();
        }
        let held = RequestRoom::default();
        let body = Self {
            body,
            takes_many,
            place: Place::default(),
            room,
            held: held.clone(),
            waiting: None,
            timeout: limits.request_timeout,
            message_bytes_max: limits.request_bytes_max,
            deadline: None,
            call,
        };
        (body, held)
    }

    /// Waits for room when it is to be waited for.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(waiting) = &mut self.waiting {
            let room = ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
            // The wait was ours, not the client's.
            self.deadline = None;
            self.held.hold(room);
        }
        Poll::Ready(())
    }

    /// Notes what came of the messages.
    fn note(&mut self, bytes: &[u8]) -> Result<(), Status> {
        let before = self.place.messages;
        self.place.go_on(bytes);
        let begun = self.place.messages - before;
        if !self.takes_many && self.place.messages > 1 {
            return Err(Status::invalid_argument("this method takes one message"));
        }
        if begun == 0 {
            return Ok(());
        }
        self.deadline = None;
        let length = self.place.left;
        // What is over the limit is refused before it is read.
        if (SHORT_BYTES + 1..=self.message_bytes_max).contains(&self.place.length) && length > 0 {
            let length = u32::try_from(self.place.length).unwrap_or(u32::MAX);
            let room = Arc::clone(&self.room);
            self.waiting =
                Some(Box::pin(async move { room.acquire_many_owned(length).await.ok() }));
        }
        Ok(())
    }

    /// Fails when what is waited for does not come in time.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Result<(), Status> {
        if self.takes_many && !self.place.is_within_message() {
            self.deadline = None;
            return Ok(());
        }
        let seconds = self.place.length.min(self.message_bytes_max) as u64
            / limits::REQUEST_BYTES_PER_SECOND_MIN as u64;
        let time = self.timeout + Duration::from_secs(seconds);
        let (deadline, time) =
            self.deadline.get_or_insert_with(|| (Box::pin(tokio::time::sleep(time)), time));
        if deadline.as_mut().poll(cx).is_ready() {
            return Err(grpc::status(&Error::RequestStalled { seconds: time.as_secs() }));
        }
        Ok(())
    }
}

impl HttpBody for RequestBody {
    type Data = <Body as HttpBody>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let body = &mut *self;
        // Asking for more says that the message before is in other hands.
        if body.takes_many && (body.waiting.is_some() || !body.place.is_within_message()) {
            body.held.give_back();
        }
        ready!(body.poll_room(cx));
        match Pin::new(&mut body.body).poll_frame(cx) {
            Poll::Pending => match body.poll_deadline(cx) {
                Ok(()) => Poll::Pending,
                Err(stalled) => Poll::Ready(Some(Err(stalled))),
            },
            Poll::Ready(Some(Ok(frame))) => {
                let noted = frame.data_ref().map_or(Ok(()), |data| body.note(data));
                Poll::Ready(Some(noted.map(|()| frame)))
            }
            ended => {
                body.call.came();
                ended
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A place among the messages of a body.
#[derive(Default)]
struct Place {
    prefix: [u8; PREFIX_BYTES],
    /// How much of a prefix has come.
    prefix_filled: usize,
    /// How long the message is that began last, and how much of it is to come.
    length: usize,
    left: usize,
    /// How many have begun.
    messages: usize,
}

impl Place {
    fn go_on(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken;
            if self.left > 0 {
                taken = self.left.min(bytes.len());
                self.left -= taken;
            } else {
                taken = (PREFIX_BYTES - self.prefix_filled).min(bytes.len());
                let filled = self.prefix_filled + taken;
                self.prefix[self.prefix_filled..filled].copy_from_slice(&bytes[..taken]);
                self.prefix_filled = filled % PREFIX_BYTES;
                if filled == PREFIX_BYTES {
                    let [_, length @ ..] = self.prefix;
                    self.length = u32::from_be_bytes(length) as usize;
                    self.left = self.length;
                    self.messages += 1;
                }
            }
            bytes = &bytes[taken..];
        }
    }

    fn is_within_message(&self) -> bool {
        self.left > 0 || self.prefix_filled > 0
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use http_body_util::{BodyExt as _, StreamBody};
    use tonic::Code;

    use super::super::calls::tests::a_call;
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(20);

    fn message(length: usize) -> Vec<u8> {
        let mut message = vec![0];
        message.extend(u32::try_from(length).expect("a length").to_be_bytes());
        message.resize(PREFIX_BYTES + length, b'x');
        message
    }

    /// A body of some pieces that then neither goes on nor ends.
    fn endless(pieces: Vec<Vec<u8>>) -> Body {
        let frames = pieces.into_iter().map(|piece| Ok::<_, Status>(Frame::data(piece.into())));
        let frames = stream::iter(frames.collect::<Vec<Result<Frame<Bytes>, _>>>());
        Body::new(StreamBody::new(frames.chain(stream::pending())))
    }

    fn wrapped(body: Body, takes_many: bool, room: Arc<Semaphore>) -> (RequestBody, RequestRoom) {
        let (mut body, held) =
            RequestBody::new(body, takes_many, room, &ServiceLimits::default(), Arc::new(a_call()));
        body.timeout = TIMEOUT;
        (body, held)
    }

    fn room() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(limits::REQUESTS_BYTES_MAX))
    }

    async fn read(body: &mut RequestBody) -> Result<usize, Status> {
        let frame = body.frame().await.expect("a frame")?;
        Ok(frame.data_ref().expect("data").len())
    }

    #[tokio::test]
    async fn a_request_that_does_not_come_to_its_end_is_given_up() {
        let half = message(100)[..50].to_vec();
        for (takes_many, pieces) in [
            (false, vec![]),
            (false, vec![half.clone()]),
            (false, vec![message(3)]),
            (true, vec![half]),
        ] {
            let count = pieces.len();
            let (mut body, _) = wrapped(endless(pieces), takes_many, room());
            for _ in 0..count {
                read(&mut body).await.expect("a piece");
            }
            let stalled = read(&mut body).await.expect_err("nothing more comes");
            assert_eq!(stalled.code(), Code::DeadlineExceeded, "{stalled:?}");
            assert!(stalled.message().contains("REQUEST_TIMEOUT"), "{stalled:?}");
        }
    }

    #[tokio::test]
    async fn a_stream_may_pause_between_its_messages_for_ever() {
        let (mut body, _) = wrapped(endless(vec![message(3)]), true, room());
        read(&mut body).await.expect("a message");
        tokio::time::timeout(5 * TIMEOUT, read(&mut body)).await.expect_err("it goes on waiting");
    }

    #[tokio::test]
    async fn a_long_request_waits_for_room_and_holds_it_until_it_is_carried_out() {
        let long = message(100_000);
        let pieces = || endless(vec![long[..10].to_vec(), long[10..].to_vec(), message(3)]);
        let room = Arc::new(Semaphore::new(150_000));
        let (mut first, held) = wrapped(pieces(), false, Arc::clone(&room));
        let (mut second, _) = wrapped(pieces(), true, Arc::clone(&room));
        read(&mut first).await.expect("the beginning");
        read(&mut first).await.expect("the rest");
        assert_eq!(room.available_permits(), 50_000);
        read(&mut second).await.expect("the beginning");
        tokio::time::timeout(5 * TIMEOUT, read(&mut second)).await.expect_err("no room");
        drop(first);
        assert!(read(&mut second).now_or_never().is_none(), "still carried out");
        held.give_back();
        read(&mut second).await.expect("the rest");
        assert_eq!(room.available_permits(), 50_000);
        read(&mut second).await.expect("the next message");
        assert_eq!(room.available_permits(), 150_000, "the one before is in other hands");
    }

    #[tokio::test]
    async fn a_short_request_needs_no_room() {
        let none = Arc::new(Semaphore::new(0));
        let whole = message(SHORT_BYTES);
        let pieces = vec![whole[..10].to_vec(), whole[10..].to_vec()];
        let (mut body, _) = wrapped(endless(pieces), false, none);
        assert_eq!(read(&mut body).await.expect("the beginning"), 10);
        assert_eq!(read(&mut body).await.expect("the rest"), PREFIX_BYTES + SHORT_BYTES - 10);
    }

    #[test]
    fn messages_are_told_apart_wherever_the_frames_are_cut() {
        let all: Vec<u8> = [0, 3, 300, 0, 70_000].into_iter().flat_map(message).collect();
        for step in [1, 2, 5, 7, 1000, 16_384, all.len()] {
            let mut place = Place::default();
            for piece in all.chunks(step) {
                place.go_on(piece);
            }
            assert_eq!((place.messages, place.length, place.left), (5, 70_000, 0), "{step}");
            assert!(!place.is_within_message());
        }
    }
}
