//! Where a measurement happens: a server with an empty root, or a project of its own in a server
//! that is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use callboard_client::{Address, Client};
use tonic::Code;

use crate::grpc::pb::{DeleteProjectRequest, Message};

use super::super::failure::Failure;
use super::Bench;
use super::scratch::Scratch;
use super::server::Server;

/// How long the body of a message is, in bytes.
pub(super) const BODY_BYTES: usize = 300;

/// How long removing what a measurement made may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server to measure, and the project to do it in.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) project: String,
    /// The root, when it is ours; none of a server that was there. Dropped after the server.
    scratch: Option<Scratch>,
}

impl Site {
    /// Starts a server with an empty root, or takes the one that is there.
    pub(super) async fn open(bench: &Bench) -> Result<Self, Failure> {
        match &bench.given {
            None => Self::open_own(bench).await,
            Some(given) => {
                given.is_used.store(true, Ordering::Relaxed);
                let (server, project) =
                    (Server::given(given.address.clone()), given.project.clone());
                Ok(Self { server, project, scratch: None })
            }
        }
    }

    /// Starts a server with an empty root.
    pub(super) async fn open_own(bench: &Bench) -> Result<Self, Failure> {
        let scratch = Scratch::new(&bench.folder)?;
        let server = Server::start(scratch.path()).await?;
        Ok(Self { server, project: "bench".to_owned(), scratch: Some(scratch) })
    }

    /// Returns the root, when it is ours.
    pub(super) fn root(&self) -> Result<&std::path::Path, Failure> {
        let scratch = self.scratch.as_ref().map(Scratch::path);
        scratch.ok_or_else(|| Failure::usage("this is measured of a server of its own only"))
    }

    /// Ends its server and starts another one with the same root.
    pub(super) async fn restart(self) -> Result<Self, Failure> {
        let root = self.root()?.to_owned();
        let Self { server, project, scratch } = self;
        server.end().await?;
        let server = Server::start(&root).await?;
        Ok(Self { server, project, scratch })
    }

    /// Returns a message for the bus of a task.
    pub(super) fn message(&self, task: &str) -> Message {
        message(&self.project, task)
    }

    /// Makes a client that speaks for the task.
    pub(super) async fn client(&self, task: &str) -> Result<Client, Failure> {
        Ok(self.server.connect().await?.with_project(&self.project).with_task(task))
    }

    /// Removes what it made, and ends the server if it is ours.
    pub(super) async fn end(self) -> Result<(), Failure> {
        if self.scratch.is_none() {
            remove_project(&self.server, &self.project).await?;
        }
        self.server.end().await
    }
}

/// A server that somebody else started.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) address: Address,
    /// The project to measure in, which nobody else uses.
    pub(super) project: String,
    /// Whether anything was done there.
    is_used: Arc<AtomicBool>,
}

impl Given {
    pub(super) fn new(address: Address) -> Self {
        let project = format!("bench-{}", callboard_client::new_request_id());
        Self { address, project, is_used: Arc::default() }
    }

    /// Removes what an interrupted or failed measurement left.
    pub(super) async fn clear_away(&self) -> Result<(), Failure> {
        if !self.is_used.load(Ordering::Relaxed) {
            return Ok(());
        }
        remove_project(&Server::given(self.address.clone()), &self.project).await
    }
}

/// Removes a project that was made for a measurement, and holds nothing else.
async fn remove_project(server: &Server, project: &str) -> Result<(), Failure> {
    let project_id = project.to_owned();
    let request = DeleteProjectRequest { project_id, force: true, ..Default::default() };
    let mut storage = server.connect().await?.storage();
    let removed = tokio::time::timeout(PATIENCE, storage.delete_project(request)).await;
    match removed.map_err(|_| Failure::own("remove the project of the bench", &"no answer"))? {
        Err(status) if status.code() != Code::NotFound => Err(server.failure(&status)),
        _ => Ok(()),
    }
}

/// Returns a message of the length of all.
pub(super) fn message(project: &str, task: &str) -> Message {
    Message {
        r#type: "INFO".to_owned(),
        project_id: project.to_owned(),
        task_id: task.to_owned(),
        body: "x".repeat(BODY_BYTES),
        ..Default::default()
    }
}
