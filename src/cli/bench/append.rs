//! Single appends: how many a second, by how many there are at once.

use std::time::{Duration, Instant};

use callboard_client::{Client, Transport, new_request_id};
use tonic::Status;

use crate::grpc::pb::message_bus_client::MessageBusClient;
use crate::grpc::pb::{AppendMessageRequest, Message};

use super::super::failure::Failure;
use super::load::{self, Caller, Measured};
use super::server::Server;
use super::site::Site;
use super::{Bench, echo_rate};

/// How many connections the callers share at most.
const CONNECTIONS: usize = 4;
/// How many appends there are at once.
const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];
/// How many buses there are when each caller has one of his own.
const BUSES: usize = 64;

/// Appends one message after another.
pub(super) struct AppendCaller {
    client: MessageBusClient<Transport>,
    message: Message,
}

impl AppendCaller {
    /// Makes one who appends this message again and again.
    pub(super) fn new(client: &Client, message: Message) -> Self {
        Self { client: client.bus(), message }
    }
}

impl Caller for AppendCaller {
    async fn call(&mut self) -> Result<Instant, Status> {
        let request = request(&self.message);
        let begin = Instant::now();
        self.client.append_message(request).await?;
        Ok(begin)
    }
}

/// Returns a call that appends a message, as the clients make it: with an id of its own, so that
/// it can be repeated.
pub(super) fn request(message: &Message) -> AppendMessageRequest {
    AppendMessageRequest {
        message: Some(message.clone()),
        request_id: new_request_id(),
        ..Default::default()
    }
}

/// Measures appends to one bus, and to many.
pub(super) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    for _ in 0..bench.runs {
        for in_flight in IN_FLIGHT {
            let messages = |site: &Site| vec![site.message("load"); in_flight];
            one(bench, "append", messages).await?;
        }
        let messages = |site: &Site| -> Vec<_> {
            (0..BUSES).map(|bus| site.message(&format!("load-{bus}"))).collect()
        };
        one(bench, "append.buses", messages).await?;
    }
    Ok(())
}

async fn one(
    bench: &mut Bench,
    name: &str,
    messages: impl Fn(&Site) -> Vec<Message>,
) -> Result<(), Failure> {
    let site = Site::open(bench).await?;
    let messages = messages(&site);
    let in_flight = messages.len();
    let echo = echo_rate::unary(bench, in_flight).await?;
    let l = bench.disk_rate()?;
    let measured = appends(&site.server, messages, bench.duration).await?;
    let mut row = measured.row(name, in_flight);
    row.compare_with_disk(l);
    row.ratio_to_echo = Some(row.rate / echo.rate);
    bench.note(row);
    site.end().await
}

/// Has each of these messages appended again and again.
pub(super) async fn appends(
    server: &Server,
    messages: Vec<Message>,
    duration: Duration,
) -> Result<Measured, Failure> {
    let clients = server.connections(messages.len().min(CONNECTIONS)).await?;
    let callers = messages
        .into_iter()
        .zip(clients.iter().cycle())
        .map(|(message, client)| AppendCaller::new(client, message));
    load::measure(server, callers.collect(), duration).await
}
