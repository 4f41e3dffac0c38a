//! What the disk promises for documents, on the real file system.

mod at_once;
mod folders;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use callboard::disk::{Disk, Expected, Identity, OsDisk, Replaced};
use callboard::domain::TreePath;
use callboard::error::{Error, Reason, Result};
use tempfile::TempDir;

use super::faulty_disk::{Faults, FaultyDisk};

const BYTES_MAX: usize = 1 << 20;

fn tree() -> (TempDir, OsDisk) {
    let folder = TempDir::new().expect("a folder");
    let disk = OsDisk::open_root(folder.path()).expect("the root");
    (folder, disk)
}

fn path(text: &str) -> TreePath {
    text.split('/').fold(TreePath::root(), |path, name| path.join(name))
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn text(disk: &impl Disk, document: &TreePath) -> String {
    let content = disk.read(document, BYTES_MAX).expect("reads").expect("a document");
    String::from_utf8(content.bytes).expect("text")
}

fn replace(disk: &impl Disk, document: &TreePath, content: &str) {
    let replaced = disk.replace(document, content.as_bytes(), None).expect("replaces");
    assert!(matches!(replaced, Replaced::Done(_)));
}

fn kind(error: &Error) -> std::io::ErrorKind {
    match error {
        Error::Io { source, .. } => source.kind(),
        other => panic!("{other} is no I/O error"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("its status").permissions().mode() & 0o7777
}

#[test]
fn a_reader_never_sees_a_part_of_a_document_that_is_replaced() {
    let (folder, disk) = tree();
    let document = path("document");
    // Of many lengths, and each of one letter.
    let content = |number: usize| vec![b'a' + (number % 26) as u8; 1 + (number * 7919) % 60_000];
    let _ = disk.replace(&document, &content(0), None).expect("replaces");
    let done = AtomicBool::new(false);
    let (reads, lengths) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut reads, mut lengths) = (0_usize, std::collections::HashSet::new());
            while !done.load(Ordering::SeqCst) {
                let read = disk.read(&document, BYTES_MAX).expect("reads").expect("never missing");
                let first = read.bytes[0];
                assert!(read.bytes.iter().all(|byte| *byte == first), "two contents in one");
                assert_eq!(read.status.length, read.bytes.len() as u64);
                lengths.insert(read.bytes.len());
                reads += 1;
            }
            (reads, lengths)
        });
        for number in 1..=1000 {
            let _ = disk.replace(&document, &content(number), None).expect("replaces");
        }
        done.store(true, Ordering::SeqCst);
        reader.join().expect("the reader")
    });
    let whole: Vec<_> = (0..=1000).map(|number| content(number).len()).collect();
    assert!(lengths.iter().all(|length| whole.contains(length)), "a part of a content");
    assert!(reads > 10 && lengths.len() > 1, "{reads} reads saw {} contents", lengths.len());
    assert_eq!(names(folder.path()), ["document"]);
}

#[test]
fn a_document_that_never_rests_is_an_error_and_not_a_part_of_it() {
    let (folder, disk) = tree();
    let file = folder.path().join("document");
    fs::write(&file, vec![b'x'; 4 << 20]).expect("writes");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options().append(true).open(&file).expect("opens");
            while !done.load(Ordering::SeqCst) {
                file.write_all(b"y").expect("writes");
            }
        });
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut failed = None;
        while failed.is_none() && Instant::now() < deadline {
            match disk.read(&path("document"), usize::MAX) {
                Ok(_) => {}
                Err(error) => failed = Some(kind(&error)),
            }
        }
        done.store(true, Ordering::SeqCst);
        assert_eq!(failed, Some(std::io::ErrorKind::ResourceBusy), "none: it always rested");
    });
    let read = disk.read(&path("document"), usize::MAX).expect("reads").expect("a document");
    assert_eq!(read.bytes.len() as u64, fs::metadata(&file).expect("its status").len());
}

