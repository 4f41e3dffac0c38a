//! Watching.

use jiff::Timestamp;

use crate::error::Result;
use crate::grpc::pb;
use crate::store::{Change, Watch};

use super::fields::{heartbeat_interval, invalid, part};
use super::projects::project;
use super::runs::run;
use super::tasks::task;
use super::values::timestamp_out;

/// Takes what to watch.
pub(in crate::grpc) fn watch(request: &pb::WatchRequest) -> Result<Watch> {
    let all = request.kinds.is_empty();
    let mut watch = Watch {
        part: part(&request.project_id, &request.task_id)?,
        projects: all,
        tasks: all,
        runs: all,
        heartbeat_interval: heartbeat_interval(request.heartbeat_interval)?,
    };
    for kind in &request.kinds {
        match pb::WatchKind::try_from(*kind) {
            Ok(pb::WatchKind::Project) => watch.projects = true,
            Ok(pb::WatchKind::Task) => watch.tasks = true,
            Ok(pb::WatchKind::Run) => watch.runs = true,
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
        }),
        Change::Synced => Frame::Synced(Synced {}),
        Change::Heartbeat => Frame::Heartbeat(Heartbeat { ts: Some(timestamp_out(now)) }),
    };
    pb::WatchResponse { frame: Some(frame) }
}
