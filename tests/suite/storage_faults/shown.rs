//! What readers are shown of files of lines: nothing that may still be lost. And what else
//! is synced before anybody relies on it.

use std::fs;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use callboard::domain::{RunFile, StepResult};
use callboard::error::{Reason, Result};
use callboard::store::{
    Checkpoint, FileStart, LinesAppended, LogQuery, NewRunEvent, RunFileQuery, RunFiles as _,
    RunMetas as _, TaskLogs as _, Tasks as _,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_stream::{Stream, StreamExt as _};

use super::step_disk::{Call, Steps};
use super::{Backend, run, task};
use crate::server::DEADLINE;

type Lines = Pin<Box<dyn Stream<Item = Result<Vec<String>>>>>;

/// A file of lines that the service appends to and shows.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Log,
    Events,
}

impl Kept {
    fn path(self) -> &'static str {
        match self {
            Self::Log => "p/t/task.log",
            Self::Events => "p/t/runs/r/events.jsonl",
        }
    }

    async fn append(self, backend: &Backend, name: &str) -> Result<LinesAppended> {
        match self {
            Self::Log => {
                let entry = format!("{{\"event\":\"{name}\"}}");
                let entry = callboard::domain::JsonObject::parse(&entry).expect("an object");
                backend.files.append_task_log(task("t"), vec![entry], None).await
            }
            Self::Events => {
                let event = NewRunEvent {
                    event: name.to_owned(),
                    data: None,
                    timestamp: None,
                    repo_id: String::new(),
                };
                backend.files.append_run_event(run(), event, None).await
            }
        }
    }

    /// The names of what the file holds, part by part.
    async fn read(self, backend: &Backend, start: FileStart, follow: bool) -> Lines {
        match self {
            Self::Log => {
                let query = LogQuery { task: task("t"), start, follow };
                let log = backend.files.read_task_log(query).await.expect("a log");
                Box::pin(log.map(|part| {
                    Ok(part?.lines.iter().flat_map(|line| names(&line.text)).collect())
                }))
            }
            Self::Events => {
                let query = RunFileQuery { run: run(), file: RunFile::Events, start, follow };
                let file = backend.files.read_run_file(query).await.expect("the events");
                Box::pin(file.map(|chunk| Ok(names(&String::from_utf8_lossy(&chunk?.bytes)))))
            }
        }
    }

    /// The names of all that a reader is shown now who does not follow.
    async fn shown(self, backend: &Backend, start: FileStart) -> Vec<String> {
        let mut lines = self.read(backend, start, false).await;
        let mut shown = Vec::new();
        while let Some(part) = lines.next().await {
            shown.extend(part.expect("it can be read"));
        }
        shown
    }
}

fn names(lines: &str) -> Vec<String> {
    let names = lines.split("\"event\":\"").skip(1);
    names.map(|rest| rest.split('"').next().expect("a name").to_owned()).collect()
}

/// Waits for what a follower is shown next.
async fn next(lines: &mut Lines) -> Result<Vec<String>> {
    let part = tokio::time::timeout(DEADLINE, lines.next()).await.expect("more in time");
    part.expect("one that follows does not end")
}

/// The next sync of a file, which waits until the test says how it ends.
struct HeldSync {
    begun: UnboundedReceiver<()>,
    end: mpsc::Sender<io::Result<()>>,
}

impl HeldSync {
    fn of(steps: &Steps, path: &'static str) -> Self {
        let (begins, begun) = unbounded_channel();
        let (end, ends) = mpsc::channel();
        let next = Mutex::new(Some(ends));
        steps.before_call(move |call, at| {
            if call != Call::Sync || at.as_str() != path {
                return Ok(());
            }
            let Some(ends) = next.lock().expect("the next").take() else { return Ok(()) };
            begins.send(()).expect("the test listens");
            ends.recv_timeout(DEADLINE).expect("the test says how it ends")
        });
        Self { begun, end }
    }
}

