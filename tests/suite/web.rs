//! gRPC-Web: pages of the origins that were allowed may call, over the same port, and nobody
//! else of a browser's.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::client::{self, Client};
use crate::server::{DEADLINE, Server, callboard, output_of};

const PAGE: &str = "http://localhost:5173";
/// A message of no bytes, as gRPC frames it.
const EMPTY: &[u8] = &[0; 5];

#[test]
fn a_page_that_is_allowed_calls_and_reads_the_answer() {
    let server = Server::start_with(&["--web-origin", PAGE]);
    let answer = post(&server, "Storage/GetServerInfo", Some(PAGE));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(PAGE));
    assert_eq!(header(&answer, "content-type"), Some("application/grpc-web+proto"));
    assert!(answer.contains(env!("CARGO_PKG_VERSION")), "{answer}");
    assert!(answer.contains("grpc-status:0"), "{answer}");
}

#[test]
fn a_page_reads_the_reason_of_a_refusal() {
    let server = Server::start_with(&["--web-origin", PAGE]);
    let answer = post(&server, "Storage/GetTask", Some(PAGE));
    assert_eq!(header(&answer, "grpc-status"), Some("3"), "{answer}");
    assert!(header(&answer, "grpc-status-details-bin").is_some(), "{answer}");
    let shown = header(&answer, "access-control-expose-headers").unwrap_or("");
    assert!(shown.contains("grpc-status-details-bin"), "{answer}");
}

#[test]
fn a_page_may_ask_before_it_calls() {
    let server =
        Server::start_with(&["--web-origin", PAGE, "--web-origin", "https://board.example"]);
    let ask = |origin: &str| {
        let headers = format!(
            "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type,x-grpc-web,authorization\r\n"
        );
        send(&server, "OPTIONS", "Storage/GetServerInfo", &headers, &[])
    };
    for origin in [PAGE, "https://board.example"] {
        let answer = ask(origin);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
        let allowed = header(&answer, "access-control-allow-headers").unwrap_or("");
        assert!(allowed.contains("authorization") && allowed.contains("x-grpc-web"), "{answer}");
    }
    let refused = ask("http://evil.example");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
}

#[test]
fn no_other_page_and_nobody_without_an_origin_gets_in_over_http_1() {
    let server = Server::start_with(&["--web-origin", PAGE]);
    for origin in [Some("http://evil.example"), Some("http://localhost:5174"), Some("null"), None] {
        let answer = post(&server, "Storage/CreateProject", origin);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{origin:?}: {answer}");
        assert_eq!(header(&answer, "access-control-allow-origin"), None);
    }
    server.log_until("--web-origin");
}

#[test]
fn a_page_whose_headers_are_too_long_is_refused() {
    let server = Server::start_with(&["--web-origin", PAGE, "--request-header-bytes-max", "4KiB"]);
    let post = |bytes: usize| {
        let headers = format!(
            "Content-Type: application/grpc-web+proto\r\nOrigin: {PAGE}\r\nX-Long: {}\r\n",
            "a".repeat(bytes)
        );
        send(&server, "POST", "Storage/GetServerInfo", &headers, EMPTY)
    };
    let answer = post(3 << 10);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for bytes in [4 << 10, 60 << 10] {
        let answer = post(bytes);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn programs_call_the_same_port_as_before() {
    let server = Server::start_with(&["--web-origin", PAGE]);
    let mut client = Client::connect(&server).await;
    client.append(client::message("demo", "", "native")).await;
}

#[test]
fn without_an_origin_that_is_allowed_no_page_is_answered() {
    let server = Server::start();
    let answer = post(&server, "Storage/GetServerInfo", Some(PAGE));
    assert!(!answer.contains("200 OK") && !answer.contains(env!("CARGO_PKG_VERSION")), "{answer}");
}

#[test]
fn an_origin_that_is_none_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for bad in ["*", "localhost:5173", "http://localhost/page"] {
        let mut serve =
            callboard(&["serve", "--listen", "127.0.0.1:0", "--no-uds", "--web-origin", bad]);
        let output = output_of({
            serve.arg("--root").arg(folder.path().join("root"));
            serve
        });
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("is no origin: write SCHEME://HOST[:PORT]"), "{said}");
    }
}

/// Calls a method as a browser does, and returns the whole answer.
fn post(server: &Server, method: &str, origin: Option<&str>) -> String {
    let mut headers = "Content-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n".to_owned();
    if let Some(origin) = origin {
        headers.push_str(&format!("Origin: {origin}\r\n"));
    }
    send(server, "POST", method, &headers, EMPTY)
}

fn send(server: &Server, verb: &str, method: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.addr()).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    let head = format!(
        "{verb} /callboard.v1.{method} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Length: {}\r\n{headers}\r\n",
        server.addr(),
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("the request is sent");
    let mut answer = Vec::new();
    // A server that speaks HTTP/2 only may just hang up.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or("");
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
