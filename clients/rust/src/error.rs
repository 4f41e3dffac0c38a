//! The error of the client: what the server, or the network, said, in a form to branch on.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::v1::ErrorReason;

/// The domain of the server's own reasons.
const DOMAIN: &str = "callboard";

/// What did not succeed.
///
/// Branch on [`reason`](Self::reason) or [`is`](Self::is), or on [`kind`](Self::kind) where the
/// family is enough; never on the text.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    reason: String,
    metadata: HashMap<String, String>,
    retry_delay: Option<Duration>,
    request_id: String,
    cause: Cause,
}

#[derive(Clone)]
enum Cause {
    None,
    Status(Status),
    Io(Arc<io::Error>),
}

/// The families of errors. Each gRPC code belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call cannot be right (INVALID_ARGUMENT): INVALID_ID, REQUIRED_FIELD, TOO_LARGE …
    InvalidArgument,
    /// What the call names does not exist (NOT_FOUND).
    NotFound,
    /// It is there already, or a request id came with other content before (ALREADY_EXISTS).
    AlreadyExists,
    /// Something moved in between (ABORTED): read again, then decide.
    Conflict,
    /// The state does not allow it (FAILED_PRECONDITION).
    Precondition,
    /// The start cannot be honoured (OUT_OF_RANGE): CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN.
    Cursor,
    /// Something is full (RESOURCE_EXHAUSTED): DISK_FULL, SUBSCRIBER_LIMIT …
    Exhausted,
    /// The server cannot be reached, or cannot answer now (UNAVAILABLE).
    Unavailable,
    /// No answer came in time (DEADLINE_EXCEEDED); whether a write happened is not known.
    Deadline,
    /// Not signed in, or not allowed (UNAUTHENTICATED, PERMISSION_DENIED).
    Denied,
    /// A file cannot be read as what it should be (DATA_LOSS).
    DataLoss,
    /// The server, or its disk, failed (INTERNAL).
    Internal,
    /// Any other gRPC code.
    Other,
    /// The call could not even be made: what it was given cannot be right.
    Usage,
    /// A file or a stream of the caller's own cannot be read or written.
    Io,
}

impl Error {
    /// Says that a call cannot be made with what it was given.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message.into(), Cause::None)
    }

    /// Says what could not be done with a file or a stream of the caller's own.
    pub(crate) fn io(action: &str, source: io::Error) -> Self {
        let mut error = Self::from(source);
        if error.0.kind == ErrorKind::Io {
            error.0.message = format!("cannot {action}: {}", error.0.message);
        }
        error
    }

    /// Says that what arrived is not what was sent; as the server says it of an upload.
    pub(crate) fn checksum_mismatch(what: &str, actual: &str, expected: &str) -> Self {
        let message = format!("{what} has the SHA-256 {actual}, not {expected}");
        let mut error = Self::new(ErrorKind::InvalidArgument, message, Cause::None);
        error.0.reason = "CHECKSUM_MISMATCH".to_owned();
        error.0.metadata = [("name", what), ("sha256", actual), ("expected", expected)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        error
    }

    fn new(kind: ErrorKind, message: String, cause: Cause) -> Self {
        Self(Box::new(Inner {
            kind,
            message,
            reason: String::new(),
            metadata: HashMap::new(),
            retry_delay: None,
            request_id: String::new(),
            cause,
        }))
    }

    /// Returns the family.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the gRPC code; none for what is no gRPC error (`Usage` and `Io`).
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Some(match self.0.kind {
            ErrorKind::InvalidArgument => Code::InvalidArgument,
            ErrorKind::Unavailable => Code::Unavailable,
            ErrorKind::Usage | ErrorKind::Io => return None,
            _ => self.status()?.code(),
        })
    }

    /// Returns the server's reason, such as `MESSAGE_NOT_FOUND`; empty when the error does not
    /// come from the server itself, as with a broken connection. The reasons are those of
    /// [`ErrorReason`], without their prefix.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Whether this is the server's reason.
    #[must_use]
    pub fn is(&self, reason: ErrorReason) -> bool {
        let name = reason.as_str_name();
        name.strip_prefix("ERROR_REASON_").is_some_and(|name| name == self.0.reason)
    }

    /// Returns the variables of the reason, such as `oldest` and `newest`.
    #[must_use]
    pub fn metadata(&self) -> &HashMap<String, String> {
        &self.0.metadata
    }

    /// Returns one plain sentence: what, and where.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns after how long the server wants to be asked again, if it said.
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        self.0.retry_delay
    }

    /// Returns the request id of the failed call, or nothing. Repeating the call with it is
    /// safe, also when it is not known whether it was done.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Returns all that gRPC said, when it was a call that failed.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        match &self.0.cause {
            Cause::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Whether the connection broke or could not be made, so that no server said anything.
    #[must_use]
    pub fn is_broken_connection(&self) -> bool {
        self.0.kind == ErrorKind::Unavailable && self.0.reason.is_empty()
    }

    pub(crate) fn with_request_id(mut self, request_id: &str) -> Self {
        request_id.clone_into(&mut self.0.request_id);
        self
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN);
        let retry_delay = status.get_details_retry_info().and_then(|retry| retry.retry_delay);
        let (reason, metadata) = match info {
            Some(info) => (info.reason, info.metadata),
            None if is_own_limit(&status) => ("TOO_LARGE".to_owned(), HashMap::new()),
            None => (String::new(), HashMap::new()),
        };
        let kind = if reason.is_empty() && broke(&status) {
            ErrorKind::Unavailable
        } else if is_own_limit(&status) {
            ErrorKind::InvalidArgument
        } else {
            kind(status.code())
        };
        let message = match (status.message(), innermost(&status)) {
            (message, Some(detail)) if !message.contains(&detail) => {
                format!("{message}: {detail}")
            }
            ("", _) => status.code().description().to_owned(),
            (message, _) => message.to_owned(),
        };
        let mut error = Self::new(kind, message, Cause::Status(status));
        error.0.reason = reason;
        error.0.metadata = metadata;
        error.0.retry_delay = retry_delay;
        error
    }
}

