//! Storage.Watch: everything there is, then whatever changes, whoever changed it.

mod artifacts;
mod facts;
mod foreign;
mod own;
mod processes;
mod streams;
mod upkeep;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use pb::watch_response::{Deleted, Frame};
use tonic::{Status, Streaming};

use crate::server::DEADLINE;
use crate::storage_client::StorageClient;

/// The frames of a watch.
struct Watch(Streaming<pb::WatchResponse>);

impl Watch {
    /// Opens a watch.
    async fn open(client: &mut StorageClient, request: pb::WatchRequest) -> Self {
        Self(client.0.watch(request).await.expect("a watch").into_inner())
    }

    /// Opens a watch of everything, and passes what there is.
    async fn of_everything(client: &mut StorageClient) -> Self {
        let mut watch = Self::open(client, pb::WatchRequest::default()).await;
        watch.snapshot().await;
        watch
    }

    /// Waits for the next frame.
    async fn try_frame(&mut self) -> Result<Frame, Status> {
        let next = tokio::time::timeout(DEADLINE, self.0.message()).await.expect("a frame in time");
        let frame = next?.expect("a watch ends with an error only");
        Ok(frame.frame.expect("a frame says something"))
    }

    /// Waits for the next frame that is no heartbeat. Heartbeats do not prolong that.
    async fn frame(&mut self) -> Frame {
        let frame = async {
            loop {
                match self.try_frame().await.expect("the watch goes on") {
                    Frame::Heartbeat(_) => {}
                    frame => return frame,
                }
            }
        };
        tokio::time::timeout(DEADLINE, frame).await.expect("a frame other than heartbeats in time")
    }

    /// Waits for `synced`; returns what came before it.
    async fn snapshot(&mut self) -> Vec<Frame> {
        let mut before = Vec::new();
        loop {
            match self.frame().await {
                Frame::Synced(_) => return before,
                frame => before.push(frame),
            }
        }
    }

    /// Passes frames until one is as wanted.
    async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Frame) -> bool) -> Frame {
        let wanted = async {
            loop {
                let frame = self.frame().await;
                if wanted(&frame) {
                    return frame;
                }
            }
        };
        let wanted = tokio::time::timeout(DEADLINE, wanted).await;
        wanted.unwrap_or_else(|_| panic!("not in time: {what}"))
    }

    /// Passes frames until a run is as wanted.
    async fn run(&mut self, id: &str, wanted: impl Fn(&pb::Run) -> bool) -> pb::Run {
        let is_it =
            |frame: &Frame| matches!(frame, Frame::Run(run) if run.run_id == id && wanted(run));
        match self.until(&format!("run {id}"), is_it).await {
            Frame::Run(run) => run,
            frame => panic!("{frame:?}"),
        }
    }

    /// Passes frames until a task is as wanted.
    async fn task(&mut self, id: &str, wanted: impl Fn(&pb::Task) -> bool) -> pb::Task {
        let is_it = |frame: &Frame| matches!(frame, Frame::Task(task) if task.task_id == id && wanted(task));
        match self.until(&format!("task {id}"), is_it).await {
            Frame::Task(task) => task,
            frame => panic!("{frame:?}"),
        }
    }

    /// Passes frames until a project is as wanted.
    async fn project(&mut self, id: &str, wanted: impl Fn(&pb::Project) -> bool) {
        let is_it = |frame: &Frame| matches!(frame, Frame::Project(one) if one.project_id == id && wanted(one));
        self.until(&format!("project {id}"), is_it).await;
    }

    /// Passes frames until an artifact is as wanted, by its path.
    async fn artifact(
        &mut self,
        path: &str,
        wanted: impl Fn(&pb::Artifact) -> bool,
    ) -> pb::Artifact {
        let is_it = |frame: &Frame| matches!(frame, Frame::Artifact(one) if one.path == path && wanted(one));
        match self.until(&format!("artifact {path}"), is_it).await {
            Frame::Artifact(artifact) => artifact,
            frame => panic!("{frame:?}"),
        }
    }

    /// Passes frames until a fact is as wanted.
    async fn fact(&mut self, id: &str, wanted: impl Fn(&pb::Fact) -> bool) -> pb::Fact {
        let is_it = |frame: &Frame| matches!(frame, Frame::Fact(fact) if fact.fact_id == id && wanted(fact));
        match self.until(&format!("fact {id}"), is_it).await {
            Frame::Fact(fact) => fact,
            frame => panic!("{frame:?}"),
        }
    }

    /// Passes frames until all of these are gone; returns what was said of each.
    async fn gone(&mut self, names: &[&str]) -> BTreeMap<String, Deleted> {
        let mut gone = BTreeMap::new();
        let all_gone = |frame: &Frame| {
            if let Frame::Deleted(deleted) = frame {
                let before = gone.insert(name(frame), deleted.clone());
                assert!(before.is_none(), "told twice: {frame:?}");
            }
            names.iter().all(|name| gone.contains_key(*name))
        };
        self.until(&format!("{names:?} gone"), all_gone).await;
        gone
    }

    /// Takes frames into what is known until that is as wanted.
    async fn until_known(
        &mut self,
        known: &mut BTreeMap<String, Frame>,
        wanted: impl Fn(&BTreeMap<String, Frame>) -> bool,
    ) {
        let deadline = Instant::now() + 2 * DEADLINE;
        while !wanted(known) {
            assert!(Instant::now() < deadline, "not in time, known: {}", known.len());
            let frame = self.frame().await;
            take(known, frame);
        }
    }
}

