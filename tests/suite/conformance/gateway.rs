//! A gateway before a server: TLS, also with certificates that no client may take, a token that
//! every call must carry, and refusals for reasons that are hard to bring about.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use callboard::access::{Denial, Permission};
use callboard::error::{Error, Holder, Reason};
use callboard::grpc;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tonic::body::Body;
use tonic::codegen::http::{Request, Response, header};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::ServiceExt as _;

use crate::authority::{Authority, Certified, Leaf};

use super::variables::Variables;

/// The gateway.
pub(crate) struct Gateway {
    /// Where it listens with TLS: with a good certificate, an expired one, and one of another
    /// host name.
    tls: SocketAddr,
    expired: SocketAddr,
    misnamed: SocketAddr,
    /// Where it listens without TLS.
    plain: SocketAddr,
    refusal: Arc<Mutex<Option<Refusal>>>,
}

/// How the next call is refused.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// With an error of the server's.
    Reason(String),
    /// With an answer that no client takes.
    HugeAnswer,
}

impl Gateway {
    /// Starts one before the server at an address, with a token of that server and certificates
    /// of an authority.
    pub(crate) fn start(server: &str, token: &str, authority: &Authority) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let refusal = Arc::default();
        let channel = {
            let _entered = runtime.enter();
            Endpoint::from_shared(format!("http://{server}")).expect("an address").connect_lazy()
        };
        let gate = Gate {
            server: channel,
            expected: format!("Bearer {token}").into(),
            refusal: Arc::clone(&refusal),
        };
        let listen_as = |name: &str, leaf: &Leaf| {
            let acceptor = acceptor(&authority.issue(name, leaf));
            runtime.block_on(listen(gate.clone(), Some(acceptor)))
        };
        let tls = listen_as("gateway", &Leaf::server());
        let expired = listen_as("gateway-expired", &Leaf::server().expired());
        let misnamed = listen_as("gateway-misnamed", &Leaf::server_named(&["board.example"]));
        let plain = runtime.block_on(listen(gate, None));
        // It serves as long as the process: h2 takes it for a bug when connections with open
        // streams are dropped with their runtime.
        std::mem::forget(runtime);
        Self { tls, expired, misnamed, plain, refusal }
    }

    /// Adds where it listens to what cases can name.
    pub(crate) fn name(&self, variables: &mut Variables) {
        let over_tls = |address: SocketAddr| json!(format!("https://localhost:{}", address.port()));
        variables.set("tls", over_tls(self.tls));
        variables.set("tls_expired", over_tls(self.expired));
        variables.set("tls_misnamed", over_tls(self.misnamed));
        variables.set("gateway", json!(self.plain.to_string()));
    }

    /// Refuses the next call.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        *self.refusal.lock().expect("the refusal") = Some(refusal);
    }
}

fn acceptor(files: &Certified) -> TlsAcceptor {
    let chain = CertificateDer::from_pem_file(&files.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&files.key).expect("a key");
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a usable certificate");
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn listen(gate: Gate, tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (gate, tls) = (gate.clone(), tls.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| gate.clone().answer(request));
                let server = http2::Builder::new(TokioExecutor::new());
                // A client that does not trust the certificate ends the connection.
                let _ = match tls {
                    None => server.serve_connection(TokioIo::new(stream), service).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => server.serve_connection(TokioIo::new(stream), service).await,
                        Err(_) => return,
                    },
                };
            });
        }
    });
    address
}

/// What stands before the server.
#[derive(Clone)]
struct Gate {
    server: Channel,
    /// The authorization that every call must carry.
    expected: Arc<str>,
    refusal: Arc<Mutex<Option<Refusal>>>,
}

impl Gate {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let token = request.headers().get(header::AUTHORIZATION);
        if token.is_none_or(|token| token.as_bytes() != self.expected.as_bytes()) {
            let reason = if token.is_none() { "TOKEN_REQUIRED" } else { "TOKEN_INVALID" };
            let details = ErrorDetails::with_error_info(reason, "callboard", HashMap::new());
            let refused = "this server wants a token that it knows";
            return Ok(
                Status::with_error_details(Code::Unauthenticated, refused, details).into_http()
            );
        }
        let refusal = self.refusal.lock().expect("the refusal").take();
        match refusal {
            Some(Refusal::Reason(reason)) => return Ok(grpc::status(&error(&reason)).into_http()),
            Some(Refusal::HugeAnswer) => return Ok(huge_answer()),
            None => {}
        }
        let answer = self.server.oneshot(request.map(Body::new)).await;
        Ok(answer.unwrap_or_else(|error| Status::unavailable(error.to_string()).into_http()))
    }
}

/// An error of the server's, for reasons that take a failing disk, a held lock, or a lot of
/// time or space to come about.
fn error(reason: &str) -> Error {
    let path = || "demo/job/task.json".to_owned();
    let made = match reason {
        "AMBIGUOUS_ID" => Error::AmbiguousId { bus: "demo/job".into(), msg_id: "m".into() },
        "BUS_POISONED" => Error::BusPoisoned { bus: "demo/job".into() },
        "BUG" => Error::Bug("a test asked for it".into()),
        "CALL_TIMED_OUT" => Error::CallTimedOut { seconds: 60 },
        "DISK_FULL" => {
            Error::io("write", path(), std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        "FOREIGN_WRITE" => Error::ForeignWrite { path: path() },
        "IO" => Error::io("read", path(), std::io::Error::other("a test asked for it")),
        "LOCK_TIMEOUT" => {
            Error::LockTimeout { path: path(), holder: Holder(Some(4711)), budget_seconds: 10 }
        }
        "NOT_ALLOWED" => Error::Denied(Denial::Project {
            caller: "reader".into(),
            permission: Permission::Write,
            project: "demo".into(),
            has: "may read there".into(),
        }),
        "QUOTA_EXCEEDED" => {
            Error::QuotaExceeded { project: "demo".into(), quota_bytes: 1000, used_bytes: 1001 }
        }
        "SHUTTING_DOWN" => Error::ShuttingDown,
        "SUBSCRIBER_LIMIT" => Error::SubscriberLimit { limit: 4096 },
        "TOO_MANY_VERSIONS" => Error::TooManyVersions { name: "log.txt".into(), limit: 10_000 },
        "UPLOAD_STALLED" => Error::UploadStalled { idle_seconds: 60 },
        other => panic!("no error is made for {other}"),
    };
    assert_eq!(made.reason().as_str(), reason);
    assert_ne!(made.reason(), Reason::RootLocked, "is never sent");
    made
}

/// An answer of 32 MiB.
fn huge_answer() -> Response<Body> {
    const BYTES: u32 = 32 << 20;
    let mut message = vec![0];
    message.extend(BYTES.to_be_bytes());
    message.resize(message.len() + BYTES as usize, 0);
    let body = http_body_util::Full::new(bytes::Bytes::from(message));
    Response::builder()
        .header(header::CONTENT_TYPE, "application/grpc")
        .body(Body::new(body))
        .expect("an answer")
}
