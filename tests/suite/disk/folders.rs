//! What the disk promises for folders: renamed to new names, removed with all.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use callboard::disk::{Disk as _, Entry, Kind, Renamed};
use callboard::domain::TreePath;
use callboard::error::Reason;
use rustix::fs::{Mode, OFlags};
use tempfile::TempDir;

use super::{kind, names, path, text, tree};

#[test]
fn a_folder_is_renamed_only_to_where_nothing_is() {
    let (folder, disk) = tree();
    for name in ["empty", "full", "staged"] {
        disk.create_new_folder(&path(name)).expect("creates");
    }
    disk.write_new(&path("full/one"), b"1", false).expect("writes");
    disk.write_new(&path("staged/two"), b"2", false).expect("writes");
    disk.write_new(&path("file"), b"3", false).expect("writes");
    symlink("nowhere", folder.path().join("link")).expect("links");
    for name in ["empty", "full", "file", "link"] {
        let renamed = disk.rename_new(&path("staged"), &path(name)).expect("an answer");
        assert_eq!(renamed, Renamed::Exists, "{name}");
        let renamed = disk.rename_new(&path("file"), &path(name)).expect("an answer");
        assert_eq!(renamed, Renamed::Exists, "{name}");
    }
    assert_eq!(names(&folder.path().join("empty")), [""; 0]);
    assert_eq!(names(&folder.path().join("full")), ["one"]);
    assert_eq!(
        disk.rename_new(&path("staged"), &path("full/new")).expect("renames"),
        Renamed::Done
    );
    assert_eq!(names(&folder.path().join("full/new")), ["two"]);
    let missing = disk.rename_new(&path("staged"), &path("new")).expect_err("it is gone");
    assert_eq!(kind(&missing), std::io::ErrorKind::NotFound);
}

#[test]
fn of_two_folders_renamed_to_one_name_one_is() {
    let (folder, disk) = tree();
    for number in 0..200 {
        let to = path(&format!("task-{number}"));
        for from in ["staged-a", "staged-b"] {
            disk.create_new_folder(&path(from)).expect("creates");
            disk.write_new(&path(&format!("{from}/mark")), from.as_bytes(), false).expect("writes");
        }
        let barrier = Barrier::new(2);
        let rename = |from: &str| {
            barrier.wait();
            disk.rename_new(&path(from), &to).expect("an answer") == Renamed::Done
        };
        let (a, b) = thread::scope(|scope| {
            let a = scope.spawn(|| rename("staged-a"));
            let b = scope.spawn(|| rename("staged-b"));
            (a.join().expect("a thread"), b.join().expect("a thread"))
        });
        assert!(a != b, "exactly one");
        let (winner, loser) = if a { ("staged-a", "staged-b") } else { ("staged-b", "staged-a") };
        assert_eq!(text(&disk, &to.join("mark")), winner);
        assert_eq!(names(&folder.path().join(loser)), ["mark"], "whole");
        disk.remove_tree(&path(loser)).expect("removes");
    }
    assert_eq!(names(folder.path()).len(), 200);
}

#[test]
fn a_tree_is_removed_and_nothing_that_its_symlinks_point_to() {
    let (folder, disk) = tree();
    let outside = TempDir::new().expect("a folder");
    fs::create_dir(outside.path().join("inner")).expect("creates");
    fs::write(outside.path().join("inner/target"), "untouched").expect("writes");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("tree/a/b/c")).expect("creates");
    fs::create_dir_all(at("tree/empty")).expect("creates");
    fs::create_dir_all(at("beside")).expect("creates");
    for name in ["tree/one", "tree/a/two", "tree/a/b/c/three", "beside/four"] {
        fs::write(at(name), "x").expect("writes");
    }
    for name in ["tree/link", "tree/a/link", "tree/a/b/c/link"] {
        symlink(outside.path(), at(name)).expect("links");
    }
    symlink(outside.path().join("inner/target"), at("tree/a/b/file-link")).expect("links");
    symlink("../../beside", at("tree/a/up")).expect("links");
    let pipe = std::process::Command::new("mkfifo").arg(at("tree/a/pipe")).status();
    assert!(pipe.expect("mkfifo").success());
    fs::set_permissions(at("tree/a/b"), fs::Permissions::from_mode(0o500)).expect("a mode");
    // Names that the removal itself gives.
    fs::create_dir_all(at(&format!("tree/.{}-1.tmp/inner", std::process::id()))).expect("creates");

    disk.remove_tree(&path("tree")).expect("removes");
    assert_eq!(names(folder.path()), ["beside"]);
    assert_eq!(names(&at("beside")), ["four"]);
    assert_eq!(
        fs::read_to_string(outside.path().join("inner/target")).expect("reads"),
        "untouched"
    );

    symlink(outside.path(), at("link")).expect("links");
    fs::write(at("file"), "x").expect("writes");
    disk.remove_tree(&path("link")).expect("removes the link");
    disk.remove_tree(&path("file")).expect("removes the file");
    disk.remove_tree(&path("file")).expect("nothing to do");
    disk.remove_tree(&path("no/where")).expect("nothing to do");
    assert_eq!(disk.remove_tree(&TreePath::root()).expect_err("never").reason(), Reason::Bug);
    assert_eq!(names(folder.path()), ["beside"]);
    assert_eq!(names(outside.path()), ["inner"]);
}

