//! Writers that write everything there is, one thing after the other, and note in a ledger
//! what was acknowledged.

mod calls;
mod stream;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use callboard::grpc::pb;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use self::stream::StreamWriter;
use super::ledger::{BUSES, Entry, Ledger, PROJECT, TASK};
use crate::client::Client;
use crate::storage_client::{StorageClient, new_task};

/// How long a writer waits before it asks a server again that was not there.
const RETRY: Duration = Duration::from_millis(20);
/// How long it goes on to repeat: a server that is killed again and again may be gone for many
/// rounds whenever it is asked.
const PATIENCE: Duration = Duration::from_secs(300);
/// A writer begins another run when the output of one has so many bytes.
const OUTPUT_BYTES: usize = 50_000;

/// What a writer does when a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// It repeats the call, as clients do, until it is answered.
    Repeat,
    /// It does not repeat the call, whose end nobody knows, and goes on with the next one,
    /// as soon as there is a server. Its calls have no request ids.
    GoOn,
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
            let step = pb::Step { name: "work".into(), r#type: "ai".into(), ..Default::default() };
            let request =
                pb::CreateTaskRequest { steps: vec![step], ..new_task(PROJECT, &own_task(writer)) };
            storage.create_task(request).await.expect("a task");
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
        let mut writers = Self { stop: watch::Sender::new(false), writing: JoinSet::new() };
        writers.add(addr, ledger, round, 0..count, after_failure);
        writers
    }

    /// Starts further writers, of these numbers.
    pub(crate) fn add(
        &mut self,
        addr: &str,
        ledger: &Arc<Ledger>,
        round: &str,
        numbers: Range<usize>,
        after_failure: AfterFailure,
    ) {
        for number in numbers {
            let writer = Writer {
                addr: addr.to_owned(),
                ledger: Arc::clone(ledger),
                name: format!("{round}.{number}"),
                number,
                after_failure,
                clients: None,
                etag: None,
                run: None,
                output: None,
            };
            self.writing.spawn(writer.run(self.stop.subscribe()));
        }
    }

    /// Starts further writers, of these numbers, that append with streams, many messages at
    /// a time.
    pub(crate) fn add_streams(
        &mut self,
        addr: &str,
        ledger: &Arc<Ledger>,
        round: &str,
        numbers: Range<usize>,
        after_failure: AfterFailure,
    ) {
        for number in numbers {
            let name = format!("{round}.{number}");
            let writer = StreamWriter::new(addr, ledger, name, number, after_failure);
            self.writing.spawn(writer.run(self.stop.subscribe()));
        }
    }

    /// Asserts that none has ended.
    pub(crate) fn all_at_work(&mut self) {
        let ended = self.writing.try_join_next();
        assert!(ended.is_none(), "a writer has ended: {ended:?}");
    }

    /// Lets each finish what it is writing, and waits for that.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.ended().await;
    }

    /// Waits until all have ended by themselves; returns the failures that they ended at.
    pub(crate) async fn ended(self) -> Vec<Status> {
        let ended = tokio::time::timeout(PATIENCE, self.writing.join_all());
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
    /// Messages of one bus, with one call.
    Batch(Vec<Entry>),
    /// The state of the writer's own task.
    State(u64),
    /// A chunk of the output of a run: from one length of it to another.
    Output {
        run: String,
        from: usize,
        to: usize,
    },
}

struct Writer {
    addr: String,
    ledger: Arc<Ledger>,
    name: String,
    number: usize,
    after_failure: AfterFailure,
    clients: Option<(Client, StorageClient)>,
    /// The etag of the writer's own task, as it knows it.
    etag: Option<String>,
    /// The run that it has begun and not ended.
    run: Option<String>,
    /// The run whose output it appends to, and how far.
    output: Option<(String, usize)>,
}

impl Writer {
    /// Returns the failure that it ended at, if it did.
    async fn run(mut self, stopped: watch::Receiver<bool>) -> Option<Status> {
        // The number of a state goes on where that of the last round was.
        let mut number = self.ledger.state(&own_task(self.number));
        for n in 0_usize.. {
            if self.after_failure == AfterFailure::GoOn {
                self.is_connected().await;
            }
            if *stopped.borrow() {
                return None;
            }
            number += 1;
            let next = self.next(n, number);
            self.note_tried(&next);
            match self.written(&next).await {
                Ok(answers) => self.note_acknowledged(next, answers),
                Err(_) if self.after_failure == AfterFailure::GoOn => {
                    // How far these got is not known.
                    (self.etag, self.run, self.output) = (None, None, None);
                }
                Err(failure) => return Some(failure),
            }
        }
        None
    }