impl From<io::Error> for Error {
    /// Takes an error of a file or a stream of the caller's own. One that comes from writing to a
    /// [`RunOutput`](crate::RunOutput) is what it was before.
    fn from(source: io::Error) -> Self {
        match source.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            Some(error) => error.clone(),
            None => Self::new(ErrorKind::Io, source.to_string(), Cause::Io(Arc::new(source))),
        }
    }
}

/// Whether the transport reports the connection's end. gRPC has no code of its own for that,
/// and tonic says UNKNOWN, INTERNAL or CANCELLED; only what it reports itself has a source.
fn broke(status: &Status) -> bool {
    let code = matches!(status.code(), Code::Unknown | Code::Internal | Code::Cancelled);
    code && status.source().is_some()
}

/// Whether this side refused a message that is over its own limit.
fn is_own_limit(status: &Status) -> bool {
    let code = matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted);
    code && status.get_details_error_info().is_none()
        && status.message().contains("message length too large")
}

fn kind(code: Code) -> ErrorKind {
    match code {
        Code::InvalidArgument => ErrorKind::InvalidArgument,
        Code::NotFound => ErrorKind::NotFound,
        Code::AlreadyExists => ErrorKind::AlreadyExists,
        Code::Aborted => ErrorKind::Conflict,
        Code::FailedPrecondition => ErrorKind::Precondition,
        Code::OutOfRange => ErrorKind::Cursor,
        Code::ResourceExhausted => ErrorKind::Exhausted,
        Code::Unavailable => ErrorKind::Unavailable,
        Code::DeadlineExceeded => ErrorKind::Deadline,
        Code::Unauthenticated | Code::PermissionDenied => ErrorKind::Denied,
        Code::DataLoss => ErrorKind::DataLoss,
        Code::Internal => ErrorKind::Internal,
        _ => ErrorKind::Other,
    }
}

/// Returns the innermost cause, which names the actual trouble.
fn innermost(status: &Status) -> Option<String> {
    let mut innermost = status.source()?;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    Some(innermost.to_string())
}

impl fmt::Display for Error {
    /// Shows the reason, or else the code, and the sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            _ if !self.0.reason.is_empty() => write!(f, "{}: {}", self.0.reason, self.0.message),
            Some(code) => write!(f, "{}: {}", code_name(code), self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("reason", &self.0.reason)
            .field("message", &self.0.message)
            .field("metadata", &self.0.metadata)
            .field("retry_delay", &self.0.retry_delay)
            .field("request_id", &self.0.request_id)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::None => None,
            Cause::Status(status) => Some(status),
            Cause::Io(source) => Some(source.as_ref()),
        }
    }
}

