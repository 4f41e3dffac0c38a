//! Reading what is in the system's memory, and nothing else: Linux says at each step when it
//! would have to wait. Must never wait for a device, a lock or another machine.
//!
//! What a path is, is then looked up in the cache of names alone (`RESOLVE_CACHED`, since
//! Linux 5.12), and content comes from the cache of pages alone (`RWF_NOWAIT`). Opening a file
//! is a matter of its file system: only some are known to do that without waiting, so the
//! root must be on one of them, and no path may lead to another (`RESOLVE_NO_XDEV`).

use std::io::IoSliceMut;
use std::os::fd::OwnedFd;

use rustix::fs::OFlags;
use rustix::io::Result;

/// File systems of this machine's own that open a file in memory without asking the device:
/// ext2 to ext4, XFS and Btrfs. One over the network asks a server, one in user space a
/// program; tmpfs cannot be read without being allowed to wait.
#[cfg(target_os = "linux")]
const AT_ONCE: [u32; 3] = [0xef53, 0x5846_5342, 0x9123_683e];

/// Whether the file system of a folder opens files that are in memory without waiting.
#[cfg(target_os = "linux")]
pub(super) fn opens_at_once(folder: &OwnedFd) -> bool {
    // The number is one of 32 bits, in a word that differs from machine to machine.
    rustix::fs::fstatfs(folder).is_ok_and(|told| AT_ONCE.contains(&(told.f_type as u32)))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn opens_at_once(_folder: &OwnedFd) -> bool {
    false
}

/// Opens a path below the root, of which all is in memory.
#[cfg(target_os = "linux")]
pub(super) fn open(root: &OwnedFd, path: &str, flags: OFlags) -> Result<OwnedFd> {
    use rustix::fs::{Mode, ResolveFlags};
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_XDEV
        | ResolveFlags::CACHED;
    // To note when it was read would be a write, which may wait for the journal. Only the
    // file's owner, or who may do all, may leave it out; else this fails.
    rustix::fs::openat2(root, path, flags | OFlags::NOATIME, Mode::empty(), resolve)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn open(_root: &OwnedFd, _path: &str, _flags: OFlags) -> Result<OwnedFd> {
    Err(rustix::io::Errno::AGAIN)
}

/// Reads what is in memory.
#[cfg(target_os = "linux")]
pub(super) fn read_at(file: &OwnedFd, offset: u64, buffer: &mut [u8]) -> Result<usize> {
    use rustix::io::ReadWriteFlags;
    let mut buffers = [IoSliceMut::new(buffer)];
    rustix::io::preadv2(file, &mut buffers, offset, ReadWriteFlags::NOWAIT)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn read_at(_file: &OwnedFd, _offset: u64, _buffer: &mut [u8]) -> Result<usize> {
    Err(rustix::io::Errno::AGAIN)
}
