//! What a repetition of a write may say after the first one failed.

use callboard::domain::{RunFile, RunId, TaskId};
use callboard::error::Reason;
use callboard::store::{EndStatus, NewRun, NewTask, RunEnd, RunFiles as _, Runs as _, Tasks as _};

use super::step_disk::Fault;
use super::{Backend, cwd, new_run, new_task, request, run, state, task};

#[tokio::test]
async fn an_unchanged_repetition_after_a_failed_sync_is_written_again() {
    let backend = Backend::prepared().await;
    let (files, steps) = (&backend.files, &backend.steps);
    let end =
        RunEnd { status: EndStatus::Failed, exit_code: Some(1), error_summary: String::new() };
    // The sync of the folder comes second: then the new content is there to be seen.
    steps.arm(Fault::Sync, 1);
    files.update_run(run(), cwd("/new"), None).await.expect_err("a failed sync");
    steps.disarm();
    assert_eq!(files.run(run()).await.expect("the run").info.cwd, "/new");
    steps.written();
    files.update_run(run(), cwd("/new"), None).await.expect("written again");
    assert!(steps.written().contains(&"run-info.yaml".to_owned()));
    files.update_run(run(), cwd("/new"), None).await.expect("nothing to do");
    assert!(!steps.written().contains(&"run-info.yaml".to_owned()), "once is enough");

    steps.arm(Fault::Sync, 1);
    files.end_run(run(), end.clone(), None).await.expect_err("a failed sync");
    steps.disarm();
    steps.written();
    files.end_run(run(), end, None).await.expect("written again");
    assert!(steps.written().contains(&"run-info.yaml".to_owned()));

    steps.arm(Fault::Sync, 1);
    files.set_task_state(task("t"), state("new"), None).await.expect_err("a failed sync");
    steps.disarm();
    steps.written();
    files.set_task_state(task("t"), state("new"), None).await.expect("written again");
    assert!(steps.written().contains(&"TASK_STATE.md".to_owned()));
}

#[tokio::test]
async fn a_chunk_whose_sync_failed_is_written_again_not_found_to_be_there() {
    let backend = Backend::prepared().await;
    let (files, steps) = (&backend.files, &backend.steps);
    let append = || files.append_run_output(run(), RunFile::Stdout, Some(7), b"after".into());
    steps.arm(Fault::Sync, 0);
    append().await.expect_err("a failed sync");
    steps.disarm();
    steps.written();
    let again = append().await.expect("appended");
    assert!(!again.duplicate && again.next_offset == 12, "{again:?}");
    assert_eq!(steps.written(), ["agent-stdout.txt"], "a second sync proves nothing");
    let appended = append().await.expect("appended");
    assert!(appended.duplicate);
    assert_eq!(steps.written(), [""; 0]);
}

#[tokio::test]
async fn what_another_created_after_a_failure_is_not_claimed_by_the_repetition() {
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let (files, steps) = (&backend.files, &backend.steps);
            steps.arm(fault, step);
            let first = files.create_run(new_run("t", "new"), request("one")).await;
            if !steps.disarm() {
                break;
            }
            let other = NewRun { prompt: "another's".to_owned(), ..new_run("t", "new") };
            let Ok(_) = files.create_run(other, None).await else {
                // It was made all the same, by the first: the repetition finds its own.
                let again = files.create_run(new_run("t", "new"), request("one")).await;
                assert!(again.expect("its own").duplicate);
                continue;
            };
            first.expect_err("another has created it");
            let again = files.create_run(new_run("t", "new"), request("one")).await;
            let refused = again.expect_err(&format!("{fault:?} at step {step}: it is another's"));
            assert_eq!(refused.reason(), Reason::RunExists, "{fault:?} at step {step}");
        }
    }
}

#[tokio::test]
async fn what_was_created_and_removed_is_not_created_by_a_repetition() {
    let mut backend = Backend::prepared().await;
    backend.files.create_run(new_run("t", "new"), request("one")).await.expect("a run");
    backend.files.create_task(new_task("new"), request("two")).await.expect("a task");
    let gone = callboard::domain::RunKey { task: None, run: RunId::parse("new").expect("an id") };
    backend.files.delete_run(gone, false).await.expect("deleted");
    backend.files.delete_task(task("new"), false).await.expect("deleted");
    for _ in 0..2 {
        let again = backend.files.create_run(new_run("t", "new"), request("one")).await;
        assert_eq!(again.expect_err("it is gone").reason(), Reason::RequestIdReused);
        let again = backend.files.create_task(new_task("new"), request("two")).await;
        assert_eq!(again.expect_err("it is gone").reason(), Reason::RequestIdReused);
        backend = backend.restart();
    }
}

#[tokio::test]
async fn a_generated_id_is_kept_through_a_failure() {
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let (files, steps) = (&backend.files, &backend.steps);
            let new = || NewRun { run: None, ..new_run("t", "unused") };
            let new_task = || NewTask { task: None::<TaskId>, ..new_task("unused") };
            steps.arm(fault, step);
            let _ = files.create_run(new(), request("one")).await;
            let hit = steps.disarm();
            let made = files.create_run(new(), request("one")).await.expect("a run").item;
            let again = files.create_run(new(), request("one")).await.expect("a run");
            assert!(again.duplicate && again.item == made, "{fault:?} at step {step}");
            assert_eq!(backend.listed().await.0.len(), 2, "{fault:?} at step {step}: one was made");
            steps.arm(fault, step);
            let _ = files.create_task(new_task(), request("two")).await;
            let task_hit = steps.disarm();
            files.create_task(new_task(), request("two")).await.expect("a task");
            assert_eq!(backend.listed().await.1.len(), 2, "{fault:?} at step {step}: one was made");
            if !hit && !task_hit {
                break;
            }
        }
    }
}
