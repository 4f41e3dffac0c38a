//! The HTTP port: what the metrics say adds up to what clients were told, and whoever asks
//! is answered whatever others do.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use callboard::grpc::pb;
use callboard::limits::{HTTP_CONNECTIONS_MAX, HTTP_HEAD_TIMEOUT};
use fs4::fs_std::FileExt as Lock;
use pb::StartPosition::{Earliest, Latest};
use pb::subscribe_response::Frame;
use rustix::process::Signal;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::client::{Client, Subscription, bodies, eventually, follow, message, reason};
use crate::foreign_writer;
use crate::server::{DEADLINE, Server};

const BUS: &str = "demo/PROJECT-MESSAGE-BUS.md";
const SUBSCRIBERS: usize = 3;

/// Starts a server with an HTTP port; returns it with the address of that.
fn start() -> (Server, String) {
    let server = Server::start_with(&["--http", "127.0.0.1:0"]);
    let http = http_of(&server);
    (server, http)
}

/// Returns the address of a server's HTTP port.
pub(crate) fn http_of(server: &Server) -> String {
    const SAID: &str = "answered over HTTP address=";
    server.log_until(SAID);
    let log = server.log();
    let (_, address) = log.rsplit_once(SAID).expect("it was said");
    address.split_whitespace().next().expect("an address").to_owned()
}

/// What a scrape said: the values by name and labels.
pub(crate) struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    pub(crate) fn of(http: &str) -> Self {
        let (head, body) = get(http, "/metrics");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
        let values = body.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        });
        Self(values.collect())
    }

    /// The value of a metric, which is there.
    pub(crate) fn get(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.0.keys()))
    }
}

impl Scrape {
    /// How many calls of a method, `MessageBus/AppendMessage`, ended with a code.
    pub(crate) fn calls(&self, method: &str, code: &str) -> f64 {
        let (service, method) = method.split_once('/').expect("a service and a method");
        self.counted(&format!(
            r#"callboard_calls_total{{service="callboard.v1.{service}",method="{method}",code="{code}"}}"#
        ))
    }

    /// How many calls were refused for a reason.
    pub(crate) fn refusals(&self, reason: &str) -> f64 {
        self.counted(&format!("callboard_refused_total{{reason=\"{reason}\"}}"))
    }

    /// The value of a counter, which is there from the first time on.
    fn counted(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }
}

/// Asks by GET; returns the head and the body of the answer.
pub(crate) fn get(http: &str, path: &str) -> (String, String) {
    ask(http, "GET", path, http)
}

fn ask(http: &str, method: &str, path: &str, host: &str) -> (String, String) {
    ask_for(http, method, path, &format!("Host: {host}\r\n"))
}

/// As [`get`], with a further header, which ends its line.
pub(crate) fn ask_with(http: &str, path: &str, header: &str) -> (String, String) {
    ask_for(http, "GET", path, &format!("Host: {http}\r\n{header}"))
}