/// The paths of one kind of calls, from now on.
fn noted(steps: &Steps, wanted: Call) -> Arc<Mutex<Vec<String>>> {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&noted);
    steps.before_call(move |call, path| {
        if call == wanted {
            notes.lock().expect("the notes").push(path.as_str().to_owned());
        }
        Ok(())
    });
    noted
}

fn count(noted: &Mutex<Vec<String>>, path: &str) -> usize {
    noted.lock().expect("the notes").iter().filter(|one| *one == path).count()
}

async fn nothing_is_shown_before_its_sync(kept: Kept) {
    let backend = Backend::prepared().await;
    kept.append(&backend, "old").await.expect("appended");
    let mut follower = kept.read(&backend, FileStart::Offset(0), true).await;
    assert_eq!(next(&mut follower).await.expect("the old"), ["old"]);
    for name in ["first", "second"] {
        let before = kept.shown(&backend, FileStart::Offset(0)).await;
        let held = HeldSync::of(&backend.steps, kept.path());
        let is_released = AtomicBool::new(false);
        let append = async { kept.append(&backend, name).await.expect("appended") };
        let follow = async {
            let shown = next(&mut follower).await.expect("the new");
            assert!(is_released.load(Ordering::SeqCst), "{kept:?}: {shown:?} was shown too early");
            assert_eq!(shown, [name]);
        };
        let meanwhile = async {
            let HeldSync { mut begun, end } = held;
            begun.recv().await.expect("the sync begins");
            let there = fs::read_to_string(backend.root().join(kept.path())).expect("the file");
            assert_eq!(names(&there).last().expect("lines"), name, "it is written");
            for start in [FileStart::Offset(0), FileStart::TailLines(10)] {
                assert_eq!(kept.shown(&backend, start).await, before, "{kept:?}");
                let mut another = kept.read(&backend, start, true).await;
                assert_eq!(next(&mut another).await.expect("the old"), before, "{kept:?}");
            }
            is_released.store(true, Ordering::SeqCst);
            end.send(Ok(())).expect("it is held");
        };
        tokio::join!(append, follow, meanwhile);
        assert_eq!(kept.shown(&backend, FileStart::TailLines(1)).await, [name]);
    }
}

async fn nothing_is_shown_of_what_failed(kept: Kept) {
    let backend = Backend::prepared().await;
    kept.append(&backend, "old").await.expect("appended");
    let mut follower = kept.read(&backend, FileStart::Offset(0), true).await;
    assert_eq!(next(&mut follower).await.expect("the old"), ["old"]);
    let mut expected = vec!["old".to_owned()];
    for round in 0..5 {
        let held = HeldSync::of(&backend.steps, kept.path());
        let lost = async { kept.append(&backend, "lost").await.expect_err("a failed sync") };
        let meanwhile = async {
            let HeldSync { mut begun, end } = held;
            begun.recv().await.expect("the sync begins");
            assert_eq!(kept.shown(&backend, FileStart::Offset(0)).await, expected, "{kept:?}");
            end.send(Err(io::Error::other("a broken disk"))).expect("it is held");
        };
        // It listens all the time.
        let follow = async {
            let mut follow = pin!(next(&mut follower));
            tokio::select! {
                biased;
                shown = &mut follow => panic!("{kept:?}: {shown:?} was lost"),
                (error, ()) = async { tokio::join!(lost, meanwhile) } => {
                    assert_eq!(error.reason(), Reason::Io);
                }
            }
            assert_eq!(kept.shown(&backend, FileStart::Offset(0)).await, expected, "{kept:?}");
            let name = format!("kept-{round}");
            let append = async { kept.append(&backend, &name).await.expect("appended") };
            let (shown, _) = tokio::join!(follow, append);
            assert_eq!(shown.expect("the new"), [name.as_str()], "{kept:?}");
            name
        };
        expected.push(follow.await);
    }
}

#[tokio::test]
async fn a_follower_of_a_log_is_shown_no_entry_before_its_sync() {
    nothing_is_shown_before_its_sync(Kept::Log).await;
}

