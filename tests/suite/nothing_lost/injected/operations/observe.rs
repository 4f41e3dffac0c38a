//! What a reader sees.

use callboard::grpc::pb;
use tonic::{Code, Status};

use super::perform::CONTENT;
use super::{Clients, O, PROJECT, Subject};
use crate::client::bodies;
use crate::storage_client::{StorageClient, sha256};

impl Subject {
    /// Returns what a reader is to see when the operation is done.
    pub(super) fn expected(&self) -> Vec<String> {
        let expected: &[&str] = match self.operation {
            O::Append => &["first", "one"],
            O::AppendFirst | O::AppendToNewProject => &["one"],
            O::AppendBatch => &["first", "one", "two", "three"],
            O::RotateBus => &["first", "1 archives"],
            O::TrimBus | O::DeleteProject | O::DeleteTask | O::DeleteArtifact | O::DeleteRun => &[],
            O::CreateProject | O::UpdateProject => &["/a/folder"],
            O::CreateTask => &["described", "do it", "pending", ""],
            O::UpdateTask => &["described", "", "pending", ""],
            O::TransitionTask => &["", "", "running", "pending to running"],
            O::SaveStepResult => &["", "", "pending", "", "completed completed"],
            O::SetTaskState => &["working", "a state\n"],
            O::MarkTaskDone => &["true"],
            O::ClearTaskDone => &["false"],
            O::AppendTaskLog => &[r#"{"n":1}"#, r#"{"n":2}"#],
            O::SaveArtifact | O::UploadArtifact => {
                return vec![format!("artifacts/a.txt {}", sha256(CONTENT))];
            }
            O::SaveVersion => return vec![format!("artifacts/a.1.txt {}", sha256(CONTENT))],
            O::AppendFact => &["a fact"],
            O::CreateRun => &["running", "-1", ""],
            O::UpdateRunStatus => &["completed", "0", ""],
            O::UpdateRun => &["running", "-1", "a command"],
            O::UpdateRunMeta => &["a title"],
            O::AppendRunEvent => &["1 lines"],
            O::WriteRunFile => &["a result"],
            O::AppendRunOutput => &["a chunk"],
        };
        expected.iter().map(|&word| word.to_owned()).collect()
    }

    /// Returns what a reader sees now; nothing of what is not there.
    pub(super) async fn observe(&self, clients: &mut Clients) -> Vec<String> {
        let storage = &mut clients.storage;
        let (project, task) = (PROJECT, self.task());
        match self.operation {
            O::Append | O::AppendFirst | O::AppendBatch | O::TrimBus => {
                words(&bodies(&clients.bus.read_all(project, &task).await))
            }
            O::AppendToNewProject => {
                words(&bodies(&clients.bus.read_all(&self.other_project(), "").await))
            }
            O::RotateBus => {
                let mut seen = words(&bodies(&clients.bus.read_all(project, &task).await));
                let request =
                    pb::ListBusesRequest { project_id: project.into(), ..Default::default() };
                let buses = list_buses(clients, request).await;
                let bus = buses.into_iter().find(|bus| bus.task_id == task).expect("the bus");
                seen.push(format!("{} archives", bus.archive_count));
                seen
            }
            O::CreateProject | O::UpdateProject | O::DeleteProject => {
                let request = pb::GetProjectRequest { project_id: self.other_project() };
                found(storage.get_project(request).await, |answer| {
                    vec![answer.project.expect("the project").project_root]
                })
            }
            O::CreateTask
            | O::UpdateTask
            | O::TransitionTask
            | O::SaveStepResult
            | O::DeleteTask => found(get_task(storage, &task).await, of_task),
            O::MarkTaskDone | O::ClearTaskDone => {
                found(get_task(storage, &task).await, |task| vec![task.done.to_string()])
            }
            O::SetTaskState => {
                let request = pb::GetTaskStateRequest { project_id: project.into(), task_id: task };
                found(storage.get_task_state(request).await, |state| {
                    vec![state.state_status, state.markdown]
                })
            }
            O::AppendTaskLog => {
                let entries = storage.read_log(project, &task).await;
                // What is left of an append that was taken back is damaged, if anything.
                entries
                    .into_iter()
                    .filter(|entry| !entry.damaged)
                    .map(|entry| entry.entry)
                    .collect()
            }
            O::SaveArtifact | O::SaveVersion | O::UploadArtifact | O::DeleteArtifact => {
                let mut seen = Vec::new();
                for artifact in storage.artifacts(project, &task).await {
                    let content = storage.content(project, &task, &artifact.name).await;
                    seen.push(format!("{} {}", artifact.path, sha256(&content)));
                }
                seen
            }
            O::AppendFact => {
                let (project_id, task_id) = (project.into(), task);
                let request = pb::ListFactsRequest { project_id, task_id, ..Default::default() };
                storage.facts(request).await.into_iter().map(|fact| fact.title).collect()
            }
            O::CreateRun | O::UpdateRunStatus | O::UpdateRun | O::DeleteRun => {
                found(storage.try_run(&self.run()).await, |run| {
                    vec![run.status, run.exit_code.to_string(), run.commandline]
                })
            }
            O::UpdateRunMeta => found(storage.meta(&self.run()).await, |meta| vec![meta.title]),
            O::AppendRunEvent => {
                let events = self.file(storage, "events").await;
                events.iter().map(|text| format!("{} lines", text.lines().count())).collect()
            }
            O::WriteRunFile => self.file(storage, "output").await,
            O::AppendRunOutput => self.file(storage, "stdout").await,
        }
    }

    /// Returns a file of the run, if there is something in it.
    async fn file(&self, storage: &mut StorageClient, file: &str) -> Vec<String> {
        let request =
            pb::ReadRunFileRequest { run_id: self.run(), file: file.into(), ..Default::default() };
        let mut bytes = Vec::new();
        let read = async {
            let mut chunks = storage.0.read_run_file(request).await?.into_inner();
            while let Some(part) = chunks.message().await? {
                bytes.extend(part.chunk);
            }
            Ok(())
        };
        found(read.await, |()| Vec::new());
        if bytes.is_empty() {
            return Vec::new();
        }
        vec![String::from_utf8(bytes).expect("text")]
    }
}

async fn list_buses(clients: &mut Clients, request: pb::ListBusesRequest) -> Vec<pb::Bus> {
    let mut request = pb::ListBusesRequest { page_size: 1000, ..request };
    let mut buses = Vec::new();
    loop {
        let page = clients.bus.0.list_buses(request.clone()).await.expect("a page").into_inner();
        buses.extend(page.buses);
        if page.next_page_token.is_empty() {
            return buses;
        }
        request.page_token = page.next_page_token;
    }
}

async fn get_task(storage: &mut StorageClient, task: &str) -> Result<pb::Task, Status> {
    let request = pb::GetTaskRequest { project_id: PROJECT.into(), task_id: task.into() };
    storage.get_task(request).await.map(|answer| answer.task.expect("the task"))
}

fn of_task(task: pb::Task) -> Vec<String> {
    assert_eq!(task.problem, "", "of {}", task.task_id);
    let moves = task.transitions.iter();
    let moves: Vec<_> =
        moves.map(|one| format!("{} to {}", one.from_status, one.to_status)).collect();
    let mut seen = vec![task.description, task.prompt, task.status, moves.join(", ")];
    for result in task.step_results {
        seen.push(format!("{} {}", result.status, task.steps[0].status));
    }
    seen
}

/// Returns what is told of something; nothing when it is not there.
fn found<T>(answer: Result<T, Status>, tell: impl FnOnce(T) -> Vec<String>) -> Vec<String> {
    match answer {
        Ok(answer) => tell(answer),
        Err(status) if status.code() == Code::NotFound => Vec::new(),
        Err(status) => panic!("what is there can be read: {status:?}"),
    }
}

fn words(bodies: &[&str]) -> Vec<String> {
    bodies.iter().map(|&body| body.to_owned()).collect()
}
