//! Reading without waiting: what is in memory is read, and nothing else.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::time::Duration;

use callboard::disk::{Content, Disk as _, OsDisk};
use callboard::domain::TreePath;
use rustix::fs::{Advice, AtFlags, CWD, FileType, Mode, Timespec, Timestamps};
use tempfile::TempDir;

use super::{BYTES_MAX, path, replace, tree};
use crate::nothing_lost::volume::Volume;
use crate::skip::skip;

/// The system may say that it cannot know at any time: then it is asked again so often.
const ATTEMPTS: usize = 1000;

/// Reads a file that is in memory.
fn read(disk: &OsDisk, file: &TreePath) -> Option<Content> {
    (0..ATTEMPTS).find_map(|_| disk.read_at_once(file, BYTES_MAX))
}

/// A tree where files are read at once; none where the system cannot tell.
fn able_tree() -> Option<(TempDir, OsDisk)> {
    let (folder, disk) = tree();
    replace(&disk, &path("first"), "there");
    if read(&disk, &path("first")).is_none() {
        skip("nothing is read at once on this system, or in its folder for temporary files");
        return None;
    }
    Some((folder, disk))
}

#[test]
fn what_is_in_memory_is_read_at_once_with_what_the_file_was() {
    let Some((folder, disk)) = able_tree() else { return };
    fs::create_dir_all(folder.path().join("a/b")).expect("folders");
    for length in [0, 1, 5000, 300_000] {
        let file = path("a/b/document");
        replace(&disk, &file, &"x".repeat(length));
        let expected = disk.read(&file, BYTES_MAX).expect("reads").expect("a document");
        assert!(read(&disk, &file) == Some(expected), "of {length} bytes");
    }
}

#[test]
fn what_is_on_the_device_alone_is_not_waited_for() {
    let Some((folder, disk)) = able_tree() else { return };
    let file = File::open(folder.path().join("first")).expect("the file");
    let is_left_out = |_| {
        file.sync_all().expect("synced");
        // Whoever has just used a page of it makes this do nothing.
        rustix::fs::fadvise(&file, 0, None, Advice::DontNeed).expect("advised");
        disk.read_at_once(&path("first"), BYTES_MAX).is_none()
    };
    assert!((0..100).any(is_left_out), "it was read a hundred times, from where?");
    let content = disk.read(&path("first"), BYTES_MAX).expect("reads").expect("the file");
    assert!(read(&disk, &path("first")) == Some(content), "and then it is in memory");
}

#[test]
fn what_is_absent_no_file_too_long_or_behind_a_symlink_is_left_to_others() {
    let Some((folder, disk)) = able_tree() else { return };
    let root = folder.path();
    fs::create_dir(root.join("folder")).expect("a folder");
    fs::write(root.join("folder/file"), "there").expect("written");
    symlink("first", root.join("link")).expect("a link");
    symlink("folder", root.join("other")).expect("a link");
    // Else to follow it would have to be noted, which is not done at once.
    let at = |tv_sec| Timespec { tv_sec, tv_nsec: 0 };
    let times = Timestamps { last_access: at(2_000_000_000), last_modification: at(1_000_000_000) };
    let itself = AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(CWD, root.join("other"), &times, itself).expect("its times");
    rustix::fs::mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    assert!(read(&disk, &path("folder/file")).is_some());
    for name in ["absent", "absent/file", "folder", "link", "other/file", "pipe", "first/file"] {
        assert_eq!(read(&disk, &path(name)), None, "{name}");
    }
    assert_eq!(disk.read_at_once(&path("first"), "there".len() - 1), None);
}

#[test]
fn reading_at_once_leaves_the_time_of_the_last_access() {
    let Some((folder, disk)) = able_tree() else { return };
    // Older than the last change: any reading would set it.
    let file = File::options().write(true).open(folder.path().join("first")).expect("the file");
    let changed = file.metadata().and_then(|data| data.modified()).expect("a time");
    let long_ago = changed - Duration::from_secs(3 * 24 * 3600);
    file.set_times(FileTimes::new().set_accessed(long_ago)).expect("its times");
    let accessed = || file.metadata().map(|data| (data.atime(), data.atime_nsec())).expect("times");
    let before = accessed();
    assert!(read(&disk, &path("first")).is_some());
    assert_eq!(accessed(), before);
}

#[test]
fn another_file_system_in_the_tree_is_left_to_others() {
    let Some(_able) = able_tree() else { return };
    let Some(volume) = Volume::ext4(16 << 20, &[]) else { return };
    let mounted = volume.path();
    let disk = OsDisk::open_root(mounted.parent().expect("a folder")).expect("the root");
    fs::write(mounted.join("file"), "there").expect("written");
    let file = path("volume/file");
    assert!(disk.read(&file, BYTES_MAX).expect("reads").is_some());
    assert_eq!(read(&disk, &file), None);
    let itself = OsDisk::open_root(&mounted).expect("the root");
    assert!(read(&itself, &path("file")).is_some(), "as its own root it is read");
}
