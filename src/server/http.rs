//! The HTTP port: what monitoring asks a server for. `/metrics` says what was counted,
//! `/healthz` that the process serves, `/readyz` whether calls should be sent to it.
//!
//! It has nothing of the tree, and no gRPC. However its clients behave, they take a bounded
//! number of connections and threads.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::limits;
use crate::meters::{self, Meters};

use super::connections::{Listener, accept_one};
use super::open_connection::OpenConnection;
use super::own_host::is_own_host;

/// The text format of Prometheus.
const EXPOSITION: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What the port answers with.
pub(super) struct HttpState {
    /// The host names of this server, besides its addresses and `localhost`.
    pub(super) names: Vec<String>,
    /// Whether calls should be sent here.
    pub(super) readiness: Readiness,
    /// What was counted.
    pub(super) meters: Meters,
    /// Brings up to date what is looked up rather than counted; may block.
    pub(super) gather: Arc<dyn Fn() + Send + Sync>,
    /// Decides who may read the metrics.
    pub(super) admit: Admit,
}

/// Decides about a request by its head. Its extensions hold what is known of the connection.
pub(super) type Admit = Arc<dyn Fn(&Parts) -> Result<(), Refusal> + Send + Sync>;

/// Why a request is not answered.
#[derive(Debug)]
pub(super) struct Refusal {
    /// 401 asks for a token.
    pub(super) status: StatusCode,
    /// What is wrong, and what to do.
    pub(super) sentence: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.sentence)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// Whether calls should be sent here.
pub(super) struct Readiness {
    draining: CancellationToken,
    reasons: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    looks: Looks,
}

impl Readiness {
    /// Makes one: not ready when the token is cancelled, or when there are reasons, each a line.
    /// The reasons may block.
    pub(super) fn new(
        draining: CancellationToken,
        reasons: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    ) -> Self {
        Self { draining, reasons, looks: Looks::new() }
    }

    /// Returns why calls should not be sent here; nothing when they should.
    async fn reasons(&self) -> Vec<String> {
        if self.draining.is_cancelled() {
            return vec!["draining: the server is shutting down".to_owned()];
        }
        let reasons = Arc::clone(&self.reasons);
        self.looks.look(move || reasons()).await.unwrap_or_else(|| {
            let seconds = limits::HTTP_LOOK_TIMEOUT.as_secs();
            vec![format!("the disk does not answer within {seconds} s")]
        })
    }
}

/// Looks at what may block, one at a time: on a disk that hangs they take one thread.
struct Looks(Arc<Semaphore>);

impl Looks {
    fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Returns what a look finds; none when it takes too long, or waits too long for others.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let looking = async {
            let turn = Arc::clone(&self.0).acquire_owned().await.ok()?;
            let looked = spawn_blocking(move || {
                let _turn = turn;
                look()
            });
            looked.await.ok()
        };
        timeout(limits::HTTP_LOOK_TIMEOUT, looking).await.ok().flatten()
    }
}

/// What the handlers share.
struct Shared {
    state: HttpState,
    gathering: Looks,
}

/// Makes the service of the port.
pub(super) fn router(state: HttpState) -> Router {
    let shared = Arc::new(Shared { state, gathering: Looks::new() });
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, NO_PAGE) })
        .method_not_allowed_fallback(|| async {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), own_hosts_only))
        .with_state(shared)
}

const NO_PAGE: &str = "there are only /metrics, /healthz and /readyz here; \
                       gRPC is served on another port";

fn refusal(status: StatusCode, sentence: &str) -> Refusal {
    Refusal { status, sentence: sentence.to_owned() }
}

/// Refuses what was sent to another host's name.
async fn own_hosts_only(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let names = &shared.state.names;
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, further) = (hosts.next(), hosts.next());
    let own = |host: &str| is_own_host(host, names);
    let is_own = host.and_then(|host| host.to_str().ok()).is_some_and(own)
        && further.is_none()
        // A proxy's form of a request names the host once more.
        && request.uri().authority().is_none_or(|authority| own(authority.as_str()));
    if is_own {
        return Ok(next.run(request).await);
    }
    meters::refused_request("host");
    tracing::warn!(?host, path = request.uri().path(), "refused a request to another host's name");
    let sentence = "the Host of the request is not a name of this server; \
                    use its address, or localhost";
    Err(refusal(StatusCode::FORBIDDEN, sentence))
}

async fn metrics(
    State(shared): State<Arc<Shared>>,
    parts: Parts,
) -> Result<impl IntoResponse, Refusal> {
    let HttpState { admit, gather, meters, .. } = &shared.state;
    admit(&parts)?;
    let (gather, meters) = (Arc::clone(gather), *meters);
    // Without it, what was found before is shown.
    let _ = shared.gathering.look(move || gather()).await;
    // It reads of the process, which is in memory, and takes a while.
    let text = spawn_blocking(move || meters.render()).await;
    let failed = |_| refusal(StatusCode::INTERNAL_SERVER_ERROR, "the log says what failed");
    Ok(([(header::CONTENT_TYPE, EXPOSITION)], text.map_err(failed)?))
}

