//! Calls that were interrupted.

use rustix::io::{Errno, Result};

/// Makes a call again as long as it is interrupted. Only for calls that are listed so in
/// [`calls`](crate::disk::calls), which a sync is not.
pub(super) fn again<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            answer => return answer,
        }
    }
}
