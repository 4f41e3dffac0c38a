//! Where a measurement happens: a server with an empty root, or a project of its own in a server
//! that is there.

use callboard_client::{Address, Client};

use crate::grpc::pb::{DeleteProjectRequest, Message};

use super::super::failure::Failure;
use super::Bench;
use super::scratch::Scratch;
use super::server::Server;

/// How long the body of a message is, in bytes.
const BODY_BYTES: usize = 300;

/// A server to measure, and the project to do it in.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) project: String,
    /// The root, when it is ours. Dropped after the server.
    scratch: Option<Scratch>,
    given: Option<Address>,
}

impl Site {
    /// Starts a server with an empty root, or takes the one that is there.
    pub(super) async fn open(bench: &Bench) -> Result<Self, Failure> {
        match &bench.given {
            None => Self::open_own(bench).await,
            Some(address) => Ok(Self {
                server: Server::given(address.clone()),
                project: format!("bench-{}", callboard_client::new_request_id()),
                scratch: None,
                given: Some(address.clone()),
            }),
        }
    }

    /// Starts a server with an empty root.
    pub(super) async fn open_own(bench: &Bench) -> Result<Self, Failure> {
        let scratch = Scratch::new(&bench.folder)?;
        let server = Server::start(scratch.path()).await?;
        Ok(Self { server, project: "bench".to_owned(), scratch: Some(scratch), given: None })
    }

    /// Returns the root, when it is ours.
    pub(super) fn root(&self) -> Result<&std::path::Path, Failure> {
        let scratch = self.scratch.as_ref().map(Scratch::path);
        scratch.ok_or_else(|| Failure::usage("this is measured of a server of its own only"))
    }

    /// Ends its server and starts another one with the same root.
    pub(super) async fn restart(self) -> Result<Self, Failure> {
        let Self { server, project, scratch, given } = self;
        server.end().await?;
        let root = scratch.as_ref().map(Scratch::path);
        let root = root.ok_or_else(|| Failure::usage("only a server of its own is restarted"))?;
        let server = Server::start(root).await?;
        Ok(Self { server, project, scratch, given })
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
        if let Some(address) = &self.given {
            let project_id = self.project.clone();
            // It was made for this and holds nothing else.
            let request = DeleteProjectRequest { project_id, force: true, ..Default::default() };
            let client = self.server.connect().await?;
            let removed = client.storage().delete_project(request).await;
            removed.map_err(|status| Failure::of_status(address, &status))?;
        }
        self.server.end().await
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
