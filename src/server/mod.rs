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
mod open_connection;
mod oversize;
mod own_host;
mod peer;
mod refused_handshake;
mod request_body;
mod revocation;
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
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::GrpcWebLayer;
use tower::layer::util::Stack;

use crate::audit::Audit;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, Reflection, ServiceLimits};
use crate::disk::{self, FolderError, OsDisk, Socket, SocketError};
use crate::error::Error;
use crate::files::Files;
use crate::grpc::pb::message_bus_server::MessageBusServer;
use crate::grpc::pb::storage_server::StorageServer;
use crate::grpc::{DESCRIPTORS, Gate, MessageBusService, OpenNow, ServerFacts, StorageService};
use crate::host;
use crate::limits;
use crate::store::Room;

use address::AddressError;
use authentication::{Authentication, AuthenticationLayer};
use calls::CallsLayer;
use certificates::TlsError;
use connections::{Places, TcpPort, accept};
use draining::DrainingLayer;
use http::{HttpState, Readiness};
use oversize::OversizeLayer;
use tls::Tls;
use tokens::{Tokens, TokensError};
use web::{OriginError, PageLayer, ProgramLayers, WebLayers};

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
    #[error("cannot listen on {address}: {source}{}", in_use_hint(source))]
    Listen { address: SocketAddr, source: std::io::Error },
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
    #[error("cannot describe the services: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

fn in_use_hint(error: &std::io::Error) -> &'static str {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        "; another program listens there, choose another port with --listen, or 0 for a free one"
    } else {
        ""
    }
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
    let address = address::to_listen_on(&config, &tokens, clock.now()).await?;
    let origins = web::origins(&config.web_origins)?;
    let pages = PageLayer::new(&origins, &config.web_hosts);
    // Of those who call, only pages may need it.
    let with_http1 = !origins.is_empty();
    let tls = config.tls.as_ref().map(|files| Tls::open(files, with_http1, clock.clone()));
    let tls = tls.transpose()?.map(Arc::new);
    // Before the root, so that a port in use leaves nothing behind.
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    let tcp = listener.local_addr().map_err(|source| ServeError::Listen { address, source })?;

    let http = match &config.http {
        Some(http) => Some((listen_on_http(http).await?, meters::install())),
        None => None,
    };

    let in_root = |source| ServeError::Root { root: config.root.clone(), source: Box::new(source) };
    disk::raise_descriptor_limit();
    let os_disk = Arc::new(OsDisk::open_root(&config.root).map_err(in_root)?);
    let root = os_disk.root().to_owned();
    disk::check_own_folder(&root)?;
    let files = Files::open_with(os_disk, clock.clone(), std::process::id(), config.room.clone()).map_err(in_root)?;
    let files = Arc::new(files);

    let socket = listen_on_socket(&config)?;
    let audit = audit(&config, &clock)?;

    let draining = CancellationToken::new();
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<MessageBusServer<MessageBusService<Files>>>().await;
    health.set_serving::<StorageServer<StorageService<Files>>>().await;
    let limits = config.limits;
    let places = Arc::new(Places::new(limits));
    let calls = CallsLayer::new(limits);
    let facts = ServerFacts {
        host: host::name(),
        root: root.display().to_string(),
        pid: std::process::id(),
        started_at: clock.now(),
        limits,
        open: open_now(&places, &calls, &files),
    };
    let gate = Gate::new(Arc::clone(&files) as Arc<dyn Room>, audit);
    let services = Services { files: &files, clock: clock.clone(), gate, limits };
    let routes = services.routes(facts, &draining, health_service, config.access.reflection)?;
    let authentication = Authentication::new(&config.access, Arc::clone(&tokens), clock);
    let authentication = AuthenticationLayer(Arc::new(authentication));
    let layered = |settings| server(settings, &calls, &authentication, &draining);
    let mut serving = JoinSet::new();
    let incoming = accept(TcpPort::new(listener, tls.clone()), Arc::clone(&places));
    let ended = draining.clone().cancelled_owned();
    if origins.is_empty() {
        let server = layered(settings(&limits, &pages)).add_routes(routes.clone());
        serving.spawn(server.serve_with_incoming_shutdown(incoming, ended));
    } else {
        let settings = web_settings(&limits, &pages, &origins);
        let mut server = server(settings, &calls, &authentication, &draining);
        let server = server.add_routes(routes.clone());
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
        serving.spawn(
            layered(settings(&limits, &pages)).add_routes(routes).serve_with_incoming_shutdown(
                accept(listener, Arc::clone(&places)),
                draining.clone().cancelled_owned(),
            ),
        );
    }
    let end_http = CancellationToken::new();
    let http = http.map(|(listener, meters)| {
        let router = http::router(http_state(os_disk, meters, &draining));
        tokio::spawn(http::serve(listener, router, end_http.clone()))
    });
    let looking = tokio::spawn(async move { places.look_after().await });
    let looking_after_tls = tls.map(|tls| tokio::spawn(tls.look_after()));
    let watching_tokens = tokio::spawn(async move { tokens.look_after().await });
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
        serving.shutdown().await;
    }
    looking.abort();
    watching_tokens.abort();
    looking_after_tls.inspect(|task| task.abort());
    let _ = following.await;
    // Until now it said that the server is draining.
    end_http.cancel();
    if let Some(http) = http {
        let _ = http.await;
    }
    tracing::info!("stopped");
    match failed {
        Some(Ok(Err(error))) => Err(error.into()),
        _ => Ok(()),
    }
}

