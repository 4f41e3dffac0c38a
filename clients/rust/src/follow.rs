//! Following buses through breaks and restarts of the server.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{FutureExt as _, Stream};

use crate::one_start::OneStart;
use crate::resume::Resume;
use crate::resuming::{Opening, Resuming, Source, silence_max};
use crate::v1::subscribe_request::Start;
use crate::v1::subscribe_response::{Delivery, Frame};
use crate::v1::{
    BusPosition, Message, StartPosition, SubscribeRequest, SubscribeResponse, SubscribeScope,
};
use crate::{Client, Error};

impl Client {
    /// Follows the bus: gives messages as they come, each once, through breaks and restarts of
    /// the server. Starts at the end, unless told otherwise.
    pub fn follow(&self) -> Subscribe {
        let request =
            SubscribeRequest { scope: SubscribeScope::Bus.into(), ..SubscribeRequest::default() };
        let starts = OneStart::default();
        Subscribe { client: self.clone(), request, retry_for: None, starts }
    }
}

/// What to follow; see [`Client::follow`]. There may be one start, or positions.
#[derive(Debug, Clone)]
#[must_use = "nothing is followed before open"]
pub struct Subscribe {
    client: Client,
    request: SubscribeRequest,
    retry_for: Option<Duration>,
    starts: OneStart,
}

impl Subscribe {
    /// Follows the project's bus and those of all its tasks; those that appear later join by
    /// themselves.
    pub fn with_tasks(mut self) -> Self {
        self.request.scope = SubscribeScope::Project.into();
        self
    }

    /// Follows every bus there is; those that appear later join by themselves.
    pub fn everything(mut self) -> Self {
        self.request.scope = SubscribeScope::All.into();
        self
    }

    /// Starts at the first message there is.
    pub fn from_beginning(self) -> Self {
        self.start(Start::Position(StartPosition::Earliest.into()))
    }

    /// Starts after the last message there is, which is the default.
    pub fn from_end(self) -> Self {
        self.start(Start::Position(StartPosition::Latest.into()))
    }

    /// Starts strictly after the message with this id; for one bus.
    pub fn since_id(self, msg_id: impl Into<String>) -> Self {
        self.start(Start::SinceId(msg_id.into()))
    }

    /// Starts strictly after a position, as [`Follow::cursor`] has it; for one bus.
    pub fn cursor(self, cursor: impl Into<String>) -> Self {
        self.start(Start::Cursor(cursor.into()))
    }

    /// Starts, in each bus, at the first message whose time is later than this.
    pub fn since_time(self, time: impl Into<prost_types::Timestamp>) -> Self {
        self.start(Start::SinceTime(time.into()))
    }

    fn start(mut self, start: Start) -> Self {
        self.starts.add();
        self.request.start = Some(start);
        self
    }

    /// Goes on from positions, as [`Follow::positions`] has them; for more than one bus. A bus
    /// that is not among them starts at its beginning.
    pub fn positions(mut self, positions: impl IntoIterator<Item = BusPosition>) -> Self {
        self.starts.add();
        self.request.positions = positions.into_iter().collect();
        self
    }

    /// Gives only messages of these types.
    pub fn types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.request.types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Gives only messages of this run.
    pub fn of_run(mut self, run_id: impl Into<String>) -> Self {
        self.request.run_id = run_id.into();
        self
    }

    /// Ends where the past is read, instead of following.
    pub fn stop_at_tail(mut self) -> Self {
        self.request.stop_at_tail = true;
        self
    }

    /// Ends after so many messages; 0 means never.
    pub fn limit(mut self, count: i64) -> Self {
        self.request.limit = count;
        self
    }

    /// Has the server say that it is alive after so much silence: 15 s unless set, at least
    /// 100 ms. A stream that is silent for three of them counts as broken.
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.request.heartbeat_interval = interval.try_into().ok();
        self
    }

    /// Gives up once nothing has come of connecting again for so long; unless set, never.
    pub fn retry_for(mut self, limit: Duration) -> Self {
        self.retry_for = Some(limit);
        self
    }

    /// Subscribes, and returns once the server has said where reading starts: nothing that is
    /// appended after that is missed.
    ///
    /// # Errors
    /// What the server refuses it for: CURSOR_EXPIRED, MESSAGE_NOT_FOUND and so on; of the kind
    /// [`Usage`](crate::ErrorKind::Usage) without a project. While the server cannot be reached,
    /// it is tried again, as later.
    pub async fn open(mut self) -> Result<Follow, Error> {
        self.starts.check()?;
        match self.request.scope() {
            SubscribeScope::All => {}
            SubscribeScope::Project => self.request.project_id = self.client.place.project()?,
            _ => (self.request.project_id, self.request.task_id) = self.client.place.bus()?,
        }
        let interval = self.request.heartbeat_interval;
        let subscription =
            Subscription { resume: Resume::new(self.request), silence_max: silence_max(interval) };
        let mut follow = Follow {
            frames: Resuming::new(self.client, subscription, self.retry_for),
            ahead: VecDeque::new(),
            last: None,
        };
        follow.find_start().await?;
        Ok(follow)
    }
}

