//! Every mutation of runs, and of what is kept of them.

use std::time::Duration;

use callboard::domain::{Reach, RunFile, RunId, RunMeta};
use callboard::error::{Reason, Result};
use callboard::files::Files;
use callboard::store::{
    CleanUp, EndStatus, NewRun, NewRunEvent, Part, RunChange, RunEnd, RunFiles as _, RunMetaChange,
    RunMetas as _, Runs as _, Upkeep as _,
};

use super::ground::{new_run, object, request, run, task_of};
use super::mutation::{Allowed, Answer, Mutation};

/// A process that cannot be: pids go no further than 2^22.
const NO_PROCESS: i64 = (1 << 22) + 1;

/// Output is what a process printed, followed as it is; the offset completes it.
const PART_OF_CHUNK: &str = "of a chunk that was cut off, a part may be there";

const BEFORE_A_RUN: [Allowed; 7] = [
    Allowed::begun("prompt fresh/new", "None", "folders that were made for the run"),
    Allowed::begun("needs fresh/new", "[]", "folders that were made for the run"),
    Allowed::begun("project fresh", "problem: None", "folders that were made for the run"),
    Allowed::begun("task fresh/new", "problem: None", "folders that were made for the run"),
    Allowed::begun("state fresh/new", "None", "folders that were made for the run"),
    Allowed::begun("log fresh/new", "", "folders that were made for the run"),
    Allowed::begun("tree fresh/new", "", "folders that were made for the run"),
];

fn meta() -> RunMeta {
    RunMeta {
        repo_id: "repo".to_owned(),
        title: "a title".to_owned(),
        branch: "branch".to_owned(),
        worktree_path: "/worktree".to_owned(),
        ..RunMeta::default()
    }
}

fn whole_run() -> NewRun {
    NewRun {
        task: task_of("fresh", "new"),
        parent_run_id: "r".to_owned(),
        meta: Some(meta()),
        ..new_run("new", "x")
    }
}

async fn create(files: &Files, new: NewRun, id: &str) -> Result<String> {
    files.create_run(new, request(id)).await.map(|made| format!("{:?}", made.item))
}

fn event() -> NewRunEvent {
    NewRunEvent {
        event: "pushed".to_owned(),
        data: Some(object(1)),
        timestamp: None,
        repo_id: String::new(),
    }
}

async fn append_event(files: &Files, id: &str) -> Result<String> {
    let appended = files.append_run_event(run("r"), event(), request(id)).await?;
    Ok(format!("{} {}", appended.offset, appended.next_offset))
}

async fn change_meta(files: &Files, branch: &str) -> Result<String> {
    let change = RunMetaChange {
        host: "elsewhere".to_owned(),
        branch: Some(branch.to_owned()),
        worktree_path: Some("/worktree".to_owned()),
        ..RunMetaChange::default()
    };
    files.update_run_meta(run("r"), change, None).await.map(|meta| format!("{meta:?}"))
}

async fn append(files: &Files, file: RunFile, offset: Option<u64>, chunk: &str) -> Result<String> {
    let appended = files.append_run_output(run("r"), file, offset, chunk.into()).await?;
    Ok(appended.next_offset.to_string())
}

fn ending(files: &Files) -> Answer<'_> {
    Box::pin(async move {
        let end = RunEnd {
            status: EndStatus::Failed,
            exit_code: Some(7),
            error_summary: "why".to_owned(),
        };
        files.end_run(run("r"), end, None).await.map(|run| format!("{run:?}"))
    })
}

fn losing_runs(files: &Files) -> Answer<'_> {
    Box::pin(async move {
        for id in ["gone-1", "gone-2"] {
            let new = NewRun { host: String::new(), pid: NO_PROCESS, ..new_run("t", id) };
            create(files, new, "").await?;
        }
        Ok(String::new())
    })
}

fn ending_runs(files: &Files) -> Answer<'_> {
    Box::pin(async move {
        for id in ["old-1", "old-2"] {
            create(files, new_run("t", id), "").await?;
            let end = RunEnd {
                status: EndStatus::Completed,
                exit_code: Some(0),
                error_summary: String::new(),
            };
            files.end_run(run(id), end, None).await?;
        }
        Ok(String::new())
    })
}

