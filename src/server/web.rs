//! gRPC-Web: calls from the pages of the origins that were allowed, and of no other.
//!
//! Any page that a browser shows can send requests to this machine's loopback. So a
//! request of a browser, which always names its page's origin, is answered only when that
//! origin was allowed by name, whatever host name the page made the browser connect to.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, Ready, ready};
use tonic::body::Body;
use tonic::codegen::http::uri::Authority;
use tonic::codegen::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tonic::codegen::http::{Version, header};
use tonic_web::GrpcWebLayer;
use tower::layer::util::{Identity, Stack};
use tower::{Layer, Service};
use tower_http::cors::CorsLayer;

/// How long a browser may remember that a page is allowed.
const ALLOWED_FOR: Duration = Duration::from_secs(3600);
/// What a page may send along.
const REQUEST_HEADERS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-user-agent"),
];
/// What a page may see of an answer that has no body.
const ANSWER_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// The layers of a listener that serves gRPC-Web, outermost last.
pub(super) type WebLayers = Stack<GrpcWebLayer, Stack<CorsLayer, Stack<OriginLayer, Identity>>>;

/// An origin that is none.
#[derive(Debug, thiserror::Error)]
#[error("{origin:?} is no origin: write SCHEME://HOST[:PORT], as in http://localhost:5173")]
pub struct OriginError {
    /// What was given.
    pub origin: String,
}

/// Reads the origins of pages that may call.
pub(super) fn origins(texts: &[String]) -> Result<Vec<HeaderValue>, OriginError> {
    texts.iter().map(|text| origin(text)).collect()
}

/// Reads an origin, and returns it as browsers write it: in lower case, without the port that
/// its scheme has anyway.
fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let refused = || OriginError { origin: text.to_owned() };
    let written = text.to_ascii_lowercase();
    let (scheme, authority) = written.split_once("://").ok_or_else(refused)?;
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return Err(refused()),
    };
    let parsed: Authority = authority.parse().map_err(|_| refused())?;
    let is_plain = !parsed.host().is_empty() && !authority.contains(['@', '*']);
    if !is_plain || (parsed.port_u16().is_none() && parsed.host() != authority) {
        return Err(refused());
    }
    let origin = written.strip_suffix(port).unwrap_or(&written);
    HeaderValue::from_str(origin).map_err(|_| refused())
}

/// Tells browsers which pages may read answers.
pub(super) fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::POST])
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(ANSWER_HEADERS)
        .max_age(ALLOWED_FOR)
}

/// Refuses the requests of other pages, and whatever of HTTP/1 is no page's.
#[derive(Debug, Clone)]
pub(super) struct OriginLayer {
    allowed: Arc<[HeaderValue]>,
}

impl OriginLayer {
    /// Lets in the pages of these origins.
    pub(super) fn new(origins: &[HeaderValue]) -> Self {
        Self { allowed: origins.into() }
    }

    fn lets_in<T>(&self, request: &Request<T>) -> bool {
        match request.headers().get(header::ORIGIN) {
            Some(origin) => self.allowed.contains(origin),
            // No page: a program that speaks gRPC, which needs HTTP/2.
            None => request.version() == Version::HTTP_2,
        }
    }
}

impl<S> Layer<S> for OriginLayer {
    type Service = OriginGate<S>;

    fn layer(&self, inner: S) -> OriginGate<S> {
        OriginGate { inner, layer: self.clone() }
    }
}

/// A service that only lets in whom its layer does.
#[derive(Debug, Clone)]
pub(super) struct OriginGate<S> {
    inner: S,
    layer: OriginLayer,
}

impl<S, In> Service<Request<In>> for OriginGate<S>
where
    S: Service<Request<In>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Self::Response, Self::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        if self.layer.lets_in(&request) {
            return Either::Left(self.inner.call(request));
        }
        tracing::warn!(
            origin = ?request.headers().get(header::ORIGIN),
            path = request.uri().path(),
            "refused a request of a page that is not allowed; --web-origin allows one"
        );
        let mut refusal = Response::new(Body::empty());
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Either::Right(ready(Ok(refusal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for good in ["http://localhost:5173", "https://board.example", "http://[::1]:8080"] {
            assert_eq!(origin(good).expect("an origin"), good);
        }
        assert_eq!(origin("http://LOCALHOST:1").expect("an origin"), "http://localhost:1");
        assert_eq!(origin("http://a:80").expect("an origin"), "http://a");
        assert_eq!(origin("https://[::1]:443").expect("an origin"), "https://[::1]");
        assert_eq!(origin("http://a:443").expect("an origin"), "http://a:443");
        for bad in [
            "*",
            "null",
            "localhost:5173",
            "http://",
            "http://a/",
            "http://a/b",
            "ftp://a",
            "http://*.a",
            "http://u@a",
            "http://a:",
            "http://:1",
            "http://a:99999",
            "http://a b",
            "http://a?b",
            "http://a#b",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
