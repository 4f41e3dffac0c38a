//! The client: one connection to a server, and a method for each thing to do with it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use crate::builder::{Builder, Observer};
use crate::interruption::Interruption;
use crate::place::Place;
use crate::token::Authorize;
use crate::v1::message_bus_client::MessageBusClient;
use crate::v1::storage_client::StorageClient;
use crate::{Address, Error};

/// What is received in one message at most. The server's answers stay below 4 MiB; a single
/// message of another program may be a little larger.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What the generated clients speak through: a channel that adds the token.
pub type Transport = InterceptedService<Channel, Authorize>;

/// A connection to a Callboard server, and the project, the task and the run it speaks for.
///
/// It is a handle: clones share the connection, are cheap, and may be used from any task at the
/// same time. [`with_project`](Self::with_project), [`with_task`](Self::with_task) and
/// [`with_run`](Self::with_run) give handles that speak for another place.
///
/// Every method fails with an [`Error`]. Calls that are safe to repeat are repeated, within the
/// timeout, while the server cannot be reached or asks to come back.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    pub(crate) place: Place,
    timeout: Duration,
    retry_for: Option<Duration>,
}

pub(crate) struct Shared {
    address: Address,
    transport: Transport,
    on_interruption: Option<Observer>,
}

impl Shared {
    pub(crate) fn new(
        address: Address,
        channel: Channel,
        authorize: Authorize,
        on_interruption: Option<Observer>,
    ) -> Self {
        let transport = InterceptedService::new(channel, authorize);
        Self { address, transport, on_interruption }
    }
}

impl Client {
    /// Makes a client of what the environment says: `CALLBOARD_ADDR`, `CALLBOARD_TOKEN`,
    /// `CALLBOARD_CA`, `CALLBOARD_CERT`, `CALLBOARD_KEY`, `JRUN_PROJECT_ID`, `JRUN_TASK_ID` and
    /// `JRUN_ID`. It connects with its first call.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn connect() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Begins to make a client, with something else than what the environment says.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(
        shared: Shared,
        place: Place,
        timeout: Duration,
        retry_for: Option<Duration>,
    ) -> Self {
        Self { shared: Arc::new(shared), place, timeout, retry_for }
    }

    /// Returns a handle that speaks for another project; its task is the project's own bus.
    /// The project it speaks for already changes nothing.
    #[must_use]
    pub fn with_project(&self, project_id: impl Into<String>) -> Self {
        let project = project_id.into();
        let mut client = self.clone();
        if project != self.place.project {
            client.place = Place { project, task: String::new(), run: self.place.run.clone() };
        }
        client
    }

    /// Returns a handle that speaks for another task of the project; an empty one means the
    /// project's own bus.
    #[must_use]
    pub fn with_task(&self, task_id: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.place.task = task_id.into();
        client
    }

    /// Returns a handle that speaks for another run; an empty one means none.
    #[must_use]
    pub fn with_run(&self, run_id: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.place.run = run_id.into();
        client
    }

    /// Returns a handle whose calls may take so long, with all their attempts.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        let mut client = self.clone();
        client.timeout = timeout;
        client
    }

    /// Returns where the server is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.shared.address
    }

    /// Returns the id of the project it speaks for; empty when there is none.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.place.project
    }

    /// Returns the id of the task it speaks for; empty for the project's own bus.
    #[must_use]
    pub fn task_id(&self) -> &str {
        &self.place.task
    }

    /// Returns the id of the run it speaks for; empty when there is none.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.place.run
    }

    /// Returns how long a call may take, with all its attempts.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns how long a call, or a transfer that gets nowhere, is repeated, from its first
    /// failure on.
    pub(crate) fn retry_for(&self) -> Duration {
        self.retry_for.unwrap_or(self.timeout)
    }

    /// Returns the generated client of the message bus, for what the methods here do not offer.
    #[must_use]
    pub fn bus(&self) -> MessageBusClient<Transport> {
        let client = MessageBusClient::new(self.shared.transport.clone());
        client.max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Returns the generated client of projects, tasks, runs and what they keep.
    #[must_use]
    pub fn storage(&self) -> StorageClient<Transport> {
        let client = StorageClient::new(self.shared.transport.clone());
        client.max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Tells of a stream that broke, or is open again.
    pub(crate) fn tell(&self, interruption: &Interruption<'_>) {
        match &self.shared.on_interruption {
            Some(observer) => observer(interruption),
            None => interruption.log(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.shared.address)
            .field("place", &self.place)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_handle_for_another_project_speaks_for_the_projects_own_bus() {
        let client = Client::builder().address("localhost:1").project("p").task("t").run("r");
        let client = client.build().expect("a client");
        let ids =
            |client: &Client| [client.project_id(), client.task_id(), client.run_id()].join("/");
        assert_eq!(ids(&client), "p/t/r");
        assert_eq!(ids(&client.with_project("p")), "p/t/r");
        assert_eq!(ids(&client.with_project("q")), "q//r");
        assert_eq!(ids(&client.with_project("q").with_task("u")), "q/u/r");
        assert_eq!(ids(&client.with_task("").with_run("")), "p//");
    }

    #[tokio::test]
    async fn a_client_never_shows_its_token() {
        let client = Client::builder().address("localhost:1").token("s3cret").build();
        let client = client.expect("a client");
        let shown = format!("{client:?} {:?} {:?}", client.storage(), client.bus());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
