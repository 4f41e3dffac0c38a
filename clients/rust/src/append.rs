//! Appending to buses: one message, many at once, and as they come.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, Stream, StreamExt, stream};
use tonic::{Response, Status, Streaming};

use crate::place::Place;
use crate::v1::{
    AppendMessageRequest, AppendMessageResponse, AppendMessagesRequest, AppendMessagesResponse,
    AppendStreamRequest, AppendStreamResponse, Message,
};
use crate::{Client, Error, random};

impl Client {
    /// Appends one message: [`send`](Append::send) returns its id, time and cursor once it is on
    /// the server's disk.
    ///
    /// It never appends twice, however often the connection breaks: a request id is made unless
    /// one is given, and an error carries it for a later attempt.
    pub fn append(&self, message: Message) -> Append {
        let request = AppendMessageRequest {
            message: Some(message),
            request_id: random::request_id(),
            expected_last_msg_id: String::new(),
        };
        Append { client: self.clone(), request }
    }

    /// Appends up to 1000 messages of one bus with one write: all of them are refused when one
    /// is. Safe to repeat, as [`append`](Self::append).
    pub fn append_many(&self, messages: impl IntoIterator<Item = Message>) -> AppendMany {
        let request = AppendMessagesRequest {
            messages: messages.into_iter().collect(),
            request_id: random::request_id(),
            expected_last_msg_id: String::new(),
        };
        AppendMany { client: self.clone(), request }
    }

    /// Appends messages, of any buses, as they come: [`open`](AppendStream::open) gives their
    /// answers in order. Many are in flight at a time, which is the fastest way to append.
    pub fn append_stream(
        &self,
        messages: impl Stream<Item = Message> + Send + 'static,
    ) -> AppendStream {
        let request_id = random::request_id();
        AppendStream { client: self.clone(), messages: messages.boxed(), request_id }
    }
}

/// A message about to be appended; see [`Client::append`].
#[derive(Debug, Clone)]
#[must_use = "nothing is appended before send"]
pub struct Append {
    client: Client,
    request: AppendMessageRequest,
}

impl Append {
    /// Sets the request id: the same one with the same message appends once.
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request.request_id = request_id.into();
        self
    }

    /// Appends only if this is still the bus's last message; else BUS_MOVED.
    pub fn expected_last_msg_id(mut self, msg_id: impl Into<String>) -> Self {
        self.request.expected_last_msg_id = msg_id.into();
        self
    }

    /// Appends the message.
    ///
    /// # Errors
    /// As [`Client::call`]; of the kind [`Usage`](crate::ErrorKind::Usage) without a project.
    pub async fn send(mut self) -> Result<AppendMessageResponse, Error> {
        self.request.message.iter_mut().try_for_each(|message| self.client.place.fill(message))?;
        self.client.call_repeatably(self.request).await
    }
}

/// Messages about to be appended together; see [`Client::append_many`].
#[derive(Debug, Clone)]
#[must_use = "nothing is appended before send"]
pub struct AppendMany {
    client: Client,
    request: AppendMessagesRequest,
}

impl AppendMany {
    /// Sets the request id, of all messages together.
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request.request_id = request_id.into();
        self
    }

    /// Appends only if this is still the bus's last message; else BUS_MOVED.
    pub fn expected_last_msg_id(mut self, msg_id: impl Into<String>) -> Self {
        self.request.expected_last_msg_id = msg_id.into();
        self
    }

    /// Appends the messages, and returns their ids in order.
    ///
    /// # Errors
    /// As [`Append::send`].
    pub async fn send(mut self) -> Result<AppendMessagesResponse, Error> {
        self.request.messages.iter_mut().try_for_each(|message| self.client.place.fill(message))?;
        self.client.call_repeatably(self.request).await
    }
}

/// Messages about to be appended as they come; see [`Client::append_stream`].
#[must_use = "nothing is appended before open"]
pub struct AppendStream {
    client: Client,
    messages: stream::BoxStream<'static, Message>,
    request_id: String,
}

impl AppendStream {
    /// Sets the request id: message number `n`, from 0, has the request id `<request id>-<n>`.
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// Begins to append.
    ///
    /// The answers end with an error at the first refused message, whose number is in
    /// `error.metadata()["index"]`, and at a break of the connection. The same messages with the
    /// same request id, which is the error's own when none was given, then append only what is
    /// missing.
    pub fn open(self) -> Appended {
        let requests = Requests {
            messages: self.messages,
            place: self.client.place.clone(),
            prefix: self.request_id.clone(),
            count: 0,
        };
        let mut bus = self.client.bus();
        let opening = async move { bus.append_stream(requests).await }.boxed();
        Appended { state: State::Opening(opening), request_id: self.request_id }
    }
}

/// The requests of one call, from the messages.
struct Requests {
    messages: stream::BoxStream<'static, Message>,
    place: Place,
    prefix: String,
    count: u64,
}

impl Stream for Requests {
    type Item = AppendStreamRequest;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let next = ready!(this.messages.poll_next_unpin(cx));
        Poll::Ready(next.map(|mut message| {
            // A message without a project is refused by the server, with its number.
            let _ = this.place.fill(&mut message);
            let request_id = format!("{}-{}", this.prefix, this.count);
            this.count += 1;
            AppendStreamRequest { message: Some(message), request_id }
        }))
    }
}

/// The answers to messages that are appended as they come, in order. Also a [`Stream`].
#[must_use = "messages are appended while their answers are read"]
pub struct Appended {
    state: State,
    request_id: String,
}

enum State {
    Opening(BoxFuture<'static, Result<Response<Streaming<AppendStreamResponse>>, Status>>),
    Open(Box<Streaming<AppendStreamResponse>>),
    Ended,
}

impl Appended {
    /// Returns the answer to the next message; none after the last one, or after an error.
    ///
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<AppendStreamResponse, Error>> {
        StreamExt::next(self).await
    }
}

impl Stream for Appended {
    type Item = Result<AppendStreamResponse, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let failure = loop {
            match &mut this.state {
                State::Opening(opening) => match ready!(opening.poll_unpin(cx)) {
                    Ok(stream) => this.state = State::Open(Box::new(stream.into_inner())),
                    Err(status) => break Some(status),
                },
                State::Open(stream) => match ready!(stream.poll_next_unpin(cx)) {
                    Some(Ok(answer)) => return Poll::Ready(Some(Ok(answer))),
                    Some(Err(status)) => break Some(status),
                    None => break None,
                },
                State::Ended => return Poll::Ready(None),
            }
        };
        this.state = State::Ended;
        let error = |status| Err(Error::from(status).with_request_id(&this.request_id));
        Poll::Ready(failure.map(error))
    }
}
