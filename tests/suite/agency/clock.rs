//! The clock of the backend decides every time that it writes.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use callboard::clock::Clock;
use callboard::disk::OsDisk;
use callboard::domain::{
    FactScope, JsonObject, ProjectId, RunId, RunKey, RunMeta, Step, StepResult, TaskId, TaskKey,
};
use callboard::files::Files;
use callboard::store::{
    Checkpoint, EndStatus, Facts as _, NewFact, NewRun, NewRunEvent, NewStatus, NewTask, RunEnd,
    RunMetas as _, Runs as _, Tasks as _,
};
use jiff::Timestamp;

use super::WORKTREE;

/// A clock that a test sets.
struct SetClock(Mutex<Timestamp>);

impl SetClock {
    fn set(&self, time: &str) -> Option<Timestamp> {
        let time = time.parse().expect("a time");
        *self.0.lock().expect("the time") = time;
        Some(time)
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }
}

fn task() -> TaskKey {
    TaskKey {
        project: ProjectId::parse("p").expect("an id"),
        task: TaskId::parse("t").expect("an id"),
    }
}

fn run() -> RunKey {
    RunKey { task: Some(task()), run: RunId::parse("r").expect("an id") }
}

fn new_run() -> NewRun {
    NewRun {
        task: task(),
        run: Some(run().run),
        agent_type: "claude".to_owned(),
        parent_run_id: String::new(),
        previous_run_id: String::new(),
        host: String::new(),
        pid: 0,
        pgid: 0,
        process_ownership: String::new(),
        cwd: String::new(),
        commandline: String::new(),
        agent_version: String::new(),
        prompt: String::new(),
        meta: Some(RunMeta { worktree_path: WORKTREE.to_owned(), ..RunMeta::default() }),
    }
}

fn new_task() -> NewTask {
    NewTask {
        project: task().project,
        task: Some(task().task),
        description: String::new(),
        prompt: String::new(),
        template: String::new(),
        model: String::new(),
        depends_on: Vec::new(),
        steps: vec![Step { name: "one".to_owned(), kind: "ai".to_owned(), ..Step::default() }],
        metadata: None,
    }
}

fn event(name: &str) -> NewRunEvent {
    let data = JsonObject::parse("{}").ok();
    NewRunEvent { event: name.to_owned(), data, timestamp: None, repo_id: String::new() }
}

/// Finds what this year is called in any file: the clock says another one.
fn files_with(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if String::from_utf8_lossy(&fs::read(&path).expect("a file")).contains(word) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[tokio::test]
async fn a_clock_given_by_the_test_decides_every_time_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = OsDisk::open_root(folder.path()).expect("the root");
    let clock = Arc::new(SetClock(Mutex::default()));
    let began = clock.set("2031-05-06T07:08:09.25Z");
    let handed = Arc::clone(&clock) as Arc<dyn Clock>;
    let files = Files::open(Arc::new(disk), handed, 1).expect("the root is free");
    let made = files.create_task(new_task(), None).await.expect("a task").item;
    assert_eq!((made.record.created_at, made.record.updated_at), (began, began));
    let made = files.create_run(new_run(), None).await.expect("a run").item;
    assert_eq!(made.info.start_time, began);
    assert_eq!(made.meta.expect("its metadata").created_at, began);
    files.append_run_event(run(), event("begun"), None).await.expect("an event");

    let later = clock.set("2031-05-06T08:00:00Z");
    let moved = NewStatus { status: "running".to_owned(), reason: String::new() };
    let moved = files.transition_task(task(), moved, None).await.expect("moved");
    assert_eq!((moved.record.created_at, moved.record.updated_at), (began, later));
    assert_eq!(moved.progress.expect("its history").transitions[0].timestamp, later);
    let result = StepResult { status: "completed".to_owned(), ..StepResult::default() };
    let checkpoint = Checkpoint { result, current_step: None, to: None };
    let saved = files.save_step_result(task(), checkpoint, None).await.expect("saved");
    let progress = saved.progress.expect("its history");
    assert_eq!(progress.step_results[0].completed_at, later);
    assert_eq!(progress.steps[0].completed_at, later);
    let fact = NewFact {
        scope: FactScope::Task(task()),
        name: String::new(),
        title: "x".to_owned(),
        run_id: String::new(),
        body: String::new(),
    };
    let fact = files.append_fact(fact, None).await.expect("a fact").item;
    assert_eq!(fact.text.created_at, later);
    assert!(fact.id.as_str().starts_with("TASK-FACTS-20310506-080000"), "{}", fact.id);
    files.append_run_event(run(), event("later"), None).await.expect("an event");
    let given = NewRunEvent {
        timestamp: Some("2020-01-01T00:00:00Z".parse().expect("a time")),
        ..event("given")
    };
    files.append_run_event(run(), given, None).await.expect("an event");
    let end =
        RunEnd { status: EndStatus::Completed, exit_code: None, error_summary: String::new() };
    let ended = files.end_run(run(), end, None).await.expect("ended");
    assert_eq!((ended.info.start_time, ended.info.end_time), (began, later));

    let events = fs::read_to_string(folder.path().join("p/t/runs/r/events.jsonl"));
    let times: Vec<String> = events
        .expect("events")
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
            event["timestamp"].as_str().expect("a time").to_owned()
        })
        .collect();
    assert_eq!(times, ["2031-05-06T07:08:09.25Z", "2031-05-06T08:00:00Z", "2020-01-01T00:00:00Z"]);
    // This year is in no file.
    let this_year = callboard::clock::SystemClock.now().to_string()[..5].to_owned();
    assert_eq!(files_with(folder.path(), &this_year), [""; 0]);
}