#[test]
fn a_document_is_read_with_the_status_of_its_file() {
    let (folder, disk) = tree();
    let document = path("document");
    assert_eq!(disk.read(&document, BYTES_MAX).expect("reads"), None);
    assert_eq!(disk.read(&path("no/where"), BYTES_MAX).expect("reads"), None);
    replace(&disk, &document, "one");
    let read = disk.read(&document, 3).expect("reads").expect("a document");
    assert_eq!(read.bytes, b"one");
    assert_eq!(Some(read.status), disk.status(&document).expect("a status"));
    let data = fs::metadata(folder.path().join("document")).expect("its status");
    assert_eq!(read.status.identity, Identity { device: data.dev(), inode: data.ino() });
    assert_eq!(read.status.changed.as_second(), data.ctime());
    replace(&disk, &document, "");
    assert_eq!(text(&disk, &document), "");
}

#[test]
fn a_document_that_is_too_large_is_refused() {
    let (_folder, disk) = tree();
    let document = path("document");
    replace(&disk, &document, "four");
    match disk.read(&document, 3) {
        Err(Error::TooLarge { field, limit_name, limit, actual }) => {
            let expected = ("document", "DOCUMENT_BYTES_MAX", 3, 4);
            assert_eq!((field, limit_name, limit, actual), expected);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_document_is_replaced_only_when_it_is_as_expected() {
    let (folder, disk) = tree();
    let document = path("document");
    let replace = |content: &str, expected| {
        disk.replace(&document, content.as_bytes(), Some(expected)).expect("an answer")
    };
    let done = |replaced| match replaced {
        Replaced::Done(status) => status,
        Replaced::Changed => panic!("not replaced"),
    };
    let first = done(replace("one", Expected::Absent));
    assert_eq!(Some(first), disk.status(&document).expect("a status"));
    assert_eq!(replace("two", Expected::Absent), Replaced::Changed);
    assert_eq!(text(&disk, &document), "one");

    let second = done(replace("two", Expected::Status(first)));
    assert_ne!(first, second);
    assert_eq!(replace("three", Expected::Status(first)), Replaced::Changed, "another file");
    assert_eq!(text(&disk, &document), "two");

    // In place, by another program that even sets the time back.
    let file = fs::File::options().write(true).open(folder.path().join("document")).expect("opens");
    let modified = file.metadata().and_then(|data| data.modified()).expect("a time");
    wait_for_a_tick(folder.path());
    fs::write(folder.path().join("document"), "owt").expect("writes");
    file.set_modified(modified).expect("sets the time");
    assert_eq!(replace("three", Expected::Status(second)), Replaced::Changed, "written to");
    assert_eq!(text(&disk, &document), "owt");

    disk.remove_file(&document).expect("removes");
    assert_eq!(replace("three", Expected::Status(second)), Replaced::Changed, "gone");
    assert!(names(folder.path()).is_empty(), "nothing was made, and nothing is left over");
}

#[test]
fn a_change_while_the_new_content_is_written_is_noticed() {
    let (folder, disk) = tree();
    let (document, large) = (&path("document"), &vec![b'n'; 16 << 20]);
    let disk = &disk;
    let noticed = (0..20).any(|_| {
        fs::write(folder.path().join("document"), "read").expect("writes");
        let read = disk.read(document, BYTES_MAX).expect("reads").expect("a document");
        let replaced = thread::scope(|scope| {
            let expected = Some(Expected::Status(read.status));
            let replacing = scope.spawn(move || disk.replace(document, large, expected));
            // Its temporary file is there: it took the document for unchanged.
            while names(folder.path()).len() < 2 && !replacing.is_finished() {}
            fs::write(folder.path().join("document"), "theirs").expect("writes");
            replacing.join().expect("a thread").expect("an answer")
        });
        assert_eq!(names(folder.path()), ["document"]);
        // Or it was done before.
        let noticed = replaced == Replaced::Changed;
        assert!(!noticed || text(disk, document) == "theirs");
        noticed
    });
    assert!(noticed, "never");
}

/// Waits until the file system gives another time: on some it moves a few times in
/// a hundredth of a second only.
fn wait_for_a_tick(folder: &Path) {
    let probe = folder.join("probe");
    let stamp = || {
        fs::write(&probe, "x").expect("writes");
        fs::metadata(&probe).and_then(|data| data.modified()).expect("a time")
    };
    let first = stamp();
    while stamp() == first {
        thread::yield_now();
    }
    fs::remove_file(&probe).expect("removes");
}

#[test]
fn of_two_that_create_a_document_one_does() {
    let (folder, disk) = tree();
    for number in 0..100 {
        let document = path(&format!("document-{number}"));
        let barrier = Barrier::new(2);
        let create = |content: &'static str| {
            barrier.wait();
            let expected = Some(Expected::Absent);
            let replaced = disk.replace(&document, content.as_bytes(), expected);
            matches!(replaced.expect("an answer"), Replaced::Done(_))
        };
        let (one, two) = thread::scope(|scope| {
            let one = scope.spawn(|| create("one"));
            let two = scope.spawn(|| create("two"));
            (one.join().expect("a thread"), two.join().expect("a thread"))
        });
        assert!(one != two, "exactly one");
        assert_eq!(text(&disk, &document), if one { "one" } else { "two" });
    }
    assert_eq!(names(folder.path()).len(), 100, "no temporary file is left over");
}

#[test]
fn modes_are_set_whatever_stood_there() {
    let (folder, disk) = tree();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("document"), "theirs").expect("writes");
    fs::set_permissions(at("document"), fs::Permissions::from_mode(0o644)).expect("a mode");
    replace(&disk, &path("document"), "ours");
    disk.create_new_folder(&path("folder")).expect("creates");
    disk.write_new(&path("folder/new"), b"x", false).expect("writes");
    assert_eq!(mode(&at("document")), 0o600);
    assert_eq!(mode(&at("folder")), 0o700);
    assert_eq!(mode(&at("folder/new")), 0o600);
}

#[test]
fn new_files_and_folders_are_made_once() {
    let (_folder, disk) = tree();
    let exists = |answer: Result<()>| {
        kind(&answer.expect_err("exists")) == std::io::ErrorKind::AlreadyExists
    };
    disk.create_new_folder(&path("folder")).expect("creates");
    assert!(exists(disk.create_new_folder(&path("folder"))));
    disk.write_new(&path("folder/new"), b"first", true).expect("writes");
    assert!(exists(disk.write_new(&path("folder/new"), b"second", true)));
    assert_eq!(text(&disk, &path("folder/new")), "first");
    let missing = disk.create_new_folder(&path("no/folder")).expect_err("no parent");
    assert_eq!(kind(&missing), std::io::ErrorKind::NotFound);
    let missing = disk.replace(&path("no/document"), b"x", None).expect_err("no parent");
    assert_eq!(kind(&missing), std::io::ErrorKind::NotFound);
}

#[test]
fn a_symlink_is_never_followed() {
    let (folder, disk) = tree();
    let outside = TempDir::new().expect("a folder");
    let target = outside.path().join("target");
    fs::write(&target, "untouched").expect("writes");
    symlink(&target, folder.path().join("document")).expect("links");
    symlink(outside.path(), folder.path().join("folder")).expect("links");
    symlink("nowhere", folder.path().join("dangling")).expect("links");
    disk.create_new_folder(&path("real")).expect("creates");

    let refused = |what: &str, reason: Option<Reason>| {
        assert_eq!(reason, Some(Reason::NotARegularFile), "{what}");
    };
    let reason = |error: Error| error.reason();
    for name in ["document", "folder/target", "folder/new", "dangling"] {
        let document = path(name);
        refused(name, disk.read(&document, BYTES_MAX).err().map(reason));
        for expected in [None, Some(Expected::Absent)] {
            refused(name, disk.replace(&document, b"x", expected).err().map(reason));
        }
    }
    refused("write_new", disk.write_new(&path("folder/new"), b"x", true).err().map(reason));
    refused("create", disk.create_new_folder(&path("folder/new")).err().map(reason));
    refused("rename", disk.rename_new(&path("real"), &path("folder/new")).err().map(reason));
    refused("rename", disk.rename_new(&path("folder/target"), &path("new")).err().map(reason));
    refused("remove", disk.remove_tree(&path("folder/target")).err().map(reason));
    assert!(disk.write_new(&path("dangling"), b"x", true).is_err());
    assert!(!folder.path().join("nowhere").exists());

    assert_eq!(names(outside.path()), ["target"]);
    assert_eq!(fs::read_to_string(&target).expect("reads"), "untouched");
    assert_eq!(names(folder.path()), ["dangling", "document", "folder", "real"]);
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let (folder, disk) = tree();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    disk.create_new_folder(&path("folder")).expect("creates");
    let disk = Arc::new(disk);
    for name in ["pipe", "folder", "pipe/document"] {
        // In a thread of its own, so that a hang is seen.
        let (answers, answer) = mpsc::channel();
        let theirs = Arc::clone(&disk);
        thread::spawn(move || {
            let _ = answers.send(theirs.read(&path(name), BYTES_MAX).err());
            let _ = answers.send(theirs.replace(&path(name), b"x", None).err());
        });
        for _ in 0..2 {
            let error = answer.recv_timeout(Duration::from_secs(10)).expect("no hang");
            assert_eq!(error.map(|error| error.reason()), Some(Reason::NotARegularFile), "{name}");
        }
    }
    assert_eq!(names(folder.path()), ["folder", "pipe"]);
}

#[test]
fn no_temporary_file_is_left_over_after_an_error() {
    let folder = TempDir::new().expect("a folder");
    let faults = Arc::new(Faults::default());
    let disk = FaultyDisk::open(folder.path(), &faults);
    let document = path("document");
    replace(&*disk, &document, "old");
    let failed = |replaced: Result<Replaced>| replaced.expect_err("fails").reason();

    faults.full.store(true, Ordering::SeqCst);
    assert_eq!(failed(disk.replace(&document, b"new", None)), Reason::DiskFull);
    assert_eq!(
        disk.write_new(&path("new"), b"new", true).expect_err("fails").reason(),
        Reason::DiskFull
    );
    assert_eq!(disk.create_new_folder(&path("new")).expect_err("fails").reason(), Reason::DiskFull);
    faults.full.store(false, Ordering::SeqCst);
    faults.fail_next_sync();
    assert_eq!(failed(disk.replace(&document, b"new", None)), Reason::Io);
    assert_eq!(text(&*disk, &document), "old");
    assert_eq!(names(folder.path()), ["document"]);

    replace(&*disk, &document, "new");
    assert_eq!(text(&*disk, &document), "new");
}

#[test]
fn a_write_that_the_system_cuts_off_leaves_the_old_content() {
    // A limit on the size of files does what a full disk does.
    let (folder, disk) = tree();
    let document = path("document");
    replace(&disk, &document, "old");
    let me = std::env::current_exe().expect("this test");
    let ended = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact --ignored --nocapture \"$1\""])
        .arg(me)
        .arg("disk::replaces_beyond_the_limit")
        .env("CALLBOARD_TEST_ROOT", folder.path())
        .output()
        .expect("a child");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("1 passed"), "the child did it");
    assert_eq!(text(&disk, &document), "old");
    assert_eq!(names(folder.path()), ["document"]);
}

