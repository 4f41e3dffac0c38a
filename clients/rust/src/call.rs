//! Any unary method, with the errors and the repetitions of this client.

use std::time::Duration;

use tokio::time::Instant;
use tonic::{Response, Status};

use crate::backoff::Backoff;
use crate::{Client, Error, ErrorKind};

/// A request of a unary method, which [`Client::call`] takes. Generated for all of them.
pub trait Call: prost::Message + Clone + 'static {
    /// What the method answers.
    type Answer: Send;

    /// The method's full name, such as `/callboard.v1.Storage/GetTask`.
    const METHOD: &'static str;

    /// Whether repeating the call is safe: it gets, lists or reads something, or has a request
    /// id or an etag.
    fn is_repeatable(&self) -> bool;

    /// Returns the request id; empty when there is none.
    fn request_id(&self) -> &str;

    /// Makes the call, once.
    #[doc(hidden)]
    fn send(
        self,
        client: &Client,
    ) -> impl Future<Output = Result<Response<Self::Answer>, Status>> + Send;
}

/// How a call is repeated.
pub(crate) struct Attempts<'a> {
    /// How long it may take, with all its attempts.
    pub(crate) timeout: Duration,
    /// How long it is repeated, from its first failure on.
    pub(crate) retry_for: Duration,
    /// Whether it is repeated at all.
    pub(crate) repeatable: bool,
    /// The request id that an error is to carry.
    pub(crate) request_id: &'a str,
}

impl Client {
    /// Makes a unary call: the type of the request says which one.
    ///
    /// While the server cannot be reached the call is repeated, within the client's timeout,
    /// where that is safe: when it gets, lists or reads something, or when its request has a
    /// `request_id` or an `etag`.
    ///
    /// # Errors
    /// What the server refused it for; [`Unavailable`](ErrorKind::Unavailable) when it could not
    /// be reached; [`Deadline`](ErrorKind::Deadline) when no answer came in time.
    ///
    /// ```no_run
    /// # async fn example(client: callboard_client::Client) -> Result<(), callboard_client::Error> {
    /// use callboard_client::v1::GetTaskRequest;
    ///
    /// let request = GetTaskRequest { project_id: "demo".into(), task_id: "t".into(), ..Default::default() };
    /// println!("{:?}", client.call(request).await?.task);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<R: Call>(&self, request: R) -> Result<R::Answer, Error> {
        let repeatable = request.is_repeatable();
        self.call_as(request, repeatable).await
    }

    /// As [`call`](Self::call), for a call that is safe to repeat though its request does not say
    /// so, because it sets something as a whole.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_repeatably<R: Call>(&self, request: R) -> Result<R::Answer, Error> {
        self.call_as(request, true).await
    }

    async fn call_as<R: Call>(&self, request: R, repeatable: bool) -> Result<R::Answer, Error> {
        let request_id = request.request_id();
        let (timeout, retry_for) = (self.timeout(), self.retry_for());
        let attempts = Attempts { timeout, retry_for, repeatable, request_id };
        attempts.make(|_| request.clone().send(self)).await
    }
}

