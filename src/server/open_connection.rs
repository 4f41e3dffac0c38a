//! What is known of an open connection: whether it has spoken, its calls, and the answers
//! that its client has not taken. It closes itself when it is told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::ServiceLimits;

use super::handshake::PeerCertificate;
use super::peer::Peer;

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
    peer: Peer,
    certificate: OnceLock<PeerCertificate>,
}

#[derive(Default)]
struct Calls {
    next: u64,
    in_progress: BTreeMap<u64, State>,
    /// When the last one ended.
    last: Option<Instant>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its request is on its way.
    Coming,
    /// It lasts: it is being carried out, or its answer is a stream, taken at its reader's pace.
    Lasting,
    /// There is a single answer, of which something was taken then for the last time.
    Untaken(Instant),
}

impl OpenConnection {
    /// Makes one, which tells when it is without a call.
    pub(super) fn new(idle: Arc<Notify>, peer: Peer) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            accepted_at: Instant::now(),
            received: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            idle,
            calls: Mutex::default(),
            peer,
            certificate: OnceLock::new(),
        }
    }

    /// Returns its number, which no other has.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Notes whose certificate was checked.
    pub(super) fn identify(&self, certificate: PeerCertificate) {
        // A connection has one handshake.
        let _ = self.certificate.set(certificate);
    }

    /// Returns its client's certificate, which was checked; none without one, or when it has
    /// expired since. Only then is the clock asked: most calls come without one.
    pub(super) fn certificate(&self, clock: &dyn Clock) -> Option<&PeerCertificate> {
        self.certificate.get().filter(|certificate| clock.now() < certificate.expires)
    }

    /// Returns where it comes from.
    pub(super) fn peer(&self) -> Peer {
        self.peer
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

    /// Closes it if its client has not spoken in time, has taken nothing of an answer for
    /// too long, or has made no call for longer still.
    pub(super) fn close_if_overdue(&self, now: Instant, limits: &ServiceLimits) -> bool {
        let over = |since: Instant, limit| now.saturating_duration_since(since) > limit;
        let silent = self.received.load(Ordering::Relaxed) < FIRST_WORDS_BYTES
            && over(self.accepted_at, limits.handshake_timeout);
        let is_untaken = |state: &State| matches!(*state, State::Untaken(since) if over(since, limits.answer_timeout));
        let untaken = self.calls().in_progress.values().any(is_untaken);
        let unused =
            self.unused_since().is_some_and(|since| over(since, limits.connection_idle_timeout));
        let overdue = silent || untaken || unused;
        if overdue {
            self.close();
        }
        overdue
    }

    /// Returns since when it has no call at all; nothing while it has.
    fn unused_since(&self) -> Option<Instant> {
        let calls = self.calls();
        calls.in_progress.is_empty().then(|| calls.last.unwrap_or(self.accepted_at))
    }

    /// Returns how many calls it has.
    pub(super) fn calls_in_progress(&self) -> usize {
        self.calls().in_progress.len()
    }

    /// Returns whether it ever made a call and since when it has none; nothing while it has.
    /// A call whose request has not come does not count.
    pub(super) fn idle(&self) -> Option<(bool, Instant)> {
        let calls = self.calls();
        let idle = calls.in_progress.values().all(|state| *state == State::Coming);
        idle.then(|| (calls.last.is_some(), calls.last.unwrap_or(self.accepted_at)))
    }
}

/// A call in progress.
pub(super) struct CallOn {
    connection: Arc<OpenConnection>,
    number: u64,
}

impl CallOn {
    /// Notes a call.
    pub(super) fn new(connection: Arc<OpenConnection>) -> Self {
        let mut calls = connection.calls();
        let number = calls.next;
        calls.next += 1;
        calls.in_progress.insert(number, State::Coming);
        drop(calls);
        Self { connection, number }
    }

    /// Notes that the request has come to its end, or that the call began before it.
    pub(super) fn came(&self) {
        self.connection.calls().in_progress.insert(self.number, State::Lasting);
    }

