//! Where a system call can fail: which call of which thread, counted from where an operation
//! begins.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use super::operations::Operation;
use super::role_of;
use super::strace::Call;

/// The calls that the server makes on files.
const CALLS: [&str; 17] = [
    "openat2",
    "openat",
    "write",
    "fdatasync",
    "fsync",
    "flock",
    "ftruncate",
    "renameat",
    "renameat2",
    "mkdirat",
    "unlinkat",
    "fchmod",
    "fchmodat",
    "fstat",
    "newfstatat",
    "pread64",
    "getdents64",
];

/// What a thread of the server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// It writes to buses.
    Writer,
    /// It does all else that blocks.
    Blocking,
}

/// The nth call of this name of a thread of this role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) operation: Operation,
    pub(super) role: Role,
    pub(super) call: String,
    pub(super) nth: usize,
}

impl Place {
    /// Whether it makes something durable.
    pub(super) fn is_sync(&self) -> bool {
        matches!(self.call.as_str(), "fsync" | "fdatasync")
    }
}

/// Returns the threads of a server that work on files, by their ids.
pub(super) fn threads_of(process: u32) -> BTreeMap<u32, Role> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("the server is there");
    let ids = tasks.map(|task| task.expect("a thread").file_name());
    let ids: BTreeSet<u32> =
        ids.map(|id| id.to_string_lossy().parse().expect("a thread's id")).collect();
    // The runtime's own threads are its first: they do not block on files, and a call of
    // theirs that fails is no fault of a disk.
    let mut runtime = available_parallelism().map_or(1, usize::from);
    let mut threads = BTreeMap::new();
    for id in ids {
        let name = fs::read_to_string(format!("/proc/{process}/task/{id}/comm"));
        // It may have ended.
        let name = name.unwrap_or_default();
        let is_runtime = name.trim() == "tokio-rt-worker" && runtime > 0;
        runtime -= usize::from(is_runtime);
        if let Some(role) = role_of(name.trim(), is_runtime) {
            threads.insert(id, role);
        }
    }
    threads
}

/// Returns the arguments of a tracer that only looks.
pub(super) fn traced() -> Vec<String> {
    // The calls that tell a thread of the runtime are seen, too. Not all machines have all.
    let calls = CALLS.map(|call| format!("?{call}")).join(",");
    vec!["-e".into(), format!("trace={calls},?epoll_wait")]
}

/// Returns the arguments of a tracer that makes the call at a place fail.
pub(super) fn injection(place: &Place, error: &str) -> Vec<String> {
    let Place { call, nth, .. } = place;
    vec![
        "-e".into(),
        format!("trace={call}"),
        "-e".into(),
        format!("inject={call}:error={error}:when={nth}"),
    ]
}

/// Returns the places of an operation, of which a trace is given, that are about files below
/// the root.
pub(super) fn places_of(
    operation: Operation,
    calls: &[Call],
    threads: &BTreeMap<u32, Role>,
    root: &Path,
) -> Vec<Place> {
    let mut counts = BTreeMap::<(u32, &str), usize>::new();
    let mut places = BTreeSet::new();
    for call in calls {
        assert_ne!(call.name, "epoll_wait", "a thread of the runtime: {call:?}");
        let nth = counts.entry((call.thread, &call.name)).or_default();
        *nth += 1;
        let Some(&role) = threads.get(&call.thread) else {
            continue;
        };
        if call.is_below(root) {
            places.insert(Place { operation, role, call: call.name.clone(), nth: *nth });
        }
    }
    places.into_iter().collect()
}
