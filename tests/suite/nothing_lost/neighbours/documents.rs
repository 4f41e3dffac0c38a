//! Programs that change documents by themselves, while clients of the service do: under the
//! lock that all respect, and with a lock file that is removed after each update.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::grpc::pb;
use tokio::task::JoinSet;

use super::program::{Program, argument, can_run};
use crate::client::reason;
use crate::nothing_lost::tally::{Tally, rounds};
use crate::server::Server;
use crate::storage_client::StorageClient;

const PROGRAMS: usize = 6;
const CLIENTS: usize = 3;

/// How often each program, and each client at least, changes a document.
fn updates() -> usize {
    rounds(100).max(20)
}

/// A document that others change too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Document {
    RunInfo,
    Task,
}

/// What the clients of the service met, all in all.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    /// Updates that were acknowledged.
    acknowledged: u64,
    /// Of these, those that were overwritten later: they were gone at the next look.
    overwritten: u64,
    /// Updates that were refused because the etag was another one by then.
    etag_mismatches: u64,
    /// Updates that were given up because a program without a lock came between.
    foreign_writes: u64,
}

impl Document {
    fn path(self, root: &Path) -> PathBuf {
        root.join(match self {
            Self::RunInfo => "p/t/runs/r/run-info.yaml",
            Self::Task => "p/t/task.json",
        })
    }

    /// Puts a key into it that programs count up.
    fn add_counter(self, root: &Path) {
        let path = self.path(root);
        let text = fs::read_to_string(&path).expect("the document");
        let text = match self {
            Self::RunInfo => format!("{text}counter: 0\n"),
            Self::Task => text.replacen("{\n", "{\n  \"counter\": 0,\n", 1),
        };
        fs::write(&path, text).expect("written");
    }

    /// Returns the counter of a document, and nothing when it is not whole.
    fn counter(self, bytes: &[u8]) -> Option<u64> {
        match self {
            Self::RunInfo => {
                let value: serde_yaml::Value = serde_yaml::from_slice(bytes).ok()?;
                (value.get("run_id")?.as_str()? == "r").then(|| value.get("counter")?.as_u64())?
            }
            Self::Task => {
                let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
                (value.get("id")?.as_str()? == "t").then(|| value.get("counter")?.as_u64())?
            }
        }
    }

    /// Reads the number that a client keeps in a field of its own, and the etag.
    async fn read(self, client: &mut StorageClient, field: usize) -> (u64, String) {
        let (fields, etag) = match self {
            Self::RunInfo => {
                let run = client.run("r").await;
                ([run.cwd, run.commandline, run.error_summary], run.etag)
            }
            Self::Task => {
                let task = client.task("p", "t").await;
                ([task.description, task.template, task.model], task.etag)
            }
        };
        (fields[field].parse().unwrap_or(0), etag)
    }

    /// Writes a number into the field of a client.
    async fn write(
        self,
        client: &mut StorageClient,
        field: usize,
        number: u64,
        etag: String,
    ) -> Result<(), tonic::Status> {
        let value = |of: usize| if of == field { number.to_string() } else { String::new() };
        match self {
            Self::RunInfo => {
                let request = pb::UpdateRunRequest {
                    run_id: "r".into(),
                    cwd: value(0),
                    commandline: value(1),
                    error_summary: value(2),
                    etag,
                    ..Default::default()
                };
                client.update_run(request).await.map(drop)
            }
            Self::Task => {
                let request = pb::UpdateTaskRequest {
                    project_id: "p".into(),
                    task_id: "t".into(),
                    description: value(0),
                    template: value(1),
                    model: value(2),
                    etag,
                    ..Default::default()
                };
                client.update_task(request).await.map(drop)
            }
        }
    }

