//! The server: it is given its settings, says when it is ready, and ends when it
//! is told to.
//!
//! Ending is graceful: no new calls, subscriptions get `closing`, calls in
//! progress finish, and after a deadline whatever is left is cut off.

mod address;
mod answer_body;
mod authentication;
#[cfg(test)]
#[path = "../../tests/suite/authority.rs"]
mod authority;
mod calls;
mod certificates;
mod connections;
mod draining;
mod gathered;
mod handshake;
mod http;
mod monitoring;
mod open_connection;
mod outcome;
mod oversize;
mod own_host;
mod peer;
mod refused_handshake;
mod request_body;
mod revocation;
mod services;
mod tls;
mod tokens;
mod web;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::codegen::http::HeaderValue;

use crate::audit::Audit;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::disk::{self, FolderError, OsDisk, Socket, SocketError};
use crate::domain::RunKey;
use crate::error::Error;
use crate::files::{Bounds, Files};
use crate::grpc::pb::message_bus_server::MessageBusServer;
use crate::grpc::pb::storage_server::StorageServer;
use crate::grpc::{FindProject, Gate, MessageBusService, OpenNow, ServerFacts, StorageService};
use crate::host;
use crate::limits;
use crate::store::{Room, Runs as _};

use address::AddressError;
use authentication::{Authentication, AuthenticationLayer};
use calls::CallsLayer;
use certificates::{Protocols, TlsError};
use connections::{Places, TcpPort, accept};
use draining::DrainingLayer;
use monitoring::Monitoring;
use services::{ServiceLayers, Services};
use tls::{Tls, TlsPort};
use tokens::{Tokens, TokensError};
use web::{OriginError, PageLayer};

