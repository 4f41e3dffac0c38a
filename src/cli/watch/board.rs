//! What a watcher knows: everything that was named and is not gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::grpc::pb::watch_response::{Deleted, Frame};
use crate::grpc::pb::{Run, Task, WatchKind};

/// Where a thing is: project, task, and which part of it. A project has no task; so each
/// stands right before what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) project: String,
    pub(super) task: String,
    pub(super) part: Part,
}

/// What a thing is of its task, or of its project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The task or the project itself.
    Whole,
    /// A run, by its folder.
    Run(String),
    /// An artifact, by its path.
    Artifact(String),
    /// A fact, by its id.
    Fact(String),
}

/// The things there are, as the last frames told them.
#[derive(Debug, Default)]
pub(super) struct Board {
    things: BTreeMap<Key, Frame>,
    /// What was named since the stream was opened again, until `synced`.
    named: Option<BTreeSet<Key>>,
}

/// What a frame tells.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    /// The frame, or one that the server had no chance to send.
    pub(super) frame: Frame,
    /// Whether it differs from what was known.
    pub(super) is_news: bool,
}

impl Board {
    /// Expects everything to be named once more: what is not, until `synced`, is gone.
    pub(super) fn begin_anew(&mut self) {
        self.named = Some(BTreeSet::new());
    }

    /// Takes in a frame. Returns what it tells: for something that is gone also what was
    /// in it, and with `synced` what was not named again.
    pub(super) fn apply(&mut self, frame: Frame) -> Vec<Change> {
        let news = |frame| Change { frame, is_news: true };
        match frame {
            Frame::Heartbeat(_) => Vec::new(),
            Frame::Deleted(deleted) => {
                self.remove(&key_of_deleted(&deleted)).into_iter().map(news).collect()
            }
            Frame::Synced(_) => {
                let named = self.named.take();
                let gone = |key: &&Key| named.as_ref().is_some_and(|named| !named.contains(*key));
                let gone: Vec<Key> = self.things.keys().filter(gone).rev().cloned().collect();
                let mut changes: Vec<Change> =
                    gone.iter().flat_map(|key| self.remove(key)).map(news).collect();
                changes.push(news(frame));
                changes
            }
            Frame::Project(_)
            | Frame::Task(_)
            | Frame::Run(_)
            | Frame::Artifact(_)
            | Frame::Fact(_) => {
                let Some(key) = key(&frame) else { return Vec::new() };
                if let Some(named) = &mut self.named {
                    named.insert(key.clone());
                }
                let is_news = self.things.get(&key) != Some(&frame);
                self.things.insert(key, frame.clone());
                vec![Change { frame, is_news }]
            }
        }
    }

    /// Removes a thing with all that is in it, the innermost first.
    fn remove(&mut self, gone: &Key) -> Vec<Frame> {
        if gone.part != Part::Whole {
            return self
                .things
                .remove(gone)
                .and_then(|frame| deleted(&frame))
                .into_iter()
                .collect();
        }
        let is_in = |key: &&Key| {
            key.project == gone.project && (gone.task.is_empty() || key.task == gone.task)
        };
        let keys: Vec<Key> =
            self.things.range(gone..).map(|(key, _)| key).take_while(is_in).cloned().collect();
        keys.iter()
            .rev()
            .filter_map(|key| self.things.remove(key))
            .filter_map(|frame| deleted(&frame))
            .collect()
    }

    /// Returns everything there is, each thing before what is in it.
    pub(super) fn things(&self) -> impl Iterator<Item = (&Key, &Frame)> {
        self.things.iter()
    }

    /// Returns the runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.things.values().filter_map(|frame| match frame {
            Frame::Run(run) => Some(run),
            _ => None,
        })
    }

    /// Returns the tasks.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.things.values().filter_map(|frame| match frame {
            Frame::Task(task) => Some(task),
            _ => None,
        })
    }
}

