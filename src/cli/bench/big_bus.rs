//! A bus of a million messages: replaying it, its last messages, and what came since a place in it.

use std::time::Instant;

use callboard_client::{Client, Frame};
use tonic::Status;

use crate::grpc::pb::read_messages_request::Start;
use crate::grpc::pb::{ReadMessagesRequest, StartPosition};

use super::super::failure::Failure;
use super::Bench;
use super::arrivals::{follow_from, next};
use super::latencies::Latencies;
use super::row::Row;
use super::server::Server;
use super::site::Site;
use super::stream_load::StreamCaller;

/// How many messages the bus has.
const MESSAGES: usize = 1_000_000;
/// How many appends are on their way at once while it is filled.
const WINDOW: usize = 1024;
/// How many places to read from there are in a bus.
const PLACES: usize = 200;
/// How many are read at the end, and after a place.
const READ: i32 = 20;

/// A place in a bus.
#[derive(Debug, Clone)]
pub(super) struct PlaceInBus {
    msg_id: String,
    cursor: String,
}

/// What is measured of the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Replay,
    Tail,
    Since,
}

/// Measures each after a new start of the server, which knows nothing of the bus then. The system
/// still has the file in its memory.
pub(super) async fn run(bench: &mut Bench, what: What) -> Result<(), Failure> {
    let mut site = Site::open_own(bench).await?;
    let places = fill(&site, "load", MESSAGES).await?;
    for _ in 0..bench.runs {
        site = site.restart().await?;
        let client = site.client("load").await?;
        match what {
            What::Replay => replay(bench, &site.server, &client).await?,
            What::Tail => tail(bench, &site.server, &client).await?,
            What::Since => since(bench, &site.server, &client, &places).await?,
        }
    }
    site.end().await
}

/// Appends so many messages to a task's bus. Returns some places in it.
pub(super) async fn fill(
    site: &Site,
    task: &str,
    messages: usize,
) -> Result<Vec<PlaceInBus>, Failure> {
    let failed = |status: Status| site.server.failure(&status);
    let client = site.server.connect().await?;
    let message = site.message(task);
    let mut appends =
        StreamCaller::open(&client, message, WINDOW, messages).await.map_err(failed)?;
    let (mut places, mut count) = (Vec::new(), 0);
    let every = messages.div_ceil(PLACES);
    while let Some((_, appended)) = appends.next().await.map_err(failed)? {
        count += 1;
        if count % every == 0 && count + READ as usize <= messages {
            places.push(PlaceInBus { msg_id: appended.msg_id, cursor: appended.cursor });
        }
    }
    if count < messages {
        let refused = format!("{count} of {messages} messages");
        return Err(Failure::own("fill a bus", &refused));
    }
    Ok(places)
}

async fn replay(bench: &mut Bench, server: &Server, client: &Client) -> Result<(), Failure> {
    let failed = |status: Status| server.failure(&status);
    let before = server.usage();
    let begin = Instant::now();
    let mut frames = follow_from(client, StartPosition::Earliest).await.map_err(failed)?;
    let mut count = 0_usize;
    loop {
        match next(&mut frames).await.map_err(failed)? {
            Frame::Message(_) => count += 1,
            Frame::CaughtUp(_) => break,
            _ => {}
        }
    }
    let took = begin.elapsed();
    if count != MESSAGES {
        let found = format!("{count} of {MESSAGES} messages came");
        return Err(Failure::own("replay a bus", &found));
    }
    let mut row = Row::of_times("replay", 1, 0.0, Latencies::default());
    row.rate = count as f64 / took.as_secs_f64();
    row.add_usage(before, server.usage());
    bench.note(row);
    Ok(())
}

async fn tail(bench: &mut Bench, server: &Server, client: &Client) -> Result<(), Failure> {
    let read = || read(server, client, Start::Tail(READ));
    let before = server.usage();
    let mut first = Latencies::default();
    first.note(read().await?);
    let mut row = Row::of_calls("tail.first", first);
    row.add_usage(before, server.usage());
    bench.note(row);
    let before = server.usage();
    let mut warm = Latencies::default();
    for _ in 0..200 {
        warm.note(read().await?);
    }
    let mut row = Row::of_calls("tail", warm);
    row.add_usage(before, server.usage());
    bench.note(row);
    Ok(())
}

async fn since(
    bench: &mut Bench,
    server: &Server,
    client: &Client,
    places: &[PlaceInBus],
) -> Result<(), Failure> {
    type StartAt = fn(&PlaceInBus) -> Start;
    let middle = &places[places.len() / 2..][..1];
    // The first look opens the bus, and the first id may want its index.
    let starts: [(&str, &[PlaceInBus], StartAt); 4] = [
        ("since.cursor.first", middle, PlaceInBus::cursor),
        ("since.id.first", middle, PlaceInBus::id),
        ("since.cursor", places, PlaceInBus::cursor),
        ("since.id", places, PlaceInBus::id),
    ];
    for (name, places, start) in starts {
        let before = server.usage();
        let mut took = Latencies::default();
        for place in places {
            took.note(read(server, client, start(place)).await?);
        }
        let mut row = Row::of_calls(name, took);
        row.add_usage(before, server.usage());
        bench.note(row);
    }
    Ok(())
}

/// Reads a few messages, and returns how long that took.
pub(super) async fn read(
    server: &Server,
    client: &Client,
    start: Start,
) -> Result<std::time::Duration, Failure> {
    let request = ReadMessagesRequest {
        project_id: client.project_id().to_owned(),
        task_id: client.task_id().to_owned(),
        start: Some(start),
        limit: READ,
        ..Default::default()
    };
    let begin = Instant::now();
    let answer = client.bus().read_messages(request).await;
    let took = begin.elapsed();
    let answer = answer.map_err(|status| server.failure(&status))?.into_inner();
    if answer.messages.len() == READ as usize {
        Ok(took)
    } else {
        let found = format!("{} of {READ} messages came", answer.messages.len());
        Err(Failure::own("read messages", &found))
    }
}

impl PlaceInBus {
    /// Returns where to read on.
    pub(super) fn cursor(&self) -> Start {
        Start::Cursor(self.cursor.clone())
    }

    fn id(&self) -> Start {
        Start::SinceId(self.msg_id.clone())
    }
}
