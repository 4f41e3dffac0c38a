//! A connection that breaks after the server has done what it was asked for, and
//! before it has said so.

use std::io::{self, Read as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use super::Running;
use crate::server::{DEADLINE, Server};

/// Runs a client command whose first answer is lost, once `done` has seen that the
/// server did it. The second connection is a good one.
pub(super) fn lose_the_first_answer(
    server: &Server,
    arguments: &[&str],
    done: impl FnOnce(),
) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let running = Running::start(server.command(&[arguments, &["--addr", &address]].concat()));
    let (client, upstream) = accept_one_way(&listener, server.addr());
    done();
    for end in [client, upstream] {
        cut(&end);
    }
    let (client, upstream) = accept_one_way(&listener, server.addr());
    pass_on(&upstream, &client);
    running
}

/// Runs a client command whose first connection is cut once it has sent so many bytes. The
/// second connection is a good one.
pub(super) fn cut_the_first_connection(server: &Server, arguments: &[&str], sent: u64) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let running = Running::start(server.command(&[arguments, &["--addr", &address]].concat()));
    let (client, upstream) = accept(&listener, server.addr());
    pass_on(&upstream, &client);
    let passed = io::copy(&mut (&client).take(sent), &mut &upstream).expect("it is passed on");
    assert_eq!(passed, sent, "the client sends as much");
    for end in [client, upstream] {
        cut(&end);
    }
    let (client, upstream) = accept_one_way(&listener, server.addr());
    pass_on(&upstream, &client);
    running
}

/// Accepts one connection and passes on to the server what the client sends, but
/// nothing back. Returns both ends, to be cut or joined.
fn accept_one_way(listener: &TcpListener, server: &str) -> (TcpStream, TcpStream) {
    let (client, upstream) = accept(listener, server);
    pass_on(&client, &upstream);
    (client, upstream)
}

/// Accepts one connection and opens one to the server.
fn accept(listener: &TcpListener, server: &str) -> (TcpStream, TcpStream) {
    let listener = listener.try_clone().expect("a second handle");
    let (sender, accepted) = mpsc::channel();
    thread::spawn(move || sender.send(listener.accept()));
    let accepted = accepted.recv_timeout(DEADLINE).expect("the client connects in time");
    let (client, _) = accepted.expect("the client connects");
    let upstream = TcpStream::connect(server).expect("the server is there");
    (client, upstream)
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let mut from = from.try_clone().expect("a second handle");
    let mut to = to.try_clone().expect("a second handle");
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// Ends a connection, if the other side has not done so already.
fn cut(end: &TcpStream) {
    if let Err(error) = end.shutdown(Shutdown::Both) {
        assert_eq!(error.kind(), io::ErrorKind::NotConnected, "{error}");
    }
}
