//! System calls of a real server that fail, one at a time, and the order in which it makes
//! them: with strace, which must be there.

mod operations;
mod order;
mod places;
mod starting;
mod strace;

use std::collections::BTreeMap;

use tonic::Status;

use self::operations::{Clients, OPERATIONS, Seen, Subject};
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
    let mut cases = Vec::new();
    for operation in OPERATIONS {
        for place in sweep.places(operation).await {
            cases.extend(ERRORS.map(|error| (place.clone(), error)));
        }
    }
    let count = rounds(cases.len());
    for nth in 0..count {
        // A part of them is spread over all.
        let (place, error) = &cases[nth * cases.len() / count];
        sweep.inject(place, error).await;
    }
    sweep.settle(cases.len()).await;
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
        }
    }

    /// Makes what an operation needs, and sees to it that there is a thread for each kind of
    /// work: none that is begun later would be traced.
    async fn prepare(&mut self, operation: operations::Operation) -> Subject {
        self.number += 1;
        let subject = Subject::prepare(&mut self.clients, operation, self.number).await;
        let warm = message(operations::PROJECT, "task-20260101-120000-warm", "warm");
        self.clients.bus.append(warm).await;
        self.clients.storage.task(operations::PROJECT, "task-20260101-120000-warm").await;
        subject
    }

    /// Finds the system calls of an operation on files of the root.
    async fn places(&mut self, operation: operations::Operation) -> Vec<Place> {
        let subject = self.prepare(operation).await;
        let threads = threads_of(self.server.pid());
        let tids: Vec<u32> = threads.keys().copied().collect();
        let strace = Strace::attach(&tids, &places::traced());
        subject.perform(&mut self.clients).await.expect("without a fault it succeeds");
        let calls = strace.detach();
        assert_eq!(subject.seen(&mut self.clients).await, Seen::After, "{subject:?}");
        let places = places_of(operation, &calls, &threads, self.server.root());
        assert!(places.iter().any(|place| place.is_sync()), "{operation:?} syncs: {calls:?}");
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
            let result = result.unwrap_or_else(|_| panic!("no answer: {place:?}, {error}"));
            let injected: Vec<&Call> = calls.iter().filter(|call| call.is_injected()).collect();
            let is_void = injected.is_empty()
                || !injected.iter().all(|call| call.is_below(self.server.root()));
            if is_void && !injected.is_empty() {
                // Not one of ours failed, but what wakes the server's threads.
                self.restart().await;
                continue;
            }
            self.judge(&subject, place, error, result, !is_void).await;
            if !is_void {
                return;
            }
        }
        self.missed += 1;
    }

    /// Checks what an operation did that had to do with a fault, and then does it again.
    async fn judge(
        &mut self,
        subject: &Subject,
        place: &Place,
        error: &'static str,
        result: Result<(), Status>,
        is_hit: bool,
    ) {
        let what = format!("{place:?} with {error}: {result:?}");
        let seen = subject.seen(&mut self.clients).await;
        match &result {
            Ok(()) => {
                self.tally.lost += usize::from(seen == Seen::Before);
                assert_eq!(seen, Seen::After, "acknowledged, and not there: {what}");
            }
            Err(status) => {
                assert!(is_hit, "it failed without a fault: {what}");
                let expected = if error == "ENOSPC" { "DISK_FULL" } else { "IO" };
                assert_eq!(reason(status), expected, "{what}");
                assert_ne!(seen, Seen::Torn, "{what}");
            }
        }
        self.tally.torn += usize::from(seen == Seen::Torn);
        if is_hit {
            self.tally.cases += 1;
            let end = result.map_or_else(|status| reason(&status), |()| "done".into());
            *self.ends.entry((error, end)).or_default() += 1;
        }
        subject.repeat(&mut self.clients).await;
        assert_eq!(subject.seen(&mut self.clients).await, Seen::After, "{what}");
        self.tally.acknowledged += 1;
        self.subjects.push(subject.clone());
    }

    async fn restart(&mut self) {
        self.server.restart();
        self.clients = Clients::connect(&self.server).await;
    }

    /// Kills the server, starts it again, and looks at everything that was done.
    async fn settle(mut self, places: usize) {
        self.restart().await;
        for subject in &self.subjects {
            match subject.seen(&mut self.clients).await {
                Seen::After => {}
                Seen::Before => self.tally.lost += 1,
                Seen::Torn => self.tally.torn += 1,
            }
        }
        eprintln!(
            "{} of {places} places and errors, {} not met; ends: {:?}",
            self.tally.cases, self.missed, self.ends
        );
        assert!(self.missed <= 2 + self.tally.cases / 10, "{} were not met", self.missed);
        self.tally.settle(
            "a system call that fails (strace)",
            "nothing_lost::injected::a_system_call_that_fails_loses_nothing_and_the_server_works_again",
        );
    }
}

/// Returns the role that a thread has in a server.
fn role_of(name: &str, is_runtime: bool) -> Option<Role> {
    match name {
        "bus-writer" => Some(Role::Writer),
        "tokio-rt-worker" if !is_runtime => Some(Role::Blocking),
        _ => None,
    }
}
