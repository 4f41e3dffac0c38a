//! A stream of appends: so many on their way at once, the next one as soon as one is answered.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use callboard_client::{Client, new_request_id};
use tokio::sync::Semaphore;
use tokio_stream::Stream;
use tokio_util::sync::PollSemaphore;
use tonic::{Status, Streaming};

use crate::grpc::pb::{AppendStreamRequest, AppendStreamResponse, Message};

use super::load::Caller;

/// One stream of appends. A call of it is one append that is answered.
pub(super) struct StreamCaller {
    answers: Streaming<AppendStreamResponse>,
    shared: Arc<Shared>,
}

/// What the two directions of a stream share.
struct Shared {
    /// When each append that is on its way was sent.
    sent: Mutex<VecDeque<Instant>>,
    /// Room for more of them.
    window: Arc<Semaphore>,
}

/// The appends of one stream.
struct Requests {
    message: Message,
    left: usize,
    room: PollSemaphore,
    shared: Arc<Shared>,
}

impl StreamCaller {
    /// Opens a stream that appends a message again and again, so many times.
    pub(super) async fn open(
        client: &Client,
        message: Message,
        window: usize,
        count: usize,
    ) -> Result<Self, Status> {
        let window = Arc::new(Semaphore::new(window));
        let room = PollSemaphore::new(Arc::clone(&window));
        let shared = Arc::new(Shared { sent: Mutex::default(), window });
        let requests = Requests { message, left: count, room, shared: Arc::clone(&shared) };
        let answers = client.bus().append_stream(requests).await?.into_inner();
        Ok(Self { answers, shared })
    }

    /// Waits for the next answer. Returns it, and when its append was sent; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<(Instant, AppendStreamResponse)>, Status> {
        let Some(answer) = self.answers.message().await? else { return Ok(None) };
        let sent = self.shared.sent.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        self.shared.window.add_permits(1);
        let sent = sent.ok_or_else(|| Status::internal("an answer to nothing"))?;
        Ok(Some((sent, answer)))
    }
}

impl Caller for StreamCaller {
    async fn call(&mut self) -> Result<Instant, Status> {
        let next = self.next().await?;
        next.map(|(sent, _)| sent).ok_or_else(|| Status::internal("the stream ended"))
    }
}

impl Stream for Requests {
    type Item = AppendStreamRequest;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        if let Some(room) = ready!(this.room.poll_acquire(context)) {
            room.forget();
        }
        this.left -= 1;
        let now = Instant::now();
        this.shared.sent.lock().unwrap_or_else(PoisonError::into_inner).push_back(now);
        let message = Some(this.message.clone());
        Poll::Ready(Some(AppendStreamRequest { message, request_id: new_request_id() }))
    }
}
