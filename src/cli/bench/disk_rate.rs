//! What the disk can do at most: L, the rate of one thread that appends to one file and syncs.
//!
//! Every figure of the service is given as a ratio to it, since the disk of a shared machine
//! drifts several-fold with what its neighbours do.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::failure::Failure;
use super::latencies::Latencies;
use super::pace::Pace;

/// How much is appended each time: about what a record of 300 bytes takes.
const RECORD: [u8; 400] = [b'x'; 400];

/// Returns how many times a second 400 bytes are appended to a file and synced, with `fdatasync`.
pub(super) fn measure(folder: &Path, duration: Duration) -> Result<f64, Failure> {
    let mut file = file(folder)?;
    let begin = Instant::now();
    let mut count = 0.0;
    while begin.elapsed() < duration {
        append(&mut file)?;
        count += 1.0;
    }
    Ok(count / begin.elapsed().as_secs_f64())
}

/// Returns how long one such append takes when they come at a rate that leaves the disk idle in
/// between, and the rate that was kept.
pub(super) fn paced(
    folder: &Path,
    per_second: u32,
    duration: Duration,
) -> Result<(f64, Latencies), Failure> {
    let mut file = file(folder)?;
    let mut latencies = Latencies::default();
    let mut pace = Pace::new(per_second);
    let first = Instant::now();
    while first.elapsed() < duration {
        std::thread::sleep(pace.wait());
        let begin = pace.begin();
        append(&mut file)?;
        latencies.note(begin.elapsed());
    }
    Ok((latencies.count() as f64 / first.elapsed().as_secs_f64(), latencies))
}

/// Tells whether a folder is of a file system that is in memory only, as far as that can be
/// told: a sync costs nothing there, and is none.
pub(super) fn is_in_memory(folder: &Path) -> bool {
    // From linux/magic.h: TMPFS_MAGIC and RAMFS_MAGIC.
    #[cfg(target_os = "linux")]
    let is_in_memory =
        |status: rustix::fs::StatFs| [0x0102_1994, 0x8584_58f6].contains(&status.f_type);
    #[cfg(not(target_os = "linux"))]
    let is_in_memory = |_| false;
    rustix::fs::statfs(folder).is_ok_and(is_in_memory)
}

fn file(folder: &Path) -> Result<File, Failure> {
    File::create(folder.join("disk-rate")).map_err(|error| failed(&error))
}

fn append(file: &mut File) -> Result<(), Failure> {
    file.write_all(&RECORD).and_then(|()| file.sync_data()).map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> Failure {
    Failure::own("append to a file and sync it", error)
}
