//! Watching.

use jiff::Timestamp;

use crate::domain::Reach;
use crate::error::Result;
use crate::grpc::pb;
use crate::store::{Change, Watch};

use super::artifacts::artifact;
use super::facts::fact;
use super::fields::{heartbeat_interval, invalid, part};
use super::projects::project;
use super::runs::run;
use super::tasks::task;
use super::values::timestamp_out;

/// Takes what to watch.
pub(in crate::grpc) fn watch(request: &pb::WatchRequest, reach: &Reach) -> Result<Watch> {
    let all = request.kinds.is_empty();
    let mut watch = Watch {
        part: part(&request.project_id, &request.task_id, reach)?,
        projects: all,
        tasks: all,
        runs: all,
        artifacts: all,
        facts: all,
        heartbeat_interval: heartbeat_interval(request.heartbeat_interval)?,
    };
    for kind in &request.kinds {
        match pb::WatchKind::try_from(*kind) {
            Ok(pb::WatchKind::Project) => watch.projects = true,
            Ok(pb::WatchKind::Task) => watch.tasks = true,
            Ok(pb::WatchKind::Run) => watch.runs = true,
            Ok(pb::WatchKind::Artifact) => watch.artifacts = true,
            Ok(pb::WatchKind::Fact) => watch.facts = true,
            Ok(pb::WatchKind::Unspecified) | Err(_) => {
                return Err(invalid("kinds", "one of them is no WatchKind; empty means all"));
            }
        }
    }
    Ok(watch)
}

/// Gives out a change. `now` stamps heartbeats.
pub(in crate::grpc) fn change(change: Change, now: Timestamp) -> pb::WatchResponse {
    use pb::watch_response::{Deleted, Frame, Heartbeat, Synced};
    let frame = match change {
        Change::Project(content) => Frame::Project(project(content)),
        Change::Task(content) => Frame::Task(task(*content)),
        Change::Run(content) => Frame::Run(run(*content)),
        Change::Artifact(content) => Frame::Artifact(artifact(*content)),
        Change::Fact(content) => Frame::Fact(fact(*content)),
        Change::ProjectGone(project) => Frame::Deleted(Deleted {
            kind: pb::WatchKind::Project.into(),
            project_id: project.to_string(),
            ..Deleted::default()
        }),
        Change::TaskGone(task) => Frame::Deleted(Deleted {
            kind: pb::WatchKind::Task.into(),
            project_id: task.project.to_string(),
            task_id: task.task.to_string(),
            ..Deleted::default()
        }),
        Change::RunGone { task, folder: _, path, run_id } => Frame::Deleted(Deleted {
            kind: pb::WatchKind::Run.into(),
            project_id: task.project.to_string(),
            task_id: task.task.to_string(),
            run_id,
            run_path: path,
            ..Deleted::default()
        }),
        Change::ArtifactGone(task, artifact) => Frame::Deleted(Deleted {
            kind: pb::WatchKind::Artifact.into(),
            project_id: task.project.to_string(),
            task_id: task.task.to_string(),
            artifact_path: artifact.path(),
            ..Deleted::default()
        }),
        Change::FactGone(scope, fact) => Frame::Deleted(Deleted {
            kind: pb::WatchKind::Fact.into(),
            project_id: scope.project().to_string(),
            task_id: scope.task().map(ToString::to_string).unwrap_or_default(),
            fact_id: fact.to_string(),
            ..Deleted::default()
        }),
        Change::Synced => Frame::Synced(Synced {}),
        Change::Heartbeat => Frame::Heartbeat(Heartbeat { ts: Some(timestamp_out(now)) }),
    };
    pb::WatchResponse { frame: Some(frame) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ArtifactId, FactId, FactScope, ProjectId, Reach, TaskId, TaskKey};

    fn kinds(kinds: &[pb::WatchKind]) -> Result<[bool; 5]> {
        let kinds = kinds.iter().map(|kind| i32::from(*kind)).collect();
        let watch = watch(&pb::WatchRequest { kinds, ..Default::default() }, &Reach::All)?;
        Ok([watch.projects, watch.tasks, watch.runs, watch.artifacts, watch.facts])
    }

    #[test]
    fn no_kinds_are_all_kinds() {
        assert_eq!(kinds(&[]).expect("a watch"), [true; 5]);
        let some = [pb::WatchKind::Fact, pb::WatchKind::Artifact, pb::WatchKind::Fact];
        assert_eq!(kinds(&some).expect("a watch"), [false, false, false, true, true]);
        let refused = kinds(&[pb::WatchKind::Run, pb::WatchKind::Unspecified]).expect_err("none");
        assert_eq!(refused.field(), Some("kinds"));
    }

    #[test]
    fn what_is_gone_is_named() {
        use pb::watch_response::{Deleted, Frame};
        let project = ProjectId::parse("demo").expect("a project");
        let task = TaskId::parse("task-a").expect("a task");
        let fact = FactId::parse("FACT-1").expect("a fact");
        let key = TaskKey { project: project.clone(), task };
        let artifact = ArtifactId::Artifact("sdd/spec.md".into());
        let gone = |gone| match change(gone, Timestamp::UNIX_EPOCH).frame {
            Some(Frame::Deleted(deleted)) => deleted,
            other => panic!("{other:?}"),
        };
        let of_project = Deleted {
            kind: pb::WatchKind::Fact.into(),
            project_id: "demo".into(),
            fact_id: "FACT-1".into(),
            ..Deleted::default()
        };
        let scope = FactScope::Project(project);
        assert_eq!(gone(Change::FactGone(scope, fact.clone())), of_project);
        let of_task = Deleted { task_id: "task-a".into(), ..of_project };
        let scope = FactScope::Task(key.clone());
        assert_eq!(gone(Change::FactGone(scope, fact)), of_task);
        let of_artifact = Deleted {
            kind: pb::WatchKind::Artifact.into(),
            artifact_path: "artifacts/sdd/spec.md".into(),
            fact_id: String::new(),
            ..of_task
        };
        assert_eq!(gone(Change::ArtifactGone(key, artifact)), of_artifact);
    }
}
