//! Looking after what is watched: at once where there is a hint, and at everything
//! from time to time, because hints get lost and because processes end without any.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::{ArtifactId, FactScope, TaskKey, TreePath};
use crate::error::Result;
use crate::files::blocking::blocking;
use crate::files::watched_folders::WatchedFolders;
use crate::layout::{fact_names, paths};
use crate::limits::FOLLOW_POLL_INTERVAL;

use super::Tree;
use super::changes::{Changes, Hinted, Key, Wanted};
use super::look::{HINTED_FOLDERS_MAX, Look, Seen};
use super::runs::RunPlace;

/// Between two looks at everything passes at least this many times the duration of
/// one.
const LOOK_REST: u32 = 20;
/// What changes all the time is not looked at more often than this.
const HINT_INTERVAL: Duration = Duration::from_millis(2);
/// And it rests for so many times as long as the look took.
const HINT_REST: u32 = 4;

/// Looks after what is watched, until the shutdown.
pub(in crate::files) async fn observe(tree: Arc<Tree>) {
    let changes = Arc::clone(&tree.changes);
    let hints = tree.disk.hints(Box::new(move |path| note_hint(&changes, path.as_ref())));
    let mut watched = WatchedFolders::new(hints);
    let mut seen = Seen::default();
    while !tree.shutdown.is_cancelled() {
        let (wanted, number) = tree.changes.watched();
        if wanted.is_empty() {
            watched.set(BTreeSet::new(), false);
            seen = Seen::default();
            tree.changes.clear();
            tokio::select! {
                () = tree.changes.asked() => {}
                () = tree.shutdown.cancelled() => {}
            }
            continue;
        }
        let began = Instant::now();
        // What is hinted at from now on is looked at again.
        tree.changes.take_hinted();
        let looked;
        (seen, looked) = look(&tree, seen, wanted, number).await;
        match looked {
            Ok(folders) => {
                if watched.set(folders, true) {
                    // What changed before its watch began gave no hint.
                    tree.changes.touch_anything();
                }
            }
            Err(error) => tracing::warn!(%error, "cannot look after what is watched"),
        }
        let rest = began.elapsed() * LOOK_REST;
        let next_look = tokio::time::Instant::now() + rest.max(FOLLOW_POLL_INTERVAL);
        let not_before = tokio::time::Instant::now() + rest;
        let rest = Rest { number, not_before, next_look };
        seen = rest_with_hints(&tree, seen, &mut watched, rest).await;
    }
}

/// The time between two looks at everything.
struct Rest {
    /// The newest watcher for whom everything was looked at.
    number: u64,
    /// When to look again at the earliest.
    not_before: tokio::time::Instant,
    /// When to look again at the latest.
    next_look: tokio::time::Instant,
}

/// Looks at what hints name until it is time to look at everything again. Whoever
/// begins to watch is not kept waiting.
async fn rest_with_hints(
    tree: &Arc<Tree>,
    mut seen: Seen,
    watched: &mut WatchedFolders,
    rest: Rest,
) -> Seen {
    let mut until = rest.next_look;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(until) => return seen,
            () = tree.shutdown.cancelled() => return seen,
            () = tree.changes.asked() => {}
        }
        let (wanted, newest) = tree.changes.watched();
        if newest != rest.number || wanted.is_empty() {
            return seen;
        }
        let hinted = tree.changes.take_hinted();
        if hinted.anything {
            until = until.min(rest.not_before);
        }
        if !hinted.keys.is_empty() || !hinted.tasks.is_empty() {
            let began = Instant::now();
            let folders;
            (seen, folders) = look_at(tree, seen, wanted, hinted).await;
            for folder in folders {
                if watched.count() < HINTED_FOLDERS_MAX && watched.add(&folder) {
                    // What changed before its watch began gave no hint.
                    note_hint(&tree.changes, Some(&folder));
                }
            }
            // Looking at what changes all the time must not become all that is done.
            tokio::time::sleep(HINT_INTERVAL.max(began.elapsed() * HINT_REST)).await;
        }
    }
}

