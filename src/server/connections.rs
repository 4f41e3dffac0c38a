//! Accepted connections, bounded in number: a flood of silent ones locks nobody out.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_stream::Stream;
use tonic::transport::server::Connected;

use crate::config::ServiceLimits;
use crate::limits;
use crate::meters;

use super::gathered::Gathered;
use super::handshake::TlsConnection;
use super::open_connection::OpenConnection;
use super::peer::Peer;
use super::tls::TlsPort;

/// Something that connections come from.
pub(super) trait Listener: Send + Sync + 'static {
    /// What is accepted.
    type Accepted: Send;
    /// What a connection reads and writes.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection. Safe to drop.
    fn next(&self) -> impl Future<Output = io::Result<Self::Accepted>> + Send;

    /// Asks the system where a connection comes from.
    fn peer(accepted: &Self::Accepted) -> Peer;

    /// Begins with a connection that has its place. Waits for nothing.
    fn begin(&self, accepted: Self::Accepted, open: &Arc<OpenConnection>) -> Self::Io;
}

/// A TCP port, with TLS or without.
pub(super) struct TcpPort {
    listener: TcpListener,
    tls: Option<TlsPort>,
}

impl TcpPort {
    /// Makes one of a listener.
    pub(super) fn new(listener: TcpListener, tls: Option<TlsPort>) -> Self {
        Self { listener, tls }
    }
}

impl Listener for TcpPort {
    type Accepted = (TcpStream, SocketAddr);
    type Io = TcpConnection;

    async fn next(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        // Without this, small answers wait for the peer's delayed acknowledgement.
        stream.set_nodelay(true)?;
        Ok((stream, peer))
    }

    fn peer((stream, _): &(TcpStream, SocketAddr)) -> Peer {
        Peer::of_tcp(stream)
    }

    fn begin(
        &self,
        (stream, peer): (TcpStream, SocketAddr),
        open: &Arc<OpenConnection>,
    ) -> TcpConnection {
        match &self.tls {
            None => TcpConnection::Plain(stream),
            Some(tls) => {
                let open = Arc::clone(open);
                let begun = TlsConnection::new(&tls.acceptor(), stream, peer, open);
                TcpConnection::Tls(Box::new(begun))
            }
        }
    }
}

impl Listener for UnixListener {
    type Accepted = UnixStream;
    type Io = UnixStream;

    async fn next(&self) -> io::Result<UnixStream> {
        Ok(self.accept().await?.0)
    }

    fn peer(stream: &UnixStream) -> Peer {
        Peer::of_unix(stream)
    }

    fn begin(&self, stream: UnixStream, _: &Arc<OpenConnection>) -> UnixStream {
        stream
    }
}

/// What a connection of a [`TcpPort`] reads and writes.
pub(super) enum TcpConnection {
    /// As it comes.
    Plain(TcpStream),
    /// By way of TLS.
    Tls(Box<TlsConnection>),
}

impl AsyncRead for TcpConnection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for TcpConnection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// The places of connections, and who has them.
pub(super) struct Places {
    free: Arc<Semaphore>,
    open: Mutex<BTreeMap<u64, Arc<OpenConnection>>>,
    /// Told when a connection is without a call.
    idle: Arc<Notify>,
    limits: ServiceLimits,
}

impl Places {
    /// Makes as many as there are to be.
    pub(super) fn new(limits: ServiceLimits) -> Self {
        Self {
            free: Arc::new(Semaphore::new(limits.connections_max)),
            open: Mutex::default(),
            idle: Arc::default(),
            limits,
        }
    }

    /// Returns how many are taken.
    pub(super) fn taken(&self) -> usize {
        self.open().len()
    }

    /// Closes, again and again, the connections that met a timeout.
    pub(super) async fn look_after(&self) {
        let mut looks = tokio::time::interval(limits::CONNECTION_LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let now = Instant::now();
            let mut closed = 0;
            for open in self.open().values() {
                if open.close_if_overdue(now, &self.limits) {
                    meters::refused_connection("timeout");
                    closed += 1;
                }
            }
            if closed > 0 {
                tracing::debug!(closed, "closed connections that met a timeout");
            }
        }
    }

    /// Takes a place. When there is none, the connection that has been without a call for
    /// longest is closed for it.
    async fn take(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = Arc::clone(&self.free).try_acquire_owned() {
                return place;
            }
            let idle = self.idle.notified();
            self.close_one();
            tokio::select! {
                place = Arc::clone(&self.free).acquire_owned() => {
                    return place.expect("the places stay");
                }
                () = idle => {}
            }
        }
    }

    /// Closes the connection that can be spared best, unless one is being closed already.
    /// One that never made a call goes before one that did.
    fn close_one(&self) {
        let open = self.open();
        if open.values().any(|open| open.is_closing()) {
            return;
        }
        let idle = open.values().filter_map(|open| Some((open.idle()?, open)));
        if let Some((_, spared)) = idle.min_by_key(|(idle, _)| *idle) {
            meters::refused_connection("place_needed");
            spared.close();
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<OpenConnection>>> {
        self.open.lock().expect("nothing panics with the list of connections")
    }

    /// Notes a connection, and begins with it.
    fn enter<L: Listener>(
        self: &Arc<Self>,
        listener: &L,
        accepted: L::Accepted,
        place: OwnedSemaphorePermit,
    ) -> Connection<L::Io> {
        let open = Arc::new(OpenConnection::new(Arc::clone(&self.idle), L::peer(&accepted)));
        self.open().insert(open.number(), Arc::clone(&open));
        let io = Gathered::new(listener.begin(accepted, &open));
        let (places, metered) = (Arc::clone(self), meters::connection());
        Connection { io, open, places, _place: place, _metered: metered }
    }
}

/// Accepts connections. One that finds no place waits for it, and further ones in the
/// system's queue. A failed accept, such as for want of descriptors, ends nothing.
pub(super) fn accept<L: Listener>(
    listener: L,
    places: Arc<Places>,
) -> impl Stream<Item = io::Result<Connection<L::Io>>> {
    futures_util::stream::unfold((listener, places), |(listener, places)| async move {
        let accepted = accept_one(&listener).await;
        let place = places.take().await;
        let connection = places.enter(&listener, accepted, place);
        Some((Ok(connection), (listener, places)))
    })
}

/// Accepts one connection, however often that fails before. Safe to drop.
pub(super) async fn accept_one<L: Listener>(listener: &L) -> L::Accepted {
    loop {
        match listener.next().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                // Nothing tells when descriptors are free again.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

/// A connection that holds one of the places.
pub(super) struct Connection<I> {
    io: Gathered<I>,
    open: Arc<OpenConnection>,
    places: Arc<Places>,
    _place: OwnedSemaphorePermit,
    _metered: meters::Counted,
}

impl<I> Connection<I> {
    /// Fails when the connection is to be closed, and wakes the task when it will be.
    fn poll_open(&self, cx: &Context<'_>) -> io::Result<()> {
        if self.open.poll_closing(cx) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "given up"));
        }
        Ok(())
    }
}

impl<I> Drop for Connection<I> {
    fn drop(&mut self) {
        self.places.open().remove(&self.open.number());
    }
}

impl<I> Connected for Connection<I> {
    type ConnectInfo = Arc<OpenConnection>;

    fn connect_info(&self) -> Self::ConnectInfo {
        Arc::clone(&self.open)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Connection<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_open(cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        self.open.received(buf.filled().len() - before);
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Connection<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_open(cx)?;
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_open(cx)?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