    /// Counts up in a field, with etags, from the number that was acknowledged last; until it
    /// is told to stop, and so often at least. The number never goes back, so that one that
    /// was overwritten is seen.
    async fn count_up(
        self,
        mut client: StorageClient,
        field: usize,
        (from, at_least): (u64, u64),
        stop: Arc<AtomicBool>,
    ) -> (u64, Met) {
        let (mut last, mut met) = (from, Met::default());
        while met.acknowledged < at_least || !stop.load(Ordering::Relaxed) {
            let (found, etag) = self.read(&mut client, field).await;
            assert!(found <= last, "{found} was never written, {last} was the last");
            match self.write(&mut client, field, last + 1, etag).await {
                Ok(()) => {
                    met.overwritten += u64::from(found < last);
                    met.acknowledged += 1;
                    last += 1;
                }
                Err(refused) => match reason(&refused).as_str() {
                    "ETAG_MISMATCH" => met.etag_mismatches += 1,
                    "FOREIGN_WRITE" => met.foreign_writes += 1,
                    _ => panic!("{refused:?}"),
                },
            }
        }
        (last, met)
    }
}

/// Reads a document again and again, past the service; returns how often it was not whole.
async fn look(document: Document, path: PathBuf, stop: Arc<AtomicBool>) -> usize {
    let looking = move || {
        let mut torn = 0;
        while !stop.load(Ordering::Relaxed) {
            let bytes = fs::read(&path).expect("it is always there");
            if document.counter(&bytes).is_none() {
                eprintln!("torn: {:?}", String::from_utf8_lossy(&bytes));
                torn += 1;
            }
        }
        torn
    };
    tokio::task::spawn_blocking(looking).await.expect("it can be read")
}

/// What came of one document.
struct Outcome {
    /// What the programs have counted up to.
    counter: u64,
    /// The numbers the clients were acknowledged last, and those that are there.
    fields: [(u64, u64); CLIENTS],
    met: Met,
    torn: usize,
}

/// Has programs and clients of the service change a document at the same time.
async fn change(server: &Server, document: Document, further: &[&str]) -> Outcome {
    let mut client = StorageClient::connect(server).await;
    let path = document.path(server.root());
    document.add_counter(server.root());
    let count = updates().to_string();
    let arguments = [&[argument(&path), count.as_str()], further].concat();
    let programs: Vec<_> =
        (0..PROGRAMS).map(|_| Program::start("document.py", &arguments)).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let looking = tokio::spawn(look(document, path.clone(), Arc::clone(&stop)));
    let mut clients = JoinSet::new();
    for field in 0..CLIENTS {
        let (client, stop) = (StorageClient::connect(server).await, Arc::clone(&stop));
        clients.spawn(async move {
            (field, document.count_up(client, field, (0, updates() as u64), stop).await)
        });
    }
    for program in programs {
        assert_eq!(program.ended().await.len(), updates(), "it says each update");
    }
    stop.store(true, Ordering::Relaxed);
    let mut outcome = Outcome {
        counter: 0,
        fields: [(0, 0); CLIENTS],
        met: Met::default(),
        torn: looking.await.expect("it can be read"),
    };
    for (field, (last, met)) in clients.join_all().await {
        outcome.fields[field] = (last, document.read(&mut client, field).await.0);
        outcome.met.acknowledged += met.acknowledged;
        outcome.met.overwritten += met.overwritten;
        outcome.met.etag_mismatches += met.etag_mismatches;
        outcome.met.foreign_writes += met.foreign_writes;
    }
    outcome.counter =
        document.counter(&fs::read(&path).expect("the document")).expect("a whole document");
    outcome
}

