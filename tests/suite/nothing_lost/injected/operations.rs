//! The mutations of both services, each on something of its own, and what a reader sees of
//! them before and after.

mod observe;
mod perform;

use callboard::grpc::pb;
use tonic::Status;

use crate::client::{Client, message, reason};
use crate::server::Server;
use crate::storage_client::{StorageClient, new_run, new_task};

/// The project of all that is written to, where nothing else is said.
pub(super) const PROJECT: &str = "demo";

/// A mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Append,
    AppendFirst,
    AppendToNewProject,
    AppendBatch,
    RotateBus,
    TrimBus,
    CreateProject,
    UpdateProject,
    DeleteProject,
    CreateTask,
    UpdateTask,
    TransitionTask,
    SaveStepResult,
    SetTaskState,
    MarkTaskDone,
    ClearTaskDone,
    DeleteTask,
    AppendTaskLog,
    SaveArtifact,
    SaveVersion,
    UploadArtifact,
    DeleteArtifact,
    AppendFact,
    CreateRun,
    UpdateRunStatus,
    UpdateRun,
    UpdateRunMeta,
    AppendRunEvent,
    WriteRunFile,
    AppendRunOutput,
    DeleteRun,
}

use Operation as O;

/// All of them.
pub(super) const OPERATIONS: [Operation; 31] = [
    O::Append,
    O::AppendFirst,
    O::AppendToNewProject,
    O::AppendBatch,
    O::RotateBus,
    O::TrimBus,
    O::CreateProject,
    O::UpdateProject,
    O::DeleteProject,
    O::CreateTask,
    O::UpdateTask,
    O::TransitionTask,
    O::SaveStepResult,
    O::SetTaskState,
    O::MarkTaskDone,
    O::ClearTaskDone,
    O::DeleteTask,
    O::AppendTaskLog,
    O::SaveArtifact,
    O::SaveVersion,
    O::UploadArtifact,
    O::DeleteArtifact,
    O::AppendFact,
    O::CreateRun,
    O::UpdateRunStatus,
    O::UpdateRun,
    O::UpdateRunMeta,
    O::AppendRunEvent,
    O::WriteRunFile,
    O::AppendRunOutput,
    O::DeleteRun,
];

/// What says that an operation was done by an earlier call, whose answer was lost.
const DONE_BEFORE: [&str; 4] =
    ["INVALID_TRANSITION", "ETAG_MISMATCH", "BUS_EMPTY", "BUS_NOT_FOUND"];

/// What a reader sees of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// As it was before.
    Before,
    /// As it is to be afterwards.
    After,
    /// Neither: a part of it, or more than once.
    Torn,
}

/// One operation on something of its own, told apart by a number.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    operation: Operation,
    number: usize,
    /// What was seen of it before, once it is prepared.
    before: Vec<String>,
    /// The etag that the operation expects, if it does.
    etag: String,
}

/// The clients of a server, on one connection.
pub(super) struct Clients {
    pub(super) bus: Client,
    pub(super) storage: StorageClient,
}

impl Clients {
    pub(super) async fn connect(server: &Server) -> Self {
        Self { bus: Client::connect(server).await, storage: StorageClient::connect(server).await }
    }
}

impl Subject {
    /// Makes what the operation needs.
    pub(super) async fn prepare(
        clients: &mut Clients,
        operation: Operation,
        number: usize,
    ) -> Self {
        let mut subject = Self { operation, number, before: Vec::new(), etag: String::new() };
        subject.make(clients).await.expect("what an operation needs can be made");
        subject.before = subject.observe(clients).await;
        assert_ne!(subject.before, subject.expected(), "{operation:?} changes something");
        subject
    }

    /// Returns how many messages the operation appends.
    pub(super) fn messages(&self) -> usize {
        match self.operation {
            O::Append | O::AppendFirst | O::AppendToNewProject => 1,
            O::AppendBatch => 3,
            _ => 0,
        }
    }

    fn task(&self) -> String {
        format!("task-20260101-120000-t{}", self.number)
    }

