//! Waiting for the lock of a file, with a limit; and locks in memory.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::disk::DiskFile;
use crate::domain::TreePath;
use crate::error::{Error, Holder};
use crate::limits::LOCK_BUDGET;
use crate::meters;

/// How often it is tried to release a lock.
const RELEASE_ATTEMPTS: usize = 3;

/// Takes the lock of a file; returns false when another program held it until the
/// deadline. It is tried again after each such interval.
pub(in crate::files) fn lock_until(
    file: &dyn DiskFile,
    deadline: Instant,
    retry_interval: impl Fn() -> Duration,
) -> io::Result<bool> {
    while !try_lock(file)? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        // There is no event to wait for: flock can be waited for only without a
        // time limit.
        std::thread::sleep(retry_interval());
    }
    Ok(true)
}

/// Takes the lock of a file, if it is free and the call is not interrupted.
pub(in crate::files) fn try_lock(file: &dyn DiskFile) -> io::Result<bool> {
    match file.try_lock() {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        tried => tried,
    }
}

/// Releases the lock of a file, with several attempts: one that stays locks everybody out,
/// this server too, for as long as a reader has the file open.
pub(in crate::files) fn release(file: &dyn DiskFile) -> io::Result<()> {
    let mut released = file.unlock();
    for _ in 1..RELEASE_ATTEMPTS {
        if released.is_ok() {
            break;
        }
        released = file.unlock();
    }
    released
}

/// Says that another program held the lock of a file for all of a time.
pub(in crate::files) fn timed_out(file: &dyn DiskFile, path: &TreePath, budget: Duration) -> Error {
    // Who waits for less tries again, and nobody's call is refused for it.
    if budget >= LOCK_BUDGET {
        meters::lock_timed_out();
    }
    Error::LockTimeout {
        path: path.to_string(),
        holder: Holder(file.lock_holder()),
        budget_seconds: budget.as_secs(),
    }
}

/// Locks what is whole between any two statements of ours.
pub(in crate::files) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
