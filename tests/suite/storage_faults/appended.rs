//! What is added and never changed: entries of logs, events, artifacts, facts.

use std::fs;

use callboard::domain::{ArtifactName, FactScope, JsonObject, RequestId, RunFile, TaskKey};
use callboard::error::{Error, Reason, Result};
use callboard::files::Files;
use callboard::store::{
    ArtifactQuery, Artifacts as _, ContentStream, FactQuery, Facts as _, LinesAppended,
    NewArtifact, NewFact, NewRunEvent, RunFiles as _, RunMetas as _, Storing, TaskLogs as _,
};

use super::step_disk::Fault;
use super::{Backend, fails_at_each_step, request, run, task};

fn entry(text: &str) -> JsonObject {
    JsonObject::parse(text).expect("an object")
}

fn entries() -> Vec<JsonObject> {
    vec![entry("{\"n\":1}"), entry("{\"n\":2}")]
}

const LINES: &str = "{\"n\":1}\n{\"n\":2}\n";

fn event() -> NewRunEvent {
    NewRunEvent { event: "pushed".to_owned(), data: None, timestamp: None, repo_id: String::new() }
}

/// Appends lines to a file on a disk that fails at each of its steps, without a request
/// id: nothing is added, and what is appended later is there once.
async fn appends_nothing_or_all(
    path: &str,
    before: &str,
    append: impl AsyncFn(&Files) -> Result<LinesAppended>,
) {
    let mut failures = 0;
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let file = backend.root().join(path);
            if !before.is_empty() {
                fs::write(&file, before).expect("written");
            }
            backend.steps.arm(fault, step);
            let failed = append(&backend.files).await;
            let what = format!("{fault:?} at step {step}: {failed:?}");
            if !backend.steps.disarm() {
                failed.expect("nothing has failed");
                break;
            }
            failures += 1;
            let expected = if fault == Fault::Full { Reason::DiskFull } else { Reason::Io };
            assert_eq!(failed.expect_err(&what).reason(), expected, "{what}");
            let there = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(there, before, "{what}");
            let appended = append(&backend.files).await.expect(&what);
            assert!(!appended.duplicate);
            let there = fs::read_to_string(&file).expect("the file");
            let begin = usize::try_from(appended.offset).expect("a place");
            assert_eq!(there.len() as u64, appended.next_offset, "{what}: {there:?}");
            assert_eq!(there[..begin].trim_end_matches('\n'), before.trim_end_matches('\n'));
            let backend = backend.restart();
            append(&backend.files).await.expect("another");
            let twice = fs::read_to_string(&file).expect("the file");
            assert_eq!(twice, format!("{there}{}", &there[begin..]), "{what}");
        }
    }
    assert!(failures > 2, "{failures} failures");
}

#[tokio::test]
async fn entries_are_appended_all_or_none() {
    // To a log that is new, that is whole, that was torn.
    for before in ["", "{\"old\":1}\n", "{\"old\":1}\n{\"to"] {
        appends_nothing_or_all("p/t/task.log", before, async |files| {
            files.append_task_log(task("t"), entries(), None).await
        })
        .await;
    }
}

#[tokio::test]
async fn an_event_is_appended_or_not() {
    for before in ["", "{\"event\":\"old\"}\n", "{\"event\":\"to"] {
        appends_nothing_or_all("p/t/runs/r/events.jsonl", before, async |files| {
            files.append_run_event(run(), event(), None).await
        })
        .await;
    }
}

#[tokio::test]
async fn a_repetition_of_lines_after_a_failure_appends_them_once() {
    fails_at_each_step(async |files| {
        files.append_task_log(task("t"), entries(), request("one")).await.map(drop)
    })
    .await;
    fails_at_each_step(async |files| {
        files.append_run_event(run(), event(), request("one")).await.map(drop)
    })
    .await;
}

/// Files of which a power cut left a part, and zeros, or not a single byte that was appended.
fn left_of(before: &str, appended: &str) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for cut in 0..=appended.len() {
        for zeros in [0, appended.len() - cut, 5000] {
            let mut file = [before, &appended[..cut]].concat().into_bytes();
            file.resize(file.len() + zeros, 0);
            files.push(file);
        }
    }
    files
}