    /// Notes that there is a single answer to be taken, or that some of it was.
    pub(super) fn moved(&self) {
        self.connection.calls().in_progress.insert(self.number, State::Untaken(Instant::now()));
    }
}

impl Drop for CallOn {
    fn drop(&mut self) {
        let mut calls = self.connection.calls();
        calls.in_progress.remove(&self.number);
        calls.last = Some(Instant::now());
        let idle = calls.in_progress.is_empty();
        drop(calls);
        if idle {
            self.connection.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;

    /// A clock that stands still.
    struct StoppedClock(Timestamp);

    impl Clock for StoppedClock {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    fn limits() -> ServiceLimits {
        ServiceLimits::default()
    }

    fn connection() -> Arc<OpenConnection> {
        Arc::new(OpenConnection::new(Arc::default(), Peer::Unknown))
    }

    #[test]
    fn a_client_that_does_not_speak_is_given_up_and_one_that_does_is_not() {
        let connection = connection();
        let late = Instant::now() + limits().handshake_timeout + Duration::from_secs(1);
        assert!(!connection.close_if_overdue(Instant::now(), &limits()));
        connection.received(FIRST_WORDS_BYTES - 1);
        assert!(connection.close_if_overdue(late, &limits()) && connection.is_closing());
        let connection = self::connection();
        connection.received(FIRST_WORDS_BYTES);
        assert!(!connection.close_if_overdue(late, &limits()) && !connection.is_closing());
    }

    #[test]
    fn an_answer_that_is_not_taken_closes_its_connection_and_a_call_without_one_does_not() {
        let connection = connection();
        connection.received(FIRST_WORDS_BYTES);
        let call = CallOn::new(Arc::clone(&connection));
        let late = || Instant::now() + limits().answer_timeout + Duration::from_secs(1);
        call.came();
        assert!(!connection.close_if_overdue(late(), &limits()), "a subscription may last");
        call.moved();
        assert!(!connection.close_if_overdue(Instant::now(), &limits()));
        drop(call);
        assert!(!connection.close_if_overdue(late(), &limits()), "the answer was taken");
        let untaken = CallOn::new(Arc::clone(&connection));
        untaken.moved();
        assert!(connection.close_if_overdue(late(), &limits()));
    }

    #[test]
    fn a_connection_without_a_call_is_given_up_and_one_that_is_followed_is_not() {
        let connection = connection();
        connection.received(FIRST_WORDS_BYTES);
        let late = Instant::now() + limits().connection_idle_timeout + Duration::from_secs(1);
        let following = CallOn::new(Arc::clone(&connection));
        following.came();
        assert!(!connection.close_if_overdue(late, &limits()));
        drop(following);
        assert!(!connection.close_if_overdue(Instant::now(), &limits()));
        assert!(connection.close_if_overdue(late, &limits()));
    }

    #[test]
    fn who_its_client_is_is_known_once() {
        let connection = connection();
        let at = |second| StoppedClock(Timestamp::from_second(second).expect("a time"));
        assert_eq!(connection.certificate(&at(0)), None);
        let expires = Timestamp::from_second(10).expect("a time");
        let peer = |name: &str| PeerCertificate { names: vec![name.to_owned()], expires };
        connection.identify(peer("ada"));
        connection.identify(peer("eve"));
        assert_eq!(
            connection.certificate(&at(9)).map(|it| it.names.join(" ")).as_deref(),
            Some("ada")
        );
        assert_eq!(connection.certificate(&at(10)), None, "it has expired");
    }

    #[test]
    fn a_connection_is_idle_between_its_calls() {
        let connection = connection();
        assert!(connection.idle().is_some_and(|(called, _)| !called));
        let call = CallOn::new(Arc::clone(&connection));
        assert!(connection.idle().is_some(), "its request has not come");
        call.came();
        assert_eq!(connection.idle(), None);
        drop(call);
        assert!(connection.idle().is_some_and(|(called, _)| called));
    }
}
