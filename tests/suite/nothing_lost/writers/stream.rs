//! A writer that appends with a stream: many messages are on their way at a time, and each is
//! acknowledged by itself, in the order of sending.

use std::collections::VecDeque;
use std::sync::Arc;

use callboard::grpc::pb;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::super::ledger::{BUSES, Entry, Ledger};
use super::{AfterFailure, RETRY, assert_gone, clients_on, connect};
use crate::client::{Client, message};

/// How many messages wait for their answers at a time.
const IN_FLIGHT: usize = 12;

pub(super) struct StreamWriter {
    addr: String,
    ledger: Arc<Ledger>,
    name: String,
    /// The bus that it appends to.
    bus: usize,
    after_failure: AfterFailure,
    sent: usize,
    /// The bodies of the messages without an answer.
    waiting: VecDeque<String>,
}

impl StreamWriter {
    pub(super) fn new(
        addr: &str,
        ledger: &Arc<Ledger>,
        name: String,
        number: usize,
        after_failure: AfterFailure,
    ) -> Self {
        Self {
            addr: addr.to_owned(),
            ledger: Arc::clone(ledger),
            name,
            bus: number % BUSES.len(),
            after_failure,
            sent: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Returns the failure that it ended at, if it did.
    pub(super) async fn run(mut self, stopped: watch::Receiver<bool>) -> Option<Status> {
        while !*stopped.borrow() || !self.waiting.is_empty() {
            let channel = match connect(&self.addr).await {
                Ok(channel) => channel,
                Err(failure) if self.after_failure == AfterFailure::End => return Some(failure),
                Err(_) => {
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            let (client, _) = clients_on(channel);
            let Err(failure) = self.stream(client, &stopped).await else {
                return None;
            };
            match self.after_failure {
                AfterFailure::Repeat => assert_gone(&failure),
                AfterFailure::GoOn => {
                    assert_gone(&failure);
                    self.waiting.clear();
                }
                AfterFailure::End => return Some(failure),
            }
        }
        None
    }

    /// Appends with one stream, first what an earlier one had no answers to, until it is told
    /// to stop.
    async fn stream(
        &mut self,
        mut client: Client,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), Status> {
        let (requests, sending) = mpsc::channel(IN_FLIGHT);
        for body in &self.waiting {
            // It has room for all, and the stream has not begun.
            let _ = requests.send(self.request(body)).await;
        }
        let answers = client.0.append_stream(ReceiverStream::new(sending)).await?;
        let mut answers = answers.into_inner();
        loop {
            while self.waiting.len() < IN_FLIGHT && !*stopped.borrow() {
                let body = format!("{}.{}", self.name, self.sent);
                self.sent += 1;
                self.ledger.tried(&Entry::Message { bus: self.bus, body: body.clone() });
                let request = self.request(&body);
                self.waiting.push_back(body);
                if requests.send(request).await.is_err() {
                    // The answers say why.
                    break;
                }
            }
            if self.waiting.is_empty() {
                return Ok(());
            }
            let answer = answers.message().await?;
            let answer = answer.ok_or_else(|| Status::unavailable("the stream ended"))?;
            let body = self.waiting.pop_front().expect("it was waited for");
            self.ledger.acknowledged(&Entry::Message { bus: self.bus, body }, answer.msg_id);
        }
    }

    fn request(&self, body: &str) -> pb::AppendStreamRequest {
        let (project, task) = BUSES[self.bus];
        let request_id = match self.after_failure {
            AfterFailure::GoOn => String::new(),
            AfterFailure::Repeat | AfterFailure::End => body.into(),
        };
        pb::AppendStreamRequest { message: Some(message(project, task, body)), request_id }
    }
}
