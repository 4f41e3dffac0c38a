//! System calls of a real server that fail, one at a time, and the order in which it makes
//! them: with strace, which must be there.

mod operations;
mod order;
mod places;
mod starting;
mod strace;

use std::collections::BTreeMap;

use tonic::Status;

use self::operations::{Clients, OPERATIONS, Operation, Seen, Subject};
use self::places::{Place, Role, injection, places_of, threads_of};
use self::strace::{Call, Strace};
use super::tally::{Tally, rounds};
use crate::client::{message, reason};
use crate::server::{DEADLINE, Server};
use crate::skip::skip;
use crate::storage_client::new_task;

/// The errors that the system gives.
const ERRORS: [&str; 3] = ["EIO", "ENOSPC", "EINTR"];
/// How often a place is tried again that the call did not come by: the threads of a server
/// share the work in other ways each time.
const ATTEMPTS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_call_that_fails_loses_nothing_and_the_server_works_again() {
    if let Some(reason) = Strace::missing() {
        return skip(reason);
    }
    let mut sweep = Sweep::start().await;
    let mut places = Vec::new();
    for operation in OPERATIONS {
        places.extend(sweep.places(operation).await);
    }
    let count = rounds(places.len());
    for nth in 0..count {
        // A part of them is spread over all, each with one of the errors.
        let place = &places[nth * places.len() / count];
        if count == places.len() {
            for error in ERRORS {
                sweep.inject(place, error).await;
            }
        } else {
            sweep.inject(place, ERRORS[nth % ERRORS.len()]).await;
        }
    }
    sweep.settle(
        places.len(),
        "a system call that fails (strace)",
        "nothing_lost::injected::a_system_call_that_fails_loses_nothing_and_the_server_works_again",
    ).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_whose_unlocking_was_interrupted_is_not_locked_for_ever() {
    if let Some(reason) = Strace::missing() {
        return skip(reason);
    }
    let mut sweep = Sweep::start().await;
    let mut count = 0;
    for operation in [Operation::Append, Operation::RotateBus] {
        let places = sweep.places(operation).await;
        let is_lock = |place: &&Place| place.role == Role::Writer && place.call == "flock";
        let locks: Vec<&Place> = places.iter().filter(is_lock).collect();
        assert!(locks.len() > 1, "it is locked and unlocked: {places:?}");
        count += locks.len();
        for place in locks {
            sweep.inject(place, "EINTR").await;
        }
    }
    assert_eq!(sweep.missed, 0, "of {count} places");
    sweep
        .settle(
            count,
            "locking or unlocking that is interrupted (strace)",
            "nothing_lost::injected::a_bus_whose_unlocking_was_interrupted_is_not_locked_for_ever",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_failed_after_its_rename_is_made_whole_by_the_next() {
    if let Some(reason) = Strace::missing() {
        return skip(reason);
    }
    let mut sweep = Sweep::start().await;
    // Each of its syncs: of what it keeps beside, and of the folder.
    for nth in 1..=3 {
        let subject = sweep.prepare(Operation::Append).await;
        let refused = sweep.perform_with(&subject, "fdatasync", 1, "EIO").await;
        assert_eq!(reason(&refused.expect_err("a refusal")), "IO");
        assert!(subject.is_poisoned(&mut sweep.clients).await, "a sync of the bus failed");
        let rotated = sweep.rotate_with(&subject, "fsync", nth, "EIO").await;
        assert_eq!(reason(&rotated.expect_err("a refusal")), "IO", "sync {nth} of a rotation");
        assert!(subject.is_poisoned(&mut sweep.clients).await, "sync {nth} of a rotation");
        if let Err(status) = subject.rotate(&mut sweep.clients).await {
            assert_eq!(reason(&status), "BUS_EMPTY", "{status:?}");
        }
        subject.perform(&mut sweep.clients).await.expect("the bus takes appends again");
        let seen = subject.seen(&mut sweep.clients).await;
        assert_eq!(seen, Seen::After, "sync {nth} of a rotation");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_leaves_before_the_sync_that_covers_it() {
    match Strace::missing() {
        Some(reason) => skip(reason),
        None => order::check().await,
    }
}

/// What was tried of a server.
struct Sweep {
    server: Server,
    clients: Clients,
    subjects: Vec<Subject>,
    number: usize,
    tally: Tally,
    /// How often which error had which end.
    ends: BTreeMap<(&'static str, String), usize>,
    missed: usize,
    /// What should not have been.
    problems: Vec<String>,
}

impl Sweep {
    async fn start() -> Self {
        let server = Server::start();
        let mut clients = Clients::connect(&server).await;
        let task = new_task(operations::PROJECT, "task-20260101-120000-warm");
        clients.storage.create_task(task).await.expect("a task");
        Self {
            server,
            clients,
            subjects: Vec::new(),
            number: 0,
            tally: Tally::default(),
            ends: BTreeMap::new(),
            missed: 0,
            problems: Vec::new(),
        }
    }

    /// Makes what an operation needs, and sees to it that there is a thread for each kind of
    /// work: none that is begun later would be traced.
    async fn prepare(&mut self, operation: Operation) -> Subject {
        self.number += 1;
        let subject = Subject::prepare(&mut self.clients, operation, self.number).await;
        let warm = message(operations::PROJECT, "task-20260101-120000-warm", "warm");
        self.clients.bus.append(warm).await;
        self.clients.storage.task(operations::PROJECT, "task-20260101-120000-warm").await;
        subject
    }

    /// Performs an operation on a bus with a system call that fails.
    async fn perform_with(
        &mut self,
        subject: &Subject,
        call: &str,
        nth: usize,
        error: &str,
    ) -> Result<(), Status> {
        let strace = self.fail_writers(call, nth, error);
        let result = subject.perform(&mut self.clients).await;
        strace.detach();
        result
    }

    /// Archives the bus of an operation with a system call that fails.
    async fn rotate_with(
        &mut self,
        subject: &Subject,
        call: &str,
        nth: usize,
        error: &str,
    ) -> Result<(), Status> {
        let strace = self.fail_writers(call, nth, error);
        let result = subject.rotate(&mut self.clients).await;
        strace.detach();
        result
    }

    /// Makes the nth call of each thread that writes to buses fail.
    fn fail_writers(&self, call: &str, nth: usize, error: &str) -> Strace {
        let threads = threads_of(self.server.pid());
        let writers = threads.iter().filter(|&(_, role)| *role == Role::Writer);
        let writers: Vec<u32> = writers.map(|(&thread, _)| thread).collect();
        let (operation, role, call) = (Operation::RotateBus, Role::Writer, call.to_owned());
        Strace::attach(&writers, &injection(&Place { operation, role, call, nth }, error))
    }

    /// Finds the system calls of an operation on files of the root that it makes each time: the
    /// first time, it makes some more.
    async fn places(&mut self, operation: Operation) -> Vec<Place> {
        let first = self.places_once(operation).await;
        let mut places = self.places_once(operation).await;
        places.retain(|place| first.contains(place));
        places
    }

    async fn places_once(&mut self, operation: Operation) -> Vec<Place> {
        let subject = self.prepare(operation).await;
        let threads = threads_of(self.server.pid());
        let tids: Vec<u32> = threads.keys().copied().collect();
        let strace = Strace::attach(&tids, &places::traced());
        if let Err(status) = subject.perform(&mut self.clients).await {
            self.problems.push(format!("{operation:?} without a fault: {status:?}"));
        }
        let calls = strace.detach();
        if subject.seen(&mut self.clients).await != Seen::After {
            self.problems.push(format!("{operation:?} is not seen without a fault"));
        }
        let places = places_of(operation, &calls, &threads, self.server.root());
        if !places.iter().any(Place::is_sync) {
            self.problems.push(format!("{operation:?} syncs nothing: {calls:?}"));
        }
        places
    }

    /// Makes a system call of an operation fail.
    async fn inject(&mut self, place: &Place, error: &'static str) {
        for _ in 0..ATTEMPTS {
            let subject = self.prepare(place.operation).await;
            let threads = threads_of(self.server.pid());
            let tids: Vec<u32> = threads
                .iter()
                .filter(|&(_, role)| *role == place.role)
                .map(|(&thread, _)| thread)
                .collect();
            let strace = Strace::attach(&tids, &injection(place, error));
            let result = tokio::time::timeout(DEADLINE, subject.perform(&mut self.clients)).await;
            let calls = strace.detach();
            let injected: Vec<&Call> = calls.iter().filter(|call| call.is_injected()).collect();
            let is_void = injected.is_empty()
                || !injected.iter().all(|call| call.is_below(self.server.root()));
            if is_void && !injected.is_empty() {
                // Not one of ours failed, but what wakes the server's threads.
                self.restart().await;
                continue;
            }
            let result = result.unwrap_or_else(|_| panic!("no answer: {place:?}, {error}"));
            self.judge(&subject, place, error, result, &calls).await;
            if !is_void {
                return;
            }
        }
        self.missed += 1;
    }

    /// Checks what an operation did that had to do with a fault among its calls, and then does
    /// it again.
    async fn judge(
        &mut self,
        subject: &Subject,
        place: &Place,
        error: &'static str,
        result: Result<(), Status>,
        calls: &[Call],
    ) {
        let failed: Vec<&Call> = calls.iter().filter(|call| call.is_injected()).collect();
        let is_hit = !failed.is_empty();
        let what = format!("{place:?} with {error}: {result:?}");
        // What a failed sync left out is seen as long as the system runs, also by the next
        // server: only the answer shows that the failure was noticed.
        let is_promised = |sync: &&Call| place.is_sync() && is_promised(sync, calls);
        let promised: Vec<&Call> = failed.into_iter().filter(is_promised).collect();
        if result.is_ok() && !promised.is_empty() {
            self.problems.push(format!("acknowledged though a sync failed: {what}, {promised:?}"));
        }
        let seen = subject.seen(&mut self.clients).await;
        self.tally.torn += usize::from(seen == Seen::Torn);
        match &result {
            Ok(()) if seen != Seen::After => {
                self.tally.lost += 1;
                self.problems.push(format!("it is {seen:?}: {what}"));
            }
            Ok(()) => {}
            Err(status) => {
                let expected = if error == "ENOSPC" { "DISK_FULL" } else { "IO" };
                if !is_hit || reason(status) != expected {
                    self.problems.push(what.clone());
                }
            }
        }
        if is_hit {
            self.tally.cases += 1;
            let end = result.map_or_else(|status| reason(&status), |()| "done".into());
            *self.ends.entry((error, end)).or_default() += 1;
        }
        if promised.iter().any(|sync| sync.path().ends_with("-MESSAGE-BUS.md"))
            && !subject.is_poisoned(&mut self.clients).await
        {
            return self.problems.push(format!("appended to after a failed sync: {what}"));
        }
        match subject.repeat(&mut self.clients).await {
            Ok(()) => self.tally.acknowledged += 1,
            Err(problem) => return self.problems.push(format!("{what}: {problem}")),
        }
        let seen = subject.seen(&mut self.clients).await;
        if seen != Seen::After {
            self.problems.push(format!("{what}: it was repeated, and is {seen:?}"));
        }
        self.subjects.push(subject.clone());
    }

    async fn restart(&mut self) {
        self.server.restart();
        self.clients = Clients::connect(&self.server).await;
    }

    /// Kills the server, starts it again, and looks at everything that was done.
    async fn settle(mut self, places: usize, fault: &str, test: &str) {
        self.restart().await;
        for subject in &self.subjects {
            match subject.seen(&mut self.clients).await {
                Seen::After => {}
                Seen::Before => self.tally.lost += 1,
                Seen::Torn => self.tally.torn += 1,
            }
        }
        eprintln!(
            "{} cases at {places} places, {} not met; ends: {:?}",
            self.tally.cases, self.missed, self.ends
        );
        let problems = self.problems.join("\n");
        assert!(problems.is_empty(), "{} problems:\n{problems}", self.problems.len());
        assert!(self.missed <= 3 + self.tally.cases / 3, "{} were not met", self.missed);
        self.tally.settle(fault, test);
    }
}

/// The files of a run that say again what its record says, and are made anew from that.
const DERIVED: [&str; 3] = ["agent-type", "cwd", "parent-run-id"];

/// Whether an answer depends on what a call syncs, which is one of these.
fn is_promised(sync: &Call, calls: &[Call]) -> bool {
    // It was synced when it was the bus; what a program appended to it later is not served
    // before it is synced again.
    let is_archive = sync.path().ends_with(".archived");
    // After the content of a derived file, its folder is synced for its name.
    let before = |call: &&Call| call.thread == sync.thread && call.begun < sync.begun;
    let is_name = calls.iter().rfind(before).is_some_and(|before| {
        let path = before.path();
        let folder = path.rsplit_once('/').map(|(folder, _)| folder);
        is_derived_anew(&path) && folder == Some(&*sync.path())
    });
    !is_archive && !is_derived_anew(&sync.path()) && !is_name
}

/// Whether a path is of the new content of a derived file, which does not have its name yet.
fn is_derived_anew(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or_default();
    folder.contains("/runs/") && DERIVED.iter().any(|file| name.starts_with(&format!(".{file}.")))
}

/// Returns the role that a thread has in a server.
fn role_of(name: &str, is_runtime: bool) -> Option<Role> {
    match name {
        "bus-writer" => Some(Role::Writer),
        "tokio-rt-worker" if !is_runtime => Some(Role::Blocking),
        _ => None,
    }
}
