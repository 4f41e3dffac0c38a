//! Every kind of call that writes.

use callboard::grpc::pb;
use pb::upload_artifact_request::Header;
use tonic::Status;

use crate::client::{Client, message, reason};
use crate::nothing_lost::ledger::{BUSES, Entry, Ledger, PROJECT, TASK, content_of};
use crate::storage_client::{
    StorageClient, log_of, new_artifact, new_event, new_fact, new_run, new_task, step_result,
    upload_header,
};

/// The task that keeps what the ledger does not know.
pub(super) const OTHER: &str = "task-20260101-120000-other";
/// Its run.
pub(super) const RUN: &str = "run-of-other";
/// What is told apart by its beginning alone needs more than one block.
const PADDING: usize = 5000;

/// Makes the enum, and the list of all.
macro_rules! kinds {
    ($($kind:ident,)*) => {
        /// A kind of call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kind { $($kind,)* }
        /// All of them.
        pub(super) const KINDS: &[Kind] = &[$(Kind::$kind,)*];
    };
}

kinds! {
    Message, Batch, FirstMessage, Stream, LogLine, FirstLogLine, Artifact, Upload, Version, Attachment, Fact,
    Run, Project, Task, TaskUpdate, Transition, StepResult, State, Done, ProjectUpdate, RunUpdate,
    RunMeta, RunEvent, RunFile, RunOutput, Rotation,
}

/// Whoever calls.
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) storage: StorageClient,
}

impl Caller {
    pub(super) async fn connect(addr: &str) -> Self {
        let client = Client::connect_to(addr).await;
        Self { client, storage: StorageClient::connect_to(addr).await }
    }

