//! Who holds a lock.

use std::fs;

/// Finds the process that holds a `flock` on a file, from `/proc/locks`.
///
/// A line reads `1: FLOCK  ADVISORY  WRITE 4711 fd:01:123456 0 EOF`: the process,
/// and the file as device numbers in hex and inode. Some file systems show another
/// device there, so only the inode is compared. None when the system has no such
/// file, or hides the process (in another PID namespace it reads 0 or less).
pub(super) fn of(inode: u64) -> Option<u32> {
    let inode = inode.to_string();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        if words.next()? != "FLOCK" {
            return None;
        }
        let pid = words.nth(2)?.parse::<u32>().ok().filter(|&pid| pid > 0)?;
        (words.next()?.rsplit(':').next()? == inode).then_some(pid)
    })
}