    fn run(&self) -> String {
        format!("run-{}", self.number)
    }

    fn other_project(&self) -> String {
        format!("p{}", self.number)
    }

    async fn make(&mut self, clients: &mut Clients) -> Result<(), Status> {
        let storage = &mut clients.storage;
        match self.operation {
            O::CreateProject | O::AppendToNewProject => return Ok(()),
            O::UpdateProject | O::DeleteProject => {
                let project_id = self.other_project();
                let request = pb::CreateProjectRequest { project_id, ..Default::default() };
                storage.create_project(request).await?;
                return Ok(());
            }
            O::CreateTask => return Ok(()),
            _ => {}
        }
        let step = pb::Step { name: "work".into(), r#type: "ai".into(), ..Default::default() };
        let task = pb::CreateTaskRequest { steps: vec![step], ..new_task(PROJECT, &self.task()) };
        let task = storage.create_task(task).await?.task.expect("the task");
        match self.operation {
            O::SaveStepResult => self.etag = task.etag,
            O::ClearTaskDone => {
                storage.mark_task_done(self.done()).await?;
            }
            O::DeleteArtifact => {
                storage.save(self.artifact()).await?;
            }
            O::UpdateRunStatus
            | O::UpdateRun
            | O::UpdateRunMeta
            | O::AppendRunEvent
            | O::WriteRunFile
            | O::AppendRunOutput
            | O::DeleteRun => {
                storage.create_run(new_run(PROJECT, &self.task(), &self.run())).await?;
            }
            O::Append | O::AppendBatch | O::RotateBus | O::TrimBus => {
                clients.bus.try_append(message(PROJECT, &self.task(), "first")).await?;
            }
            _ => {}
        }
        if self.operation == O::TrimBus {
            self.rotate(clients).await?;
        }
        Ok(())
    }

    /// Does it again until it is done, as callers do, whatever an earlier call has done.
    ///
    /// # Errors
    /// Why it does not work again.
    pub(super) async fn repeat(&self, clients: &mut Clients) -> Result<(), String> {
        let mut refusals = Vec::new();
        for _ in 0..3 {
            let Err(status) = self.perform(clients).await else {
                return Ok(());
            };
            let reason = reason(&status);
            if reason == "BUS_POISONED" {
                // As its description says. There may be nothing in the bus to archive.
                if let Err(status) = self.rotate(clients).await {
                    refusals.push(status);
                }
            } else if DONE_BEFORE.contains(&reason.as_str())
                && self.seen(clients).await == Seen::After
            {
                return Ok(());
            }
            refusals.push(status);
        }
        Err(format!("{self:?} does not work again after a fault: {refusals:?}"))
    }

    /// Tells what a reader sees of it.
    pub(super) async fn seen(&self, clients: &mut Clients) -> Seen {
        let observed = self.observe(clients).await;
        if observed == self.expected() {
            return Seen::After;
        }
        if observed == self.before {
            return Seen::Before;
        }
        eprintln!("torn: {self:?} is {observed:?}, expected {:?}", self.expected());
        Seen::Torn
    }

    /// Returns the project and the task of the bus of the operation.
    fn bus(&self) -> (String, String) {
        match self.operation {
            O::AppendToNewProject => (self.other_project(), String::new()),
            _ => (PROJECT.to_owned(), self.task()),
        }
    }

    /// Whether the bus of the operation takes no more appends, because a sync of it failed.
    pub(super) async fn is_poisoned(&self, clients: &mut Clients) -> bool {
        let (project, task) = self.bus();
        let refused = clients.bus.try_append(message(&project, &task, "refused")).await;
        refused.is_err_and(|status| reason(&status) == "BUS_POISONED")
    }

    /// Archives the bus of the operation.
    pub(super) async fn rotate(&self, clients: &mut Clients) -> Result<(), Status> {
        let (project_id, task_id) = self.bus();
        clients.bus.0.rotate_bus(pb::RotateBusRequest { project_id, task_id }).await?;
        Ok(())
    }
}