impl Attempts<'_> {
    /// Makes the call, again while the server is unavailable and time is left. An attempt is
    /// told how much time that is.
    pub(crate) async fn make<T, F>(
        &self,
        mut attempt: impl FnMut(Duration) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut backoff = Backoff::new();
        let began = Instant::now();
        let mut failing_since = None;
        let mut away = None;
        loop {
            let remaining = self.timeout.saturating_sub(began.elapsed());
            let answer = tokio::time::timeout(remaining, attempt(remaining)).await;
            let status = match answer {
                Ok(Ok(answer)) => return Ok(answer.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => {
                    let text = format!("no answer came within {:?}", self.timeout);
                    Status::deadline_exceeded(text)
                }
            };
            let error = Error::from(status).with_request_id(self.request_id);
            let timed_out = error.kind() == ErrorKind::Deadline && error.reason().is_empty();
            if let Some(away) = away.take_if(|_| timed_out) {
                // The time was up while the server was still being tried again: that it was
                // away says more.
                return Err(away);
            }
            let delay = backoff.next_delay().max(error.retry_delay().unwrap_or_default());
            let again = self.repeatable && error.kind() == ErrorKind::Unavailable;
            let failing_since = *failing_since.get_or_insert(Instant::now());
            let in_time = began.elapsed() + delay < self.timeout
                && failing_since.elapsed() + delay < self.retry_for;
            if !again || !in_time {
                return Err(error);
            }
            away = Some(error);
            tokio::time::sleep(delay).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::v1::{
        AppendMessageRequest, CreateTaskRequest, GetTaskRequest, RotateBusRequest,
        TransitionTaskRequest,
    };

    fn attempts(repeatable: bool) -> Attempts<'static> {
        let (timeout, retry_for) = (Duration::from_secs(10), Duration::from_secs(10));
        Attempts { timeout, retry_for, repeatable, request_id: "once" }
    }

    async fn fail_twice(attempts: Attempts<'_>, status: Status) -> (Result<u8, Error>, u32) {
        let count = Cell::new(0);
        let answer = attempts.make(|_| {
            count.set(count.get() + 1);
            let answer = if count.get() > 2 { Ok(Response::new(7)) } else { Err(status.clone()) };
            async { answer }
        });
        (answer.await, count.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_repeated_while_the_server_is_unavailable() {
        let (answer, count) = fail_twice(attempts(true), Status::unavailable("away")).await;
        assert_eq!((answer.expect("an answer"), count), (7, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_not_safe_to_repeat_or_was_refused_is_made_once() {
        let (answer, count) = fail_twice(attempts(false), Status::unavailable("away")).await;
        assert_eq!((answer.expect_err("away").request_id(), count), ("once", 1));
        let (answer, count) = fail_twice(attempts(true), Status::not_found("no")).await;
        assert_eq!((answer.expect_err("no").kind(), count), (ErrorKind::NotFound, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn all_attempts_together_stay_within_the_timeout() {
        let began = Instant::now();
        let attempts = attempts(true);
        let away = || async { Err::<Response<()>, _>(Status::unavailable("away")) };
        let answer = attempts.make(|_| away());
        assert_eq!(answer.await.expect_err("away").kind(), ErrorKind::Unavailable);
        assert!(began.elapsed() <= Duration::from_secs(10));
        let mut count = 0;
        let falls_silent = attempts.make(|_| {
            count += 1;
            let is_away = count == 1;
            async move { if is_away { away().await } else { std::future::pending().await } }
        });
        assert_eq!(falls_silent.await.expect_err("away").kind(), ErrorKind::Unavailable);
        let silent = attempts.make(|_| std::future::pending::<Result<Response<()>, _>>());
        assert_eq!(silent.await.expect_err("silent").kind(), ErrorKind::Deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_may_be_without_end() {
        let endless =
            Attempts { timeout: Duration::MAX, retry_for: Duration::MAX, ..attempts(true) };
        let (answer, count) = fail_twice(endless, Status::unavailable("away")).await;
        assert_eq!((answer.expect("an answer"), count), (7, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_repeated_for_so_long_from_its_first_failure_on() {
        let (timeout, retry_for) = (Duration::from_secs(60), Duration::from_secs(5));
        let attempts = Attempts { timeout, retry_for, ..attempts(true) };
        let began = Instant::now();
        let answer = attempts.make(|_| async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Err::<Response<()>, _>(Status::unavailable("away"))
        });
        assert_eq!(answer.await.expect_err("away").kind(), ErrorKind::Unavailable);
        // The first attempt fails after 10 s, and one more after that.
        assert_eq!(began.elapsed().as_secs(), 20);
    }

    #[test]
    fn reading_and_what_has_a_request_id_or_an_etag_is_repeatable() {
        assert!(GetTaskRequest::default().is_repeatable());
        assert!(!CreateTaskRequest::default().is_repeatable());
        let once = CreateTaskRequest { request_id: "r".into(), ..Default::default() };
        assert!(once.is_repeatable() && once.request_id() == "r");
        let append = AppendMessageRequest { request_id: "r".into(), ..Default::default() };
        assert!(append.is_repeatable());
        let guarded = TransitionTaskRequest { etag: "e".into(), ..Default::default() };
        assert!(guarded.is_repeatable() && guarded.request_id().is_empty());
        assert!(!RotateBusRequest::default().is_repeatable());
    }
}