/// Returns where a thing is that a frame tells of.
fn key(frame: &Frame) -> Option<Key> {
    let key = |project: &str, task: &str, part| Key {
        project: project.to_owned(),
        task: task.to_owned(),
        part,
    };
    match frame {
        Frame::Project(project) => Some(key(&project.project_id, "", Part::Whole)),
        Frame::Task(task) => Some(key(&task.project_id, &task.task_id, Part::Whole)),
        Frame::Run(run) => {
            Some(key(&run.project_id, &run.task_id, Part::Run(run.run_path.clone())))
        }
        Frame::Artifact(artifact) => {
            let part = Part::Artifact(artifact.path.clone());
            Some(key(&artifact.project_id, &artifact.task_id, part))
        }
        Frame::Fact(fact) => {
            Some(key(&fact.project_id, &fact.task_id, Part::Fact(fact.fact_id.clone())))
        }
        Frame::Deleted(_) | Frame::Synced(_) | Frame::Heartbeat(_) => None,
    }
}

fn key_of_deleted(deleted: &Deleted) -> Key {
    let Deleted { project_id, task_id, run_path, artifact_path, fact_id, .. } = deleted.clone();
    let part = if !run_path.is_empty() {
        Part::Run(run_path)
    } else if !artifact_path.is_empty() {
        Part::Artifact(artifact_path)
    } else if !fact_id.is_empty() {
        Part::Fact(fact_id)
    } else {
        Part::Whole
    };
    Key { project: project_id, task: task_id, part }
}

/// Returns the frame that says that a thing is gone.
fn deleted(frame: &Frame) -> Option<Frame> {
    let of = |kind: WatchKind, project: &str, task: &str| Deleted {
        kind: kind.into(),
        project_id: project.to_owned(),
        task_id: task.to_owned(),
        ..Deleted::default()
    };
    let deleted = match frame {
        Frame::Project(project) => of(WatchKind::Project, &project.project_id, ""),
        Frame::Task(task) => of(WatchKind::Task, &task.project_id, &task.task_id),
        Frame::Run(run) => Deleted {
            run_id: run.run_id.clone(),
            run_path: run.run_path.clone(),
            ..of(WatchKind::Run, &run.project_id, &run.task_id)
        },
        Frame::Artifact(artifact) => Deleted {
            artifact_path: artifact.path.clone(),
            ..of(WatchKind::Artifact, &artifact.project_id, &artifact.task_id)
        },
        Frame::Fact(fact) => Deleted {
            fact_id: fact.fact_id.clone(),
            ..of(WatchKind::Fact, &fact.project_id, &fact.task_id)
        },
        Frame::Deleted(_) | Frame::Synced(_) | Frame::Heartbeat(_) => return None,
    };
    Some(Frame::Deleted(deleted))
}

#[cfg(test)]
pub(super) mod tests {
    use crate::grpc::pb::watch_response::{Heartbeat, Synced};
    use crate::grpc::pb::{Artifact, Fact, Project};

    use super::*;

    pub(in crate::cli::watch) fn project(id: &str) -> Frame {
        Frame::Project(Project { project_id: id.into(), ..Project::default() })
    }

    pub(in crate::cli::watch) fn task(project: &str, id: &str) -> Task {
        Task { project_id: project.into(), task_id: id.into(), ..Task::default() }
    }

    pub(in crate::cli::watch) fn run(task: &str, id: &str, status: &str) -> Run {
        Run {
            project_id: "p".into(),
            task_id: task.into(),
            run_id: id.into(),
            run_path: format!("p/{task}/runs/{id}"),
            status: status.into(),
            exit_code: -1,
            ..Run::default()
        }
    }

    pub(in crate::cli::watch) fn artifact(task: &str, path: &str) -> Artifact {
        Artifact {
            project_id: "p".into(),
            task_id: task.into(),
            path: path.into(),
            ..Artifact::default()
        }
    }

    pub(in crate::cli::watch) fn fact(task: &str, id: &str) -> Fact {
        Fact { project_id: "p".into(), task_id: task.into(), fact_id: id.into(), ..Fact::default() }
    }