fn ask_for(http: &str, method: &str, path: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(http).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let request = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

/// Takes frames until there were so many messages.
async fn take(subscription: &mut Subscription, messages: usize) {
    for _ in 0..messages {
        subscription.message().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_mixed_load_the_metrics_say_what_the_clients_counted() {
    const CALLS: usize = 20;
    const BATCHES: usize = 5;
    const BATCH: usize = 40;
    const STREAMED: usize = 300;
    let (server, http) = start();
    let mut client = Client::connect(&server).await;
    let mut subscribers = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let mut subscription = client.subscribe(follow("demo", "", Latest)).await;
        subscription.caught_up().await;
        subscribers.push(subscription);
    }
    assert_eq!(Scrape::of(&http).get("callboard_subscribers"), SUBSCRIBERS as f64);

    let (mut appended, mut repeated) = (0, 0);
    let mut count = |messages: usize, duplicate: bool| {
        if duplicate { repeated += 1 } else { appended += messages }
    };
    for number in 0..CALLS {
        // Every fourth is sent three times.
        for _ in 0..if number % 4 == 0 { 3 } else { 1 } {
            let request = pb::AppendMessageRequest {
                message: Some(message("demo", "", "by call")),
                request_id: format!("call-{number}"),
                ..Default::default()
            };
            count(1, client.append_request(request).await.expect("an append").duplicate);
        }
    }
    for number in 0..BATCHES {
        let batch = || (0..BATCH).map(|n| message("demo", "", &format!("{number}.{n}"))).collect();
        for _ in 0..2 {
            let answer = client.append_batch(batch(), &format!("batch-{number}")).await;
            count(BATCH, answer.expect("a batch").duplicate);
        }
    }
    // The second half repeats the first.
    let request = |n: usize| pb::AppendStreamRequest {
        message: Some(message("demo", "", &format!("streamed {}", n % STREAMED))),
        request_id: format!("stream-{}", n % STREAMED),
    };
    let requests = tokio_stream::iter((0..2 * STREAMED).map(request));
    let mut answers = client.0.append_stream(requests).await.expect("a stream").into_inner();
    while let Some(answer) = answers.next().await {
        count(1, answer.expect("an answer").duplicate);
    }
    // What is refused is neither.
    let refused = client.append_request(pb::AppendMessageRequest {
        message: Some(message("demo", "", "not after this")),
        expected_last_msg_id: "MSG-none".into(),
        ..Default::default()
    });
    assert_eq!(refused.await.expect_err("a refusal").code(), Code::Aborted);
    assert_eq!((appended, repeated), (CALLS + BATCHES * BATCH + STREAMED, 10 + BATCHES + STREAMED));

    for subscription in &mut subscribers {
        take(subscription, appended).await;
    }
    let scrape = Scrape::of(&http);
    assert_eq!(scrape.get("callboard_appended_messages_total"), appended as f64);
    assert_eq!(scrape.get("callboard_append_duplicates_total"), repeated as f64);
    assert_eq!(scrape.get("callboard_commit_messages_sum"), appended as f64);
    let bytes = fs::metadata(server.root().join(BUS)).expect("the bus").len();
    assert_eq!(scrape.get("callboard_appended_bytes_total"), bytes as f64);
    assert_eq!(scrape.get("callboard_delivered_messages_total"), (SUBSCRIBERS * appended) as f64);
    let lags = scrape.get("callboard_delivery_lag_seconds_count");
    assert!(lags >= SUBSCRIBERS as f64 && lags <= (SUBSCRIBERS * appended) as f64, "{lags}");
    assert!(scrape.get("callboard_delivery_lag_seconds_sum") < lags * DEADLINE.as_secs_f64());
    assert!(scrape.get("callboard_commit_sync_seconds_count") >= 1.0);
    assert!(scrape.get("callboard_connections") >= 1.0);
    assert!(scrape.get("callboard_calls_in_progress") >= SUBSCRIBERS as f64);
    assert_eq!(scrape.get("callboard_commit_failures_total"), 0.0);
    assert_eq!(scrape.get("callboard_damaged_records_total"), 0.0);
    assert!(scrape.get("callboard_disk_free_bytes") > 0.0);
    assert!(scrape.get("process_open_fds") > 3.0);
    assert!(scrape.get("process_resident_memory_bytes") > 1e6);

    drop(subscribers);
    eventually("the gauges are back at none", async || {
        let scrape = Scrape::of(&http);
        scrape.get("callboard_subscribers") == 0.0
            && scrape.get("callboard_calls_in_progress") == 0.0
    })
    .await;
    drop((client, answers));
    eventually("the connection is gone", async || {
        Scrape::of(&http).get("callboard_connections") == 0.0
    })
    .await;
    let delivered = Scrape::of(&http).get("callboard_delivered_messages_total");
    assert_eq!(delivered, (SUBSCRIBERS * appended) as f64);
}

#[tokio::test]
async fn a_message_of_another_program_is_as_late_as_its_time_says() {
    let (server, http) = start();
    fs::create_dir_all(server.root().join("demo")).expect("the project");
    let mut client = Client::connect(&server).await;
    let mut subscription = client.subscribe(follow("demo", "", Latest)).await;
    subscription.caught_up().await;
    // Its time is long ago, and that of the next one is to come.
    let record = foreign_writer::record("MSG-f1", "late");
    foreign_writer::append(&server.root().join(BUS), &record);
    take(&mut subscription, 1).await;
    let scrape = Scrape::of(&http);
    assert_eq!(scrape.get("callboard_delivery_lag_seconds_count"), 1.0);
    assert_eq!(scrape.get("callboard_delivery_lag_seconds_bucket{le=\"10\"}"), 0.0);
    let early = record.replace("MSG-f1", "MSG-f2").replace("2026-03-04", "2999-03-04");
    foreign_writer::append(&server.root().join(BUS), &early);
    take(&mut subscription, 1).await;
    let scrape = Scrape::of(&http);
    assert_eq!(scrape.get("callboard_delivery_lag_seconds_count"), 2.0);
    assert_eq!(scrape.get("callboard_delivery_lag_seconds_bucket{le=\"0.00005\"}"), 1.0);
}

#[tokio::test]
async fn a_damaged_record_is_counted_once_however_often_it_is_met() {
    let (server, http) = start();
    let mut client = Client::connect(&server).await;
    for body in ["first", "second", "third"] {
        client.append(message("demo", "", body)).await;
    }
    let text = fs::read_to_string(server.root().join(BUS)).expect("the bus");
    fs::create_dir(server.root().join("copy")).expect("a project");
    let copy = server.root().join("copy/PROJECT-MESSAGE-BUS.md");
    fs::write(copy, text.replace("\nsecond\n", "\nsecund\n")).expect("a bus");
    let counted = || Scrape::of(&http).get("callboard_damaged_records_total");
    assert_eq!(counted(), 0.0);
    for _ in 0..3 {
        assert_eq!(bodies(&client.read_all("copy", "").await), ["first", "third"]);
        let mut subscription = client.subscribe(follow("copy", "", Earliest)).await;
        let frames = subscription.caught_up().await;
        assert!(frames.iter().any(|frame| matches!(frame, Frame::Damaged(_))), "{frames:?}");
        assert_eq!(counted(), 1.0);
    }
    client.append(message("copy", "", "fourth")).await;
    // As an archive it is the same file.
    let rotate = pb::RotateBusRequest { project_id: "copy".into(), ..Default::default() };
    client.0.rotate_bus(rotate).await.expect("an archive");
    client.append(message("copy", "", "fifth")).await;
    let all = client.read_all("copy", "").await;
    assert_eq!(bodies(&all), ["first", "third", "fourth", "fifth"]);
    assert_eq!(counted(), 1.0);
}

#[tokio::test]
async fn the_wait_for_a_lock_that_another_program_holds_is_seen() {
    let (server, http) = start();
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "first")).await;
    let up_to = |scrape: &Scrape, limit: &str| {
        scrape.get(&format!("callboard_lock_wait_seconds_bucket{{kind=\"bus\",le=\"{limit}\"}}"))
    };
    let before = Scrape::of(&http);
    assert!(up_to(&before, "+Inf") >= 1.0);
    assert_eq!(up_to(&before, "0.00005"), up_to(&before, "+Inf"), "nobody held it");
    let file = foreign_writer::open(&server.root().join(BUS));
    Lock::lock_exclusive(&file).expect("the lock");
    let refused = client.try_append(message("demo", "", "in vain")).await;
    assert_eq!(reason(&refused.expect_err("a refusal")), "LOCK_TIMEOUT");
    Lock::unlock(&file).expect("unlocked");
    let after = Scrape::of(&http);
    assert_eq!(up_to(&after, "+Inf") - up_to(&after, "5"), 1.0);
    assert!(after.get("callboard_lock_wait_seconds_sum{kind=\"bus\"}") >= 10.0);
    assert_eq!(after.get("callboard_lock_timeouts_total"), 1.0);
    assert_eq!(after.get("callboard_commit_failures_total"), 1.0);
    assert_eq!(after.get("callboard_appended_messages_total"), 1.0);
}

