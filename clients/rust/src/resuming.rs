//! A stream of the server that outlives its connection: what counts as a break, and when it is
//! opened again. What it is opened with is the [`Source`]'s.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep};
use tonic::{Response, Status, Streaming};

use crate::backoff::Backoff;
use crate::interruption::Interruption;
use crate::{Client, Error, ErrorKind};

/// How often the server says that a stream is alive, unless asked otherwise.
const HEARTBEAT_INTERVAL_DEFAULT: Duration = Duration::from_secs(15);

/// Returns how long a stream with such heartbeats may be silent.
pub(crate) fn silence_max(heartbeat_interval: Option<prost_types::Duration>) -> Duration {
    let interval = heartbeat_interval.and_then(|interval| Duration::try_from(interval).ok());
    interval.unwrap_or(HEARTBEAT_INTERVAL_DEFAULT).saturating_mul(3)
}

/// A call that is being made.
pub(crate) type Opening<F> = BoxFuture<'static, Result<Response<Streaming<F>>, Status>>;

/// What is streamed, and where it goes on.
pub(crate) trait Source: Unpin {
    /// What the stream consists of.
    type Frame: Send + 'static;

    /// Makes the call that goes on where the frames so far have ended.
    fn open(&mut self, client: &Client) -> Opening<Self::Frame>;

    /// Whether the stream's end, without an error, is a break all the same.
    fn end_is_break(&self) -> bool;

    /// Returns how long the stream may be silent; none when the server sends no heartbeats.
    fn silence_max(&self) -> Option<Duration>;

    /// Makes the best of a refusal; returns whether the next call avoids it.
    fn recover(&mut self, _error: &Error) -> bool {
        false
    }
}

/// A stream across breaks.
pub(crate) struct Resuming<S: Source> {
    client: Client,
    pub(crate) source: S,
    state: State<S::Frame>,
    backoff: Backoff,
    retry_for: Option<Duration>,
    /// Since when nothing has come of trying.
    failing_since: Option<Instant>,
    /// Whether the server has ever sent something.
    reached: bool,
    /// Whether it broke, and nothing has arrived since.
    broken: bool,
}

enum State<F> {
    Closed,
    Waiting(Pin<Box<Sleep>>),
    Opening(Opening<F>, Pin<Box<Sleep>>),
    Open(Box<Streaming<F>>, Option<Pin<Box<Sleep>>>),
    Ended,
}

/// What happens to a stream across breaks.
pub(crate) enum Event<F> {
    /// The server sent this.
    Frame(F),
    /// It broke, and is being opened again.
    Broken,
    /// It is open again.
    OpenedAgain,
}

impl<S: Source> Resuming<S> {
    /// Begins closed: it is opened when the first event is waited for. Once nothing has come of
    /// trying for `retry_for`, it fails; without one, never.
    pub(crate) fn new(client: Client, source: S, retry_for: Option<Duration>) -> Self {
        Self {
            client,
            source,
            state: State::Closed,
            backoff: Backoff::new(),
            retry_for,
            failing_since: None,
            reached: false,
            broken: false,
        }
    }

