//! The simulation against the system: whatever is done, both give the same answers.

use std::ffi::OsStr;
use std::path::Path;

use callboard::disk::calls::{Calls, Descriptor, Purpose};
use callboard::disk::{Disk, Expected, Kind, OsDisk, Replaced, Status, SystemCalls, TreeDisk};
use callboard::domain::TreePath;
use proptest::prelude::*;
use rustix::fs::Mode;
use rustix::io::{Errno, Result};

use super::Simulated;

/// One call, of names in three folders; files that are open are numbered.
#[derive(Debug, Clone)]
enum Call {
    Open(String, Purpose),
    OpenIn(usize, String, Purpose),
    Write(usize, usize),
    ReadAt(usize, u64),
    Truncate(usize, u64),
    Sync(usize, bool),
    Lock(usize),
    Unlock(usize),
    Close(usize),
    CreateFolder(usize, String),
    Rename(usize, String, usize, String, bool),
    RemoveFile(usize, String),
    RemoveFolder(usize, String),
    StatusOf(usize, String),
    SetMode(usize, bool),
    SetModeOf(usize, String, bool),
    Entries(usize),
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned),
        1 => Just("n".repeat(256)),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(".".to_owned()),
        8 => prop::collection::vec(name(), 1..4).prop_map(|names| names.join("/")),
    ]
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(vec![Purpose::Read, Purpose::Append, Purpose::New, Purpose::Folder])
}

fn call() -> impl Strategy<Value = Call> {
    let open = 0..8_usize;
    prop_oneof![
        4 => (path(), purpose()).prop_map(|(path, purpose)| Call::Open(path, purpose)),
        4 => (open.clone(), name(), purpose())
            .prop_map(|(open, name, purpose)| Call::OpenIn(open, name, purpose)),
        3 => (open.clone(), 0..2000_usize).prop_map(|(open, count)| Call::Write(open, count)),
        2 => (open.clone(), 0..3000_u64).prop_map(|(open, offset)| Call::ReadAt(open, offset)),
        2 => (open.clone(), 0..3000_u64).prop_map(|(open, length)| Call::Truncate(open, length)),
        1 => (open.clone(), any::<bool>()).prop_map(|(open, data)| Call::Sync(open, data)),
        2 => open.clone().prop_map(Call::Lock),
        1 => open.clone().prop_map(Call::Unlock),
        1 => open.clone().prop_map(Call::Close),
        4 => (open.clone(), name()).prop_map(|(open, name)| Call::CreateFolder(open, name)),
        6 => (open.clone(), name(), open.clone(), name(), any::<bool>()).prop_map(
            |(from, name, to, new_name, exclusive)| {
                Call::Rename(from, name, to, new_name, exclusive)
            },
        ),
        2 => (open.clone(), name()).prop_map(|(open, name)| Call::RemoveFile(open, name)),
        2 => (open.clone(), name()).prop_map(|(open, name)| Call::RemoveFolder(open, name)),
        1 => (open.clone(), name()).prop_map(|(open, name)| Call::StatusOf(open, name)),
        1 => (open.clone(), any::<bool>()).prop_map(|(open, all)| Call::SetMode(open, all)),
        1 => (open.clone(), name(), any::<bool>())
            .prop_map(|(open, name, all)| Call::SetModeOf(open, name, all)),
        1 => open.prop_map(Call::Entries),
    ]
}

/// What is the same everywhere. What a folder's length means is the system's own affair.
fn shown(status: Status) -> String {
    let length = if status.kind == Kind::File { status.length } else { 0 };
    format!("{:?} {length}", status.kind)
}

fn mode(all: bool) -> Mode {
    if all { Mode::RWXU } else { Mode::RWXU | Mode::RGRP }
}

