//! The whole backend on the simulated disk: it opens, serves, and opens again after a crash.

use std::sync::Arc;

use callboard::clock::Clock;
use callboard::domain::{BusId, NewMessage};
use callboard::error::Result;
use callboard::files::Files;
use callboard::store::{
    AppendBatch, Appended, Filter, MessageBus as _, ReadQuery, ReadStart, Start,
};

use super::{Fault, Simulated, Survives};

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> jiff::Timestamp {
        "2026-02-03T04:05:06.789Z".parse().expect("a time")
    }
}

fn open(simulated: &Simulated) -> Result<Files> {
    Files::open(simulated.disk(), Arc::new(Stopped), 1)
}

fn demo() -> BusId {
    BusId::parse("demo", "").expect("an id")
}

async fn append(files: &Files, body: &str) -> Result<Appended> {
    let message = NewMessage { kind: "FACT".into(), body: body.into(), ..Default::default() };
    let batch =
        AppendBatch { bus: demo(), messages: vec![message], request_id: None, expected_last: None };
    files.append(batch).await
}

async fn bodies(files: &Files) -> Vec<String> {
    let query = ReadQuery {
        bus: demo(),
        start: ReadStart::From(Start::Earliest),
        limit: 100,
        filter: Filter::default(),
    };
    let page = files.read(query).await.expect("a read");
    page.messages
        .into_iter()
        .map(|message| String::from_utf8(message.body).expect("text"))
        .collect()
}

/// Starts on a copy, with two messages there, and appends a third.
async fn append_third(prepared: &Simulated, fault: Fault, step: usize) -> (Simulated, bool) {
    let simulated = prepared.fork();
    let files = open(&simulated).expect("the root is free");
    simulated.arm(fault, step);
    let acknowledged = append(&files, "three").await.is_ok();
    (simulated, acknowledged)
}

#[tokio::test]
async fn a_backend_has_what_it_acknowledged_wherever_the_power_is_cut() {
    let prepared = Simulated::new();
    let files = open(&prepared).expect("the root is free");
    open(&prepared).map(drop).expect_err("the root is taken");
    append(&files, "one").await.expect("appended");
    append(&files, "two").await.expect("appended");
    drop(files);

    let (counted, _) = append_third(&prepared, Fault::None, 0).await;
    let operations = counted.disarm().operations;
    assert_eq!(counted.trace().len(), operations);
    assert!(operations >= 2, "at least a write and a sync: {:?}", counted.trace());
    let seeds = (0..4).flat_map(|seed| [Survives::Ordered(seed), Survives::Subset(seed)]);
    let crashes = [Survives::SyncedOnly, Survives::Everything].into_iter().chain(seeds);
    for (step, survives) in
        (0..=operations).flat_map(|step| crashes.clone().map(move |survives| (step, survives)))
    {
        let (running, acknowledged) = append_third(&prepared, Fault::PowerOff, step).await;
        assert_eq!(acknowledged, step == operations, "{:?}", running.trace());
        let after = running.crash(survives);
        let files = open(&after).expect("the root is free");
        append(&files, "four").await.expect("appended");
        let found = bodies(&files).await;
        let told = (step, survives, running.trace());
        match &found.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["one", "two", "three", "four"] => {}
            ["one", "two", "four"] => assert!(!acknowledged, "lost: {told:?}"),
            other => panic!("{other:?}: {told:?}"),
        }
    }
}
