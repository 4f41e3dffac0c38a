//! gRPC-Web: calls from the pages of the origins that were allowed, and of no other.
//!
//! Any page that a browser shows can send requests to this machine's loopback, with the rights
//! of its user. So a request of a browser, which always names its page's origin, is answered only
//! when that origin was allowed by name, by a host name that no stranger can have resolved to
//! this machine, and when its content is gRPC's, which a browser asks for first. This holds on
//! every listener, whether it serves gRPC-Web or not: over TLS browsers speak HTTP/2, too.

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

use crate::meters;

use super::own_host::is_own_host;

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

/// The layers of a listener that serves programs alone.
pub(super) type ProgramLayers = Stack<PageLayer, Identity>;
/// The layers of a listener that serves gRPC-Web, outermost last.
pub(super) type WebLayers = Stack<GrpcWebLayer, Stack<CorsLayer, ProgramLayers>>;

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

/// Refuses what pages of other sites can make a browser send, and whatever of HTTP/1 is no
/// page's.
#[derive(Debug, Clone)]
pub(super) struct PageLayer(Arc<Allowed>);

#[derive(Debug)]
struct Allowed {
    /// The origins of pages.
    origins: Vec<HeaderValue>,
    /// Host names of this server, besides its addresses and `localhost`.
    hosts: Vec<String>,
    /// How long the headers of a request may be, in bytes.
    header_bytes_max: u32,
}

/// What a request is refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// It comes from a page, or by a host name, that is not allowed.
    Page,
    /// It is no gRPC; a page may send that without being asked for.
    Content,
    /// Its headers are longer than they may be.
    Headers,
}

impl PageLayer {
    /// Lets in the pages of these origins, by these names of this host and its own.
    pub(super) fn new(origins: &[HeaderValue], hosts: &[String], header_bytes_max: u32) -> Self {
        let (origins, hosts) = (origins.to_vec(), hosts.to_vec());
        Self(Arc::new(Allowed { origins, hosts, header_bytes_max }))
    }

    fn check<T>(&self, request: &Request<T>) -> Result<(), Refused> {
        let origin = request.headers().get(header::ORIGIN);
        let is_page = origin.is_some() || request.version() != Version::HTTP_2;
        match origin {
            Some(origin) if self.0.origins.contains(origin) => {}
            // No page: a program that speaks gRPC, which needs HTTP/2.
            None if !is_page => {}
            _ => return Err(Refused::Page),
        }
        // A page of an allowed name may have been resolved to this machine by somebody else.
        if is_page && !host(request).is_some_and(|host| is_own_host(host, &self.0.hosts)) {
            return Err(Refused::Page);
        }
        // Over HTTP/2 the transport has counted them.
        let is_counted = request.version() == Version::HTTP_2;
        if !is_counted && header_bytes(request) > self.0.header_bytes_max as usize {
            return Err(Refused::Headers);
        }
        let is_preflight = is_page && request.method() == Method::OPTIONS;
        let content = request.headers().get(header::CONTENT_TYPE);
        let is_grpc = content.is_some_and(|it| it.as_bytes().starts_with(b"application/grpc"));
        if is_grpc || is_preflight { Ok(()) } else { Err(Refused::Content) }
    }
}

/// Returns the name by which a request calls this host.
fn host<T>(request: &Request<T>) -> Option<&str> {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| request.uri().authority().map(Authority::as_str))
}

/// Returns how long the headers of a request are, in bytes, as HTTP/2 counts them (RFC 9113,
/// 6.5.2), where the path is one of them.
fn header_bytes<T>(request: &Request<T>) -> usize {
    const OF_EACH: usize = 32;
    let bytes = |name: &str, value: &[u8]| name.len() + value.len() + OF_EACH;
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| bytes(name.as_str(), value.as_bytes()));
    headers.sum::<usize>() + bytes(":path", path.as_bytes())
}

impl<S> Layer<S> for PageLayer {
    type Service = PageGate<S>;

    fn layer(&self, inner: S) -> PageGate<S> {
        PageGate { inner, layer: self.clone() }
    }
}