#[test]
fn a_folder_that_turns_into_a_symlink_while_it_is_removed_is_not_followed() {
    let (folder, disk) = tree();
    let outside = TempDir::new().expect("a folder");
    fs::write(outside.path().join("target"), "untouched").expect("writes");
    let pairs: Vec<_> = (0..20)
        .map(|number| {
            let at = |name: &str| folder.path().join(format!("{name}-{number}"));
            (at("tree/folder"), at("links/link"))
        })
        .collect();
    for _ in 0..50 {
        fs::create_dir(folder.path().join("links")).expect("creates");
        for (folder, link) in &pairs {
            fs::create_dir_all(folder.join("inner")).expect("creates");
            symlink(outside.path(), link).expect("links");
        }
        let (ready, done) = (Barrier::new(2), AtomicBool::new(false));
        let removed = thread::scope(|scope| {
            scope.spawn(|| {
                ready.wait();
                while !done.load(Ordering::SeqCst) {
                    for (folder, link) in &pairs {
                        // Until one of them is gone.
                        let cwd = rustix::fs::CWD;
                        let exchange = rustix::fs::RenameFlags::EXCHANGE;
                        let _ = rustix::fs::renameat_with(cwd, folder, cwd, link, exchange);
                    }
                }
            });
            ready.wait();
            let removed = disk.remove_tree(&path("tree"));
            done.store(true, Ordering::SeqCst);
            removed
        });
        removed.expect("removes");
        disk.remove_tree(&path("links")).expect("removes");
        assert_eq!(names(outside.path()), ["target"]);
    }
}

#[test]
fn names_that_are_no_text_are_removed() {
    let (folder, disk) = tree();
    let odd = OsStr::from_bytes(b"\xff\xfe");
    let inner = folder.path().join("tree").join(odd).join(odd);
    fs::create_dir_all(&inner).expect("creates");
    fs::write(inner.join(odd), "x").expect("writes");
    fs::write(folder.path().join("tree").join(OsStr::from_bytes(b"\xc3")), "x").expect("writes");
    disk.remove_tree(&path("tree")).expect("removes");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_deep_tree_is_removed() {
    let (folder, disk) = tree();
    fs::create_dir(folder.path().join("tree")).expect("creates");
    let open = |at: &rustix::fd::OwnedFd, name| {
        rustix::fs::openat(at, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .expect("opens")
    };
    let root = rustix::fs::open(folder.path(), OFlags::DIRECTORY, Mode::empty()).expect("opens");
    let mut at = open(&root, "tree");
    for _ in 0..3000 {
        // Twins, so that there is more than one way down.
        for name in ["deeper", "twin"] {
            rustix::fs::mkdirat(&at, name, Mode::RWXU).expect("creates");
        }
        rustix::fs::openat(&at, "file", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR)
            .expect("creates");
        at = open(&at, "deeper");
    }
    drop(at);
    // With the small stack of a thread of the pool.
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(64 << 10);
        small
            .spawn_scoped(scope, || disk.remove_tree(&path("tree")).expect("removes"))
            .expect("a thread");
    });
    assert!(names(folder.path()).is_empty());
}

#[test]
fn two_may_remove_one_tree_while_a_third_writes_into_it() {
    let (folder, disk) = tree();
    for _ in 0..20 {
        for number in 0..50 {
            let inner = folder.path().join(format!("tree/{}/{number}/deep", number % 5));
            fs::create_dir_all(&inner).expect("creates");
            fs::write(inner.join("file"), "x").expect("writes");
        }
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| disk.remove_tree(&path("tree")).expect("removes"));
            }
            scope.spawn(|| {
                for number in 0..50 {
                    // Until the folder is gone.
                    let _ = fs::write(folder.path().join(format!("tree/new-{number}")), "x");
                }
            });
        });
        assert!(names(folder.path()).is_empty());
    }
}

#[test]
fn a_folder_is_listed_with_the_lengths_of_its_files_and_of_nothing_else() {
    let (folder, disk) = tree();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("p/inner")).expect("creates");
    fs::write(at("p/empty"), "").expect("writes");
    fs::write(at("p/file"), "1234567").expect("writes");
    fs::File::create(at("p/sparse")).and_then(|file| file.set_len(1 << 40)).expect("writes");
    symlink(at("p/file"), at("p/link")).expect("links");
    let _socket = UnixListener::bind(at("p/socket")).expect("binds");
    let mut listed = disk.list_with_lengths(&path("p")).expect("lists").expect("a folder");
    listed.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let entry = |name: &str, kind, length| (Entry { name: name.to_owned(), kind }, length);
    let expected = [
        entry("empty", Kind::File, 0),
        entry("file", Kind::File, 7),
        entry("inner", Kind::Folder, 0),
        entry("link", Kind::Symlink, 0),
        entry("socket", Kind::Other, 0),
        entry("sparse", Kind::File, 1 << 40),
    ];
    assert_eq!(listed, expected);
    assert_eq!(disk.list_with_lengths(&path("none")).expect("an answer"), None);
    let error = disk.list_with_lengths(&path("p/link")).expect_err("no folder");
    assert_eq!(error.reason(), Reason::NotARegularFile);
}
