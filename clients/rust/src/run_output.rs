//! What a run writes: collected for a moment, and appended to a file of the run, in order.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Error;
use crate::content::CHUNK_BYTES;
use crate::run_file::FileEnd;

/// How much is collected before it is sent without waiting for more, in bytes.
const COLLECTED_BYTES: usize = 64 << 10;
/// How long it is waited for more.
const COLLECTED_FOR: Duration = Duration::from_millis(200);
/// How much waits to be sent before whoever writes has to wait, in bytes.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// One of the files that a [`Run`](crate::Run) writes. Clones write to the same file.
///
/// What is written is sent after 200 ms, or as soon as it is 64 KiB, and safely again when the
/// connection breaks. Flushing waits until all that was written is on the server's disk. Once
/// something cannot be recorded, writing and flushing fail; the [`io::Error`] holds the
/// [`Error`].
#[derive(Debug)]
pub struct RunOutput {
    handle: Arc<Handle>,
    /// What the flush that is under way waits for.
    flush_to: Option<u64>,
}

/// What all clones of an output share; when the last one is dropped, no more comes.
#[derive(Debug)]
struct Handle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Since when something waits.
    waiting_since: Option<Instant>,
    /// How many bytes were written, are on the server's disk, and are to be there soon.
    written: u64,
    recorded: u64,
    flush_to: u64,
    closed: bool,
    failure: Option<Error>,
    wakers: Vec<Waker>,
}

impl RunOutput {
    /// Begins to append to a file.
    pub(crate) fn open(end: FileEnd) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Notify::new() });
        tokio::spawn(Arc::clone(&shared).record(end));
        Self { handle: Arc::new(Handle(shared)), flush_to: None }
    }

    /// Waits until all that was written is on the server's disk.
    pub(crate) async fn settle(&mut self) -> Result<(), Error> {
        let flushed = tokio::io::AsyncWriteExt::flush(self).await;
        flushed.map_err(|error| Error::io("record the output", error))
    }
}

impl Clone for RunOutput {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle), flush_to: None }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends what is written, chunk by chunk, until nothing more comes.
    async fn record(self: Arc<Self>, mut end: FileEnd) {
        while let Some(chunk) = self.next_chunk().await {
            let length = chunk.len() as u64;
            let appended = end.append(chunk).await;
            let mut state = self.state();
            match appended {
                Ok(()) => state.recorded += length,
                Err(error) => state.failure = Some(error),
            }
            state.wakers.drain(..).for_each(Waker::wake);
            if state.failure.is_some() {
                return;
            }
        }
    }

    /// Waits for something to append; none when nothing more comes.
    async fn next_chunk(&self) -> Option<Vec<u8>> {
        loop {
            let due = {
                let mut state = self.state();
                if let Some(chunk) = state.take_chunk() {
                    return Some(chunk);
                }
                if state.closed {
                    return None;
                }
                state.waiting_since.map(|since| since + COLLECTED_FOR)
            };
            let more = self.changed.notified();
            match due {
                None => more.await,
                Some(due) => tokio::select! {
                    () = more => {}
                    () = tokio::time::sleep_until(due) => {}
                },
            }
        }
    }
}

impl State {
    fn take_chunk(&mut self) -> Option<Vec<u8>> {
        let is_due = self.waiting.len() >= COLLECTED_BYTES
            || self.recorded < self.flush_to
            || self.closed
            || self.waiting_since.is_some_and(|since| since.elapsed() >= COLLECTED_FOR);
        if self.waiting.is_empty() || !is_due {
            return None;
        }
        let rest = self.waiting.split_off(CHUNK_BYTES.min(self.waiting.len()));
        if rest.is_empty() {
            self.waiting_since = None;
        }
        Some(std::mem::replace(&mut self.waiting, rest))
    }

    /// Has a task woken when something was recorded, once.
    fn wake_later(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }

    fn check(&self) -> io::Result<()> {
        self.failure.clone().map_or(Ok(()), |error| Err(io::Error::other(error)))
    }
}

impl AsyncWrite for RunOutput {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // A flush that was under way is not waited for any more: the next one waits for this, too.
        self.flush_to = None;
        let shared = &self.handle.0;
        let mut state = shared.state();
        state.check()?;
        let room = WAITING_BYTES_MAX.saturating_sub(state.waiting.len());
        if room == 0 {
            state.wake_later(cx);
            return Poll::Pending;
        }
        let taken = &bytes[..room.min(bytes.len())];
        state.waiting.extend_from_slice(taken);
        state.written += taken.len() as u64;
        if !taken.is_empty() {
            state.waiting_since.get_or_insert_with(Instant::now);
        }
        drop(state);
        shared.changed.notify_one();
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let shared = &this.handle.0;
        let mut state = shared.state();
        let flush_to = *this.flush_to.get_or_insert(state.written);
        let outcome = state.check();
        if outcome.is_err() || state.recorded >= flush_to {
            this.flush_to = None;
            return Poll::Ready(outcome);
        }
        state.flush_to = state.flush_to.max(flush_to);
        state.wake_later(cx);
        drop(state);
        shared.changed.notify_one();
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(length: usize) -> State {
        let written = length as u64;
        let waiting_since = Some(Instant::now());
        State { waiting: vec![7; length], waiting_since, written, ..State::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_is_sent_when_it_is_much_or_old_or_flushed_or_the_last() {
        assert_eq!(waiting(10).take_chunk(), None);
        assert_eq!(waiting(COLLECTED_BYTES).take_chunk().map(|chunk| chunk.len()), Some(65_536));
        let mut old = waiting(10);
        tokio::time::advance(COLLECTED_FOR).await;
        assert!(old.take_chunk().is_some() && old.waiting_since.is_none());
        assert!(State { flush_to: 10, ..waiting(10) }.take_chunk().is_some());
        assert!(State { closed: true, ..waiting(10) }.take_chunk().is_some());
        assert_eq!(State { closed: true, ..State::default() }.take_chunk(), None);
    }

    #[tokio::test]
    async fn a_flush_that_was_given_up_does_not_stand_for_what_was_written_after_it() {
        use futures_util::FutureExt as _;
        use tokio::io::AsyncWriteExt as _;

        let shared = Arc::new(Shared { state: Mutex::default(), changed: Notify::new() });
        let handle = Arc::new(Handle(Arc::clone(&shared)));
        let mut output = RunOutput { handle, flush_to: None };
        output.write_all(b"one").await.expect("taken");
        assert!(output.flush().now_or_never().is_none());
        let mut other = output.clone();
        for output in [&mut output, &mut other] {
            output.write_all(b"two").await.expect("taken");
        }
        shared.state().recorded = 3;
        assert!(output.flush().now_or_never().is_none());
        assert!(other.flush().now_or_never().is_none());
        assert_eq!(shared.state().wakers.len(), 1, "one task, woken once");
        shared.state().recorded = 9;
        assert!(output.flush().now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_is_too_much_for_one_chunk_is_sent_in_order() {
        let mut state = waiting(CHUNK_BYTES + 1);
        state.waiting[CHUNK_BYTES] = 8;
        assert_eq!(state.take_chunk().map(|chunk| chunk.len()), Some(CHUNK_BYTES));
        state.closed = true;
        assert_eq!(state.take_chunk(), Some(vec![8]));
    }
}