/// Returns a code as the specification of gRPC spells it, such as `NOT_FOUND`.
#[must_use]
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn refusal(code: Code, reason: &str, domain: &str) -> Status {
        let metadata = [("bus".to_owned(), "p/t".to_owned())];
        let mut details = ErrorDetails::with_error_info(reason, domain, metadata);
        details.set_retry_info(Some(Duration::from_millis(1500)));
        Status::with_error_details(code, "what happened", details)
    }

    #[test]
    fn an_error_has_the_reason_the_metadata_and_the_delay_that_the_server_sent() {
        let error = Error::from(refusal(Code::Aborted, "BUS_MOVED", "callboard"));
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(error.code(), Some(Code::Aborted));
        assert_eq!(error.reason(), "BUS_MOVED");
        assert!(error.is(ErrorReason::BusMoved) && !error.is(ErrorReason::BusEmpty));
        assert_eq!(error.metadata()["bus"], "p/t");
        assert_eq!(error.retry_delay(), Some(Duration::from_millis(1500)));
        assert_eq!(error.to_string(), "BUS_MOVED: what happened");
    }

    #[test]
    fn a_reason_of_another_domain_is_none_of_ours() {
        let error = Error::from(refusal(Code::NotFound, "BUS_MOVED", "somebody.else"));
        assert_eq!((error.reason(), error.kind()), ("", ErrorKind::NotFound));
        assert_eq!(error.to_string(), "NOT_FOUND: what happened");
    }

    #[test]
    fn every_code_belongs_to_a_family_and_keeps_its_name() {
        for (code, family) in [
            (Code::InvalidArgument, ErrorKind::InvalidArgument),
            (Code::OutOfRange, ErrorKind::Cursor),
            (Code::ResourceExhausted, ErrorKind::Exhausted),
            (Code::PermissionDenied, ErrorKind::Denied),
            (Code::Unauthenticated, ErrorKind::Denied),
            (Code::DataLoss, ErrorKind::DataLoss),
            (Code::Unimplemented, ErrorKind::Other),
            (Code::Cancelled, ErrorKind::Other),
        ] {
            let error = Error::from(Status::new(code, "x"));
            assert_eq!((error.kind(), error.code()), (family, Some(code)));
        }
    }

    #[test]
    fn what_is_over_the_transports_own_limit_is_too_large() {
        for code in [Code::OutOfRange, Code::ResourceExhausted] {
            let text = "Error, decoded message length too large: found 9 bytes, the limit is: 8";
            let error = Error::from(Status::new(code, text));
            assert_eq!((error.reason(), error.kind()), ("TOO_LARGE", ErrorKind::InvalidArgument));
            assert_eq!(error.code(), Some(Code::InvalidArgument));
        }
        assert_eq!(Error::from(Status::out_of_range("x")).reason(), "");
    }

    #[test]
    fn an_error_that_went_through_a_stream_is_what_it_was_before() {
        let refused = Error::from(refusal(Code::Aborted, "BUS_MOVED", "callboard"));
        let through = Error::io("write", io::Error::other(refused));
        assert_eq!((through.kind(), through.reason()), (ErrorKind::Conflict, "BUS_MOVED"));
        let own = Error::io("write it", io::ErrorKind::BrokenPipe.into());
        assert_eq!((own.kind(), own.code()), (ErrorKind::Io, None));
        assert!(own.message().starts_with("cannot write it: "), "{own}");
    }

    #[test]
    fn a_connection_that_breaks_is_unavailable_and_says_why() {
        let broken = Status::from_error(Box::new(io::Error::from(io::ErrorKind::ConnectionReset)));
        let error = Error::from(broken);
        assert!(error.is_broken_connection());
        assert!(error.message().contains("connection reset"), "{error}");
        assert!(!Error::from(Status::internal("a bug")).is_broken_connection());
        let busy = Error::from(refusal(Code::Unavailable, "LOCK_TIMEOUT", "callboard"));
        assert!(!busy.is_broken_connection());
    }
}