pub(super) fn all() -> Vec<Mutation> {
    let create_run = &["Storage.CreateRun"];
    let output = &["Storage.AppendRunOutput"];
    vec![
        Mutation::new("create a run", create_run, |files| {
            Box::pin(create(files, new_run("t", "new"), ""))
        })
        .then_refused(&[Reason::RunExists]),
        Mutation::new("create a run with everything, in a new project", create_run, |files| {
            Box::pin(create(files, whole_run(), "one"))
        })
        .repeatable()
        .allowing(BEFORE_A_RUN),
        Mutation::new("create a run under a name made up", create_run, |files| {
            Box::pin(create(files, NewRun { run: None::<RunId>, ..new_run("t", "unused") }, "one"))
        })
        .repeatable(),
        Mutation::new("end a run", &["Storage.UpdateRunStatus"], ending).repeatable(),
        Mutation::new("update a run", &["Storage.UpdateRun"], |files| {
            Box::pin(async move {
                let change = RunChange {
                    host: "elsewhere".to_owned(),
                    cwd: Some("/after".to_owned()),
                    parent_run_id: Some("q".to_owned()),
                    commandline: Some("claude --slow".to_owned()),
                    ..RunChange::default()
                };
                files.update_run(run("r"), change, None).await.map(|run| format!("{run:?}"))
            })
        })
        .repeatable(),
        Mutation::new("begin what is kept of a run", &["Storage.UpdateRunMeta"], |files| {
            Box::pin(change_meta(files, "new"))
        })
        .repeatable(),
        Mutation::new("update what is kept of a run", &["Storage.UpdateRunMeta"], |files| {
            Box::pin(change_meta(files, "new"))
        })
        .prepared(|files| Box::pin(change_meta(files, "old")))
        .repeatable(),
        Mutation::new("append the first event of a run", &["Storage.AppendRunEvent"], |files| {
            Box::pin(append_event(files, "one"))
        })
        .repeatable()
        .allowing([Allowed::begun(
            "file p/t/r/events",
            "",
            "a file that was made to append to",
        )]),
        Mutation::new("append another event of a run", &["Storage.AppendRunEvent"], |files| {
            Box::pin(append_event(files, ""))
        })
        .prepared(|files| Box::pin(append_event(files, ""))),
        Mutation::new("write a file of a run", &["Storage.WriteRunFile"], |files| {
            Box::pin(async move {
                let data = b"a result".to_vec();
                let size = files.write_run_file(run("r"), RunFile::Output, data).await?;
                Ok(size.to_string())
            })
        })
        .repeatable(),
        Mutation::new("replace a file of a run", &["Storage.WriteRunFile"], |files| {
            Box::pin(async move {
                let data = b"after".to_vec();
                let size = files.write_run_file(run("r"), RunFile::Stdout, data).await?;
                Ok(size.to_string())
            })
        })
        .repeatable(),
        Mutation::new("append to a file of a run", output, |files| {
            Box::pin(append(files, RunFile::Stdout, Some(7), "and after"))
        })
        .repeatable()
        .allowing([Allowed::longer("file p/t/r/stdout", PART_OF_CHUNK)]),
        Mutation::new("begin a log of a run", output, |files| {
            Box::pin(append(files, RunFile::Log("new.log".to_owned()), Some(0), "begun"))
        })
        .repeatable()
        .allowing([
            Allowed::begun("file p/t/r/logs", "0 bytes", "a file that was made to append to"),
            Allowed::longer("file p/t/r/logs", PART_OF_CHUNK),
        ]),
        Mutation::new("delete a run", &["Storage.DeleteRun"], |files| {
            Box::pin(async move { files.delete_run(run("r"), true).await.map(|()| String::new()) })
        })
        .then_refused(&[Reason::RunNotFound]),
        Mutation::new("reconcile runs", &["Storage.ReconcileRuns"], |files| {
            Box::pin(async move {
                let done = files.reconcile_runs(Part::All(Reach::All), false).await?;
                problems(&done.problems)
            })
        })
        .prepared(losing_runs)
        .repeatable()
        .allowing([Allowed::by_itself("run p/t/gone", "one after the other")]),
        Mutation::new("clean up runs", &["Storage.CleanUpRuns"], |files| {
            Box::pin(async move {
                let wanted = CleanUp {
                    part: Part::All(Reach::All),
                    older_than: Duration::from_secs(600),
                    only_if_free_below: None,
                    dry_run: false,
                };
                let done = files.clean_up_runs(wanted).await?;
                problems(&done.problems)
            })
        })
        .prepared(ending_runs)
        .repeatable()
        .allowing([
            Allowed::by_itself("run p/t/old", "one after the other"),
            Allowed::by_itself("meta p/t/old", "one after the other"),
            Allowed::by_itself("file p/t/old", "one after the other"),
            Allowed::some_lines("tree p/t", "one after the other"),
        ]),
    ]
}

/// What could not be done is reported in the answer: then it is not acknowledged.
fn problems(problems: &[String]) -> Result<String> {
    match problems.first() {
        None => Ok(String::new()),
        Some(problem) => Err(callboard::error::Error::io(
            "upkeep of",
            problem.as_str(),
            std::io::Error::other("a problem was reported"),
        )),
    }
}
