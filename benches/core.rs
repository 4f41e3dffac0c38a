//! Benches of the core, without a network: the format of a bus, and the backend of files.
//!
//! `cargo bench`; the whole service is measured by `callboard bench`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callboard::clock::SystemClock;
use callboard::disk::OsDisk;
use callboard::domain::{BusId, Cursor, MsgId, NewMessage};
use callboard::files::Files;
use callboard::layout::message_file::{self, NewRecord, Position, SEPARATOR, Step};
use callboard::store::{AppendBatch, Filter, MessageBus as _, ReadQuery, ReadStart, Start};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;

/// How long the body of a message is, in bytes.
const BODY_BYTES: usize = 300;

fn message() -> NewMessage {
    let (kind, body) = ("INFO".to_owned(), "x".repeat(BODY_BYTES));
    NewMessage {
        kind,
        run_id: "20260223-2048581234-66789-1".to_owned(),
        body,
        ..Default::default()
    }
}

fn encode(message: &NewMessage, out: &mut Vec<u8>) {
    let record = NewRecord {
        project_id: "swarm",
        task_id: "task-20260223-214858-docs",
        message,
        msg_id: "MSG-20261121-053431-323615015-PID01634-0000",
        ts: Timestamp::UNIX_EPOCH,
        request_id: None,
        batch: None,
    };
    message_file::encode(&record, out).expect("it is within the limits");
}

/// A record of another program, with a header in this form.
fn foreign(header_end: &str) -> Vec<u8> {
    let body = "x".repeat(BODY_BYTES);
    format!(
        "---\nmsg_id: PY-1\nts: 2026-11-21T05:34:31Z\ntype: INFO\nproject_id: swarm\n\
         task_id: task-20260223-214858-docs\nrun_id: 20260223-2048581234-66789-1\n\
         {header_end}---\n{body}\n"
    )
    .into_bytes()
}

/// The format: a record to bytes, and bytes to a record, by who wrote them.
fn format(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("format");
    let message = message();
    let mut own = Vec::new();
    encode(&message, &mut own);
    group.throughput(Throughput::Elements(1));
    group.bench_function("encode", |bencher| {
        let mut out = Vec::with_capacity(own.len());
        bencher.iter(|| {
            out.clear();
            encode(black_box(&message), &mut out);
        });
    });
    // A flow mapping is nothing for the fast readers.
    let by_yaml = foreign("meta: {score: 9}\n");
    for (name, record) in
        [("own", own), ("foreign", foreign("")), ("foreign through YAML", by_yaml)]
    {
        group.bench_function(BenchmarkId::new("decode", name), |bencher| {
            bencher.iter(|| {
                let mut position = Position::start();
                let step = message_file::next(&mut position, black_box(&record), true);
                assert!(matches!(step, Step::Record(_)), "{step:?}");
                step
            });
        });
    }
    group.finish();
}

/// The scan of a file in memory: what replaying a bus costs at least.
fn scan(criterion: &mut Criterion) {
    const RECORDS: usize = 10_000;
    let message = message();
    let mut file = Vec::new();
    for _ in 0..RECORDS {
        if !file.is_empty() {
            file.extend_from_slice(SEPARATOR);
        }
        encode(&message, &mut file);
    }
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("own", |bencher| {
        bencher.iter(|| {
            let mut position = Position::start();
            let mut records = 0;
            let mut from = 0;
            while let Step::Record(_) = message_file::next(&mut position, &file[from..], true) {
                records += 1;
                from = usize::try_from(position.offset()).expect("within the file");
            }
            assert_eq!(records, RECORDS);
        });
    });
    group.finish();
}

/// A backend with an empty root, on the disk of temporary files.
struct Backend {
    files: Arc<Files>,
    bus: BusId,
    runtime: tokio::runtime::Runtime,
    _root: tempfile::TempDir,
}

impl Backend {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(OsDisk::open_root(root.path()).expect("a root"));
        let files = Files::open(disk, Arc::new(SystemClock), std::process::id());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Self {
            files: Arc::new(files.expect("a backend")),
            bus: BusId::parse("swarm", "").expect("a bus"),
            runtime: runtime.expect("a runtime"),
            _root: root,
        }
    }

    fn batch(&self, messages: usize) -> AppendBatch {
        AppendBatch {
            bus: self.bus.clone(),
            messages: vec![message(); messages],
            request_id: None,
            expected_last: None,
        }
    }

    /// Appends so many messages, and returns id and cursor of the last one of each thousand.
    fn fill(&self, messages: usize) -> Vec<(MsgId, Cursor)> {
        self.runtime.block_on(async {
            let mut places = Vec::new();
            for _ in 0..messages / 1000 {
                let appended = self.files.append(self.batch(1000)).await.expect("appended");
                let (msg_id, _) = appended.messages.last().expect("a message");
                places.push((MsgId::parse("since_id", msg_id).expect("an id"), appended.cursor));
            }
            places
        })
    }
}

/// Appends that wait together share a write and a sync.
fn group_commit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("group commit");
    for in_flight in [1_usize, 16, 256] {
        let backend = Backend::new();
        group.throughput(Throughput::Elements(in_flight as u64));
        group.bench_function(BenchmarkId::from_parameter(in_flight), |bencher| {
            bencher.iter_custom(|iterations| {
                backend.runtime.block_on(async {
                    let begin = Instant::now();
                    for _ in 0..iterations {
                        let mut tickets = Vec::with_capacity(in_flight);
                        for _ in 0..in_flight {
                            let ticket = backend.files.submit(backend.batch(1)).await;
                            tickets.push(ticket.expect("queued"));
                        }
                        for ticket in tickets {
                            ticket.await.expect("appended");
                        }
                    }
                    begin.elapsed()
                })
            });
        });
    }
    group.finish();
}

/// Finding a place in a bus, and reading one message from there.
fn index_lookup(criterion: &mut Criterion) {
    let backend = Backend::new();
    let places = backend.fill(100_000);
    let mut group = criterion.benchmark_group("index lookup");
    type StartOf = fn(&(MsgId, Cursor)) -> ReadStart;
    let starts: [(&str, StartOf); 3] = [
        ("cursor", |(_, cursor)| ReadStart::From(Start::Cursor(cursor.clone()))),
        ("id", |(msg_id, _)| ReadStart::From(Start::SinceId(msg_id.clone()))),
        ("tail", |_| ReadStart::Tail(1)),
    ];
    for (name, start) in starts {
        let mut places = places.iter().take(places.len() - 1).cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let query = ReadQuery {
                    bus: backend.bus.clone(),
                    start: start(places.next().expect("a place")),
                    limit: 1,
                    filter: Filter::default(),
                };
                let page = backend.runtime.block_on(backend.files.read(query));
                assert_eq!(page.expect("read").messages.len(), 1);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = core;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).sample_size(20);
    targets = format, scan, group_commit, index_lookup
}
criterion_main!(core);