/// What the services are made of.
struct Services<'a> {
    files: &'a Arc<Files>,
    clock: Arc<SystemClock>,
    gate: Gate,
    limits: ServiceLimits,
}

impl Services<'_> {
    fn routes(
        self,
        facts: ServerFacts,
        draining: &CancellationToken,
        health: HealthServer<impl Health>,
        reflection: Reflection,
    ) -> Result<Routes, ServeError> {
        let Self { files, clock, gate, limits } = self;
        let token = draining.clone();
        let bus =
            MessageBusService::new(Arc::clone(files), clock.clone(), gate.clone(), limits, token);
        let bus = MessageBusServer::new(bus)
            .max_decoding_message_size(limits.request_bytes_max)
            .max_encoding_message_size(usize::MAX);
        let (token, upload_idle) = (draining.clone(), limits.upload_idle_timeout);
        let storage =
            StorageService::new(Arc::clone(files), clock, facts, gate, upload_idle, token);
        let storage = StorageServer::new(storage)
            .max_decoding_message_size(limits.request_bytes_max)
            .max_encoding_message_size(usize::MAX);
        let mut routes = Routes::builder();
        routes.add_service(bus).add_service(storage).add_service(health);
        if reflection != Reflection::Off {
            routes.add_service(reflected().build_v1()?).add_service(reflected().build_v1alpha()?);
        }
        Ok(routes.routes())
    }
}

/// What reflection tells of.
fn reflected() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        // So that grpcurl can show the details of an error.
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
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

/// The settings of one listener.
fn settings(limits: &ServiceLimits, pages: &PageLayer) -> Server<ProgramLayers> {
    Server::builder()
        .max_concurrent_streams(limits.connection_streams_max)
        // A client that pipelines small calls is answered with small frames. The h2
        // library takes too many of them waiting in one stream for an attack, by a
        // measure that grows with the connection's window: so the stream's is small.
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .max_frame_size(limits::FRAME_BYTES_MAX)
        .http2_max_header_list_size(limits.request_header_bytes_max)
        .http2_max_pending_accept_reset_streams(Some(limits::PENDING_RESETS_MAX))
        .http2_max_local_error_reset_streams(Some(limits::ERROR_RESETS_MAX))
        .http2_keepalive_interval(Some(limits.keepalive_interval))
        .http2_keepalive_timeout(Some(limits.keepalive_timeout))
        .layer(pages.clone())
}

/// The settings of a listener that pages of these origins may call, too.
fn web_settings(
    limits: &ServiceLimits,
    pages: &PageLayer,
    origins: &[HeaderValue],
) -> Server<WebLayers> {
    settings(limits, pages)
        // Without TLS, browsers speak nothing newer.
        .accept_http1(true)
        .layer(web::cors(origins))
        .layer(GrpcWebLayer::new())
}

/// Adds the layers that every listener has.
fn server<L>(
    settings: Server<L>,
    calls: &CallsLayer,
    authentication: &AuthenticationLayer,
    draining: &CancellationToken,
) -> Server<Layers<L>> {
    settings
        .layer(calls.clone())
        .layer(authentication.clone())
        .layer(OversizeLayer)
        .layer(DrainingLayer(draining.clone()))
}

type Layers<L> =
    Stack<DrainingLayer, Stack<OversizeLayer, Stack<AuthenticationLayer, Stack<CallsLayer, L>>>>;

/// Listens for HTTP.
async fn listen_on_http(http: &str) -> Result<TcpListener, ServeError> {
    let failed = |problem: String| ServeError::Http { http: http.to_owned(), problem };
    let address = loopback_address(http).await.map_err(|error| match error {
        ServeError::Address { problem, .. } => failed(format!("no HOST:PORT: {problem}")),
        _ => failed("not a loopback address".to_owned()),
    })?;
    let listener = TcpListener::bind(address).await.map_err(|error| failed(error.to_string()))?;
    let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;
    tracing::info!(%address, "metrics and health are answered over HTTP");
    Ok(listener)
}

/// What is answered over HTTP: to everybody who reaches the address.
fn http_state(disk: Arc<OsDisk>, meters: Meters, draining: &CancellationToken) -> HttpState {
    let looked_at = Arc::clone(&disk);
    let reasons = move || match looked_at.free_bytes() {
        Ok(_) => Vec::new(),
        Err(error) => vec![format!("disk: {error}")],
    };
    let gather = move || match disk.free_bytes() {
        Ok(bytes) => meters::disk_free(bytes),
        Err(error) => tracing::warn!(%error, "cannot tell what the disk has free"),
    };
    HttpState {
        names: Vec::new(),
        readiness: Readiness::new(draining.clone(), Arc::new(reasons)),
        meters,
        gather: Arc::new(gather),
        admit: Arc::new(|_| Ok(())),
    }
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