    /// Returns the nth thing to write: mostly messages. Each writer begins with another kind,
    /// so that even a short time has all of them.
    fn next(&self, n: usize, number: u64) -> Next {
        let name = format!("{}.{n}", self.name);
        // Another bus than the kind alone would make it.
        let bus = (self.number / 2 + n) % BUSES.len();
        Next::Entry(match (n + self.number) % 16 {
            2 => {
                let bodies = (0..5).map(|place| format!("{name}/{place}"));
                return Next::Batch(bodies.map(|body| Entry::Message { bus, body }).collect());
            }
            3 | 11 => return Next::State(number),
            6 => Entry::Artifact(format!("{name}.txt")),
            14 if self.number.is_multiple_of(2) => Entry::Artifact(format!("{name}.upload.txt")),
            13 | 14 => Entry::LogLine(format!(r#"{{"name":"{name}"}}"#)),
            7 => Entry::Fact(name),
            10 => Entry::Step { task: own_task(self.number), output: name },
            // Twice in a row: the second has what the first has made.
            4 | 5 => match &self.output {
                Some((run, from)) => {
                    let to = from + 1 + n * 997 % 10_000;
                    return Next::Output { run: run.clone(), from: *from, to };
                }
                None => Entry::Run(format!("{name}.output")),
            },
            8 | 9 => match &self.run {
                Some(run) => Entry::End(run.clone()),
                None => Entry::Run(name),
            },
            _ => Entry::Message { bus, body: name },
        })
    }

    fn note_tried(&self, next: &Next) {
        match next {
            Next::Entry(entry) => self.ledger.tried(entry),
            Next::Batch(batch) => self.ledger.batch_tried(batch),
            Next::State(number) => self.ledger.state_tried(&own_task(self.number), *number),
            Next::Output { run, to, .. } => self.ledger.output_tried(run, *to),
        }
    }

    /// Notes what was acknowledged, with an answer for each thing that was written.
    fn note_acknowledged(&mut self, next: Next, answers: Vec<String>) {
        match next {
            Next::Entry(entry) => {
                match &entry {
                    Entry::Run(run) if run.ends_with("output") => {
                        self.output = Some((run.clone(), 0));
                    }
                    Entry::Run(run) => self.run = Some(run.clone()),
                    Entry::End(_) => self.run = None,
                    _ => {}
                }
                self.ledger.acknowledged(&entry, answers.concat());
            }
            Next::Batch(batch) => {
                assert_eq!(answers.len(), batch.len(), "an id for each message");
                for (entry, answer) in batch.iter().zip(answers) {
                    self.ledger.acknowledged(entry, answer);
                }
            }
            Next::State(number) => {
                self.ledger.state_acknowledged(&own_task(self.number), number);
            }
            Next::Output { run, to, .. } => {
                self.ledger.output_acknowledged(&run, to);
                self.output = (to < OUTPUT_BYTES).then_some((run, to));
            }
        }
    }

    /// Writes it, with the same request again after a failure if it repeats; returns what it
    /// was acknowledged as.
    async fn written(&mut self, next: &Next) -> Result<Vec<String>, Status> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let failure = match self.write(next).await {
                Ok(answers) => return Ok(answers),
                Err(failure) => failure,
            };
            self.clients = None;
            if self.after_failure == AfterFailure::End {
                return Err(failure);
            }
            assert_gone(&failure);
            if self.after_failure == AfterFailure::GoOn {
                return Err(failure);
            }
            assert!(tokio::time::Instant::now() < deadline, "no answer in time: {failure:?}");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Waits until there is a server.
    async fn is_connected(&mut self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while let Err(failure) = self.connected().await {
            assert!(tokio::time::Instant::now() < deadline, "no server in time: {failure:?}");
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn connected(&mut self) -> Result<&mut (Client, StorageClient), Status> {
        if self.clients.is_none() {
            self.clients = Some(clients_on(connect(&self.addr).await?));
        }
        Ok(self.clients.as_mut().expect("connected just now"))
    }
}

/// Connects, if there is a server.
async fn connect(addr: &str) -> Result<Channel, Status> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("an address");
    let connected = endpoint.tcp_nodelay(true).connect().await;
    connected.map_err(|error| Status::unavailable(error.to_string()))
}

/// Asserts that a call failed because the server went away. A connection that broke is
/// UNKNOWN or CANCELLED by the moment of it.
fn assert_gone(failure: &Status) {
    let gone = matches!(failure.code(), Code::Unavailable | Code::Unknown | Code::Cancelled);
    assert!(gone, "refused: {failure:?}");
}

fn clients_on(channel: Channel) -> (Client, StorageClient) {
    (
        Client(pb::message_bus_client::MessageBusClient::new(channel.clone())),
        StorageClient(pb::storage_client::StorageClient::new(channel)),
    )
}
