//! Writers that write everything there is, one thing after the other, and note in a ledger
//! what was acknowledged.

use std::sync::Arc;
use std::time::Duration;

use callboard::grpc::pb;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::ledger::{BUSES, Entry, Ledger, PROJECT, TASK, content_of};
use crate::client::{Client, message};
use crate::server::DEADLINE;
use crate::storage_client::{StorageClient, log_of, new_artifact, new_fact, new_run, new_task};

/// How long a writer waits before it asks a server again that was not there.
const RETRY: Duration = Duration::from_millis(20);

/// What a writer does when a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// It repeats the call, as clients do, until it is answered.
    Repeat,
    /// It ends: the machine of the server is gone.
    End,
}

/// Some writers at work.
pub(crate) struct Writers {
    stop: watch::Sender<bool>,
    writing: JoinSet<Option<Status>>,
}

impl Writers {
    /// Creates the project and the task that all write to, and a task for each of so many
    /// writers.
    pub(crate) async fn prepare(addr: &str, count: usize) {
        let mut storage = StorageClient::connect_to(addr).await;
        storage.create_task(new_task(PROJECT, TASK)).await.expect("a task");
        for writer in 0..count {
            storage.create_task(new_task(PROJECT, &own_task(writer))).await.expect("a task");
        }
    }

    /// Starts so many writers to whatever server listens at an address. What they write is
    /// told apart by the name of the round.
    pub(crate) fn start(
        addr: &str,
        ledger: &Arc<Ledger>,
        round: &str,
        count: usize,
        after_failure: AfterFailure,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut writing = JoinSet::new();
        for number in 0..count {
            let writer = Writer {
                addr: addr.to_owned(),
                ledger: Arc::clone(ledger),
                name: format!("{round}.{number}"),
                number,
                after_failure,
                clients: None,
            };
            writing.spawn(writer.run(stopped.clone()));
        }
        Self { stop, writing }
    }

    /// Lets each finish what it is writing, and waits for that.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.ended().await;
    }

    /// Waits until all have ended by themselves; returns the failures that they ended at.
    pub(crate) async fn ended(self) -> Vec<Status> {
        let ended = tokio::time::timeout(DEADLINE, self.writing.join_all());
        ended.await.expect("the writers end").into_iter().flatten().collect()
    }
}

/// Returns the task whose state one writer alone writes.
fn own_task(writer: usize) -> String {
    format!("task-20260101-120000-writer{writer}")
}

/// What is written next.
enum Next {
    Entry(Entry),
    State(u64),
}

struct Writer {
    addr: String,
    ledger: Arc<Ledger>,
    name: String,
    number: usize,
    after_failure: AfterFailure,
    clients: Option<(Client, StorageClient)>,
}

impl Writer {
    /// Returns the failure that it ended at, if it did.
    async fn run(mut self, stopped: watch::Receiver<bool>) -> Option<Status> {
        // The number of a state goes on where that of the last round was.
        let mut number = self.ledger.state(&own_task(self.number));
        for n in 0_usize.. {
            if *stopped.borrow() {
                return None;
            }
            number += 1;
            let next = self.next(n, number);
            match &next {
                Next::Entry(entry) => self.ledger.tried(entry),
                Next::State(number) => self.ledger.state_tried(&own_task(self.number), *number),
            }
            let answer = match self.written(&next).await {
                Ok(answer) => answer,
                Err(failure) => return Some(failure),
            };
            match &next {
                Next::Entry(entry) => self.ledger.acknowledged(entry, answer),
                Next::State(number) => {
                    self.ledger.state_acknowledged(&own_task(self.number), *number);
                }
            }
        }
        None
    }

    /// Returns the nth thing to write: mostly messages.
    fn next(&self, n: usize, number: u64) -> Next {
        let name = format!("{}.{n}", self.name);
        Next::Entry(match n % 8 {
            3 => return Next::State(number),
            5 => Entry::LogLine(format!(r#"{{"name":"{name}"}}"#)),
            6 => Entry::Artifact(format!("{name}.txt")),
            7 if n % 16 == 7 => Entry::Fact(name),
            7 => Entry::Run(name),
            _ => Entry::Message { bus: (self.number + n) % BUSES.len(), body: name },
        })
    }

    /// Writes it, with the same request again after a failure if it repeats; returns what it
    /// was acknowledged as.
    async fn written(&mut self, next: &Next) -> Result<String, Status> {
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            let failure = match self.write(next).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            // A connection that broke is UNKNOWN or CANCELLED by the moment of it.
            self.clients = None;
            if self.after_failure == AfterFailure::End {
                return Err(failure);
            }
            assert!(
                matches!(failure.code(), Code::Unavailable | Code::Unknown | Code::Cancelled),
                "refused: {failure:?}"
            );
            assert!(tokio::time::Instant::now() < deadline, "no answer in time: {failure:?}");
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn write(&mut self, next: &Next) -> Result<String, Status> {
        let own = own_task(self.number);
        let (client, storage) = self.connected().await?;
        match next {
            Next::State(number) => {
                let request = pb::SetTaskStateRequest {
                    project_id: PROJECT.into(),
                    task_id: own,
                    state_status: "working".into(),
                    markdown: format!("{number}\n").repeat(200),
                    ..Default::default()
                };
                storage.0.set_task_state(request).await?;
                Ok(String::new())
            }
            Next::Entry(Entry::Message { bus, body }) => {
                let (project, task) = BUSES[*bus];
                let request = pb::AppendMessageRequest {
                    message: Some(message(project, task, body)),
                    request_id: body.clone(),
                    ..Default::default()
                };
                Ok(client.append_request(request).await?.msg_id)
            }
            Next::Entry(Entry::LogLine(line)) => {
                let request = pb::AppendTaskLogRequest {
                    request_id: line.replace(['{', '}', '"', ':'], ""),
                    ..log_of(PROJECT, TASK, &[line])
                };
                Ok(storage.append_task_log(request).await?.offset.to_string())
            }
            Next::Entry(Entry::Artifact(name)) => {
                let request = pb::SaveArtifactRequest {
                    request_id: name.clone(),
                    ..new_artifact(PROJECT, TASK, name, content_of(name))
                };
                Ok(storage.save(request).await?.path)
            }
            Next::Entry(Entry::Fact(title)) => {
                let request = pb::AppendFactRequest {
                    request_id: title.clone(),
                    ..new_fact(PROJECT, TASK, title)
                };
                let answer = storage.append_fact(request).await?;
                Ok(answer.fact.expect("the fact").fact_id)
            }
            Next::Entry(Entry::Run(run)) => {
                let request =
                    pb::CreateRunRequest { request_id: run.clone(), ..new_run(PROJECT, TASK, run) };
                Ok(storage.create_run(request).await?.run.expect("the run").run_id)
            }
        }
    }

    async fn connected(&mut self) -> Result<&mut (Client, StorageClient), Status> {
        if self.clients.is_none() {
            let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", self.addr));
            let endpoint = endpoint.expect("an address").tcp_nodelay(true);
            let connected = endpoint.connect().await;
            let channel = connected.map_err(|error| Status::unavailable(error.to_string()))?;
            self.clients = Some(clients_on(channel));
        }
        Ok(self.clients.as_mut().expect("connected just now"))
    }
}

fn clients_on(channel: tonic::transport::Channel) -> (Client, StorageClient) {
    (
        Client(pb::message_bus_client::MessageBusClient::new(channel.clone())),
        StorageClient(pb::storage_client::StorageClient::new(channel)),
    )
}
