//! Reading buses: the messages up to the end, one of them, and what is new.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, Stream, StreamExt};

use crate::call::Attempts;
use crate::one_start::OneStart;
use crate::v1::{
    GetMessageRequest, Message, PollForNewRequest, PollForNewResponse, ReadMessagesRequest,
    ReadMessagesResponse, poll_for_new_request, read_messages_request,
};
use crate::{Client, Error};

/// Messages asked for at a time; the server's answers are bounded in bytes as well.
const PAGE_MESSAGES: i32 = 1000;
/// How long the answer of a poll may take beyond the time it waits.
const POLL_MARGIN: Duration = Duration::from_secs(10);

impl Client {
    /// Reads the messages of the bus, oldest first, up to its present end: from its beginning,
    /// unless told otherwise.
    pub fn read(&self) -> Read {
        Read {
            client: self.clone(),
            request: ReadMessagesRequest::default(),
            limit: None,
            starts: OneStart::default(),
        }
    }

    /// Returns one message of the bus by its id.
    ///
    /// # Errors
    /// MESSAGE_NOT_FOUND; and as [`Client::call`].
    pub async fn get(&self, msg_id: impl Into<String>) -> Result<Message, Error> {
        let (project_id, task_id) = self.place.bus()?;
        let request = GetMessageRequest { project_id, task_id, msg_id: msg_id.into() };
        Ok(self.call(request).await?.message.unwrap_or_default())
    }

    /// Waits until the bus has something new. Where no message may be missed,
    /// [`follow`](Self::follow), or give the cursor of an earlier answer.
    pub fn poll(&self) -> PollForNew {
        PollForNew {
            client: self.clone(),
            request: PollForNewRequest::default(),
            wait: Duration::from_secs(30),
            starts: OneStart::default(),
        }
    }
}

/// What to read of a bus; see [`Client::read`]. There may be one start.
#[derive(Debug, Clone)]
#[must_use = "nothing is read before messages, all or page"]
pub struct Read {
    client: Client,
    request: ReadMessagesRequest,
    limit: Option<i32>,
    starts: OneStart,
}

impl Read {
    /// Starts strictly after the message with this id.
    pub fn since_id(self, msg_id: impl Into<String>) -> Self {
        self.start(read_messages_request::Start::SinceId(msg_id.into()))
    }

    /// Starts strictly after a position of an earlier answer.
    pub fn cursor(self, cursor: impl Into<String>) -> Self {
        self.start(read_messages_request::Start::Cursor(cursor.into()))
    }

    /// Starts at the first message, in file order, whose time is later than this.
    pub fn since_time(self, time: impl Into<prost_types::Timestamp>) -> Self {
        self.start(read_messages_request::Start::SinceTime(time.into()))
    }

    /// Starts so many messages before the end, those counted that pass the filter: 1 to 5000.
    pub fn tail(self, count: i32) -> Self {
        self.start(read_messages_request::Start::Tail(count))
    }

    fn start(mut self, start: read_messages_request::Start) -> Self {
        self.starts.add();
        self.request.start = Some(start);
        self
    }

    /// Reads at most so many messages.
    pub fn limit(mut self, count: i32) -> Self {
        self.limit = Some(count);
        self
    }

    /// Reads only messages of these types.
    pub fn types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.request.types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Reads only messages of this run.
    pub fn of_run(mut self, run_id: impl Into<String>) -> Self {
        self.request.run_id = run_id.into();
        self
    }

    /// Reads page by page, as far as the messages are taken.
    pub fn messages(self) -> Messages {
        // What came meanwhile is not among the last so many.
        let tail = match self.request.start {
            Some(read_messages_request::Start::Tail(count)) => Some(count),
            _ => None,
        };
        let remaining = [self.limit, tail].into_iter().flatten().min();
        Messages { read: self, remaining, page: VecDeque::new(), state: State::Between }
    }

    /// Reads all of them.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn all(self) -> Result<Vec<Message>, Error> {
        let mut all = Vec::new();
        let mut messages = self.messages();
        while let Some(message) = messages.next().await {
            all.push(message?);
        }
        Ok(all)
    }

    /// Returns one answer of the server, with the cursor to read on from: at most `limit`
    /// messages, 100 unless set.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn page(mut self) -> Result<ReadMessagesResponse, Error> {
        self.starts.check()?;
        self.request.limit = self.limit.unwrap_or(0);
        (self.request.project_id, self.request.task_id) = self.client.place.bus()?;
        self.client.call(self.request).await
    }
}

