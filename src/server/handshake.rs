//! A connection of TLS, from its first byte on: its handshake is made by whoever reads or
//! writes first, so it holds up nobody else, and its client is known when it is done.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{FallibleAccept, TlsAcceptor};

use crate::limits;

use super::certificates;
use super::open_connection::OpenConnection;
use super::refused_handshake::{Refusal, refused_handshake};

/// What of the words of a refused client is thrown away at once, in bytes.
const THROWN_AWAY: usize = 4 << 10;

/// Who a client is, by the certificate that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PeerCertificate {
    /// The common names of its subject, and its host names, URIs and mail addresses.
    pub(super) names: Vec<String>,
    /// When it expires: a connection may last longer.
    pub(super) expires: Timestamp,
}

/// A connection of TLS.
pub(super) struct TlsConnection {
    state: State,
    peer: SocketAddr,
    open: Arc<OpenConnection>,
}

enum State {
    Handshaking(FallibleAccept<TcpStream>),
    Established(TlsStream<TcpStream>),
    /// The client has been told why, and is waited for until it hangs up: what it still sends
    /// would make the system take back what it was told.
    Refused(TcpStream),
    Ended,
}

impl TlsConnection {
    /// Begins with an accepted connection, of which nothing was read.
    pub(super) fn new(
        acceptor: &TlsAcceptor,
        stream: TcpStream,
        peer: SocketAddr,
        open: Arc<OpenConnection>,
    ) -> Self {
        let state = State::Handshaking(acceptor.accept(stream).into_fallible());
        Self { state, peer, open }
    }

    /// Waits until the handshake is done.
    fn poll_established(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut TlsStream<TcpStream>>>> {
        while !matches!(self.state, State::Established(_)) {
            self.state = match &mut self.state {
                State::Handshaking(accept) => match ready!(Pin::new(accept).poll(cx)) {
                    Ok(mut stream) => {
                        stream.get_mut().1.set_buffer_limit(Some(limits::TLS_BUFFER_BYTES));
                        self.know_client(&stream);
                        State::Established(stream)
                    }
                    Err((error, stream)) => {
                        refused_handshake(self.peer, Refusal::of(&error), &error);
                        State::Refused(stream)
                    }
                },
                State::Refused(stream) => {
                    ready!(poll_hung_up(stream, cx));
                    State::Ended
                }
                State::Ended | State::Established(_) => {
                    let ended = io::Error::new(io::ErrorKind::ConnectionAborted, "no handshake");
                    return Poll::Ready(Err(ended));
                }
            };
        }
        match &mut self.state {
            State::Established(stream) => Poll::Ready(Ok(Pin::new(stream))),
            _ => Poll::Pending,
        }
    }

    fn know_client(&self, stream: &TlsStream<TcpStream>) {
        let (_, session) = stream.get_ref();
        if let Some([leaf, ..]) = session.peer_certificates() {
            let names = certificates::names_of(leaf);
            tracing::debug!(peer = %self.peer, ?names, "a client with a certificate");
            let expires = certificates::expiry_of(leaf).unwrap_or(Timestamp::MIN);
            self.open.identify(PeerCertificate { names, expires });
        }
    }
}

impl Drop for TlsConnection {
    fn drop(&mut self) {
        if matches!(self.state, State::Handshaking(_)) && self.open.is_closing() {
            refused_handshake(self.peer, Refusal::GivenUp, &"closed");
        }
    }
}

impl AsyncRead for TlsConnection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_established(cx))?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for TlsConnection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().poll_established(cx))?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_established(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().state {
            State::Established(stream) => Pin::new(stream).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}

/// Says that nothing more comes, and waits until the client says so, too.
fn poll_hung_up(stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<()> {
    if ready!(Pin::new(&mut *stream).poll_shutdown(cx)).is_err() {
        return Poll::Ready(());
    }
    let mut thrown_away = [0; THROWN_AWAY];
    loop {
        let mut buffer = ReadBuf::new(&mut thrown_away);
        let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            return Poll::Ready(());
        }
    }
}