#[tokio::test]
async fn lines_that_a_power_cut_left_as_zeros_are_completed_by_their_repetition() {
    // The half line gets its end with the lines that follow.
    for (old, end) in [("{\"old\":1}\n", ""), ("{\"old\":1}", "\n"), ("{\"ol", "\n")] {
        completes_lines(old, end).await;
    }
}

async fn completes_lines(old: &str, end: &str) {
    for left in left_of(old, &[end, LINES].concat()) {
        let backend = Backend::prepared().await;
        let log = backend.root().join("p/t/task.log");
        let requests = backend.root().join(".callboard/requests");
        fs::write(&log, old).expect("written");
        let append = async |backend: &Backend| {
            backend.files.append_task_log(task("t"), entries(), request("one")).await
        };
        let first = append(&backend).await.expect("appended");
        // As before it was noted that they are there.
        let noted = fs::read_to_string(&requests).expect("the requests");
        let (begun, done) = noted.trim_end().rsplit_once('\n').expect("two notes of it");
        assert!(done.contains("\"one\"") && begun.ends_with('}'), "{noted}");
        let Backend { folder, files, .. } = backend;
        drop(files);
        fs::write(&requests, format!("{begun}\n")).expect("written");
        fs::write(&log, &left).expect("written");

        let backend = Backend::start_in(folder);
        let again = append(&backend).await.expect("appended");
        let what = String::from_utf8_lossy(&left).replace('\0', "0");
        assert_eq!((again.offset, again.next_offset), (first.offset, first.next_offset), "{what}");
        backend.files.append_task_log(task("t"), entries(), None).await.expect("appended");
        let there = fs::read_to_string(&log).expect("the log");
        assert_eq!(there, [old, end, LINES, LINES].concat(), "{what}");
    }
}

#[tokio::test]
async fn zeros_that_a_power_cut_left_at_the_end_of_a_log_are_no_line() {
    for left in left_of("", LINES) {
        let backend = Backend::prepared().await;
        let log = backend.root().join("p/t/task.log");
        fs::write(&log, &left).expect("written");
        backend.files.append_task_log(task("t"), entries(), None).await.expect("appended");
        let there = fs::read_to_string(&log).expect("the log");
        let written = String::from_utf8(left).expect("text").trim_end_matches('\0').to_owned();
        let end = if written.is_empty() || written.ends_with('\n') { "" } else { "\n" };
        assert_eq!(there, [&written, end, LINES].concat());
    }
}

#[tokio::test]
async fn a_chunk_that_a_power_cut_left_as_zeros_is_completed_by_its_repetition() {
    let chunks = [&b"after"[..], &[b';'; 1000], b"at the end"];
    let whole = [&b"before;"[..], &chunks.concat()].concat();
    for (written, length) in
        [(7, 12), (7, 5000), (10, 11), (12, 13), (12, 1012), (512, 1012), (600, 700), (1012, 4096)]
    {
        let backend = Backend::prepared().await;
        let output = backend.root().join("p/t/runs/r/agent-stdout.txt");
        let mut left = whole[..written].to_vec();
        left.resize(length, 0);
        fs::write(&output, &left).expect("written");
        let backend = backend.restart();
        let mut next = 7;
        for chunk in chunks {
            let what = format!("{written} of {length}, chunk at {next}");
            let append = || {
                let chunk = chunk.into();
                backend.files.append_run_output(run(), RunFile::Stdout, Some(next), chunk)
            };
            let appended = append().await.expect(&what);
            assert!(append().await.expect(&what).duplicate);
            next += chunk.len() as u64;
            assert_eq!(appended.next_offset, next, "{what}");
        }
        assert_eq!(fs::read(&output).expect("the output"), whole, "{written} of {length}");
    }
}

