//! Gathers what is written to a connection: when many calls on it are answered at about the
//! same time, their answers go out in one system call, and wake the client once.
//!
//! It waits for no time to pass. A flush of little lets the other tasks that are ready have a
//! chance to run first, because they may be calls whose answers belong to it; when there are none
//! it goes on at once.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is gathered at most, in bytes.
const GATHERED_MAX: usize = 32 << 10;
/// A flush of so many bytes waits for nothing more.
const ENOUGH: usize = 16 << 10;
/// Capacity that is kept while nothing is to be written: there are many idle connections.
const KEPT_CAPACITY: usize = 4 << 10;

/// A connection whose writes are gathered.
pub(super) struct Gathered<I> {
    io: I,
    /// What was taken and not written yet begins at `written`.
    taken: Vec<u8>,
    written: usize,
    /// Whether others had their chance to add to what is flushed now.
    has_let_others_run: bool,
}

impl<I> Gathered<I> {
    pub(super) fn new(io: I) -> Self {
        Self { io, taken: Vec::new(), written: 0, has_let_others_run: false }
    }
}

impl<I: AsyncWrite + Unpin> Gathered<I> {
    /// Writes all that was taken.
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.taken.len() {
            let left = &self.taken[self.written..];
            let count = ready!(Pin::new(&mut self.io).poll_write(cx, left))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.taken.clear();
        self.taken.shrink_to(KEPT_CAPACITY);
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Takes as much as there is room for, and makes room when there is none.
    fn poll_take(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.taken.len() >= GATHERED_MAX {
            ready!(self.poll_write_out(cx))?;
        }
        if self.taken.is_empty() && bytes.len() >= ENOUGH {
            return Pin::new(&mut self.io).poll_write(cx, bytes);
        }
        let count = bytes.len().min(GATHERED_MAX - self.taken.len());
        let needed = self.taken.len() + count;
        if needed > self.taken.capacity() {
            // A vector that grows by itself may come to hold twice as much as can be taken.
            let capacity = needed.max(2 * self.taken.capacity()).min(GATHERED_MAX);
            self.taken.reserve_exact(capacity - self.taken.len());
        }
        self.taken.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Gathered<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Gathered<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_take(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waiting = self.taken.len() - self.written;
        if (1..ENOUGH).contains(&waiting) && !self.has_let_others_run {
            self.has_let_others_run = true;
            // A task that wakes itself takes its place behind all that are ready.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.poll_write_out(cx))?;
        self.has_let_others_run = false;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_out(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::*;

    /// Remembers each write; takes `room` bytes at a time, and waits when there is no room.
    struct Peer {
        writes: Vec<Vec<u8>>,
        room: usize,
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = bytes.len().min(self.room);
            if count == 0 {
                return Poll::Pending;
            }
            self.writes.push(bytes[..count].to_vec());
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Fixture {
        gathered: Gathered<Peer>,
        wakes: Arc<Wakes>,
    }

    impl Fixture {
        fn new(room: usize) -> Self {
            let peer = Peer { writes: Vec::new(), room };
            Self { gathered: Gathered::new(peer), wakes: Arc::default() }
        }

        fn run<T>(
            &mut self,
            poll: impl FnOnce(Pin<&mut Gathered<Peer>>, &mut Context<'_>) -> T,
        ) -> T {
            let waker = Waker::from(Arc::clone(&self.wakes));
            poll(Pin::new(&mut self.gathered), &mut Context::from_waker(&waker))
        }

        fn write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.run(|gathered, cx| gathered.poll_write(cx, bytes))
        }

        fn flush(&mut self) -> bool {
            self.run(|gathered, cx| gathered.poll_flush(cx)).is_ready()
        }
    }

    #[test]
    fn what_comes_while_others_run_goes_out_in_the_same_write() {
        let mut connection = Fixture::new(usize::MAX);
        assert!(matches!(connection.write(b"one"), Poll::Ready(Ok(3))));
        assert!(!connection.flush());
        assert_eq!(connection.wakes.0.load(Ordering::Relaxed), 1, "it comes back by itself");
        assert!(matches!(connection.write(b", two"), Poll::Ready(Ok(5))));
        assert!(connection.flush());
        assert_eq!(connection.gathered.io.writes, [b"one, two"]);
        assert!(connection.flush(), "nothing is left");
        assert!(matches!(connection.write(b"three"), Poll::Ready(Ok(5))));
        assert!(!connection.flush(), "each flush gives others a chance");
    }

    #[test]
    fn a_flush_of_much_waits_for_nobody() {
        let mut connection = Fixture::new(usize::MAX);
        for half in [&[1; ENOUGH / 2], &[2; ENOUGH / 2]] {
            assert!(
                matches!(connection.write(half), Poll::Ready(Ok(count)) if count == half.len())
            );
        }
        assert!(connection.flush());
        assert_eq!(connection.gathered.io.writes.len(), 1);
        assert!(matches!(connection.write(&vec![3; ENOUGH]), Poll::Ready(Ok(ENOUGH))));
        assert_eq!(connection.gathered.io.writes.len(), 2, "it is not even copied");
    }

    #[test]
    fn no_more_is_taken_than_a_peer_that_does_not_read_may_cost() {
        let mut connection = Fixture::new(0);
        assert!(connection.write(&vec![1; ENOUGH]).is_pending());
        let little = vec![1; ENOUGH - 1];
        let mut taken = 0;
        while let Poll::Ready(count) = connection.write(&little) {
            taken += count.expect("nothing fails");
        }
        assert_eq!(taken, GATHERED_MAX);
        connection.gathered.io.room = 1000;
        assert!(matches!(connection.write(b"end"), Poll::Ready(Ok(3))));
        let closed = connection.run(|gathered, cx| gathered.poll_shutdown(cx));
        assert!(closed.is_ready());
        let written = connection.gathered.io.writes.concat();
        assert_eq!(written.len(), GATHERED_MAX + 3, "also what waits when it is closed");
        assert!(written.ends_with(b"end"));
    }
}
