//! Clients that lie about lengths and encodings: each is told so, and counted.

use bytes::Bytes;
use callboard::grpc::pb;
use http_body_util::Full;
use hyper::Request;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::raw_calls;
use crate::client::{Client, eventually, message};
use crate::metrics::{Scrape, http_of};
use crate::nothing_lost::floods::neighbour::Neighbour;
use crate::server::Server;

const METHOD: &str = "MessageBus/AppendMessage";

/// What a lie is answered with: its code, its reason if it has one, and words of its sentence.
struct Told {
    code: Code,
    name: &'static str,
    reason: Option<&'static str>,
    words: &'static str,
}

/// What is sent, with the length that is said in its prefix and the flag before that.
fn framed(flag: u8, length: usize, bytes: &[u8]) -> Vec<u8> {
    let mut body = vec![flag];
    body.extend(u32::try_from(length).expect("four bytes").to_be_bytes());
    body.extend(bytes);
    body
}

fn lies() -> Vec<(&'static str, Vec<u8>, Told)> {
    let append = pb::AppendMessageRequest {
        message: Some(message("demo", "", "never appended")),
        ..Default::default()
    };
    let append = append.encode_to_vec();
    let length = append.len();
    let internal = |words| Told { code: Code::Internal, name: "INTERNAL", reason: None, words };
    let invalid = |reason, words| Told {
        code: Code::InvalidArgument,
        name: "INVALID_ARGUMENT",
        reason,
        words,
    };
    vec![
        ("more than comes", framed(0, length + 1, &append), internal("Unexpected EOF")),
        ("half a prefix", vec![0, 0], internal("Unexpected EOF")),
        ("less than comes", framed(0, length - 1, &append), internal("")),
        (
            "two messages",
            framed(0, length, &append).repeat(2),
            invalid(None, "this method takes one message"),
        ),
        (
            "compressed, and nobody said how",
            framed(1, length, &append),
            internal("compressed-flag but no grpc-encoding"),
        ),
        ("a flag that is none", framed(7, length, &append), internal("invalid compression flag")),
        (
            "4 GiB",
            framed(0, u32::MAX as usize, &append),
            invalid(Some("TOO_LARGE"), "REQUEST_BYTES_MAX"),
        ),
        (
            "a byte over the limit",
            framed(0, callboard::limits::REQUEST_BYTES_MAX + 1, &append),
            invalid(Some("TOO_LARGE"), "REQUEST_BYTES_MAX"),
        ),
        ("no message of protobuf", framed(0, 4, &[0xff; 4]), internal("failed to decode")),
    ]
}

/// The request of a call with this body.
fn request(body: Vec<u8>, content_length: Option<usize>) -> Request<Full<Bytes>> {
    let mut request = Request::post(format!("http://localhost/callboard.v1.{METHOD}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(length) = content_length {
        request = request.header("content-length", length);
    }
    request.body(Full::new(Bytes::from(body))).expect("a request")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_lies_about_its_message_is_told_so_and_counted() {
    let server = Server::start_with(&["--http=127.0.0.1:0"]);
    let http = http_of(&server);
    let mut neighbour = Neighbour::of(&server).await;
    for (lie, body, told) in lies() {
        let before = Scrape::of(&http);
        let answer = raw_calls::send(server.addr(), request(body, None)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{lie}: no answer: {error}"));
        let status = Status::from_header_map(&answer.said);
        let status = status.unwrap_or_else(|| panic!("{lie}: no status in {:?}", answer.said));
        assert_eq!(status.code(), told.code, "{lie}: {status:?}");
        assert!(status.message().contains(told.words), "{lie}: {status:?}");
        let info = status.get_details_error_info();
        assert_eq!(info.as_ref().map(|info| info.reason.as_str()), told.reason, "{lie}");
        eventually("it is counted", async || {
            let now = Scrape::of(&http);
            let refusals = |scrape: &Scrape| told.reason.map_or(0.0, |it| scrape.refusals(it));
            now.calls(METHOD, told.name) - before.calls(METHOD, told.name) == 1.0
                && refusals(&now) - refusals(&before) == f64::from(u8::from(told.reason.is_some()))
        })
        .await;
        neighbour.is_served(&server).await;
    }
    assert_eq!(Client::connect(&server).await.read_all("neighbour", "").await.len(), 18);
    assert!(!server.root().join("demo").exists(), "something was appended");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_content_length_that_does_not_fit_breaks_the_call_and_no_other() {
    let server = Server::start_with(&["--http=127.0.0.1:0"]);
    let http = http_of(&server);
    let mut neighbour = Neighbour::of(&server).await;
    let append = pb::AppendMessageRequest {
        message: Some(message("demo", "", "never appended")),
        ..Default::default()
    };
    let append = append.encode_to_vec();
    let body = framed(0, append.len(), &append);
    let ended = |scrape: &Scrape| -> f64 {
        ["CANCELLED", "INTERNAL", "UNKNOWN"].iter().map(|code| scrape.calls(METHOD, code)).sum()
    };
    for said in [body.len() - 1, body.len() + 1, 1 << 40] {
        let before = ended(&Scrape::of(&http));
        let answer = raw_calls::send(server.addr(), request(body.clone(), Some(said))).await;
        let code = answer.ok().and_then(|answer| Status::from_header_map(&answer.said));
        let code = code.map(|status| status.code());
        assert!(code.is_none_or(|code| code != Code::Ok), "{said}: {code:?}");
        eventually("it is counted", async || ended(&Scrape::of(&http)) - before == 1.0).await;
        neighbour.is_served(&server).await;
    }
    assert!(!server.root().join("demo").exists(), "something was appended");
}