#[tokio::test]
async fn a_chunk_of_zeros_that_was_appended_is_not_taken_for_what_a_power_cut_left() {
    let backend = Backend::prepared().await;
    let append = |offset, chunk: &[u8]| {
        backend.files.append_run_output(run(), RunFile::Stdout, Some(offset), chunk.into())
    };
    append(7, &[0; 4]).await.expect("appended");
    let refused = append(7, b"text").await.expect_err("another");
    assert_eq!(refused.reason(), Reason::OffsetMismatch);
    assert!(append(7, &[0; 4]).await.expect("there").duplicate);
    assert_eq!(append(11, b"text").await.expect("appended").next_offset, 15);
}

#[tokio::test]
async fn a_chunk_in_whose_place_another_stands_is_refused_though_zeros_follow() {
    for there in [&b"before;other"[..], b"before;other\0\0", b"before;af\0er", b"before;after\0x"] {
        let backend = Backend::prepared().await;
        let output = backend.root().join("p/t/runs/r/agent-stdout.txt");
        fs::write(&output, there).expect("written");
        let backend = backend.restart();
        let chunk = b"after longer".into();
        let refused = backend.files.append_run_output(run(), RunFile::Stdout, Some(7), chunk).await;
        assert_eq!(refused.expect_err("another").reason(), Reason::OffsetMismatch);
        assert_eq!(fs::read(&output).expect("the output"), there);
    }
}

/// Another's entry may say the same.
#[tokio::test]
async fn a_repetition_after_a_failure_does_not_take_the_same_entry_of_another_for_its_own() {
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let (files, steps) = (&backend.files, &backend.steps);
            steps.arm(fault, step);
            let failed = files.append_task_log(task("t"), entries(), request("one")).await;
            let what = format!("{fault:?} at step {step}: {failed:?}");
            if !steps.disarm() {
                break;
            }
            if failed.is_ok() {
                // What is noted last need not be.
                continue;
            }
            files.append_task_log(task("t"), entries(), None).await.expect("another's");
            let again = files.append_task_log(task("t"), entries(), request("one")).await;
            assert!(!again.expect(&what).duplicate, "{what}");
            let log = fs::read_to_string(backend.root().join("p/t/task.log")).expect("the log");
            assert_eq!(log, LINES.repeat(2), "{what}");
        }
    }
}

fn artifact(storing: Storing) -> NewArtifact {
    let name = ArtifactName::parse("a.txt").expect("a name");
    NewArtifact { task: task("t"), name, storing, sha256: None, size: None }
}

fn in_folder(name: &str) -> NewArtifact {
    NewArtifact { name: ArtifactName::parse(name).expect("a name"), ..artifact(Storing::Plain) }
}

fn content() -> ContentStream {
    let chunks = ["one", "two", ""].map(|chunk| Ok::<_, Error>(chunk.as_bytes().to_vec()));
    Box::pin(tokio_stream::iter(chunks))
}

async fn save(files: &Files, new: NewArtifact, id: Option<RequestId>) -> Result<()> {
    files.save_artifact(new, content(), id).await.map(drop)
}

#[tokio::test]
async fn an_artifact_is_saved_whole_or_not_at_all() {
    for name in ["a.txt", "sub/deep/a.txt"] {
        fails_at_each_step(async |files| save(files, in_folder(name), None).await).await;
    }
}

#[tokio::test]
async fn a_version_is_saved_once_whole_or_not_at_all() {
    fails_at_each_step(async |files| {
        save(files, artifact(Storing::Versioned), request("one")).await
    })
    .await;
}

#[tokio::test]
async fn an_artifact_that_is_replaced_is_the_old_or_the_new() {
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let (files, steps) = (&backend.files, &backend.steps);
            let old: ContentStream = Box::pin(tokio_stream::iter([Ok(b"old".to_vec())]));
            files.save_artifact(artifact(Storing::Plain), old, None).await.expect("saved");
            steps.arm(fault, step);
            let failed = save(files, artifact(Storing::Plain), None).await;
            let what = format!("{fault:?} at step {step}: {failed:?}");
            if !steps.disarm() {
                assert!(step > 0, "{fault:?} was never met");
                break;
            }
            failed.expect_err(&what);
            assert_eq!(backend.half_made(), [""; 0], "{what}");
            let path = backend.root().join("p/t/artifacts/a.txt");
            let there = fs::read_to_string(&path).expect("one of them");
            assert!(there == "old" || fault == Fault::Sync && there == "onetwo", "{what}: {there}");
            save(files, artifact(Storing::Plain), None).await.expect(&what);
            assert_eq!(fs::read_to_string(&path).expect("the new one"), "onetwo", "{what}");
        }
    }
}