async fn readyz(State(shared): State<Arc<Shared>>) -> Result<&'static str, Refusal> {
    let reasons = shared.state.readiness.reasons().await;
    if reasons.is_empty() {
        return Ok("ready\n");
    }
    Err(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, sentence: reasons.join("\n") })
}

/// Serves a router on a listener until the token is cancelled; then it cuts off what is there.
pub(super) async fn serve<L: Listener>(listener: L, router: Router, end: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits::HTTP_CONNECTIONS_MAX));
    // Dropped, it ends them all.
    let mut connections = JoinSet::new();
    let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = async {
            let accepted = accept_one(&listener).await;
            // Whoever comes later asks for the health: nobody can keep others from that by
            // holding what there is.
            if places.available_permits() == 0 {
                oldest.retain(|connection| !connection.is_finished());
                oldest.pop_front().inspect(AbortHandle::abort);
                meters::refused_connection("place_needed");
            }
            let place = Arc::clone(&places).acquire_owned().await.expect("the places stay");
            (accepted, place)
        };
        tokio::select! {
            () = end.cancelled() => return,
            (accepted, place) = accepted => {
                let peer = L::peer(&accepted);
                let open = Arc::new(OpenConnection::new(Arc::default(), peer));
                let io = listener.begin(accepted, &open);
                let router = router.clone();
                oldest.retain(|connection| !connection.is_finished());
                oldest.push_back(connections.spawn(async move {
                    let _place = place;
                    serve_connection(io, open, router).await;
                }));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers what comes over one connection. What its client does wrong, or too slowly, ends it.
async fn serve_connection<I>(io: I, open: Arc<OpenConnection>, router: Router)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&open));
        request
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HTTP_HEAD_TIMEOUT)
            .max_buf_size(limits::HTTP_HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(io), TowerToHyperService::new(service))
    );
    if timeout(limits::HTTP_CONNECTION_AGE_MAX, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(limits::HTTP_ANSWER_TIMEOUT, connection).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::body::{Body, to_bytes};

    use super::*;

    fn state(reasons: impl Fn() -> Vec<String> + Send + Sync + 'static) -> HttpState {
        HttpState {
            names: vec!["board.example".into()],
            readiness: Readiness::new(CancellationToken::new(), Arc::new(reasons)),
            meters: crate::meters::install(),
            gather: Arc::new(|| ()),
            admit: Arc::new(|_| Ok(())),
        }
    }

    async fn get(router: &Router, path: &str, token: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(header::HOST, "board.example:9464")
            .header(header::AUTHORIZATION, token);
        let request = request.body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8(body.into()).expect("text"))
    }

    #[tokio::test]
    async fn who_is_not_admitted_reads_no_metrics_and_still_sees_the_health() {
        let admit = |parts: &Parts| match parts.headers.get(header::AUTHORIZATION) {
            Some(token) if token == "let me in" => Ok(()),
            _ => Err(refusal(StatusCode::UNAUTHORIZED, "no")),
        };
        let router = router(HttpState { admit: Arc::new(admit), ..state(Vec::new) });
        let (status, body) = get(&router, "/metrics", "somebody").await;
        assert_eq!((status, body.as_str()), (StatusCode::UNAUTHORIZED, "no\n"));
        let (status, body) = get(&router, "/metrics", "let me in").await;
        assert!(status == StatusCode::OK && body.contains("callboard_build_info"), "{body}");
        assert_eq!(get(&router, "/healthz", "somebody").await.0, StatusCode::OK);
        assert_eq!(get(&router, "/readyz", "somebody").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn each_reason_not_to_be_ready_is_a_line() {
        let reasons = || vec!["disk: full".to_owned(), "root: cannot be written".to_owned()];
        let answer = get(&router(state(reasons)), "/readyz", "").await;
        let expected = "disk: full\nroot: cannot be written\n";
        assert_eq!(answer, (StatusCode::SERVICE_UNAVAILABLE, expected.to_owned()));
    }

    #[tokio::test]
    async fn a_disk_that_hangs_is_a_reason_and_takes_one_thread() {
        let (hang, hung) = mpsc::channel::<()>();
        let hung = std::sync::Mutex::new(hung);
        let (look, mut looks) = tokio::sync::mpsc::unbounded_channel();
        let router = router(state(move || {
            let _ = look.send(());
            let _ = hung.lock().expect("one at a time").recv();
            Vec::new()
        }));
        for _ in 0..2 {
            let (status, body) = get(&router, "/readyz", "").await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(body.contains("does not answer within"), "{body}");
        }
        assert!(looks.try_recv().is_ok() && looks.try_recv().is_err(), "it was looked at once");
        drop(hang);
        assert_eq!(get(&router, "/readyz", "").await, (StatusCode::OK, "ready\n".to_owned()));
    }
}