/// A service that only lets in whom its layer does.
#[derive(Debug, Clone)]
pub(super) struct PageGate<S> {
    inner: S,
    layer: PageLayer,
}

impl<S, In> Service<Request<In>> for PageGate<S>
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
        let Err(refused) = self.layer.check(&request) else {
            return Either::Left(self.inner.call(request));
        };
        let mut refusal = Response::new(Body::empty());
        *refusal.status_mut() = match refused {
            Refused::Page => {
                tracing::warn!(
                    origin = ?request.headers().get(header::ORIGIN),
                    host = ?host(&request),
                    path = request.uri().path(),
                    "refused a request of a page that is not allowed; --web-origin allows one, \
                     and --web-host another name of this host"
                );
                meters::refused_request("page");
                StatusCode::FORBIDDEN
            }
            Refused::Content => {
                meters::refused_request("content");
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Refused::Headers => {
                meters::refused_request("headers");
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
        };
        Either::Right(ready(Ok(refusal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "http://localhost:5173";

    fn checked(version: Version, headers: &[(HeaderName, &str)]) -> Result<(), Refused> {
        let layer =
            PageLayer::new(&[HeaderValue::from_static(PAGE)], &["board.example".into()], 256);
        let mut request = Request::builder().method(Method::POST).version(version);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        layer.check(&request.body(()).expect("a request"))
    }

    #[test]
    fn pages_are_let_in_by_origin_and_host_and_programs_by_what_they_send() {
        let grpc = (header::CONTENT_TYPE, "application/grpc");
        let web = (header::CONTENT_TYPE, "application/grpc-web+proto");
        let from = |origin| (header::ORIGIN, origin);
        let to = |host| (header::HOST, host);
        let (http1, http2) = (Version::HTTP_11, Version::HTTP_2);
        let good: [(Version, &[_]); 4] = [
            (http2, std::slice::from_ref(&grpc)),
            (http2, &[grpc.clone(), to("any.example")]),
            (http1, &[web.clone(), from(PAGE), to("127.0.0.1:1")]),
            (http2, &[web.clone(), from(PAGE), to("board.example")]),
        ];
        for (version, headers) in good {
            assert_eq!(checked(version, headers), Ok(()), "{headers:?}");
        }
        let pages: [(Version, &[_]); 5] = [
            (http1, &[grpc.clone(), to("localhost")]),
            (http1, &[web.clone(), from("http://evil.example"), to("localhost")]),
            (http2, &[grpc.clone(), from("http://evil.example"), to("localhost")]),
            (http1, &[web.clone(), from(PAGE), to("evil.example")]),
            (http1, &[web, from(PAGE)]),
        ];
        for (version, headers) in pages {
            assert_eq!(checked(version, headers), Err(Refused::Page), "{headers:?}");
        }
        let content: [(Version, &[_]); 3] = [
            (http2, &[]),
            (http2, &[(header::CONTENT_TYPE, "text/plain")]),
            (http1, &[(header::CONTENT_TYPE, "text/plain"), from(PAGE), to("localhost")]),
        ];
        for (version, headers) in content {
            assert_eq!(checked(version, headers), Err(Refused::Content), "{headers:?}");
        }
    }

    #[test]
    fn a_page_sends_no_more_headers_than_a_program_may() {
        let page = |version, agent: &str| {
            let (to, web) = ((header::HOST, "localhost"), "application/grpc-web+proto");
            let headers = [(header::ORIGIN, PAGE), to, (header::CONTENT_TYPE, web)];
            checked(version, &[&headers[..], &[(header::USER_AGENT, agent)]].concat())
        };
        // 59, 45 and 70 bytes, 38 of the path, and 42 without the agent: 2 are left.
        assert_eq!(page(Version::HTTP_11, "aa"), Ok(()));
        assert_eq!(page(Version::HTTP_11, "aaa"), Err(Refused::Headers));
        assert_eq!(page(Version::HTTP_2, "aaa"), Ok(()), "the transport counts them");
    }

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
