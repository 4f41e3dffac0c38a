//! The threads that run the owners of buses. A bus is run by one thread at a
//! time; a thread that syncs, or waits for another program, holds up no other bus.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::disk::DiskFile;
use crate::files::lock::{lock_until, try_lock};
use crate::limits::{BUS_LOCK_WAITERS_MAX, BUS_WRITER_IDLE, BUS_WRITERS_MAX, LOCK_RETRY_INTERVAL};
use crate::meters;

/// How long the end waits for turns in progress: one may wait for a lock that
/// another program holds.
const CLOSE_BUDGET: Duration = Duration::from_secs(2);

/// Something that has a turn to take.
pub(super) trait Turn: Send + Sync + 'static {
    /// Does what is waiting. Returns whether more is waiting already.
    fn take_turn(&self) -> bool;
}

/// A pool of threads that grows with the work and shrinks again.
pub(super) struct Writers {
    state: Mutex<State>,
    wake: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Arc<dyn Turn>>,
    threads: usize,
    idle: usize,
    /// Threads that wait for another program: they take nobody's place.
    aside: usize,
    closed: bool,
}

impl State {
    /// Whether another thread may be started.
    fn has_room(&self) -> bool {
        let aside = self.aside.min(BUS_LOCK_WAITERS_MAX);
        self.threads.saturating_sub(aside) < BUS_WRITERS_MAX
    }
}

impl Writers {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
            ended: Condvar::new(),
        })
    }

    /// Gives something its turn as soon as a thread is free. It must not be
    /// scheduled again before its turn returned false.
    pub(super) fn schedule(self: &Arc<Self>, turn: Arc<dyn Turn>) {
        let mut state = self.lock();
        state.ready.push_back(turn);
        if state.idle >= state.ready.len() {
            self.wake.notify_one();
        } else if state.has_room() {
            state.threads += 1;
            drop(state);
            if !self.spawn() {
                let mut state = self.lock();
                // Without a single thread nobody would ever answer.
                let turns: Vec<_> =
                    if state.threads == 0 { state.ready.drain(..).collect() } else { Vec::new() };
                drop(state);
                for turn in turns {
                    while turn.take_turn() {}
                }
            }
        }
    }

    /// Takes the lock of a file, in a turn; returns false when another program held it until
    /// the deadline. While it is waited for, another thread may take this one's place.
    pub(super) fn take_lock(
        self: &Arc<Self>,
        file: &dyn DiskFile,
        deadline: Instant,
    ) -> io::Result<bool> {
        if try_lock(file)? {
            meters::bus_lock_waited(Duration::ZERO);
            return Ok(true);
        }
        let begin = Instant::now();
        let locked = self.aside(|| lock_until(file, deadline, || self.retry_interval()));
        meters::bus_lock_waited(begin.elapsed());
        locked
    }

    /// All who wait look no more often together than all writers would.
    fn retry_interval(&self) -> Duration {
        let rounds = self.lock().aside.div_ceil(BUS_WRITERS_MAX).max(1);
        LOCK_RETRY_INTERVAL * u32::try_from(rounds).unwrap_or(u32::MAX)
    }

    /// Runs something that waits for another program.
    fn aside<T>(self: &Arc<Self>, wait: impl FnOnce() -> T) -> T {
        let mut state = self.lock();
        state.aside += 1;
        let is_wanted = state.idle < state.ready.len() && state.has_room();
        state.threads += usize::from(is_wanted);
        drop(state);
        if is_wanted {
            self.spawn();
        }
        let waited = wait();
        self.lock().aside -= 1;
        waited
    }

    /// Starts a thread, which is counted already; when that fails, it is not any more.
    fn spawn(self: &Arc<Self>) -> bool {
        let writers = Arc::clone(self);
        let builder = std::thread::Builder::new().name("bus-writer".into());
        if let Err(error) = builder.spawn(move || writers.run()) {
            tracing::error!(%error, "cannot start a writer thread");
            self.lock().threads -= 1;
            return false;
        }
        true
    }

    /// Ends the threads once nothing is waiting; waits for that, but not for ever.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake.notify_all();
        let running = |state: &mut State| state.threads > 0;
        let ended = self.ended.wait_timeout_while(state, CLOSE_BUDGET, running);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some(turn) = state.ready.pop_front() {
                drop(state);
                let more = turn.take_turn();
                state = self.lock();
                if more {
                    state.ready.push_back(turn);
                }
                continue;
            }
            if state.closed {
                break;
            }
            state.idle += 1;
            let (woken, waited) = self
                .wake
                .wait_timeout(state, BUS_WRITER_IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.ready.is_empty() {
                break;
            }
        }
        state.threads -= 1;
        self.ended.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements of ours.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_wait_for_locks_they_do_not_look_more_often_together_than_all_writers_would() {
        let writers = Writers::new();
        let most = BUS_WRITERS_MAX as f64 / LOCK_RETRY_INTERVAL.as_secs_f64();
        for waiting in [1, BUS_WRITERS_MAX, BUS_WRITERS_MAX + 1, BUS_LOCK_WAITERS_MAX] {
            writers.lock().aside = waiting;
            let interval = writers.retry_interval();
            assert!(waiting as f64 / interval.as_secs_f64() <= most, "{waiting}: {interval:?}");
            assert!(waiting > BUS_WRITERS_MAX || interval == LOCK_RETRY_INTERVAL, "{waiting}");
        }
    }
}