async fn server_with_a_task() -> Server {
    let server = Server::start();
    let mut client = StorageClient::connect(&server).await;
    client.new_task("p", "t").await;
    client.new_run("p", "t", "r").await;
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_six_programs_and_three_clients_that_respect_a_lock_none_loses_an_update() {
    if !can_run() {
        return;
    }
    let mut tally = Tally::default();
    for document in [Document::RunInfo, Document::Task] {
        let server = server_with_a_task().await;
        let outcome = change(&server, document, &[]).await;
        let counted = (PROGRAMS * updates()) as u64;
        eprintln!("{document:?}: {:?}", outcome.met);
        assert_eq!(outcome.met.foreign_writes, 0, "all respect the lock");
        let mut lost = counted.saturating_sub(outcome.counter) + outcome.met.overwritten;
        let mut duplicated = outcome.counter.saturating_sub(counted);
        for (last, found) in outcome.fields {
            lost += last.saturating_sub(found);
            duplicated += found.saturating_sub(last);
        }
        tally.add(Tally {
            cases: PROGRAMS * updates(),
            acknowledged: usize::try_from(counted + outcome.met.acknowledged).expect("a few"),
            lost: usize::try_from(lost).expect("a few"),
            duplicated: usize::try_from(duplicated).expect("a few"),
            torn: outcome.torn,
        });
        if document == Document::RunInfo {
            // A run is ended through the service all the same, and its etag counts.
            let mut client = StorageClient::connect(&server).await;
            let etag = client.run("r").await.etag;
            let request = pb::UpdateRunStatusRequest {
                run_id: "r".into(),
                status: "completed".into(),
                etag,
                ..Default::default()
            };
            client.update_run_status(request).await.expect("the run ends");
            let bytes = fs::read(document.path(server.root())).expect("the record");
            assert_eq!(document.counter(&bytes), Some(counted), "their key stays");
        }
    }
    tally.settle(
        "6 programs that update a document under its lock, beside 3 clients",
        "nothing_lost::neighbours::documents::of_six_programs_and_three_clients_that_respect_a_lock_none_loses_an_update",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_programs_that_remove_their_lock_files_documents_stay_whole_and_conflicts_are_seen()
{
    if !can_run() {
        return;
    }
    let mut tally = Tally::default();
    for document in [Document::RunInfo, Document::Task] {
        let server = server_with_a_task().await;
        let outcome = change(&server, document, &["--unlink"]).await;
        let Outcome { counter, fields, mut met, torn } = outcome;
        for (last, found) in fields {
            met.overwritten += u64::from(found < last);
        }
        // What such programs overwrite, of each other's updates and of ours, is theirs to
        // answer for: they read before our rename and renamed after it. It is shown, not
        // promised.
        let own = (PROGRAMS * updates()) as u64;
        eprintln!(
            "{document:?} beside programs that remove the lock file: {met:?}; of their own {own} updates they lost {}",
            own.saturating_sub(counter)
        );
        assert!(met.etag_mismatches + met.foreign_writes > 0, "{met:?}: no conflict was seen");
        // Once they have ended, everything holds as ever.
        let (mut lost, mut duplicated) = (0, counter.saturating_sub(own));
        for (field, (last, _)) in fields.into_iter().enumerate() {
            let client = StorageClient::connect(&server).await;
            let stop = Arc::new(AtomicBool::new(true));
            let (last, after) = document.count_up(client.clone(), field, (last, 10), stop).await;
            let found = document.read(&mut client.clone(), field).await.0;
            lost += usize::from(found < last);
            duplicated += found.saturating_sub(last);
            assert_eq!((after.etag_mismatches, after.foreign_writes), (0, 0), "{after:?}");
        }
        let bytes = fs::read(document.path(server.root())).expect("the document");
        assert_eq!(document.counter(&bytes), Some(counter), "their key stays");
        tally.add(Tally {
            cases: PROGRAMS * updates(),
            acknowledged: usize::try_from(met.acknowledged - met.overwritten).expect("a few"),
            lost,
            duplicated: usize::try_from(duplicated).expect("a few"),
            torn,
        });
    }
    tally.settle(
        "documents beside 6 programs that remove the lock file (what these overwrite not counted)",
        "nothing_lost::neighbours::documents::beside_programs_that_remove_their_lock_files_documents_stay_whole_and_conflicts_are_seen",
    );
}