#[tokio::test]
async fn while_it_drains_it_lives_and_is_not_ready() {
    let (mut server, http) = start();
    assert_eq!(get(&http, "/healthz").1, "ok\n");
    let (head, body) = get(&http, "/readyz");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body == "ready\n", "{head}\n{body}");
    let mut client = Client::connect(&server).await;
    client.append(message("demo", "", "x")).await;
    let file = foreign_writer::open(&server.root().join(BUS));
    Lock::lock_exclusive(&file).expect("the lock");
    let waiting = tokio::spawn({
        let mut client = client.clone();
        async move { client.try_append(message("demo", "", "in progress")).await }
    });
    client.read_all("demo", "").await;
    server.signal(Signal::TERM);
    server.log_until("draining");
    eventually("it says that it drains", async || {
        let (head, body) = get(&http, "/readyz");
        head.starts_with("HTTP/1.1 503 ") && body.starts_with("draining")
    })
    .await;
    assert_eq!(get(&http, "/healthz").1, "ok\n");
    assert!(Scrape::of(&http).get("callboard_calls_in_progress") >= 1.0);
    Lock::unlock(&file).expect("unlocked");
    waiting.await.expect("the call").expect("it was answered");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_page_that_had_its_name_resolved_here_reads_nothing() {
    let (_server, http) = start();
    for path in ["/metrics", "/healthz", "/readyz", "/"] {
        for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""] {
            let (head, body) = ask(&http, "GET", path, host);
            assert!(head.starts_with("HTTP/1.1 403 "), "{host} {path}: {head}");
            assert!(body.contains("use its address, or localhost"), "{body}");
        }
        // The name that counts is the one in the request line.
        let (head, _) = ask(&http, "GET", &format!("http://evil.example{path}"), "localhost");
        assert!(head.starts_with("HTTP/1.1 403 "), "{path}: {head}");
    }
    for host in ["localhost", "board.localhost:1", "[::1]", "10.0.0.1"] {
        let (head, _) = ask(&http, "GET", "/healthz", host);
        assert!(head.starts_with("HTTP/1.1 200 "), "{host}: {head}");
    }
}

