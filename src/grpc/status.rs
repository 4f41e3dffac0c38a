//! Errors on the wire: the one place where a reason becomes a gRPC code.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::error::{Error, Reason};
use crate::limits::REQUEST_BYTES_MAX;

/// The domain of every `ErrorInfo` of ours.
const DOMAIN: &str = "callboard";
/// When to come back after a shutdown or a held lock.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// What a method returns.
pub(super) type Answer<T> = Result<Response<T>, Status>;

/// Turns an error into a status with its details.
pub fn status(error: &Error) -> Status {
    status_with(error, &[])
}

/// Turns an error into a status, with further metadata.
pub(super) fn status_with(error: &Error, further: &[(&str, String)]) -> Status {
    let reason = error.reason();
    if matches!(reason, Reason::Bug | Reason::Io) {
        tracing::error!(%error, reason = reason.as_str(), "call failed");
    }
    let metadata: HashMap<String, String> = error
        .metadata()
        .into_iter()
        .chain(further.iter().map(|(key, value)| (*key, value.clone())))
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    let mut details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, metadata);
    if let Some(field) = error.field() {
        details.add_bad_request_violation(field, error.to_string());
    }
    if matches!(reason, Reason::ShuttingDown | Reason::LockTimeout) {
        details.set_retry_info(Some(RETRY_DELAY));
    }
    Status::with_error_details(code(reason), error.to_string(), details)
}

/// Recognises what the transport says of a request that is too large for it: only
/// OUT_OF_RANGE, without a reason.
pub fn oversize(status: &Status) -> Option<Error> {
    const TRANSPORT_MESSAGE: &str = "Error, decoded message length too large";
    let refused =
        status.code() == Code::OutOfRange && status.message().starts_with(TRANSPORT_MESSAGE);
    if !refused {
        return None;
    }
    // It names the size and the limit, in this order.
    let mut numbers = status
        .message()
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse::<usize>().ok());
    let actual = numbers.next();
    let limit = numbers.next().unwrap_or(REQUEST_BYTES_MAX);
    Some(Error::TooLarge {
        field: "request",
        limit_name: "REQUEST_BYTES_MAX",
        limit,
        actual: actual.unwrap_or(limit + 1),
    })
}

fn code(reason: Reason) -> Code {
    match reason {
        Reason::InvalidId
        | Reason::PathTraversal
        | Reason::RequiredField
        | Reason::TooLarge
        | Reason::InvalidField
        | Reason::MixedBuses
        | Reason::InvalidPageToken
        | Reason::ChecksumMismatch
        | Reason::AmbiguousId => Code::InvalidArgument,
        Reason::ProjectNotFound
        | Reason::TaskNotFound
        | Reason::RunNotFound
        | Reason::RunFileNotFound
        | Reason::ArtifactNotFound
        | Reason::FactNotFound
        | Reason::BusNotFound
        | Reason::MessageNotFound => Code::NotFound,
        Reason::ProjectExists
        | Reason::TaskExists
        | Reason::RunExists
        | Reason::RequestIdReused => Code::AlreadyExists,
        Reason::BusMoved | Reason::EtagMismatch | Reason::ForeignWrite | Reason::OffsetMismatch => {
            Code::Aborted
        }
        Reason::RunAmbiguous
        | Reason::RunActive
        | Reason::NotEmpty
        | Reason::InvalidTransition
        | Reason::WorktreeMissing
        | Reason::BusPoisoned
        | Reason::BusEmpty
        | Reason::NotARegularFile
        | Reason::RootLocked => Code::FailedPrecondition,
        Reason::CorruptDocument => Code::DataLoss,
        Reason::CursorExpired | Reason::CursorAhead | Reason::CursorUnknown => Code::OutOfRange,
        Reason::LockTimeout | Reason::ShuttingDown => Code::Unavailable,
        Reason::UploadStalled | Reason::CallTimedOut => Code::DeadlineExceeded,
        Reason::SubscriberLimit
        | Reason::DiskFull
        | Reason::QuotaExceeded
        | Reason::TooManyVersions => Code::ResourceExhausted,
        Reason::TokenRequired | Reason::TokenInvalid => Code::Unauthenticated,
        Reason::NotAllowed => Code::PermissionDenied,
        Reason::Io | Reason::Bug => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::grpc::pb;

    use super::*;

    #[test]
    fn the_proto_lists_the_reasons_that_are_sent() {
        // A server that cannot start sends nothing.
        let sent = Reason::ALL.iter().filter(|reason| **reason != Reason::RootLocked);
        let sent: BTreeSet<String> =
            sent.map(|reason| format!("ERROR_REASON_{}", reason.as_str())).collect();
        let listed = (1..).map_while(|number| pb::ErrorReason::try_from(number).ok());
        let listed: BTreeSet<String> =
            listed.map(|reason| reason.as_str_name().to_owned()).collect();
        assert_eq!(listed, sent);
    }
}