/// The messages of a subscription, each once, in order within a bus. Also a [`Stream`] of
/// messages.
///
/// When the connection breaks or the server restarts, it connects again and goes on where it
/// was; both are told to the client's [observer](crate::Builder::on_interruption). Dropping it
/// ends the subscription.
#[must_use = "messages come as they are taken"]
pub struct Follow {
    frames: Resuming<Subscription>,
    /// What came before it was known where reading starts. All but a message is taken in.
    ahead: VecDeque<Frame>,
    last: Option<Delivery>,
}

/// A Subscribe call, again and again.
struct Subscription {
    resume: Resume,
    silence_max: Duration,
}

impl Source for Subscription {
    type Frame = SubscribeResponse;

    fn open(&mut self, client: &Client) -> Opening<SubscribeResponse> {
        let (mut bus, request) = (client.bus(), self.resume.request());
        async move { bus.subscribe(request).await }.boxed()
    }

    fn end_is_break(&self) -> bool {
        !self.resume.is_finished()
    }

    fn silence_max(&self) -> Option<Duration> {
        Some(self.silence_max)
    }
}

impl Follow {
    /// Waits for the next message; none at the end, which only a limit or
    /// [`stop_at_tail`](Subscribe::stop_at_tail) brings, and after an error. Gaps and damage are
    /// logged with `tracing`.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// Waits for the next frame, as [`next`](Self::next) does for messages: heartbeats, gaps and
    /// damage come too.
    ///
    /// Dropping this future loses nothing.
    pub async fn next_frame(&mut self) -> Option<Result<Frame, Error>> {
        poll_fn(|cx| self.poll_frame(cx)).await
    }

    /// Returns how far the messages given so far have come, for a later
    /// [`positions`](Subscribe::positions).
    #[must_use]
    pub fn positions(&self) -> Vec<BusPosition> {
        self.frames.source.resume.positions()
    }

    /// Returns how far it has come in the one bus that is followed, for a later
    /// [`cursor`](Subscribe::cursor). None when the bus does not exist yet, and when several are
    /// followed.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.frames.source.resume.cursor()
    }

    /// Returns the message given last, with its bus and its cursor; none before the first.
    #[must_use]
    pub fn last(&self) -> Option<&Delivery> {
        self.last.as_ref()
    }

    /// Reads up to where reading starts, or to the first message: the positions must not run
    /// ahead of what the caller was given.
    async fn find_start(&mut self) -> Result<(), Error> {
        while !self.frames.source.resume.is_placed() {
            let Some(response) = poll_fn(|cx| self.frames.poll_frame(cx)).await else { break };
            let frame = frame(response?);
            let is_message = matches!(frame, Frame::Message(_));
            if !is_message {
                self.frames.source.resume.take(&frame);
            }
            self.ahead.push_back(frame);
            if is_message {
                break;
            }
        }
        Ok(())
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            let (frame, is_taken) = match self.ahead.pop_front() {
                Some(frame) => {
                    let is_taken = !matches!(frame, Frame::Message(_));
                    (frame, is_taken)
                }
                // How the stream ends after the last message does not matter.
                None if self.frames.source.resume.is_complete() => return Poll::Ready(None),
                None => match ready!(self.frames.poll_frame(cx)) {
                    Some(Ok(response)) => (frame(response), false),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(None),
                },
            };
            if is_taken || self.frames.source.resume.take(&frame) {
                if let Frame::Message(delivery) = &frame {
                    self.last = Some(delivery.clone());
                }
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        loop {
            match ready!(self.poll_frame(cx)) {
                Some(Ok(Frame::Message(delivery))) => {
                    return Poll::Ready(Some(Ok(delivery.message.unwrap_or_default())));
                }
                Some(Ok(frame)) => log(&frame),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Returns what a frame says; one of a kind that is not known yet says nothing.
fn frame(response: SubscribeResponse) -> Frame {
    response.frame.unwrap_or(Frame::Heartbeat(Default::default()))
}

/// Logs what is no message and should not go unnoticed.
fn log(frame: &Frame) {
    match frame {
        Frame::Gap(gap) => tracing::warn!(
            project_id = gap.project_id,
            task_id = gap.task_id,
            reason = gap.reason,
            "messages of a bus are gone"
        ),
        Frame::Damaged(damaged) => tracing::warn!(
            project_id = damaged.project_id,
            task_id = damaged.task_id,
            offset = damaged.offset,
            length = damaged.length,
            detail = damaged.detail,
            "a bus has damaged bytes"
        ),
        _ => {}
    }
}

impl Stream for Follow {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_message(cx)
    }
}
