//! Waiting for the lock of a file, with a limit.

use std::io;
use std::time::Instant;

use crate::disk::DiskFile;
use crate::limits::LOCK_RETRY_INTERVAL;

/// Takes the lock of a file; returns false when another program held it until the
/// deadline.
pub(in crate::files) fn lock_until(file: &dyn DiskFile, deadline: Instant) -> io::Result<bool> {
    while !file.try_lock()? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        // There is no event to wait for: flock can be waited for only without a
        // time limit.
        std::thread::sleep(LOCK_RETRY_INTERVAL);
    }
    Ok(true)
}