#[test]
#[ignore = "the child of the test above"]
fn replaces_beyond_the_limit() {
    let Some(root) = std::env::var_os("CALLBOARD_TEST_ROOT") else {
        return;
    };
    let disk = OsDisk::open_root(Path::new(&root)).expect("the root");
    let error = disk.replace(&path("document"), &[b'n'; 1 << 20], None).expect_err("too large");
    assert_eq!(kind(&error), std::io::ErrorKind::FileTooLarge);
    let error = disk.write_new(&path("new"), &[b'n'; 1 << 20], false).expect_err("too large");
    assert_eq!(kind(&error), std::io::ErrorKind::FileTooLarge);
}

#[test]
fn documents_with_the_longest_names_are_replaced() {
    let (folder, disk) = tree();
    // Of 3 bytes a letter, so that the temporary name is cut between letters.
    for name in ["x".repeat(255), "語".repeat(85)] {
        replace(&disk, &path(&name), "one");
        replace(&disk, &path(&name), "two");
        assert_eq!(text(&disk, &path(&name)), "two");
    }
    assert_eq!(names(folder.path()).len(), 2);
}

#[test]
fn the_disk_tells_where_it_is_and_what_is_free() {
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("real")).expect("creates");
    symlink("real", folder.path().join("link")).expect("links");
    let faults = Arc::new(Faults::default());
    let disk = FaultyDisk::open(&folder.path().join("link"), &faults);
    let real = folder.path().join("real").canonicalize().expect("a path");
    assert_eq!(Path::new(&disk.location()), real);
    assert!(disk.free_bytes().expect("an answer") > 4096);
    faults.free_bytes.store(42, Ordering::SeqCst);
    assert_eq!(disk.free_bytes().expect("an answer"), 42);
}
