//! The calls.

use callboard::grpc::pb;
use pb::upload_artifact_request::Header;
use tonic::Status;

use super::{Clients, O, PROJECT, Subject};
use crate::client::message;
use crate::storage_client::{
    log_of, new_artifact, new_event, new_fact, new_run, new_task, step_result, upload_header,
};

/// What an artifact has in it.
pub(super) const CONTENT: &[u8] = b"an artifact";

impl Subject {
    fn request_id(&self) -> String {
        format!("request-{}", self.number)
    }

    pub(super) fn done(&self) -> pb::MarkTaskDoneRequest {
        pb::MarkTaskDoneRequest { project_id: PROJECT.into(), task_id: self.task() }
    }

    pub(super) fn artifact(&self) -> pb::SaveArtifactRequest {
        pb::SaveArtifactRequest {
            request_id: self.request_id(),
            ..new_artifact(PROJECT, &self.task(), "a.txt", CONTENT)
        }
    }

    /// Makes the call. Repeating it is safe.
    pub(in super::super) async fn perform(&self, clients: &mut Clients) -> Result<(), Status> {
        match self.operation {
            O::Append | O::AppendFirst | O::AppendToNewProject | O::AppendBatch => {
                self.append(clients).await
            }
            O::RotateBus => self.rotate(clients).await,
            O::TrimBus => {
                let request = pb::TrimBusRequest {
                    project_id: PROJECT.into(),
                    task_id: self.task(),
                    older_than: Some(prost_types::Duration::default()),
                    dry_run: Some(false),
                };
                clients.bus.0.trim_bus(request).await.map(drop)
            }
            O::CreateProject | O::UpdateProject | O::DeleteProject => {
                self.change_project(clients).await
            }
            O::CreateRun
            | O::UpdateRunStatus
            | O::UpdateRun
            | O::UpdateRunMeta
            | O::AppendRunEvent
            | O::WriteRunFile
            | O::AppendRunOutput
            | O::DeleteRun => self.change_run(clients).await,
            _ => self.change_task(clients).await,
        }
    }

    async fn append(&self, clients: &mut Clients) -> Result<(), Status> {
        let (project, task) = self.bus();
        let message = |body| message(&project, &task, body);
        if self.operation == O::AppendBatch {
            let messages = ["one", "two", "three"].map(message).to_vec();
            return clients.bus.append_batch(messages, &self.request_id()).await.map(drop);
        }
        let request = pb::AppendMessageRequest {
            message: Some(message("one")),
            request_id: self.request_id(),
            ..Default::default()
        };
        clients.bus.append_request(request).await.map(drop)
    }

    async fn change_project(&self, clients: &mut Clients) -> Result<(), Status> {
        let storage = &mut clients.storage;
        let project_id = self.other_project();
        match self.operation {
            O::CreateProject => {
                let request = pb::CreateProjectRequest {
                    project_id,
                    project_root: "/a/folder".into(),
                    request_id: self.request_id(),
                    ..Default::default()
                };
                storage.create_project(request).await.map(drop)
            }
            O::UpdateProject => {
                let request = pb::UpdateProjectRequest {
                    project_id,
                    project_root: "/a/folder".into(),
                    ..Default::default()
                };
                storage.update_project(request).await.map(drop)
            }
            _ => {
                let request =
                    pb::DeleteProjectRequest { project_id, force: true, allow_missing: true };
                storage.delete_project(request).await.map(drop)
            }
        }
    }