/// Each has a name of its own, in which the time and a number stand.
async fn adds_one(
    add: impl AsyncFn(&Files) -> Result<bool>,
    list: impl AsyncFn(&Files) -> Vec<String>,
) {
    for fault in [Fault::Full, Fault::Sync] {
        for step in 0.. {
            let backend = Backend::prepared().await;
            let before = backend.visible();
            backend.steps.arm(fault, step);
            let failed = add(&backend.files).await;
            let what = format!("{fault:?} at step {step}: {failed:?}");
            if !backend.steps.disarm() {
                failed.expect("nothing has failed");
                assert!(step > 0, "{fault:?} was never met");
                break;
            }
            assert_eq!(backend.half_made(), [""; 0], "{what}");
            let after_failure = backend.visible();
            for (path, there) in &before {
                assert_eq!(after_failure.get(path), Some(there), "{what}: {path}");
            }
            match failed {
                // What is noted last need not be: a repetition finds what was added.
                Ok(is_duplicate) => assert!(!is_duplicate, "{what}"),
                Err(error) if fault == Fault::Full => {
                    assert_eq!(error.reason(), Reason::DiskFull, "{what}");
                    assert_eq!(after_failure, before, "{what}");
                }
                Err(error) => assert_eq!(error.reason(), Reason::Io, "{what}"),
            }
            assert!(after_failure.len() <= before.len() + 1, "{what}: {after_failure:?}");
            add(&backend.files).await.expect(&what);
            let added = list(&backend.files).await;
            assert_eq!(added.len(), 1, "{what}: {added:?}");
            let is_duplicate = add(&backend.files).await.expect(&what);
            assert!(is_duplicate, "{what}");
            let backend = backend.restart();
            assert!(add(&backend.files).await.expect(&what), "{what}");
            assert_eq!(list(&backend.files).await, added, "{what}");
            assert_eq!(backend.visible().len(), before.len() + 1, "{what}");
        }
    }
}

#[tokio::test]
async fn an_attachment_is_saved_once_whole_or_not_at_all() {
    adds_one(
        async |files| {
            let new = artifact(Storing::Attachment);
            files.save_artifact(new, content(), request("one")).await.map(|saved| saved.duplicate)
        },
        async |files| {
            let query =
                ArtifactQuery { task: task("t"), with_sha256: true, after: None, limit: 10 };
            let listed = files.list_artifacts(query).await.expect("a list").items;
            assert!(listed.iter().all(|one| one.size == 6 && one.problem.is_none()), "{listed:?}");
            listed.into_iter().map(|one| one.id.path()).collect()
        },
    )
    .await;
}

fn scopes() -> [FactScope; 2] {
    let TaskKey { project, task: id } = task("t");
    [FactScope::Project(project.clone()), FactScope::Task(TaskKey { project, task: id })]
}

#[tokio::test]
async fn a_fact_is_written_once_whole_or_not_at_all() {
    for scope in scopes() {
        adds_one(
            async |files| {
                let new = NewFact {
                    scope: scope.clone(),
                    name: "named".to_owned(),
                    title: "a title".to_owned(),
                    run_id: "r".to_owned(),
                    body: "a body\n".to_owned(),
                };
                files.append_fact(new, request("one")).await.map(|made| made.duplicate)
            },
            async |files| {
                let query = FactQuery {
                    scope: scope.clone(),
                    run_id: String::new(),
                    since: None,
                    until: None,
                    with_bodies: true,
                    after: None,
                    limit: 10,
                };
                let listed = files.list_facts(query).await.expect("a list").items;
                assert!(listed.iter().all(|fact| fact.text.body == "a body\n"), "{listed:?}");
                listed.into_iter().map(|fact| fact.id.to_string()).collect()
            },
        )
        .await;
    }
}
