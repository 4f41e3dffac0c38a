//! How much may be written: a project has no more than its quota, and nothing is written when
//! too little is free. Reads go on.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use callboard::clock::SystemClock;
use callboard::config::RoomSettings;
use callboard::domain::{BusId, NewMessage, ProjectId, ProjectPattern};
use callboard::error::{Error, Reason, Result};
use callboard::files::{Bounds, Files};
use callboard::store::{AppendBatch, MessageBus as _, Projects as _, Room as _};
use tempfile::TempDir;

use crate::client::eventually;
use crate::faulty_disk::{Faults, FaultyDisk};
use crate::nothing_lost::volume::Volume;

/// A backend, and its disk, of which a test says how much is free.
struct Backend {
    folder: TempDir,
    faults: Arc<Faults>,
    files: Files,
}

impl Backend {
    fn start(room: RoomSettings) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), room)
    }

    fn start_in(folder: TempDir, room: RoomSettings) -> Self {
        let faults = Arc::new(Faults::default());
        faults.free_bytes.store(1 << 40, Ordering::SeqCst);
        let files = open(folder.path(), &faults, room);
        Self { folder, faults, files }
    }

    fn admit(&self, id: &str, bytes: u64) -> Result<()> {
        self.files.admit(&project(id), bytes)
    }

    /// Writes as another program does.
    fn put(&self, path: &str, length: usize) {
        put(self.folder.path(), path, length);
    }

    fn look(&self) {
        self.files.look_at_room().expect("a look");
    }
}

fn open(root: &Path, faults: &Arc<Faults>, room: RoomSettings) -> Files {
    let disk = FaultyDisk::open(root, faults);
    let bounds = Bounds { room, ..Bounds::default() };
    Files::open_within(disk, Arc::new(SystemClock), 1, bounds).expect("the root is free")
}

fn put(root: &Path, path: &str, length: usize) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
    fs::write(path, vec![b'x'; length]).expect("it is written");
}

fn project(id: &str) -> ProjectId {
    ProjectId::parse(id).expect("a project")
}

fn quotas(quotas: &[(&str, u64)]) -> RoomSettings {
    let parsed = |(pattern, bytes): &(&str, u64)| {
        (ProjectPattern::parse(pattern).expect("a pattern"), *bytes)
    };
    RoomSettings { quotas: quotas.iter().map(parsed).collect(), free_bytes_min: 0 }
}

fn floor(free_bytes_min: u64) -> RoomSettings {
    RoomSettings { quotas: Vec::new(), free_bytes_min }
}

#[track_caller]
fn assert_over(refused: Result<()>, quota: u64, used: u64) {
    match refused {
        Err(Error::QuotaExceeded { quota_bytes, used_bytes, .. }) => {
            assert_eq!((quota_bytes, used_bytes), (quota, used));
        }
        other => panic!("not over the quota: {other:?}"),
    }
}

#[test]
fn a_quota_ends_at_its_last_byte_and_is_that_of_one_project() {
    let backend = Backend::start(quotas(&[("a", 100), ("b", 100)]));
    backend.admit("a", 60).expect("there is room");
    backend.admit("a", 40).expect("there is room");
    assert_over(backend.admit("a", 1), 100, 100);
    backend.admit("a", 0).expect("nothing always fits");
    backend.admit("b", 100).expect("another project");
    backend.admit("c", u64::MAX).expect("a project without a quota");
    assert_over(backend.admit("b", u64::MAX), 100, 100);
}

#[test]
fn the_first_pattern_that_covers_a_project_holds() {
    let backend = Backend::start(quotas(&[("swarm-1", 10), ("swarm*", 20), ("*", 30)]));
    for (id, quota) in [("swarm-1", 10), ("swarm-2", 20), ("other", 30)] {
        assert_over(backend.admit(id, quota + 1), quota, 0);
        backend.admit(id, quota).expect("there is room");
    }
}