    async fn change_task(&self, clients: &mut Clients) -> Result<(), Status> {
        let storage = &mut clients.storage;
        let (project_id, task_id) = (PROJECT.to_owned(), self.task());
        match self.operation {
            O::CreateTask => {
                let request = pb::CreateTaskRequest {
                    description: "described".into(),
                    prompt: "do it".into(),
                    request_id: self.request_id(),
                    ..new_task(PROJECT, &task_id)
                };
                storage.create_task(request).await.map(drop)
            }
            O::UpdateTask => {
                let request = pb::UpdateTaskRequest {
                    project_id,
                    task_id,
                    description: "described".into(),
                    ..Default::default()
                };
                storage.update_task(request).await.map(drop)
            }
            O::TransitionTask => storage.transition(PROJECT, &task_id, "running").await.map(drop),
            O::SaveStepResult => {
                let mut request = step_result(PROJECT, &task_id, 0, "completed");
                request.etag.clone_from(&self.etag);
                storage.step(request).await.map(drop)
            }
            O::SetTaskState => {
                let request = pb::SetTaskStateRequest {
                    project_id,
                    task_id,
                    state_status: "working".into(),
                    markdown: "a state\n".into(),
                    ..Default::default()
                };
                storage.set_task_state(request).await.map(drop)
            }
            O::MarkTaskDone => storage.mark_task_done(self.done()).await.map(drop),
            O::ClearTaskDone => {
                let request = pb::ClearTaskDoneRequest { project_id, task_id };
                storage.clear_task_done(request).await.map(drop)
            }
            O::DeleteTask => {
                let (force, allow_missing) = (true, true);
                let request = pb::DeleteTaskRequest { project_id, task_id, force, allow_missing };
                storage.delete_task(request).await.map(drop)
            }
            O::AppendTaskLog => {
                let request = pb::AppendTaskLogRequest {
                    request_id: self.request_id(),
                    ..log_of(PROJECT, &task_id, &[r#"{"n":1}"#, r#"{"n":2}"#])
                };
                storage.append_task_log(request).await.map(drop)
            }
            _ => self.change_artifacts(clients).await,
        }
    }

    async fn change_artifacts(&self, clients: &mut Clients) -> Result<(), Status> {
        let storage = &mut clients.storage;
        match self.operation {
            O::SaveArtifact => storage.save(self.artifact()).await.map(drop),
            O::SaveVersion => {
                let request = pb::SaveArtifactRequest { versioned: true, ..self.artifact() };
                storage.save(request).await.map(drop)
            }
            O::UploadArtifact => {
                let header = Header {
                    request_id: self.request_id(),
                    ..upload_header(PROJECT, &self.task(), "a.txt")
                };
                let chunks = CONTENT.chunks(4).map(<[u8]>::to_vec).collect();
                storage.upload(header, chunks).await.map(drop)
            }
            O::DeleteArtifact => {
                let request = pb::DeleteArtifactRequest {
                    project_id: PROJECT.into(),
                    task_id: self.task(),
                    name: "a.txt".into(),
                    allow_missing: true,
                    ..Default::default()
                };
                storage.delete_artifact(request).await.map(drop)
            }
            _ => {
                let request = pb::AppendFactRequest {
                    request_id: self.request_id(),
                    ..new_fact(PROJECT, &self.task(), "a fact")
                };
                storage.append_fact(request).await.map(drop)
            }
        }
    }

    async fn change_run(&self, clients: &mut Clients) -> Result<(), Status> {
        let storage = &mut clients.storage;
        let (project_id, task_id, run_id) = (PROJECT.to_owned(), self.task(), self.run());
        match self.operation {
            O::CreateRun => {
                let request = pb::CreateRunRequest {
                    request_id: self.request_id(),
                    ..new_run(PROJECT, &task_id, &run_id)
                };
                storage.create_run(request).await.map(drop)
            }
            O::UpdateRunStatus => storage.end(&run_id, "completed").await.map(drop),
            O::UpdateRun => {
                let request = pb::UpdateRunRequest {
                    project_id,
                    task_id,
                    run_id,
                    commandline: "a command".into(),
                    ..Default::default()
                };
                storage.update_run(request).await.map(drop)
            }
            O::UpdateRunMeta => {
                // A worktree that is always there.
                let meta = pb::RunMeta {
                    title: "a title".into(),
                    worktree_path: "/usr".into(),
                    ..Default::default()
                };
                storage.set_meta(&run_id, meta, &["title", "worktree_path"]).await.map(drop)
            }
            O::AppendRunEvent => {
                let request = pb::AppendRunEventRequest {
                    request_id: self.request_id(),
                    ..new_event(&run_id, "began", "")
                };
                storage.append_run_event(request).await.map(drop)
            }
            O::WriteRunFile => {
                let (file, data) = ("output".into(), b"a result".into());
                let request = pb::WriteRunFileRequest { project_id, task_id, run_id, file, data };
                storage.write_run_file(request).await.map(drop)
            }
            O::AppendRunOutput => {
                let (file, offset, chunk) = ("stdout".into(), Some(0), b"a chunk".into());
                let request =
                    pb::AppendRunOutputRequest { project_id, task_id, run_id, file, offset, chunk };
                storage.append_run_output(request).await.map(drop)
            }
            _ => {
                let (force, allow_missing) = (true, true);
                let request =
                    pb::DeleteRunRequest { project_id, task_id, run_id, force, allow_missing };
                storage.delete_run(request).await.map(drop)
            }
        }
    }
}