    /// The deletions among changes, by name.
    fn gone(changes: &[Change]) -> Vec<String> {
        let name = |change: &Change| match &change.frame {
            Frame::Deleted(deleted) => {
                Some(format!("{}/{}/{}", deleted.project_id, deleted.task_id, deleted.run_id))
            }
            _ => None,
        };
        changes.iter().filter_map(name).collect()
    }

    #[test]
    fn only_what_differs_is_news() {
        let mut board = Board::default();
        let news = |changes: Vec<Change>| -> Vec<bool> {
            changes.iter().map(|change| change.is_news).collect()
        };
        assert_eq!(news(board.apply(Frame::Run(run("t", "r", "running")))), [true]);
        assert_eq!(news(board.apply(Frame::Run(run("t", "r", "running")))), [false]);
        assert_eq!(news(board.apply(Frame::Run(run("t", "r", "failed")))), [true]);
        assert!(board.apply(Frame::Heartbeat(Heartbeat::default())).is_empty());
    }

    #[test]
    fn what_is_gone_takes_what_was_in_it_along_and_is_told_once() {
        let mut board = Board::default();
        for frame in [
            project("p"),
            project("q"),
            Frame::Task(task("p", "t")),
            Frame::Task(task("p", "u")),
            Frame::Run(run("t", "r", "failed")),
        ] {
            board.apply(frame);
        }
        let deletion = |task: &str| {
            Frame::Deleted(Deleted {
                project_id: "p".into(),
                task_id: task.into(),
                ..Deleted::default()
            })
        };
        assert_eq!(gone(&board.apply(deletion("t"))), ["p/t/r", "p/t/"]);
        assert_eq!(gone(&board.apply(deletion("t"))), [""; 0]);
        assert_eq!(gone(&board.apply(deletion(""))), ["p/u/", "p//"]);
        assert_eq!(board.things().count(), 1);
    }

    #[test]
    fn a_fact_of_a_project_is_gone_without_the_project() {
        let mut board = Board::default();
        for frame in [
            project("p"),
            Frame::Task(task("p", "t")),
            Frame::Artifact(artifact("t", "artifacts/a")),
            Frame::Artifact(artifact("t", "artifacts/b")),
            Frame::Fact(fact("", "f")),
            Frame::Fact(fact("t", "f")),
        ] {
            board.apply(frame);
        }
        let gone_fact =
            Deleted { project_id: "p".into(), fact_id: "f".into(), ..Deleted::default() };
        assert_eq!(gone(&board.apply(Frame::Deleted(gone_fact))), ["p//"]);
        let gone_artifact = Deleted {
            project_id: "p".into(),
            task_id: "t".into(),
            artifact_path: "artifacts/a".into(),
            ..Deleted::default()
        };
        assert_eq!(gone(&board.apply(Frame::Deleted(gone_artifact))), ["p/t/"]);
        assert_eq!(board.things().count(), 4);
        let gone_task =
            Deleted { project_id: "p".into(), task_id: "t".into(), ..Deleted::default() };
        assert_eq!(gone(&board.apply(Frame::Deleted(gone_task))).len(), 3);
        assert_eq!(board.things().count(), 1);
    }

    #[test]
    fn what_is_not_named_again_after_a_break_is_gone() {
        let mut board = Board::default();
        for frame in [
            Frame::Task(task("p", "t")),
            Frame::Run(run("t", "a", "running")),
            Frame::Run(run("t", "b", "running")),
        ] {
            board.apply(frame);
        }
        assert_eq!(gone(&board.apply(Frame::Synced(Synced {}))), [""; 0]);
        board.begin_anew();
        board.apply(Frame::Task(task("p", "t")));
        board.apply(Frame::Run(run("t", "b", "failed")));
        let changes = board.apply(Frame::Synced(Synced {}));
        assert_eq!(gone(&changes), ["p/t/a"]);
        assert_eq!(changes.last().map(|change| &change.frame), Some(&Frame::Synced(Synced {})));
        assert_eq!(gone(&board.apply(Frame::Synced(Synced {}))), [""; 0]);
    }
}
