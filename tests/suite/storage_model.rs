//! Any sequence of calls of the storage traits answers as a small model does, also
//! when the backend is closed and opened again in between. Another backend is tried
//! by implementing [`Backend`].

mod kept;
mod model;
mod operation;
mod play;
mod play_artifacts;
mod play_facts;
mod play_kept;
mod play_projects;
mod play_runs;
mod play_tasks;
mod play_upkeep;

use std::sync::{Arc, Mutex};

use callboard::clock::Clock;
use callboard::disk::OsDisk;
use callboard::files::Files;
use callboard::store::Storage;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use operation::{Operation, operations};
use play::Player;

/// A place where a backend keeps things.
pub(crate) trait Backend {
    /// The backend.
    type Store: Storage;

    /// Opens the backend on what it kept. The one that was opened before is gone.
    fn open(&self, clock: Arc<dyn Clock>) -> Self::Store;
}

/// A clock that the test sets. It begins later than any process of this host did, so
/// that a run's process counts as the run's.
pub(crate) struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn new() -> Self {
        Self(Mutex::new("2100-01-01T00:00:00Z".parse().expect("a time")))
    }

    fn step(&self, seconds: i64) {
        let mut now = self.0.lock().expect("the time");
        *now += SignedDuration::from_secs(seconds);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }
}

/// The backend of files, in a folder of its own.
struct FilesInAFolder(TempDir);

impl Backend for FilesInAFolder {
    type Store = Files;

    fn open(&self, clock: Arc<dyn Clock>) -> Files {
        let disk = OsDisk::open_root(self.0.path()).expect("the root");
        Files::open(Arc::new(disk), clock, std::process::id()).expect("the root is free")
    }
}

/// Plays operations on a backend that is empty; fails when it answers otherwise than
/// the model.
pub(crate) fn play(backend: &impl Backend, operations: &[Operation]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let clock = Arc::new(SetClock::new());
        let handed = || Arc::clone(&clock) as Arc<dyn Clock>;
        let mut player = Player::new(backend.open(handed()), Arc::clone(&clock));
        for (number, operation) in operations.iter().enumerate() {
            let operation = player.resolve(operation);
            player.said = format!("operation {number}, {operation:?}");
            match operation {
                Operation::Reopen => {
                    player = player.reopened(|| backend.open(handed()));
                }
                Operation::Step(seconds) => player.step(seconds),
                operation => Box::pin(player.play(&operation)).await,
            }
        }
        player.said = "the end".to_owned();
        Box::pin(player.compare_everything()).await;
        player = player.reopened(|| backend.open(handed()));
        player.said = "the end, opened again".to_owned();
        Box::pin(player.compare_everything()).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_files_answer_any_calls_as_the_model_does(operations in operations(50)) {
        play(&FilesInAFolder(tempfile::tempdir().expect("a folder")), &operations);
    }
}