/// Why a server cannot start, or ended.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ServeError {
    #[error("cannot open root {}: {source}", root.display())]
    Root { root: PathBuf, source: Box<Error> },
    #[error("{0}")]
    Address(#[from] AddressError),
    #[error("{0}")]
    Tokens(#[from] TokensError),
    #[error("cannot open the log of changes, --audit-log {}: {source}", path.display())]
    Audit { path: PathBuf, source: std::io::Error },
    #[error("cannot listen on {address}: {source}{}", in_use_hint(flag, source))]
    Listen { flag: &'static str, address: SocketAddr, source: std::io::Error },
    #[error("cannot keep the root there: {0}")]
    Folder(#[from] FolderError),
    #[error("{0}; choose another path with --uds, or none with --no-uds")]
    Socket(#[from] SocketError),
    #[error("--web-origin {0}")]
    Origin(#[from] OriginError),
    #[error("{0}")]
    Tls(#[from] TlsError),
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    #[error("the server ended by itself")]
    Ended,
    #[error("cannot describe the services: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

impl ServeError {
    /// Whether it lies in the settings or in what they name: trying again changes nothing.
    pub fn is_of_settings(&self) -> bool {
        match self {
            Self::Address(_)
            | Self::Tokens(_)
            | Self::Tls(_)
            | Self::Origin(_)
            | Self::Folder(_)
            | Self::Audit { .. } => true,
            Self::Socket(error) => !matches!(error, SocketError::InUse { .. }),
            Self::Root { .. }
            | Self::Listen { .. }
            | Self::Transport(_)
            | Self::Ended
            | Self::Reflection(_) => false,
        }
    }
}

fn in_use_hint(flag: &str, error: &std::io::Error) -> String {
    if error.kind() != std::io::ErrorKind::AddrInUse {
        return String::new();
    }
    format!("; another program listens there, choose another port with {flag}, or 0 for a free one")
}

/// Where a server can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The TCP address, with its real port.
    pub tcp: SocketAddr,
    /// The Unix socket.
    pub uds: Option<PathBuf>,
    /// The root, as its real path.
    pub root: PathBuf,
}

/// Serves until `shutdown` ends, and then until all calls are done or cut off.
/// Calls `ready` once everything is listened on.
///
/// # Errors
/// When the root cannot be taken, or an address or the socket not be listened on.
pub async fn serve(
    config: Config,
    ready: impl FnOnce(&Endpoints),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let clock = Arc::new(SystemClock);
    let tokens = Arc::new(Tokens::open(&config.access.tokens)?);
    if !config.limits.leave_places() {
        tracing::warn!(
            "streams that last may take every place: connections_max and calls_max are not more \
             than twice subscribers_max with waiting_calls_max"
        );
    }
    // Before the root, so that a start that is refused leaves nothing behind.
    let address = address::for_grpc(&config, &tokens, clock.now()).await?;
    let tls = config.tls.as_ref().map(|files| Tls::open(files, clock.clone()));
    let tls = tls.transpose()?.map(Arc::new);
    let port = Port::listen(address, &config, tls.as_ref()).await?;
    let tcp = port.address;
    let monitoring = Monitoring::listen(&config, &tokens, tls.as_ref(), clock.now()).await?;
    config.uds.as_deref().map_or(Ok(()), Socket::check)?;
    let audit = audit(&config, &clock)?;

    let in_root = |source| ServeError::Root { root: config.root.clone(), source: Box::new(source) };
    disk::raise_descriptor_limit();
    let os_disk = Arc::new(OsDisk::open_root(&config.root).map_err(in_root)?);
    let root = os_disk.root().to_owned();
    disk::check_own_folder(&root)?;
    let bounds = Bounds { room: config.room.clone(), streams_max: config.limits.subscribers_max };
    let files = Files::open_within(os_disk, clock.clone(), std::process::id(), bounds);
    let files = Arc::new(files.map_err(in_root)?);
    let socket = listen_on_socket(&config)?;

    let draining = CancellationToken::new();
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<MessageBusServer<MessageBusService<Files>>>().await;
    health.set_serving::<StorageServer<StorageService<Files>>>().await;
    let places = Arc::new(Places::new(config.limits));
    let calls = CallsLayer::new(config.limits, config.access_log);
    let facts = ServerFacts {
        host: host::name(),
        root: root.display().to_string(),
        pid: std::process::id(),
        started_at: clock.now(),
        limits: config.limits,
        open: open_now(&places, &calls, &files),
    };
    let authentication = Authentication::new(&config.access, Arc::clone(&tokens), clock.clone());
    let authentication = Arc::new(authentication);
    let layers = ServiceLayers {
        limits: config.limits,
        pages: PageLayer::new(
            &port.origins,
            &config.web_hosts,
            config.limits.request_header_bytes_max,
        ),
        calls,
        authentication: AuthenticationLayer(Arc::clone(&authentication)),
        draining: DrainingLayer(draining.clone()),
    };
    let services = Services {
        files: Arc::clone(&files),
        clock,
        gate: Gate::new(Arc::clone(&files) as Arc<dyn Room>, find_project(&files), audit),
        limits: config.limits,
        reflection: config.access.reflection,
    };
    let routes = services.routes(facts, &draining, health_service)?;

    let mut serving = JoinSet::new();
    let incoming = accept(TcpPort::new(port.listener, port.tls), Arc::clone(&places));
    let ended = draining.clone().cancelled_owned();
    if port.origins.is_empty() {
        let server = layers.for_programs().add_routes(routes.clone());
        serving.spawn(server.serve_with_incoming_shutdown(incoming, ended));
    } else {
        let server = layers.for_pages(&port.origins).add_routes(routes.clone());
        serving.spawn(server.serve_with_incoming_shutdown(incoming, ended));
    }
    let mut uds = None;
    if let Some((socket, listener)) = &socket {
        uds = Some(socket.path().to_owned());
        let listener = listener
            .try_clone()
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .and_then(UnixListener::from_std)
            .map_err(|source| SocketError::Io { path: socket.path().to_owned(), source })?;
        let incoming = accept(listener, Arc::clone(&places));
        let ended = draining.clone().cancelled_owned();
        let server = layers.for_programs().add_routes(routes);
        serving.spawn(server.serve_with_incoming_shutdown(incoming, ended));
    }

    // Dropped, it ends them all.
    let mut looking = JoinSet::new();
    looking.spawn(async move { places.look_after().await });
    looking.spawn(async move { tokens.look_after().await });
    if let Some(tls) = tls {
        looking.spawn(tls.look_after());
    }
    let end_monitoring = CancellationToken::new();
    let monitoring = monitoring.map(|monitoring| {
        let state = monitoring::state(&config, &files, authentication, &draining, &monitoring);
        tokio::spawn(monitoring.serve(state, end_monitoring.clone()))
    });
    let following = {
        let files = Arc::clone(&files);
        tokio::spawn(async move { files.follow_others().await })
    };

    let endpoints = Endpoints { tcp, uds, root };
    tracing::info!(address = %endpoints.tcp, socket = ?endpoints.uds, root = %endpoints.root.display(), "ready");
    ready(&endpoints);

    let failed = tokio::select! {
        () = shutdown => None,
        ended = serving.join_next() => ended,
    };
    tracing::info!(deadline_seconds = config.drain_timeout.as_secs(), "draining");
    for service in ["", "callboard.v1.MessageBus", "callboard.v1.Storage"] {
        health.set_service_status(service, tonic_health::ServingStatus::NotServing).await;
    }
    files.shut_down();
    draining.cancel();
    let drained = async { while serving.join_next().await.is_some() {} };
    if tokio::time::timeout(config.drain_timeout, drained).await.is_err() {
        tracing::warn!("some calls did not end in time; cutting them off");
        serving.abort_all();
    }
    drop(looking);
    let ended = async {
        while serving.join_next().await.is_some() {}
        let _ = following.await;
    };
    // Whatever they are at may be a disk that does not answer.
    if tokio::time::timeout(limits::STOP_WAIT, ended).await.is_err() {
        tracing::warn!("the disk does not answer; stopping all the same");
    }
    // Until now it said that the server is draining.
    end_monitoring.cancel();
    if let Some(monitoring) = monitoring {
        let _ = monitoring.await;
    }
    tracing::info!("stopped");
    match failed {
        None => Ok(()),
        Some(Ok(Err(error))) => Err(error.into()),
        // Whatever looks after the process is to start it again.
        Some(Ok(Ok(())) | Err(_)) => Err(ServeError::Ended),
    }
}

/// The TCP port of gRPC, listened on, and what goes with it.
struct Port {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsPort>,
    origins: Vec<HeaderValue>,
}

impl Port {
    async fn listen(
        address: SocketAddr,
        config: &Config,
        tls: Option<&Arc<Tls>>,
    ) -> Result<Self, ServeError> {
        let origins = web::origins(&config.web_origins)?;
        let protocols = if origins.is_empty() { Protocols::Grpc } else { Protocols::GrpcAndWeb };
        let tls = tls.map(|tls| TlsPort::new(tls, protocols));
        let failed = |source| ServeError::Listen { flag: "--listen", address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, tls, origins })
    }
}

/// Finds the project of a run that is named by its id alone.
fn find_project(files: &Arc<Files>) -> FindProject {
    let files = Arc::clone(files);
    Arc::new(move |run| {
        let files = Arc::clone(&files);
        Box::pin(async move { Ok(files.run(RunKey { task: None, run }).await?.task.project) })
    })
}

/// Opens the log of changes, when there is to be one.
fn audit(config: &Config, clock: &Arc<SystemClock>) -> Result<Option<Audit>, ServeError> {
    let Some(path) = &config.audit_log else { return Ok(None) };
    let failed = |source| ServeError::Audit { path: path.clone(), source };
    Ok(Some(Audit::open(path, clock.clone()).map_err(failed)?))
}

/// Tells how much of what is bounded is open.
fn open_now(places: &Arc<Places>, calls: &CallsLayer, files: &Arc<Files>) -> OpenNow {
    let (places, calls, files) = (Arc::clone(places), calls.clone(), Arc::clone(files));
    Arc::new(move || {
        vec![
            ("connections", places.taken()),
            ("calls", calls.in_progress()),
            ("subscribers", files.subscribers()),
        ]
    })
}

fn listen_on_socket(
    config: &Config,
) -> Result<Option<(Socket, std::os::unix::net::UnixListener)>, ServeError> {
    let Some(path) = &config.uds else {
        return Ok(None);
    };
    match (Socket::listen(path), &config.uds_fallback) {
        (Err(SocketError::InUse { path }), Some(fallback)) => {
            tracing::info!(taken = %path.display(), instead = %fallback.display(), "the socket is in use");
            Ok(Some(Socket::listen(fallback)?))
        }
        (listening, _) => Ok(Some(listening?)),
    }
}