/// The messages of a bus, oldest first, up to its end. Also a [`Stream`].
#[must_use = "messages are read as they are taken"]
pub struct Messages {
    read: Read,
    /// How many are to come at most.
    remaining: Option<i32>,
    page: VecDeque<Message>,
    state: State,
}

enum State {
    /// The next page is not asked for yet.
    Between,
    Asking(BoxFuture<'static, Result<ReadMessagesResponse, Error>>),
    Ended,
}

impl Messages {
    /// Returns the next message; none at the end, or after an error.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        StreamExt::next(self).await
    }

    fn ask(&self) -> State {
        // What is less than nothing is the server's to refuse.
        let size = self.remaining.map_or(PAGE_MESSAGES, |remaining| remaining.min(PAGE_MESSAGES));
        if size == 0 {
            return State::Ended;
        }
        State::Asking(self.read.clone().limit(size).page().boxed())
    }

    fn take(&mut self, page: ReadMessagesResponse) {
        if let Some(remaining) = &mut self.remaining {
            let given = i32::try_from(page.messages.len()).unwrap_or(i32::MAX);
            *remaining = remaining.saturating_sub(given).max(0);
        }
        self.page = page.messages.into();
        self.read.request.start = Some(read_messages_request::Start::Cursor(page.cursor));
        self.state = if page.end_of_bus { State::Ended } else { State::Between };
    }
}

impl Stream for Messages {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(message) = this.page.pop_front() {
                return Poll::Ready(Some(Ok(message)));
            }
            match &mut this.state {
                State::Between => this.state = this.ask(),
                State::Asking(asking) => match ready!(asking.poll_unpin(cx)) {
                    Ok(page) => this.take(page),
                    Err(error) => {
                        this.state = State::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}

/// What to wait for; see [`Client::poll`]. There may be one start; without any, only what arrives
/// while waiting.
#[derive(Debug, Clone)]
#[must_use = "nothing is waited for before send"]
pub struct PollForNew {
    client: Client,
    request: PollForNewRequest,
    wait: Duration,
    starts: OneStart,
}

impl PollForNew {
    /// Starts strictly after the message with this id.
    pub fn since_id(self, msg_id: impl Into<String>) -> Self {
        self.start(poll_for_new_request::Start::SinceId(msg_id.into()))
    }

    /// Starts strictly after a position of an earlier answer.
    pub fn cursor(self, cursor: impl Into<String>) -> Self {
        self.start(poll_for_new_request::Start::Cursor(cursor.into()))
    }

    fn start(mut self, start: poll_for_new_request::Start) -> Self {
        self.starts.add();
        self.request.start = Some(start);
        self
    }

    /// Waits at most so long: 30 s unless set, up to 300 s. The client's own timeout does not
    /// count here.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Returns at most so many messages: 100 unless set, up to 5000.
    pub fn limit(mut self, count: i32) -> Self {
        self.request.limit = count;
        self
    }

    /// Waits only for messages of these types.
    pub fn types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.request.types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Waits only for messages of this run.
    pub fn of_run(mut self, run_id: impl Into<String>) -> Self {
        self.request.run_id = run_id.into();
        self
    }

    /// Waits. Returns the messages, none when the time is up, and the cursor to poll on from.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn send(mut self) -> Result<PollForNewResponse, Error> {
        self.starts.check()?;
        (self.request.project_id, self.request.task_id) = self.client.place.bus()?;
        let (client, request) = (&self.client, &self.request);
        let timeout = self.wait.saturating_add(POLL_MARGIN);
        // A second attempt from now on would not see what came between the two.
        let repeatable = request.start.is_some();
        let attempts = Attempts { timeout, retry_for: timeout, repeatable, request_id: "" };
        attempts
            .make(|remaining| {
                let wait = remaining.saturating_sub(POLL_MARGIN).try_into().ok();
                let request = PollForNewRequest { timeout: wait, ..request.clone() };
                async move { client.bus().poll_for_new(request).await }
            })
            .await
    }
}
