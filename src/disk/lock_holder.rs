//! Who holds a lock.

use std::fs::File;
use std::io::{BufRead as _, BufReader};

/// How often the list is read before it is believed that the lock is not in it.
const LOOKS: usize = 3;
/// As much as the system hands out of the list at one time, and more.
const PIECE_BYTES: usize = 64 << 10;

/// Finds the process that holds a `flock` on a file, from `/proc/locks`.
///
/// A line reads `1: FLOCK  ADVISORY  WRITE 4711 fd:01:123456 0 EOF`: the process,
/// and the file as device numbers in hex and inode. Some file systems show another
/// device there, so only the inode is compared. None when the system has no such
/// file, or hides the process (in another PID namespace it reads 0 or less).
///
/// The system hands the list out in pieces of a page, and goes on by counting: a lock that is
/// given back between two of them hides another one. So whole pieces are taken, and a list
/// that is longer is looked through more than once.
pub(super) fn of(inode: u64) -> Option<u32> {
    let inode = inode.to_string();
    (0..LOOKS).find_map(|_| look_for(&inode))
}

fn look_for(inode: &str) -> Option<u32> {
    let locks = BufReader::with_capacity(PIECE_BYTES, File::open("/proc/locks").ok()?);
    locks.lines().map_while(Result::ok).find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        if words.next()? != "FLOCK" {
            return None;
        }
        let pid = words.nth(2)?.parse::<u32>().ok().filter(|&pid| pid > 0)?;
        (words.next()?.rsplit(':').next()? == inode).then_some(pid)
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::MetadataExt as _;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn the_holder_is_found_while_other_locks_come_and_go() {
        let held = tempfile::tempfile().expect("a file");
        held.lock().expect("locked");
        let inode = held.metadata().expect("its status").ino();
        let others: Vec<File> = (0..8).map(|_| tempfile::tempfile().expect("a file")).collect();
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    others.iter().for_each(|other| other.lock().expect("locked"));
                    others.iter().for_each(|other| other.unlock().expect("unlocked"));
                }
            });
            let found = (0..5_000).filter(|_| super::of(inode).is_some()).count();
            ended.store(true, Ordering::Relaxed);
            assert_eq!(found, 5_000);
        });
    }
}
