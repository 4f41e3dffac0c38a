//! Bytes of a stream that wait to be taken: what comes meanwhile is joined, and whoever
//! adds waits while there is no room.

use std::cell::RefCell;
use std::collections::VecDeque;

use tokio::sync::Notify;

/// Bytes between one who adds and one who takes, both in one task.
#[derive(Debug)]
pub(super) struct Backlog {
    state: RefCell<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    room: usize,
    ended: bool,
}

impl Backlog {
    /// Begins empty. `room` is how many bytes wait before whoever adds has to wait; one
    /// piece may reach beyond it.
    pub(super) fn new(room: usize) -> Self {
        let state = State { bytes: VecDeque::new(), room, ended: false };
        Self { state: RefCell::new(state), changed: Notify::new() }
    }

    /// Adds a piece, as soon as there is room.
    pub(super) async fn push(&self, piece: &[u8]) {
        loop {
            // From before the look on, so that no change falls in between.
            let changed = self.changed.notified();
            if self.state.borrow_mut().push(piece) {
                self.changed.notify_waiters();
                return;
            }
            changed.await;
        }
    }

    /// Takes everything that waits, up to `most` bytes, as soon as there is something;
    /// none at the end.
    pub(super) async fn next(&self, most: usize) -> Option<Vec<u8>> {
        loop {
            let changed = self.changed.notified();
            let (taken, ended) = {
                let mut state = self.state.borrow_mut();
                (state.take(most), state.ended)
            };
            if !taken.is_empty() {
                self.changed.notify_waiters();
                return Some(taken);
            }
            if ended {
                return None;
            }
            changed.await;
        }
    }

    /// Makes more room, also for who waits for it already.
    pub(super) fn widen(&self, room: usize) {
        self.state.borrow_mut().room = room;
        self.changed.notify_waiters();
    }

    /// Says that nothing more comes.
    pub(super) fn end(&self) {
        self.state.borrow_mut().ended = true;
        self.changed.notify_waiters();
    }
}

impl State {
    fn push(&mut self, piece: &[u8]) -> bool {
        let fits = self.bytes.len() < self.room;
        if fits {
            self.bytes.extend(piece);
        }
        fits
    }

    fn take(&mut self, most: usize) -> Vec<u8> {
        let count = most.min(self.bytes.len());
        let (front, back) = self.bytes.as_slices();
        let from_front = count.min(front.len());
        let mut taken = Vec::with_capacity(count);
        taken.extend_from_slice(&front[..from_front]);
        taken.extend_from_slice(&back[..count - from_front]);
        self.bytes.drain(..count);
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_ready(future: impl Future) -> bool {
        pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn pieces_are_joined_and_taken_in_order() {
        let backlog = Backlog::new(100);
        for piece in [&b"abc"[..], b"", b"de", b"f"] {
            backlog.push(piece).await;
        }
        assert_eq!(backlog.next(4).await.as_deref(), Some(&b"abcd"[..]));
        backlog.push(b"gh").await;
        backlog.end();
        assert_eq!(backlog.next(100).await.as_deref(), Some(&b"efgh"[..]));
        assert_eq!(backlog.next(100).await, None);
    }

    #[tokio::test]
    async fn whoever_adds_waits_for_room_and_whoever_takes_for_bytes() {
        let backlog = Backlog::new(4);
        assert!(!is_ready(backlog.next(1)));
        assert!(is_ready(backlog.push(b"12345")));
        assert!(!is_ready(backlog.push(b"6")));
        let (_, taken) = tokio::join!(backlog.push(b"6"), backlog.next(3));
        assert_eq!(taken.as_deref(), Some(&b"123"[..]));
        assert_eq!(backlog.next(9).await.as_deref(), Some(&b"456"[..]));
        let waiting = async {
            backlog.push(b"1234").await;
            backlog.push(b"5").await;
        };
        let widening = async { backlog.widen(5) };
        tokio::join!(waiting, widening);
        assert_eq!(backlog.next(9).await.as_deref(), Some(&b"12345"[..]));
    }

    #[tokio::test]
    async fn bytes_come_through_whole_whatever_the_sizes() {
        let sent: Vec<u8> =
            (0..100_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let backlog = Backlog::new(1000);
        let add = async {
            for (n, piece) in sent.chunks(777).enumerate() {
                backlog.push(&piece[..n % piece.len()]).await;
                backlog.push(&piece[n % piece.len()..]).await;
            }
            backlog.end();
        };
        let take = async {
            let mut taken = Vec::new();
            while let Some(chunk) = backlog.next(601).await {
                assert!(chunk.len() <= 601);
                taken.extend(chunk);
            }
            taken
        };
        let ((), taken) = tokio::join!(add, take);
        assert!(taken == sent);
    }
}