/// Makes the calls, and returns what they answered. An open number that is not taken is the
/// root.
fn play<C: Calls>(calls: &C, list: &[Call]) -> Vec<String> {
    let root = || calls.open(".", Purpose::Folder).expect("the root");
    let mut open = vec![root()];
    let mut answers = Vec::new();
    for call in list {
        let at = |number: &usize| open.get(*number).unwrap_or(&open[0]);
        let done = |answer: Result<()>| format!("{answer:?}");
        let mut opened = None;
        let mut closed = None;
        let answer = match call {
            Call::Open(path, purpose) => take(calls.open(path, *purpose), &mut opened),
            Call::OpenIn(number, name, purpose) => {
                take(at(number).open(OsStr::new(name), *purpose), &mut opened)
            }
            Call::Write(number, count) => {
                let bytes = (0..*count).map(|at| u8::try_from(at % 251).expect("a byte"));
                format!("{:?}", at(number).write(&bytes.collect::<Vec<_>>()))
            }
            Call::ReadAt(number, offset) => {
                let mut buffer = [0; 700];
                let count = at(number).read_at(*offset, &mut buffer);
                format!("{:?}", count.map(|count| buffer[..count].to_vec()))
            }
            Call::Truncate(number, length) => done(at(number).truncate(*length)),
            Call::Sync(number, true) => done(at(number).sync_data()),
            Call::Sync(number, false) => done(at(number).sync()),
            Call::Lock(number) => done(at(number).lock()),
            Call::Unlock(number) => done(at(number).unlock()),
            Call::Close(number) => {
                closed = Some(*number);
                String::new()
            }
            Call::CreateFolder(number, name) => {
                done(at(number).create_folder(OsStr::new(name), Mode::RWXU))
            }
            Call::Rename(from, name, to, new_name, exclusive) => {
                let (name, new_name) = (OsStr::new(name), OsStr::new(new_name));
                let renamed = match exclusive {
                    true => at(from).rename_new(name, at(to), new_name),
                    false => at(from).rename(name, at(to), new_name),
                };
                // Of a folder that is not empty XFS says the other of the two.
                let alike = |errno| if errno == Errno::NOTEMPTY { Errno::EXIST } else { errno };
                done(renamed.map_err(alike))
            }
            Call::RemoveFile(number, name) => done(at(number).remove_file(OsStr::new(name))),
            Call::RemoveFolder(number, name) => done(at(number).remove_folder(OsStr::new(name))),
            Call::StatusOf(number, name) => {
                format!("{:?}", at(number).status_of(OsStr::new(name)).map(shown))
            }
            Call::SetMode(number, all) => {
                let set = done(at(number).set_mode(mode(*all)));
                format!("{set} {:?}", at(number).mode())
            }
            Call::SetModeOf(number, name, all) => {
                done(at(number).set_mode_of(OsStr::new(name), mode(*all)))
            }
            Call::Entries(number) => entries(at(number)),
        };
        answers.push(format!("{call:?}: {answer}"));
        open.extend(opened);
        if let Some(number) = closed.filter(|number| (1..open.len()).contains(number)) {
            drop(open.remove(number));
        }
    }
    answers.push(tree(&root()));
    answers
}

fn take<D: Descriptor>(answer: Result<D>, opened: &mut Option<D>) -> String {
    match answer {
        Ok(descriptor) => {
            let answer = format!("{:?}", descriptor.status().map(shown));
            *opened = Some(descriptor);
            answer
        }
        Err(errno) => format!("{errno:?}"),
    }
}

fn entries(folder: &impl Descriptor) -> String {
    match folder.entries() {
        Ok(entries) => {
            let mut entries = entries.map(|entry| format!("{entry:?}")).collect::<Vec<_>>();
            entries.sort();
            entries.join(", ")
        }
        Err(errno) => format!("{errno:?}"),
    }
}