/// Looks at everything that is watched. Returns the folders in which it changes.
async fn look(
    tree: &Arc<Tree>,
    seen: Seen,
    wanted: Vec<Wanted>,
    number: u64,
) -> (Seen, Result<BTreeSet<TreePath>>) {
    let tree = Arc::clone(tree);
    let looked = blocking(move || {
        let mut look = Look::new(&tree, &wanted, seen);
        let outcome = look.at_everything();
        let folders = look.folders();
        let Look { mut seen, found, .. } = look;
        let outcome = outcome.map(|()| {
            seen.keep(&found);
            tree.changes.finish_look(&wanted, &found, number);
            folders
        });
        Ok((seen, outcome))
    });
    looked.await.unwrap_or_else(|error| (Seen::default(), Err(error)))
}

/// Looks at single things. Returns the folders in which they change.
async fn look_at(
    tree: &Arc<Tree>,
    seen: Seen,
    wanted: Vec<Wanted>,
    hinted: Hinted,
) -> (Seen, BTreeSet<TreePath>) {
    let tree = Arc::clone(tree);
    let looked = blocking(move || {
        let mut look = Look::new(&tree, &wanted, seen);
        for key in &hinted.keys {
            if look.is_watched(key) {
                look.at_hinted(key);
            }
        }
        for task in &hinted.tasks {
            if look.is_watched(&Key::Task(task.clone())) {
                look.at_task(task);
            }
        }
        let folders = look.folders();
        Ok((look.seen, folders))
    });
    looked.await.unwrap_or_default()
}

/// Says what may have changed when something happened at a path.
fn note_hint(changes: &Changes, path: Option<&TreePath>) {
    let Some(path) = path else { return changes.touch_anything() };
    let mut names = path.components();
    let Some(project) = names.next().and_then(paths::project_of_folder) else { return };
    let Some(name) = names.next() else { return changes.touch(Key::Project(project)) };
    let scope = FactScope::Project(project.clone());
    if let Some(fact) = fact_names::fact_of_file(&scope, name) {
        return changes.touch_fact(&scope, &fact);
    }
    let Some(task) = paths::task_of_folder(name) else { return };
    let task = TaskKey { project: project.clone(), task };
    let Some(inner) = names.next() else {
        // It may be a file of the project as well as a task.
        if !paths::is_bus_or_archive(name) {
            changes.touch(Key::Project(project));
            changes.touch(Key::Task(task));
        }
        return;
    };
    if let Some(artifact) = artifact_of(inner, names.clone()) {
        return changes.touch_artifact(&task, &artifact);
    }
    let scope = FactScope::Task(task.clone());
    if let Some(fact) = fact_names::fact_of_file(&scope, inner) {
        return changes.touch_fact(&scope, &fact);
    }
    if paths::is_artifacts_folder(inner) {
        // It may have come with all that is in it.
        if names.next().is_none() {
            changes.touch_all_of(task);
        }
        return;
    }
    let run = names.next().and_then(paths::run_of_folder);
    match run {
        // What a run writes into its other files changes nothing of it.
        Some(run)
            if paths::runs_folder(&task).name() == inner
                && names.next().is_none_or(paths::tells_of_a_run) =>
        {
            changes.touch(Key::Run(RunPlace { task, folder: run.to_string() }));
        }
        Some(_) => {}
        // What is appended to the log changes nothing of the task.
        None if paths::is_bus_or_archive(inner) || paths::is_task_log(inner) => {}
        // Runs may have come with their folder.
        None if paths::runs_folder(&task).name() == inner => changes.touch_all_of(task),
        None => changes.touch(Key::Task(task)),
    }
}

/// Reads a name in a task's folder, and those below it, as an artifact.
fn artifact_of<'a>(inner: &str, below: impl Iterator<Item = &'a str>) -> Option<ArtifactId> {
    if ArtifactId::is_attachment(inner) {
        return Some(ArtifactId::Attachment(inner.to_owned()));
    }
    let names: Vec<&str> = below.collect();
    let is_artifact = paths::is_artifacts_folder(inner)
        && !names.last().is_none_or(|name| paths::is_temporary(name));
    is_artifact.then(|| ArtifactId::Artifact(names.join("/")))
}
