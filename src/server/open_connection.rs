//! What is known of an open connection: whether it has spoken, its calls, and the answers
//! that its client has not taken. It closes itself when it is told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::limits;

/// What a client says first: as long as the preface of HTTP/2, and no request is shorter.
const FIRST_WORDS_BYTES: usize = 24;

/// An open connection.
pub(super) struct OpenConnection {
    number: u64,
    accepted_at: Instant,
    /// How much of the first words has come.
    received: AtomicUsize,
    closing: AtomicBool,
    waker: AtomicWaker,
    idle: Arc<Notify>,
    calls: Mutex<Calls>,
}

struct Calls {
    in_progress: usize,
    /// When the last one ended.
    last: Option<Instant>,
    next_answer: u64,
    /// Since when nothing was taken of each answer.
    answers: BTreeMap<u64, Instant>,
}

impl OpenConnection {
    /// Makes one, which tells when it is without a call.
    pub(super) fn new(idle: Arc<Notify>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            accepted_at: Instant::now(),
            received: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            idle,
            calls: Mutex::new(Calls {
                in_progress: 0,
                last: None,
                next_answer: 0,
                answers: BTreeMap::new(),
            }),
        }
    }

    /// Returns its number, which no other has.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().expect("nothing panics with the calls of a connection")
    }

    /// Notes that so many bytes came.
    pub(super) fn received(&self, count: usize) {
        if self.received.load(Ordering::Relaxed) < FIRST_WORDS_BYTES {
            self.received.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Whether it is to be closed; when not, the task is woken when it is.
    pub(super) fn poll_closing(&self, cx: &Context<'_>) -> bool {
        if self.is_closing() {
            return true;
        }
        self.waker.register(cx.waker());
        self.is_closing()
    }

    /// Whether it is being closed.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Closes it.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Closes it if its client has not spoken in time, or has taken nothing of an answer for
    /// too long.
    pub(super) fn close_if_overdue(&self, now: Instant) -> bool {
        let over = |since: Instant, limit| now.saturating_duration_since(since) > limit;
        let silent = self.received.load(Ordering::Relaxed) < FIRST_WORDS_BYTES
            && over(self.accepted_at, limits::HANDSHAKE_TIMEOUT);
        let untaken =
            || self.calls().answers.values().any(|&since| over(since, limits::ANSWER_TIMEOUT));
        let overdue = silent || untaken();
        if overdue {
            self.close();
        }
        overdue
    }

    /// Returns whether it ever made a call and since when it has none; nothing while it has.
    pub(super) fn idle(&self) -> Option<(bool, Instant)> {
        let calls = self.calls();
        let idle = calls.in_progress == 0;
        idle.then(|| (calls.last.is_some(), calls.last.unwrap_or(self.accepted_at)))
    }
}

/// A call in progress.
pub(super) struct CallOn(Arc<OpenConnection>);

impl CallOn {
    /// Notes a call.
    pub(super) fn new(connection: Arc<OpenConnection>) -> Self {
        connection.calls().in_progress += 1;
        Self(connection)
    }

    /// Notes that there is an answer to be taken.
    pub(super) fn answer(&self) -> AnswerOn {
        let mut calls = self.0.calls();
        let number = calls.next_answer;
        calls.next_answer += 1;
        calls.answers.insert(number, Instant::now());
        AnswerOn { connection: Arc::clone(&self.0), number }
    }
}

impl Drop for CallOn {
    fn drop(&mut self) {
        let mut calls = self.0.calls();
        calls.in_progress -= 1;
        calls.last = Some(Instant::now());
        let idle = calls.in_progress == 0;
        drop(calls);
        if idle {
            self.0.idle.notify_waiters();
        }
    }
}

/// An answer that its client has not taken to its end.
pub(super) struct AnswerOn {
    connection: Arc<OpenConnection>,
    number: u64,
}

impl AnswerOn {
    /// Notes that more of it was taken.
    pub(super) fn moved(&self) {
        self.connection.calls().answers.insert(self.number, Instant::now());
    }
}

impl Drop for AnswerOn {
    fn drop(&mut self) {
        self.connection.calls().answers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn connection() -> Arc<OpenConnection> {
        Arc::new(OpenConnection::new(Arc::default()))
    }

    #[test]
    fn a_client_that_does_not_speak_is_given_up_and_one_that_does_is_not() {
        let connection = connection();
        let late = Instant::now() + limits::HANDSHAKE_TIMEOUT + Duration::from_secs(1);
        assert!(!connection.close_if_overdue(Instant::now()));
        connection.received(FIRST_WORDS_BYTES - 1);
        assert!(connection.close_if_overdue(late) && connection.is_closing());
        let connection = self::connection();
        connection.received(FIRST_WORDS_BYTES);
        assert!(!connection.close_if_overdue(late) && !connection.is_closing());
    }

    #[test]
    fn an_answer_that_is_not_taken_closes_its_connection_and_a_call_without_one_does_not() {
        let connection = connection();
        connection.received(FIRST_WORDS_BYTES);
        let call = CallOn::new(Arc::clone(&connection));
        let late = || Instant::now() + limits::ANSWER_TIMEOUT + Duration::from_secs(1);
        assert!(!connection.close_if_overdue(late()), "a subscription may last");
        drop(call.answer());
        assert!(!connection.close_if_overdue(late()), "the answer was taken");
        let answer = call.answer();
        answer.moved();
        assert!(!connection.close_if_overdue(Instant::now()));
        assert!(connection.close_if_overdue(late()));
    }

    #[test]
    fn a_connection_is_idle_between_its_calls() {
        let connection = connection();
        assert!(connection.idle().is_some_and(|(called, _)| !called));
        let call = CallOn::new(Arc::clone(&connection));
        assert_eq!(connection.idle(), None);
        drop(call);
        assert!(connection.idle().is_some_and(|(called, _)| called));
    }
}