#[test]
fn of_callers_that_ask_at_once_so_many_are_admitted_as_there_is_room_for() {
    const CALLERS: usize = 64;
    let backend = Backend::start(quotas(&[("*", 10_000)]));
    let (begin, admitted) = (Barrier::new(CALLERS), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                begin.wait();
                for _ in 0..100 {
                    let bytes = usize::from(backend.admit("p", 7).is_ok());
                    admitted.fetch_add(bytes, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 10_000 / 7);
}

#[tokio::test]
async fn what_is_removed_makes_room_at_the_next_look() {
    let backend = Backend::start(quotas(&[("*", 100)]));
    backend.put("p/task/artifacts/large", 80);
    backend.look();
    assert_over(backend.admit("p", 21), 100, 80);
    backend.files.delete_project(project("p"), true).await.expect("it is removed");
    assert_over(backend.admit("p", 21), 100, 80);
    backend.look();
    backend.admit("p", 100).expect("there is room again");
}

#[test]
fn what_was_admitted_and_came_to_nothing_takes_room_until_the_next_look_only() {
    let backend = Backend::start(quotas(&[("*", 100)]));
    for _ in 0..3 {
        backend.admit("p", 100).expect("there is room");
        assert_over(backend.admit("p", 1), 100, 100);
        backend.look();
    }
    assert_eq!(backend.files.bytes_by_project(), [], "nobody made the project");
}

#[tokio::test]
async fn what_was_admitted_and_written_counts_once() {
    let backend = Backend::start(quotas(&[("*", 10_000)]));
    backend.admit("p", 5_000).expect("there is room");
    let message = NewMessage { kind: "FACT".into(), body: "x".repeat(5_000), ..Default::default() };
    let bus = BusId { project: project("p"), task: None };
    let batch = AppendBatch { bus, messages: vec![message], request_id: None, expected_last: None };
    backend.files.append(batch).await.expect("it is appended");
    backend.look();
    let file = backend.folder.path().join("p/PROJECT-MESSAGE-BUS.md");
    let written = fs::metadata(file).expect("the bus").len();
    assert!(written > 5_000);
    assert_eq!(backend.files.bytes_by_project(), [(project("p"), written)]);
    backend.admit("p", 10_000 - written).expect("there is room for the rest");
    assert_over(backend.admit("p", 1), 10_000, 10_000);
}

#[test]
fn a_look_counts_what_others_wrote_and_follows_no_symlink() {
    let outside = TempDir::new().expect("a folder");
    put(outside.path(), "file", 1_000);
    let backend = Backend::start(quotas(&[("*", 100)]));
    for (path, length) in
        [("p/a", 1), ("p/.hidden", 2), ("p/t/runs/r/b", 4), ("p/t/x/y/z/c", 8), ("q/d", 16)]
    {
        backend.put(path, length);
    }
    // No projects.
    backend.put(".callboard/trash/e", 32);
    backend.put("file", 64);
    let root = backend.folder.path();
    fs::create_dir(root.join("empty")).expect("a folder");
    fs::hard_link(root.join("p/a"), root.join("p/another-name")).expect("links");
    symlink(outside.path(), root.join("p/folder")).expect("links");
    symlink(outside.path().join("file"), root.join("p/file")).expect("links");
    symlink(outside.path(), root.join("linked")).expect("links");
    assert_eq!(backend.files.bytes_by_project(), [], "nobody has looked");
    backend.look();
    let expected = [(project("empty"), 0), (project("p"), 16), (project("q"), 16)];
    assert_eq!(backend.files.bytes_by_project(), expected);
    assert_over(backend.admit("p", 85), 100, 16);
}

#[test]
fn a_look_ends_early_at_the_shutdown() {
    let backend = Backend::start(quotas(&[("*", 100)]));
    for number in 0..10 {
        backend.put(&format!("p{number}/t/x/file"), 1);
    }
    backend.files.shut_down();
    let before = backend.faults.listed.load(Ordering::SeqCst);
    backend.look();
    let listed = backend.faults.listed.load(Ordering::SeqCst) - before;
    assert!(listed <= 2, "{listed} folders were listed, after the shutdown");
    assert_eq!(backend.files.bytes_by_project(), [], "half a look counts nothing");
}

#[tokio::test]
async fn too_little_free_space_refuses_every_write_and_no_read_until_some_is_free() {
    let backend = Backend::start(floor(1_000));
    backend.put("p/home-folders.md", 0);
    let say = |free_bytes| {
        backend.faults.free_bytes.store(free_bytes, Ordering::SeqCst);
        backend.look();
        assert_eq!(backend.files.free_bytes_known(), Some(free_bytes));
    };
    say(999);
    for id in ["p", "q"] {
        let refused = backend.admit(id, 0).expect_err("the disk is nearly full");
        assert_eq!(refused.reason(), Reason::DiskFull, "{refused}");
    }
    backend.files.project(project("p")).await.expect("reads go on");
    say(1_000);
    backend.admit("p", 1).expect("there is room again");
}

#[test]
fn too_little_free_space_is_known_from_the_start() {
    let folder = TempDir::new().expect("a folder");
    let faults = Arc::new(Faults::default());
    faults.free_bytes.store(999, Ordering::SeqCst);
    let files = open(folder.path(), &faults, floor(1_000));
    assert!(matches!(files.admit(&project("p"), 1), Err(Error::LowSpace { free_bytes: 999, .. })));
}

#[tokio::test]
async fn the_floor_holds_on_a_volume_that_fills_and_is_lifted_when_it_has_room() {
    let Some(volume) = Volume::tmpfs(4 << 20) else { return };
    let root = volume.root();
    let files = open(&root, &Arc::default(), floor(2 << 20));
    put(&root, "p/home-folders.md", 0);
    files.admit(&project("p"), 1).expect("there is room");
    put(&root, "ballast", 3 << 20);
    files.look_at_room().expect("a look");
    let refused = files.admit(&project("p"), 1).expect_err("it is nearly full");
    assert!(matches!(refused, Error::LowSpace { free_bytes: 1..0x10_0000, .. }), "{refused}");
    files.project(project("p")).await.expect("reads go on");
    fs::remove_file(root.join("ballast")).expect("removed");
    files.look_at_room().expect("a look");
    files.admit(&project("p"), 1).expect("there is room again");
}

#[tokio::test]
async fn with_a_quota_a_look_begins_with_the_server_and_looks_end_with_the_shutdown() {
    let backend = Backend::start(quotas(&[("*", 100)]));
    backend.put("p/large", 101);
    let test = async {
        eventually("what was there counts", async || {
            matches!(backend.admit("p", 0), Err(Error::QuotaExceeded { used_bytes: 101, .. }))
        })
        .await;
        backend.files.shut_down();
    };
    tokio::join!(backend.files.follow_others(), test);
}

#[tokio::test]
async fn with_a_floor_free_space_is_looked_at_until_the_shutdown_though_nobody_asks_for_it() {
    let backend = Backend::start(floor(1_000));
    backend.admit("q", 0).expect("there is room");
    let test = async {
        backend.faults.free_bytes.store(999, Ordering::SeqCst);
        eventually("the floor holds", async || {
            matches!(backend.admit("q", 0), Err(Error::LowSpace { .. }))
        })
        .await;
        backend.files.shut_down();
    };
    tokio::join!(backend.files.follow_others(), test);
}

#[tokio::test]
async fn without_a_quota_projects_are_looked_at_when_somebody_asked_for_their_bytes() {
    let backend = Backend::start(RoomSettings::default());
    backend.put("p/file", 7);
    let test = async {
        assert_eq!(backend.files.bytes_by_project(), [], "nobody has looked");
        eventually("there was a look", async || {
            backend.files.bytes_by_project() == [(project("p"), 7)]
        })
        .await;
        assert!(backend.files.free_bytes_known().is_some());
        backend.files.shut_down();
    };
    tokio::join!(backend.files.follow_others(), test);
}