/// Tells of everything below a folder.
fn tree<D: Descriptor>(folder: &D) -> String {
    let mut names = folder
        .entries()
        .expect("a folder")
        .map(|entry| entry.expect("an entry").0)
        .collect::<Vec<_>>();
    names.sort();
    let mut told = String::new();
    for name in names {
        let status = folder.status_of(&name).expect("its status");
        told += &format!("({} {} ", name.display(), shown(status));
        match status.kind {
            Kind::Folder => told += &tree(&folder.open(&name, Purpose::Folder).expect("it")),
            _ => {
                let file = folder.open(&name, Purpose::Read).expect("it");
                let mut content = vec![0; usize::try_from(status.length).expect("a length")];
                assert_eq!(file.read_at(0, &mut content), Ok(content.len()));
                told += &format!("{content:?}");
            }
        }
        told += ")";
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_simulation_answers_each_call_as_the_system_does(
        list in prop::collection::vec(call(), 1..60),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let system = SystemCalls::open_root(folder.path()).expect("the root");
        let real = play(&system, &list);
        let simulated = play(&Simulated::new().0, &list);
        prop_assert_eq!(simulated, real);
    }
}

fn at(path: &str) -> TreePath {
    path.split('/').fold(TreePath::root(), |path, name| path.join(name))
}

/// Makes each of the disk's promises once, and returns what is there.
fn use_disk(disk: &dyn Disk) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |what: &str, answer: String| told.push(format!("{what}: {answer}"));
    disk.create_folder(&at("p/t")).expect("folders");
    tell("again", format!("{:?}", disk.create_folder(&at("p/t")).is_ok()));
    tell("folder", format!("{:?}", disk.create_new_folder(&at("p/t")).map_err(|e| e.to_string())));
    disk.create_synced(&at("p/t/TASK.md"), b"what to do").expect("a file");
    let exists = disk.create_synced(&at("p/t/TASK.md"), b"x").map_err(|e| e.to_string());
    tell("exists", format!("{exists:?}"));
    let bus = disk.create_append(&at("p/bus")).expect("a bus");
    bus.append(b"one\ntwo\n").expect("appended");
    bus.sync().expect("synced");
    tell("lock", format!("{:?}", bus.try_lock().expect("a lock")));
    let other = disk.open_append(&at("p/bus")).expect("a bus").expect("there");
    tell("other lock", format!("{:?}", other.try_lock().expect("a lock")));
    drop(bus);
    tell("free lock", format!("{:?}", other.try_lock().expect("a lock")));
    other.truncate(4).expect("cut");
    other.append(b"three\n").expect("appended");
    tell("bus", read(disk, "p/bus"));
    tell("absent", format!("{:?}", replace(disk, "p/doc", b"1", Some(Expected::Absent))));
    tell("taken", format!("{:?}", replace(disk, "p/doc", b"2", Some(Expected::Absent))));
    let status = disk.read(&at("p/doc"), 100).expect("read").expect("there").status;
    let fresh = Some(Expected::Status(status));
    tell("fresh", format!("{:?}", replace(disk, "p/doc", b"3", fresh)));
    tell("stale", format!("{:?}", replace(disk, "p/doc", b"4", fresh)));
    tell("document", read(disk, "p/doc"));
    tell("rename", format!("{:?}", disk.rename_new(&at("p/t"), &at("p/u"))));
    tell("rename", format!("{:?}", disk.rename_new(&at("p/doc"), &at("p/bus"))));
    tell("over", format!("{:?}", disk.rename_over(&at("p/doc"), &at("p/bus"))));
    tell("bus", read(disk, "p/bus"));
    tell(
        "onto",
        format!("{:?}", disk.rename_over(&at("p/bus"), &at("p/u")).map_err(|e| e.to_string())),
    );
    tell(
        "folder as file",
        format!("{:?}", disk.open(&at("p/u")).map(|_| ()).map_err(|e| e.to_string())),
    );
    tell("file as folder", format!("{:?}", disk.list(&at("p/bus")).map_err(|e| e.to_string())));
    disk.create_folder(&at("p/u/1/2/3/4")).expect("folders");
    disk.write_new(&at("p/u/1/2/3/deep"), b"deep", true).expect("a file");
    disk.remove_tree(&at("p/u")).expect("removed");
    disk.sync_folder(&at("p")).expect("synced");
    let mut listed = disk.list(&at("p")).expect("listed").expect("there");
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    tell("listed", format!("{listed:?}"));
    told
}

fn read(disk: &dyn Disk, path: &str) -> String {
    let content = disk.read(&at(path), 1000).expect("read").expect("there");
    String::from_utf8(content.bytes).expect("text")
}

fn replace(disk: &dyn Disk, path: &str, content: &[u8], expected: Option<Expected>) -> bool {
    matches!(disk.replace(&at(path), content, expected).expect("answered"), Replaced::Done(_))
}

#[test]
fn a_simulated_disk_keeps_the_promises_as_a_real_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let real = OsDisk::open_root(Path::new(folder.path())).expect("the root");
    let simulated = TreeDisk::on(Simulated::new().0);
    assert_eq!(use_disk(&simulated), use_disk(&real));
}
