//! Documents that are changed as a whole: a task's record, what is kept of a run.

use callboard::domain::{Etag, JsonObject, RunMeta, StepResult, Task};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    Checkpoint, NewRun, NewStatus, RunMetaChange, RunMetas as _, Runs as _, TaskChange, Tasks as _,
};

use super::step_disk::Fault;
use super::{Backend, fails_at_each_step, new_run, request, run, task};

const RECORD: &str = "p/t/task.json";

fn running() -> NewStatus {
    NewStatus { status: "running".to_owned(), reason: "begun".to_owned() }
}

fn checkpoint() -> Checkpoint {
    let result = StepResult {
        status: "completed".to_owned(),
        output: "done".to_owned(),
        metadata: JsonObject::parse("{\"n\":1}").ok(),
        ..StepResult::default()
    };
    Checkpoint { result, current_step: Some(1), to: Some(running()) }
}

/// Changes a record on a disk that fails at each of its steps: the old record stays, or
/// the new one is there as a whole; then a repetition with the etag of before works, or is
/// told that it is done, and so is every other change.
async fn changes_the_record_once(change: impl AsyncFn(&Files, Option<Etag>) -> Result<Task>) {
    let whole = Backend::prepared().await;
    let before = whole.visible();
    change(&whole.files, None).await.expect("nothing fails");
    let after = whole.visible();
    assert_ne!(before[RECORD], after[RECORD]);
    let (mut old, mut new) = (0, 0);
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let etag = backend.files.task(task("t")).await.expect("the task").etag;
            backend.steps.arm(fault, step);
            let failed = change(&backend.files, etag.clone()).await;
            let what = format!("{fault:?} at step {step}: {failed:?}");
            if !backend.steps.disarm() {
                failed.expect("nothing has failed");
                break;
            }
            let failed = failed.expect_err(&what);
            let expected = if fault == Fault::Full { Reason::DiskFull } else { Reason::Io };
            assert_eq!(failed.reason(), expected, "{what}");
            assert_eq!(backend.half_made(), [""; 0], "{what}");
            let seen = backend.visible();
            let is_old = seen == before;
            // The last step, the sync of the folder, comes after the new record is seen.
            assert!(is_old || fault == Fault::Sync && seen == after, "{what}: {seen:?}");
            let again = change(&backend.files, etag).await;
            if is_old {
                old += 1;
                again.unwrap_or_else(|error| panic!("{what}: then {error}"));
            } else {
                new += 1;
                assert_eq!(again.expect_err(&what).reason(), Reason::EtagMismatch, "{what}");
            }
            assert_eq!(backend.visible(), after, "{what}");
            let other = TaskChange { description: Some("other".into()), ..TaskChange::default() };
            let other = backend.files.update_task(task("t"), other, None).await.expect(&what);
            let backend = backend.restart();
            let found = backend.files.task(task("t")).await.expect("the task");
            assert_eq!(found, other, "{what}");
        }
    }
    assert!(old > 1 && new > 0, "{old} old, {new} new");
}

#[tokio::test]
async fn a_move_is_made_whole_or_not_at_all() {
    changes_the_record_once(async |files, etag| {
        files.transition_task(task("t"), running(), etag).await
    })
    .await;
}

#[tokio::test]
async fn a_checkpoint_is_saved_whole_or_not_at_all() {
    changes_the_record_once(async |files, etag| {
        files.save_step_result(task("t"), checkpoint(), etag).await
    })
    .await;
}

#[tokio::test]
async fn what_changes_with_a_task_at_once_is_changed_whole_or_not_at_all() {
    changes_the_record_once(async |files, etag| {
        let change = TaskChange {
            status: Some("running".to_owned()),
            current_step: Some(1),
            metadata: JsonObject::parse("{\"a\":9007199254740993}").ok(),
            ..TaskChange::default()
        };
        files.update_task(task("t"), change, etag).await
    })
    .await;
}

fn kept() -> RunMeta {
    RunMeta { worktree_path: "/usr".to_owned(), ..RunMeta::default() }
}

#[tokio::test]
async fn what_is_kept_of_a_run_is_begun_whole_or_not_at_all() {
    fails_at_each_step(async |files| {
        let change = RunMetaChange {
            worktree_path: Some("/usr".to_owned()),
            title: Some("x".to_owned()),
            ..RunMetaChange::default()
        };
        files.update_run_meta(run(), change, None).await.map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_run_with_its_meta_is_created_whole_or_not_at_all() {
    for in_task in ["t", "other"] {
        fails_at_each_step(async |files| {
            let new = NewRun { meta: Some(kept()), ..new_run(in_task, "new") };
            files.create_run(new, request("one")).await.map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn a_change_of_what_is_kept_leaves_the_old_or_the_new_and_can_be_repeated() {
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let (files, steps) = (&backend.files, &backend.steps);
            let begun = RunMetaChange {
                worktree_path: Some("/usr".to_owned()),
                ..RunMetaChange::default()
            };
            let before = files.update_run_meta(run(), begun, None).await.expect("begun");
            let change = || RunMetaChange { pr_number: Some(7), ..RunMetaChange::default() };
            steps.arm(fault, step);
            let failed = files.update_run_meta(run(), change(), None).await;
            let what = format!("{fault:?} at step {step}: {failed:?}");
            if !steps.disarm() {
                assert!(step > 0, "{fault:?} was never met");
                break;
            }
            failed.expect_err(&what);
            assert_eq!(backend.half_made(), [""; 0], "{what}");
            let found = files.run_meta(run()).await.expect("it can be read");
            let is_new = found.pr_number == 7 && fault == Fault::Sync;
            assert!(found == before || is_new, "{what}: {found:?}");
            steps.written();
            let again = files.update_run_meta(run(), change(), None).await.expect(&what);
            assert_eq!(again.pr_number, 7, "{what}");
            // Also what is there already: a failed sync may have lost it.
            assert!(steps.written().contains(&"meta.json".to_owned()), "{what}");
            let backend = backend.restart();
            assert_eq!(backend.files.run_meta(run()).await.expect("it is there"), again, "{what}");
        }
    }
}