/// Takes a frame into what is known.
fn take(known: &mut BTreeMap<String, Frame>, frame: Frame) {
    match frame {
        Frame::Deleted(_) => drop(known.remove(&name(&frame))),
        Frame::Synced(_) | Frame::Heartbeat(_) => {}
        frame => drop(known.insert(name(&frame), frame)),
    }
}

/// Says what a frame is about: `project`, `project/task`, `project/task/run`,
/// `project/task/<path of an artifact>`, or a fact's id below what it is about.
fn name(frame: &Frame) -> String {
    match frame {
        Frame::Project(project) => project.project_id.clone(),
        Frame::Task(task) => format!("{}/{}", task.project_id, task.task_id),
        Frame::Run(run) => format!("{}/{}/{}", run.project_id, run.task_id, run.run_id),
        Frame::Artifact(it) => {
            [&it.project_id, &it.task_id, &it.path].map(String::as_str).join("/")
        }
        Frame::Fact(fact) => {
            let parts = [&fact.project_id, &fact.task_id, &fact.fact_id];
            parts.map(String::as_str).join("/").replace("//", "/")
        }
        Frame::Deleted(gone) => {
            let ids = [&gone.project_id, &gone.task_id, &gone.run_id];
            let ids = ids.into_iter().chain([&gone.artifact_path, &gone.fact_id]);
            let ids: Vec<&str> = ids.map(String::as_str).filter(|id| !id.is_empty()).collect();
            ids.join("/")
        }
        Frame::Synced(_) => "synced".into(),
        Frame::Heartbeat(_) => "heartbeat".into(),
    }
}

fn names(frames: &[Frame]) -> Vec<String> {
    frames.iter().map(name).collect()
}

/// Returns what a run's record says when another program writes it.
fn record(task: &str, run: &str, status: &str, summary: &str) -> String {
    let (end, code) = if status == "running" {
        ("0001-01-01T00:00:00Z", -1)
    } else {
        ("2026-03-04T05:07:07Z", 0)
    };
    format!(
        "version: 1\nrun_id: {run}\nproject_id: demo\ntask_id: {task}\nagent: codex\npid: 0\npgid: 0\n\
         start_time: 2026-03-04T05:06:07Z\nend_time: {end}\nexit_code: {code}\nstatus: {status}\n\
         error_summary: \"{summary}\"\nagent_version: \"\"\nagent_type: codex\n"
    )
}

/// Replaces a file as other programs do: a temporary one, renamed.
fn replace(path: &Path, content: &str) {
    let temporary = path.with_extension("other.tmp");
    fs::write(&temporary, content).expect("written");
    fs::rename(&temporary, path).expect("renamed");
}

/// Makes a run of project `demo` as other programs do; returns its folder.
fn foreign_run(root: &Path, task: &str, run: &str, status: &str) -> PathBuf {
    let folder = root.join("demo").join(task).join("runs").join(run);
    fs::create_dir_all(&folder).expect("a folder");
    replace(&folder.join("run-info.yaml"), &record(task, run, status, ""));
    folder
}

fn every(milliseconds: u64) -> Option<prost_types::Duration> {
    let interval = Duration::from_millis(milliseconds);
    Some(prost_types::Duration::try_from(interval).expect("a duration"))
}
