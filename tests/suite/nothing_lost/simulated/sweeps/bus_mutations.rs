//! Every mutation of a bus, in every situation that makes a difference.

use std::time::Duration;

use callboard::disk::Disk;
use callboard::domain::{MsgId, TreePath};
use callboard::error::{Reason, Result};
use callboard::store::{Appended, Archives as _, Filter, MessageBus as _, ReadQuery, ReadStart};

use super::ground::{batch_of, request};
use super::mutation::{Allowed, Answer, Mutation};

/// What a writer that died left of its record.
const TORN: &[u8] = b"\n---\nmsg_id: MSG-20260203-040507-000000000-PID00002-0001\nts: 2026-02";
/// Text that looks like records, and text that is none.
const BODIES: [&str; 3] = ["three", "a\n---\nmsg_id: x\ntype: y\n---\n\n", "f\u{fc}nf\r\n"];

const PART_OF_BATCH: Allowed = Allowed::some_lines(
    "messages p",
    "of a batch that was cut off, some messages may be there; the request id completes it",
);
const EMPTY_BUS: Allowed =
    Allowed::begun("bus fresh", "0 archives", "a file that was made to be appended to");
const NO_MESSAGES: Allowed = Allowed::begun("messages fresh", "", "no message was appended");
const NO_DAMAGE: Allowed = Allowed::begun("damaged fresh", "0", "no message was appended");
const EMPTY_PROJECT: Allowed =
    Allowed::begun("project fresh", "problem: None", "a folder that was made for the bus");

fn tear(disk: &dyn Disk) {
    let path = TreePath::root().join("p").join("PROJECT-MESSAGE-BUS.md");
    let file = disk.open_append(&path).expect("a disk").expect("the bus");
    file.append(TORN).expect("written");
}

fn answer(appended: Result<Appended>) -> Result<String> {
    appended.map(|appended| format!("{:?} {}", appended.messages, appended.cursor))
}

fn reading(files: &callboard::files::Files) -> Answer<'_> {
    Box::pin(async move {
        let query = ReadQuery {
            bus: batch_of("p", "", &[], None).bus,
            start: ReadStart::Tail(1),
            limit: 1,
            filter: Filter::default(),
        };
        files.read(query).await.map(|page| page.cursor.to_string())
    })
}

fn rotating(files: &callboard::files::Files) -> Answer<'_> {
    Box::pin(async move { files.rotate(batch_of("p", "", &[], None).bus).await })
}

fn archiving_twice(files: &callboard::files::Files) -> Answer<'_> {
    Box::pin(async move {
        let bus = || batch_of("p", "", &[], None).bus;
        files.rotate(bus()).await?;
        files.append(batch_of("p", "", &["archived"], None)).await?;
        files.rotate(bus()).await?;
        answer(files.append(batch_of("p", "", &["live"], None)).await)
    })
}

fn three_times(files: &callboard::files::Files) -> Answer<'_> {
    Box::pin(async move {
        // One after the other without waiting, as a stream of appends does.
        let mut tickets = Vec::new();
        for (body, id) in BODIES.iter().zip(["one", "two", "three"]) {
            tickets.push(files.submit(batch_of("p", "", &[body], request(id))).await?);
        }
        let mut said = String::new();
        let mut refused = None;
        for ticket in tickets {
            match answer(ticket.await) {
                Ok(one) => said += &one,
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        refused.map_or(Ok(said), Err)
    })
}

pub(super) fn all() -> Vec<Mutation> {
    let append = &["MessageBus.AppendMessage"];
    let batch = &["MessageBus.AppendMessages"];
    vec![
        Mutation::new("append to a bus nobody looked at", append, |files| {
            Box::pin(async move { answer(files.append(batch_of("p", "", &["three"], None)).await) })
        }),
        Mutation::new("append to an open bus", append, |files| {
            Box::pin(async move { answer(files.append(batch_of("p", "", &["three"], None)).await) })
        })
        .after(reading),
        Mutation::new("append with a request id", append, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("p", "t", &["three"], request("one"))).await)
            })
        })
        .repeatable(),
        Mutation::new("append if nothing came between", append, |files| {
            Box::pin(async move {
                let query = ReadQuery {
                    bus: batch_of("p", "", &[], None).bus,
                    start: ReadStart::Tail(1),
                    limit: 1,
                    filter: Filter::default(),
                };
                let last = files.read(query).await?.messages.remove(0).msg_id;
                let expected_last = Some(MsgId::parse("msg_id", &last)?);
                let batch = batch_of("p", "", &["three"], request("one"));
                answer(files.append(callboard::store::AppendBatch { expected_last, ..batch }).await)
            })
        })
        .repeatable(),
        Mutation::new("append a batch", batch, |files| {
            Box::pin(async move { answer(files.append(batch_of("p", "", &BODIES, None)).await) })
        })
        .allowing([PART_OF_BATCH]),
        Mutation::new("append a batch with a request id", batch, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("p", "", &BODIES, request("one"))).await)
            })
        })
        .repeatable()
        // A repetition appends those that are missing, whichever these are.
        .in_any_order()
        .allowing([PART_OF_BATCH]),
        Mutation::new("append a stream", &["MessageBus.AppendStream"], three_times)
            .repeatable()
            .in_any_order()
            .allowing([PART_OF_BATCH]),
        Mutation::new("append after a torn record", append, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("p", "", &["three"], request("one"))).await)
            })
        })
        .tampered(tear)
        .repeatable(),
        Mutation::new("append after a rotation", append, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("p", "", &["three"], request("one"))).await)
            })
        })
        .prepared(rotating)
        .repeatable(),
        Mutation::new("append right after a rotation", append, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("p", "", &["three"], request("one"))).await)
            })
        })
        .after(rotating)
        .repeatable(),
        Mutation::new("append to a new project's bus", append, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("fresh", "", &["first"], request("one"))).await)
            })
        })
        .repeatable()
        .allowing([EMPTY_PROJECT, EMPTY_BUS, NO_MESSAGES, NO_DAMAGE]),
        Mutation::new("append to a new task's bus", append, |files| {
            Box::pin(async move {
                answer(files.append(batch_of("fresh", "first", &["first"], request("one"))).await)
            })
        })
        .repeatable()
        .allowing([EMPTY_PROJECT, EMPTY_BUS, NO_MESSAGES, NO_DAMAGE]),
        Mutation::new("rotate", &["MessageBus.RotateBus"], rotating)
            .then_refused(&[Reason::BusEmpty]),
        Mutation::new("rotate an open bus", &["MessageBus.RotateBus"], rotating)
            .after(reading)
            .then_refused(&[Reason::BusEmpty]),
        Mutation::new("trim", &["MessageBus.TrimBus"], |files| {
            Box::pin(async move {
                let bus = batch_of("p", "", &[], None).bus;
                files.trim(bus, Duration::from_secs(600), false).await.map(|_| String::new())
            })
        })
        .prepared(archiving_twice)
        .repeatable()
        .allowing([
            Allowed::begun("bus p", "1 archives", "the oldest goes first"),
            Allowed::some_lines("messages p", "the oldest go first"),
        ]),
    ]
}
