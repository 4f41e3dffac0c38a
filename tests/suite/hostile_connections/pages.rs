//! What a page of somebody else's can make a browser send: it is refused over HTTP/2 as over
//! HTTP/1, whether pages of other origins are let in or not.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use bytes::Bytes;
use callboard::grpc::pb;
use http_body_util::Full;
use hyper::Request;
use prost::Message as _;

use super::raw_calls;
use crate::server::{DEADLINE, Server};

const PAGE: &str = "http://localhost:5173";
const PATH: &str = "/callboard.v1.Storage/CreateProject";
const GRPC_WEB: &str = "application/grpc-web+proto";

/// What stands in the headers of a request: its origin, the host that it calls, its content.
type Said = (Option<&'static str>, &'static str, &'static str);

/// What is refused, and with which status.
const REFUSED: [(Said, u16); 7] = [
    ((Some("http://evil.example"), "localhost", GRPC_WEB), 403),
    ((Some("http://evil.example"), "localhost", "application/grpc"), 403),
    ((Some("null"), "localhost", GRPC_WEB), 403),
    ((Some(PAGE), "evil.example", GRPC_WEB), 403),
    ((Some(PAGE), "127.0.0.1.evil.example:80", GRPC_WEB), 403),
    ((Some(PAGE), "localhost", "text/plain"), 415),
    ((Some(PAGE), "localhost", "application/x-www-form-urlencoded"), 415),
];

/// A call that creates a project, as gRPC frames it.
fn body() -> Vec<u8> {
    let request = pb::CreateProjectRequest { project_id: "made".into(), ..Default::default() };
    let mut body = vec![0];
    body.extend(u32::try_from(request.encoded_len()).expect("a length").to_be_bytes());
    body.extend(request.encode_to_vec());
    body
}

/// Sends a request over HTTP/2; returns the status of its answer.
async fn over_http2(server: &Server, (origin, host, content): Said) -> u16 {
    let mut request = Request::post(format!("http://{host}{PATH}")).header("content-type", content);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let request = request.body(Full::new(Bytes::from(body()))).expect("a request");
    raw_calls::send(server.addr(), request).await.expect("an answer").status.as_u16()
}

/// Sends a request over HTTP/1.1; returns the status of its answer.
fn over_http1(server: &Server, (origin, host, content): Said) -> u16 {
    let mut stream = TcpStream::connect(server.addr()).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    let body = body();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: {content}\r\n{origin}\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status: {answer}"))
}

#[tokio::test]
async fn what_a_page_of_others_sends_is_refused_over_both_versions_of_http() {
    let server = Server::start_with(&["--web-origin", PAGE]);
    let made = server.root().join("made");
    for (said, status) in REFUSED {
        assert_eq!(over_http2(&server, said).await, status, "{said:?} over HTTP/2");
        assert_eq!(over_http1(&server, said), status, "{said:?} over HTTP/1");
        assert!(!made.exists(), "{said:?}");
    }
    // The same is answered when all of it fits.
    let fits = (Some(PAGE), "localhost", GRPC_WEB);
    assert_eq!(over_http2(&server, fits).await, 200);
    assert!(made.exists(), "the request was one that is carried out");
    assert_eq!(over_http1(&server, fits), 200);
}

#[tokio::test]
async fn without_an_origin_that_is_allowed_no_page_is_answered_over_http_2() {
    let server = Server::start();
    for content in [GRPC_WEB, "application/grpc"] {
        assert_eq!(over_http2(&server, (Some(PAGE), "localhost", content)).await, 403);
    }
    assert_eq!(over_http2(&server, (None, "localhost", "text/plain")).await, 415);
    assert!(!server.root().join("made").exists());
}
