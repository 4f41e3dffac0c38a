"""The errors of the client: one class per family, each with the server's reason.

Branch on the class or on `reason`, never on the text.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Type, cast

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY = "grpc-status-details-bin"


class CallboardError(Exception):
    """A call that did not succeed."""

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        reason: str = "",
        metadata: Optional[Mapping[str, str]] = None,
        retry_delay: Optional[float] = None,
        request_id: str = "",
    ) -> None:
        """Holds what the server, or the network, said."""
        super().__init__(message)
        #: One plain sentence: what, where, and what to do.
        self.message = message
        #: The gRPC code.
        self.code = code
        #: The reason in UPPER_SNAKE_CASE, such as CURSOR_EXPIRED; empty when the
        #: error does not come from the server itself (a broken connection).
        self.reason = reason
        #: The variables of the reason, such as `oldest` and `newest`.
        self.metadata: Dict[str, str] = dict(metadata or {})
        #: After how many seconds the server wants to be asked again, if it said.
        self.retry_delay = retry_delay
        #: The request id that the failed call carried: repeating with it is safe, also
        #: when it is not known whether anything was written. Else empty.
        self.request_id = request_id

    def __str__(self) -> str:
        """Shows the reason, or the code without one, and the sentence."""
        return f"{self.reason or self.code.name}: {self.message}"


class InvalidArgumentError(CallboardError):
    """The call cannot be right: INVALID_ID, REQUIRED_FIELD, TOO_LARGE, AMBIGUOUS_ID …"""


class NotFoundError(CallboardError):
    """What the call names does not exist: MESSAGE_NOT_FOUND, BUS_NOT_FOUND …"""


class AlreadyExistsError(CallboardError):
    """It is there already, or a request id was reused with other content: REQUEST_ID_REUSED …"""


class ConflictError(CallboardError):
    """Something moved in between: BUS_MOVED …; read again, then decide."""


class PreconditionError(CallboardError):
    """The state does not allow it: BUS_EMPTY, BUS_POISONED …"""


class CursorError(CallboardError):
    """The start cannot be honoured: CURSOR_EXPIRED, CURSOR_AHEAD, CURSOR_UNKNOWN."""


class ExhaustedError(CallboardError):
    """Something is full: DISK_FULL, QUOTA_EXCEEDED, SUBSCRIBER_LIMIT …"""


class UnavailableError(CallboardError):
    """The server cannot be reached or cannot answer now: SHUTTING_DOWN, LOCK_TIMEOUT …"""


class DeadlineError(CallboardError):
    """No answer came in time; whether a write happened is not known."""


class DeniedError(CallboardError):
    """Not signed in, or not allowed: TOKEN_REQUIRED, TOKEN_INVALID, NOT_ALLOWED."""


class DataLossError(CallboardError):
    """A file cannot be read as what it should be: CORRUPT_DOCUMENT …"""


class InternalError(CallboardError):
    """The server's disk failed, or it has a bug: IO, BUG; also a connection that broke oddly."""


class OtherError(CallboardError):
    """A code that belongs to none of the other classes."""


_FAMILIES: Dict[grpc.StatusCode, Type[CallboardError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExistsError,
    grpc.StatusCode.ABORTED: ConflictError,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionError,
    grpc.StatusCode.OUT_OF_RANGE: CursorError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ExhaustedError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
    grpc.StatusCode.UNAUTHENTICATED: DeniedError,
    grpc.StatusCode.PERMISSION_DENIED: DeniedError,
    grpc.StatusCode.DATA_LOSS: DataLossError,
    grpc.StatusCode.INTERNAL: InternalError,
}


# What the runtimes on both sides say of a message that is too long for them, in words
# only: gRPC here, and the server's before it has looked at the message.
_OVERSIZE_CODES = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OUT_OF_RANGE)
_OVERSIZE_WORDS = re.compile(r"message larger than max|message length too large", re.IGNORECASE)


def from_rpc_error(error: grpc.RpcError, request_id: str = "") -> CallboardError:
    """Turns gRPC's error into the client's, with the details the server attached.

    gRPC's own is its `__cause__`.
    """
    # Every RpcError that a call raises is a Call as well; the types do not say so.
    call = cast(grpc.Call, error)
    code = call.code()
    message = call.details() or str(error)
    reason, metadata, retry_delay = "", None, None
    for detail in _details(call):
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            if info.domain == "callboard":
                reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_delay = retry.retry_delay.ToTimedelta().total_seconds()
    if not reason and code in _OVERSIZE_CODES and _OVERSIZE_WORDS.search(message):
        code, reason = grpc.StatusCode.INVALID_ARGUMENT, "TOO_LARGE"
    failure = _FAMILIES.get(code, OtherError)(
        message,
        code=code,
        reason=reason,
        metadata=metadata,
        retry_delay=retry_delay,
        request_id=request_id,
    )
    failure.__cause__ = error
    return failure


def client_closed(request_id: str = "") -> UnavailableError:
    """Makes the error of a call whose client was closed before, or meanwhile."""
    return UnavailableError(
        "the client was closed", code=grpc.StatusCode.UNAVAILABLE, request_id=request_id
    )


def nothing_in_time() -> DeadlineError:
    """Makes the error of a stream whose first frame did not come in time."""
    return DeadlineError("nothing came in time", code=grpc.StatusCode.DEADLINE_EXCEEDED)


def checksum_mismatch(name: str, expected: str, sha256: str) -> InvalidArgumentError:
    """Makes the error for content that arrived with another SHA-256 than the server's."""
    return InvalidArgumentError(
        f"artifact {name} arrived with the SHA-256 {sha256}, and has {expected} at the server",
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason="CHECKSUM_MISMATCH",
        metadata={"name": name, "expected": expected, "sha256": sha256},
    )


def _details(call: grpc.Call) -> List[Any]:
    """Returns what the server attached; nothing when it is absent or not readable."""
    for key, value in call.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []
    return []