    /// Waits for the next frame; none at the end, and after an error.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<S::Frame, Error>>> {
        loop {
            match ready!(self.poll_event(cx)) {
                Some(Ok(Event::Frame(frame))) => return Poll::Ready(Some(Ok(frame))),
                Some(Ok(Event::Broken | Event::OpenedAgain)) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// Waits for the next event; none at the end, and after an error.
    pub(crate) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event<S::Frame>, Error>>> {
        loop {
            let failure = match &mut self.state {
                State::Closed => {
                    let opening = self.source.open(&self.client);
                    let patience = Box::pin(sleep(self.client.timeout()));
                    self.state = State::Opening(opening, patience);
                    continue;
                }
                State::Waiting(delay) => {
                    ready!(delay.poll_unpin(cx));
                    self.state = State::Closed;
                    continue;
                }
                State::Opening(opening, patience) => match opening.poll_unpin(cx) {
                    Poll::Ready(Ok(stream)) => {
                        self.opened(stream.into_inner());
                        if self.broken {
                            return Poll::Ready(Some(Ok(Event::OpenedAgain)));
                        }
                        continue;
                    }
                    Poll::Ready(Err(status)) => status,
                    Poll::Pending => {
                        ready!(patience.poll_unpin(cx));
                        Status::unavailable("no answer came to the call")
                    }
                },
                State::Open(stream, silence) => match stream.poll_next_unpin(cx) {
                    Poll::Ready(Some(Ok(frame))) => {
                        self.received();
                        return Poll::Ready(Some(Ok(Event::Frame(frame))));
                    }
                    Poll::Ready(None) if self.source.end_is_break() => {
                        Status::unavailable("the stream ended")
                    }
                    Poll::Ready(None) => {
                        self.state = State::Ended;
                        continue;
                    }
                    Poll::Ready(Some(Err(status))) => status,
                    Poll::Pending => {
                        let Some(silence) = silence else { return Poll::Pending };
                        ready!(silence.poll_unpin(cx));
                        let most = self.source.silence_max().unwrap_or_default();
                        Status::unavailable(format!("silent for {} s", most.as_secs_f32()))
                    }
                },
                State::Ended => return Poll::Ready(None),
            };
            if let Some(event) = self.failed(Error::from(failure)) {
                return Poll::Ready(Some(event));
            }
        }
    }

    fn opened(&mut self, stream: Streaming<S::Frame>) {
        let silence = self.source.silence_max().map(|most| Box::pin(sleep(most)));
        self.state = State::Open(Box::new(stream), silence);
    }

    fn received(&mut self) {
        if let (State::Open(_, Some(silence)), Some(most)) =
            (&mut self.state, self.source.silence_max())
        {
            silence.as_mut().set(sleep(most));
        }
        self.reached = true;
        self.failing_since = None;
        self.backoff.reset();
        if std::mem::take(&mut self.broken) {
            self.client.tell(&Interruption::Ended);
        }
    }

    /// Waits before the next attempt, or ends with the error when there is to be none. Returns
    /// what is new about that.
    fn failed(&mut self, error: Error) -> Option<Result<Event<S::Frame>, Error>> {
        if self.source.recover(&error) {
            self.state = State::Closed;
            return None;
        }
        let now = Instant::now();
        let since = *self.failing_since.get_or_insert(now);
        let delay = self.backoff.next_delay().max(error.retry_delay().unwrap_or_default());
        let gives_up = self.retry_for.is_some_and(|most| now - since + delay > most);
        // All who followed may come back at once, and be too many for a moment.
        let crowded = self.reached && error.reason() == "SUBSCRIBER_LIMIT";
        let passes = error.kind() == ErrorKind::Unavailable || crowded;
        if gives_up || !passes {
            self.state = State::Ended;
            return Some(Err(error));
        }
        self.state = State::Waiting(Box::pin(sleep(delay)));
        if std::mem::replace(&mut self.broken, true) {
            return None;
        }
        self.client.tell(&Interruption::Began(&error));
        Some(Ok(Event::Broken))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::v1::WatchResponse;

    /// Calls that fail with one status after the other, and never get anywhere.
    struct Failing(Vec<Status>);

    impl Source for Failing {
        type Frame = WatchResponse;

        fn open(&mut self, _: &Client) -> Opening<WatchResponse> {
            match self.0.pop() {
                Some(status) => async { Err(status) }.boxed(),
                None => std::future::pending().boxed(),
            }
        }

        fn end_is_break(&self) -> bool {
            true
        }

        fn silence_max(&self) -> Option<Duration> {
            Some(silence_max(None))
        }

        fn recover(&mut self, error: &Error) -> bool {
            error.kind() == ErrorKind::Conflict
        }
    }

    fn resuming(failures: Vec<Status>, retry_for: Option<Duration>) -> Resuming<Failing> {
        let client = Client::builder().address("localhost:1").build().expect("a client");
        Resuming::new(client, Failing(failures), retry_for)
    }

    async fn end(mut stream: Resuming<Failing>) -> (Error, usize) {
        let end = poll_fn(|cx| stream.poll_frame(cx)).await.expect("an end").expect_err("failed");
        assert!(poll_fn(|cx| stream.poll_frame(cx)).await.is_none());
        (end, stream.source.0.len())
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_opened_again_until_the_server_refuses_for_good() {
        let failures = vec![
            Status::internal("not asked for"),
            Status::not_found("gone"),
            Status::unavailable("away"),
            Status::unavailable("away"),
        ];
        let (error, left) = end(resuming(failures, None)).await;
        assert_eq!((error.kind(), left), (ErrorKind::NotFound, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_that_can_be_avoided_is_no_break() {
        let failures = vec![Status::not_found("gone"), Status::aborted("cut")];
        let mut stream = resuming(failures, None);
        let event = poll_fn(|cx| stream.poll_event(cx)).await;
        assert_eq!(event.expect("an end").err().expect("failed").kind(), ErrorKind::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stays_away_or_silent_is_given_up_after_the_time_for_that() {
        let began = Instant::now();
        let limit = Duration::from_secs(5);
        let (error, _) = end(resuming(vec![Status::unavailable("away"); 1000], Some(limit))).await;
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(began.elapsed() <= limit, "{:?}", began.elapsed());
        let (error, _) = end(resuming(Vec::new(), Some(limit))).await;
        assert!(error.message().contains("no answer"), "{error}");
    }

    #[test]
    fn a_stream_may_be_silent_for_three_heartbeats_however_long_they_are() {
        assert_eq!(silence_max(None), Duration::from_secs(45));
        let endless = prost_types::Duration { seconds: i64::MAX, nanos: 0 };
        assert_eq!(silence_max(Some(endless)), Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_break_is_told_once_however_many_attempts_it_takes() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let teller = Arc::clone(&told);
        let client = Client::builder().address("localhost:1").on_interruption(move |what| {
            teller.lock().expect("told").push(format!("{what:?}").contains("away"));
        });
        let client = client.build().expect("a client");
        let failures = vec![
            Status::not_found("gone"),
            Status::unavailable("away"),
            Status::unavailable("away"),
            Status::unavailable("away"),
        ];
        end(Resuming::new(client, Failing(failures), None)).await;
        assert_eq!(*told.lock().expect("told"), [true]);
    }
}