    /// Makes what the calls need to be there.
    pub(super) async fn prepare(&mut self, ledger: &Ledger) {
        let storage = &mut self.storage;
        for task in [TASK, OTHER] {
            let step = pb::Step { name: "one".into(), r#type: "ai".into(), ..Default::default() };
            let task = pb::CreateTaskRequest { steps: vec![step], ..new_task(PROJECT, task) };
            storage.create_task(task).await.expect("a task");
        }
        storage.new_run(PROJECT, OTHER, RUN).await;
        for kind in [Kind::Message, Kind::Stream] {
            self.call(kind, &format!("first-{kind:?}"), ledger).await.expect("it is made");
        }
    }

    /// Calls once; the name tells the call from others of its kind, and a call of the same
    /// name is a repetition. What is written is noted.
    pub(super) async fn call(
        &mut self,
        kind: Kind,
        name: &str,
        ledger: &Ledger,
    ) -> Result<(), Status> {
        let entries = entries(kind, name);
        for entry in &entries {
            ledger.tried(entry);
        }
        let answers = match kind {
            Kind::Message | Kind::Batch | Kind::FirstMessage | Kind::Stream | Kind::Rotation => {
                self.call_bus(kind, name).await?
            }
            _ => self.call_storage(kind, name).await?,
        };
        for (entry, answer) in entries.iter().zip(answers) {
            ledger.acknowledged(entry, answer);
        }
        Ok(())
    }

    async fn call_bus(&mut self, kind: Kind, name: &str) -> Result<Vec<String>, Status> {
        let request_id = name.to_owned();
        let bodies: Vec<String> = entries(kind, name).iter().map(body_of).collect();
        let (project, task) = BUSES[usize::from(kind == Kind::Message)];
        let mut messages = bodies.iter().map(|body| message(project, task, body));
        match kind {
            Kind::Batch => {
                let answer = self.client.append_batch(messages.collect(), name).await?;
                Ok(answer.msg_ids)
            }
            Kind::FirstMessage => {
                // On a bus that is not there yet, and neither is its task.
                let message = message(PROJECT, &format!("task-{name}"), &padded(name));
                let request = pb::AppendMessageRequest {
                    message: Some(message),
                    request_id,
                    ..Default::default()
                };
                self.client.append_request(request).await.map(|_| Vec::new())
            }
            Kind::Stream => {
                let request = pb::AppendStreamRequest { message: messages.next(), request_id };
                let answers = self.client.0.append_stream(tokio_stream::iter([request])).await?;
                let answer = answers.into_inner().message().await?.expect("an answer");
                Ok(vec![answer.msg_id])
            }
            Kind::Rotation => {
                let (project, task) = BUSES[1];
                let request =
                    pb::RotateBusRequest { project_id: project.into(), task_id: task.into() };
                match self.client.0.rotate_bus(request).await {
                    // Nothing came since the last one.
                    Err(status) if reason(&status) == "BUS_EMPTY" => Ok(Vec::new()),
                    rotated => rotated.map(|_| Vec::new()),
                }
            }
            _ => {
                let request = pb::AppendMessageRequest {
                    message: messages.next(),
                    request_id,
                    ..Default::default()
                };
                Ok(vec![self.client.append_request(request).await?.msg_id])
            }
        }
    }

    async fn call_storage(&mut self, kind: Kind, name: &str) -> Result<Vec<String>, Status> {
        let storage = &mut self.storage;
        let (request_id, text) = (name.to_owned(), padded(name));
        let (project_id, task_id, run_id) = (PROJECT.to_owned(), OTHER.to_owned(), RUN.to_owned());
        match kind {
            Kind::LogLine => {
                let request = pb::AppendTaskLogRequest {
                    request_id,
                    ..log_of(PROJECT, TASK, &[&line(name)])
                };
                return Ok(vec![storage.append_task_log(request).await?.offset.to_string()]);
            }
            Kind::FirstLogLine => {
                let task = own_task(name);
                let request = pb::AppendTaskLogRequest {
                    request_id,
                    ..log_of(PROJECT, &task, &[&line(name)])
                };
                storage.append_task_log(request).await?;
            }
            Kind::Artifact => {
                let request = pb::SaveArtifactRequest {
                    request_id,
                    ..new_artifact(PROJECT, TASK, name, content_of(name))
                };
                return Ok(vec![storage.save(request).await?.path]);
            }
            Kind::Upload => {
                let header = Header { request_id, ..upload_header(PROJECT, TASK, name) };
                let chunks = content_of(name).chunks(10_000).map(<[u8]>::to_vec).collect();
                let answer = storage.upload(header, chunks).await?;
                return Ok(vec![answer.artifact.expect("the artifact").path]);
            }
            Kind::Version | Kind::Attachment => {
                let request = pb::SaveArtifactRequest {
                    request_id,
                    versioned: kind == Kind::Version,
                    attachment: kind == Kind::Attachment,
                    ..new_artifact(PROJECT, OTHER, "kept.txt", text)
                };
                storage.save(request).await?;
            }
            Kind::Fact => {
                let request = pb::AppendFactRequest {
                    request_id,
                    body: text,
                    ..new_fact(PROJECT, TASK, name)
                };
                let fact = storage.append_fact(request).await?.fact;
                return Ok(vec![fact.expect("the fact").fact_id]);
            }
            Kind::Run => {
                let request = pb::CreateRunRequest {
                    request_id,
                    prompt: text,
                    ..new_run(PROJECT, TASK, name)
                };
                return Ok(vec![storage.create_run(request).await?.run.expect("the run").run_id]);
            }
            Kind::Project => {
                let request = pb::CreateProjectRequest {
                    project_id: name.into(),
                    request_id,
                    ..Default::default()
                };
                storage.create_project(request).await?;
            }
            Kind::Task => {
                let request = pb::CreateTaskRequest {
                    request_id,
                    prompt: text,
                    ..new_task(PROJECT, &format!("task-{name}"))
                };
                storage.create_task(request).await?;
            }
            Kind::TaskUpdate => {
                let description = text;
                let request = pb::UpdateTaskRequest {
                    project_id,
                    task_id,
                    description,
                    ..Default::default()
                };
                storage.update_task(request).await?;
            }
            Kind::Transition => {
                let reason = padded(name);
                let to_status = "running".into();
                let request = pb::TransitionTaskRequest {
                    project_id,
                    task_id: own_task(name),
                    to_status,
                    reason,
                    ..Default::default()
                };
                storage.transition_task(request).await?;
            }
            Kind::StepResult => {
                let mut request = step_result(PROJECT, OTHER, 0, "failed");
                request.step_result.as_mut().expect("a result").output = text;
                storage.step(request).await?;
            }
            Kind::State => {
                let request = pb::SetTaskStateRequest {
                    project_id,
                    task_id,
                    state_status: "working".into(),
                    markdown: text,
                    ..Default::default()
                };
                storage.set_task_state(request).await?;
            }
            Kind::Done => {
                let request = pb::MarkTaskDoneRequest { project_id, task_id: own_task(name) };
                storage.mark_task_done(request).await?;
            }
            Kind::ProjectUpdate => {
                let request = pb::UpdateProjectRequest {
                    project_id,
                    source_folders: vec![format!("/{name}")],
                    ..Default::default()
                };
                storage.update_project(request).await?;
            }
            Kind::RunUpdate => {
                let request = pb::UpdateRunRequest {
                    project_id,
                    task_id,
                    run_id,
                    error_summary: name.into(),
                    ..Default::default()
                };
                storage.update_run(request).await?;
            }
            Kind::RunMeta => {
                let meta = pb::RunMeta {
                    title: name.into(),
                    worktree_path: "/".into(),
                    ..Default::default()
                };
                storage.set_meta(RUN, meta, &[]).await?;
            }
            Kind::RunEvent => {
                let data = serde_json::json!({ "text": text }).to_string();
                let request =
                    pb::AppendRunEventRequest { request_id, ..new_event(RUN, "progress", &data) };
                storage.append_run_event(request).await?;
            }
            Kind::RunFile => {
                let request = pb::WriteRunFileRequest {
                    project_id,
                    task_id,
                    run_id,
                    file: "output".into(),
                    data: text.into(),
                };
                storage.write_run_file(request).await?;
            }
            Kind::RunOutput => {
                let request = pb::AppendRunOutputRequest {
                    project_id,
                    task_id,
                    run_id,
                    file: "stdout".into(),
                    chunk: text.into(),
                    offset: None,
                };
                storage.append_run_output(request).await?;
            }
            Kind::Message | Kind::Batch | Kind::FirstMessage | Kind::Stream | Kind::Rotation => {
                unreachable!("calls of the other service")
            }
        }
        Ok(Vec::new())
    }
}

/// Returns the task that a call has for itself.
pub(super) fn own_task(name: &str) -> String {
    format!("task-own-{name}")
}

/// Whether calls of a kind have a task for themselves.
pub(super) fn has_own_task(kind: Kind) -> bool {
    matches!(kind, Kind::FirstLogLine | Kind::Transition | Kind::Done)
}

fn padded(name: &str) -> String {
    format!("{name} {}", "x".repeat(PADDING))
}

fn line(name: &str) -> String {
    format!(r#"{{"name":"{}"}}"#, padded(name))
}

/// Returns what a call adds to the ledger.
fn entries(kind: Kind, name: &str) -> Vec<Entry> {
    let message = |body: String| Entry::Message { bus: 0, body };
    match kind {
        Kind::Message => vec![Entry::Message { bus: 1, body: padded(name) }],
        Kind::Stream => vec![message(padded(name))],
        Kind::Batch => (0..3).map(|n| message(padded(&format!("{name}-{n}")))).collect(),
        Kind::LogLine => vec![Entry::LogLine(line(name))],
        Kind::Artifact | Kind::Upload => vec![Entry::Artifact(name.into())],
        Kind::Fact => vec![Entry::Fact(name.into())],
        Kind::Run => vec![Entry::Run(name.into())],
        _ => Vec::new(),
    }
}

fn body_of(entry: &Entry) -> String {
    match entry {
        Entry::Message { body, .. } => body.clone(),
        other => panic!("{other:?} has no body"),
    }
}