#[tokio::test]
async fn a_follower_of_events_is_shown_none_before_its_sync() {
    nothing_is_shown_before_its_sync(Kept::Events).await;
}

#[tokio::test]
async fn a_follower_is_shown_nothing_of_a_write_whose_sync_failed() {
    nothing_is_shown_of_what_failed(Kept::Log).await;
    nothing_is_shown_of_what_failed(Kept::Events).await;
}

#[tokio::test]
async fn lines_that_another_program_appended_are_synced_once_before_they_are_shown() {
    for kept in [Kept::Log, Kept::Events] {
        let backend = Backend::prepared().await;
        let path = backend.root().join(kept.path());
        fs::write(&path, "{\"event\":\"theirs\"}\n").expect("written");
        let held = HeldSync::of(&backend.steps, kept.path());
        held.end.send(Err(io::Error::other("a broken disk"))).expect("it is held");
        let mut lines = kept.read(&backend, FileStart::Offset(0), false).await;
        let failed = next(&mut lines).await.expect_err("what cannot be synced is not shown");
        assert_eq!(failed.reason(), Reason::Io, "{kept:?}");
        let synced = noted(&backend.steps, Call::Sync);
        for _ in 0..3 {
            assert_eq!(kept.shown(&backend, FileStart::Offset(0)).await, ["theirs"]);
            assert_eq!(count(&synced, kept.path()), 1, "{kept:?}: {synced:?}");
        }
        fs::write(&path, "{\"event\":\"theirs\"}\n{\"event\":\"more\"}\n").expect("written");
        assert_eq!(kept.shown(&backend, FileStart::Offset(0)).await, ["theirs", "more"]);
        assert_eq!(count(&synced, kept.path()), 2, "{kept:?}: {synced:?}");
        // What the service has synced itself needs no other sync.
        kept.append(&backend, "ours").await.expect("appended");
        assert_eq!(count(&synced, kept.path()), 3, "{kept:?}: {synced:?}");
        assert_eq!(kept.shown(&backend, FileStart::TailLines(1)).await, ["ours"]);
        assert_eq!(count(&synced, kept.path()), 3, "{kept:?}: {synced:?}");
    }
}

/// It often gets the identity of the one before.
#[tokio::test]
async fn the_name_of_a_log_in_the_place_of_one_that_was_removed_is_synced() {
    for kept in [Kept::Log, Kept::Events] {
        let backend = Backend::prepared().await;
        let folder = kept.path().rsplit_once('/').expect("a folder").0;
        kept.append(&backend, "first").await.expect("appended");
        let synced = noted(&backend.steps, Call::SyncFolder);
        for round in 0..20 {
            fs::remove_file(backend.root().join(kept.path())).expect("removed");
            synced.lock().expect("the notes").clear();
            kept.append(&backend, "anew").await.expect("appended");
            assert_eq!(count(&synced, folder), 1, "{kept:?} in round {round}: {synced:?}");
        }
        kept.append(&backend, "more").await.expect("appended");
        assert_eq!(count(&synced, folder), 1, "{kept:?}: once is enough");
    }
}

#[tokio::test]
async fn the_first_checkpoint_in_a_folder_of_another_program_syncs_its_name() {
    let backend = Backend::prepared().await;
    let folder = backend.root().join("p/theirs");
    fs::create_dir(&folder).expect("a folder");
    let record = "{\"status\":\"running\",\"steps\":[{\"name\":\"one\",\"type\":\"ai\"}]}";
    fs::write(folder.join("task.json"), record).expect("written");
    let synced = noted(&backend.steps, Call::SyncFolder);
    for _ in 0..2 {
        let result = StepResult { status: "completed".to_owned(), ..StepResult::default() };
        let checkpoint = Checkpoint { result, current_step: None, to: None };
        backend.files.save_step_result(task("theirs"), checkpoint, None).await.expect("saved");
        assert_eq!(count(&synced, "p"), 1, "{synced:?}");
    }
}