#[test]
fn nothing_else_is_there_and_nothing_can_be_sent() {
    let (_server, http) = start();
    let (head, body) = get(&http, "/");
    assert!(head.starts_with("HTTP/1.1 404 ") && body.contains("/metrics"), "{head}\n{body}");
    assert!(ask(&http, "POST", "/metrics", &http).0.starts_with("HTTP/1.1 405 "));
    let (head, body) = ask(&http, "HEAD", "/metrics", &http);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body, "", "a head only");
}

#[test]
fn clients_that_never_end_their_heads_are_closed_and_hold_up_nobody_for_long() {
    let (_server, http) = start();
    let began = Instant::now();
    // All places but one.
    let slow: Vec<TcpStream> = (1..HTTP_CONNECTIONS_MAX)
        .map(|_| {
            let mut stream = TcpStream::connect(&http).expect("a connection");
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: loc").expect("half a head");
            stream
        })
        .collect();
    assert_eq!(get(&http, "/healthz").1, "ok\n");
    assert!(began.elapsed() < HTTP_HEAD_TIMEOUT, "it did not wait for them");
    for mut stream in slow {
        stream.set_read_timeout(Some(HTTP_HEAD_TIMEOUT + DEADLINE)).expect("a timeout");
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "half a head was answered");
    }
    let took = began.elapsed();
    assert!(took >= HTTP_HEAD_TIMEOUT - Duration::from_secs(1), "{took:?}");
}
