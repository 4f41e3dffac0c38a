"""What is refused, and how it is told."""

from __future__ import annotations

import socket
from typing import Callable, List, Type

import grpc
import pytest
from scripted import Behaviour, refuse, serving

import callboard
from callboard import Client

Refused = Callable[[Client], object]


@pytest.mark.parametrize(
    ("family", "code", "reason", "call"),
    [
        (
            callboard.InvalidArgumentError,
            grpc.StatusCode.INVALID_ARGUMENT,
            "REQUIRED_FIELD",
            lambda client: client.append("", "a message without a type"),
        ),
        (
            callboard.InvalidArgumentError,
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_ID",
            lambda client: client.append("FACT", "x", project="No Such Id"),
        ),
        (
            callboard.InvalidArgumentError,
            grpc.StatusCode.INVALID_ARGUMENT,
            "PATH_TRAVERSAL",
            lambda client: client.append("FACT", "x", task="../up"),
        ),
        (
            callboard.InvalidArgumentError,
            grpc.StatusCode.INVALID_ARGUMENT,
            "TOO_LARGE",
            lambda client: client.append("FACT", "x" * ((1 << 20) + 1)),
        ),
        (
            callboard.InvalidArgumentError,
            grpc.StatusCode.INVALID_ARGUMENT,
            "MIXED_BUSES",
            lambda client: client.append_many(
                [client.message("FACT", task="a"), client.message("FACT", task="b")]
            ),
        ),
        (
            callboard.NotFoundError,
            grpc.StatusCode.NOT_FOUND,
            "MESSAGE_NOT_FOUND",
            lambda client: client.get("MSG-20260101-000000-000000000-PID00001-0001"),
        ),
        (
            callboard.NotFoundError,
            grpc.StatusCode.NOT_FOUND,
            "MESSAGE_NOT_FOUND",
            lambda client: list(client.read(since_id="MSG-unknown")),
        ),
        (
            callboard.NotFoundError,
            grpc.StatusCode.NOT_FOUND,
            "BUS_NOT_FOUND",
            lambda client: client.rotate(task="task-nobody"),
        ),
        (
            callboard.CursorError,
            grpc.StatusCode.OUT_OF_RANGE,
            "CURSOR_UNKNOWN",
            lambda client: list(client.read(cursor="not a cursor")),
        ),
        (
            callboard.CursorError,
            grpc.StatusCode.OUT_OF_RANGE,
            "CURSOR_UNKNOWN",
            lambda client: client.follow(cursor="not a cursor"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_has_its_class_code_and_reason(
    client: Client,
    family: Type[callboard.CallboardError],
    code: grpc.StatusCode,
    reason: str,
    call: Refused,
) -> None:
    client.append("FACT", "the bus exists")
    with pytest.raises(callboard.CallboardError) as caught:
        call(client)
    error = caught.value
    assert (error.reason, error.code, type(error)) == (reason, code, family)
    assert error.message and str(error) == f"{reason}: {error.message}"
    assert isinstance(error.__cause__, grpc.RpcError)


def test_a_request_id_with_other_content_is_refused_and_says_which(client: Client) -> None:
    client.append("FACT", "one", request_id="r1")
    with pytest.raises(callboard.AlreadyExistsError) as caught:
        client.append("FACT", "two", request_id="r1")
    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert caught.value.request_id == "r1"
    assert len(list(client.read())) == 1


def test_a_missing_server_is_unavailable_and_the_request_id_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        addr = f"127.0.0.1:{free.getsockname()[1]}"
        with callboard.connect(addr, project="p") as client:
            with pytest.raises(callboard.CallboardError) as caught:
                client.append("FACT", "x", timeout=0.5)
            assert isinstance(
                caught.value, (callboard.UnavailableError, callboard.DeadlineError)
            )
            assert caught.value.reason == ""
            assert caught.value.request_id
            with pytest.raises(callboard.UnavailableError):
                client.follow(retry_for=0.3)


def test_a_call_without_a_project_says_what_to_do(addr: str) -> None:
    with callboard.connect(addr) as client:
        with pytest.raises(ValueError, match="JRUN_PROJECT_ID"):
            client.append("FACT", "x")


def answering(code: grpc.StatusCode, reason: str, message: str) -> Behaviour:
    def refuse_it(_: object, context: grpc.ServicerContext) -> None:
        refuse(context, code, reason, {"path": "demo/x"}, message)

    return refuse_it


@pytest.mark.parametrize(
    ("code", "reason", "family"),
    [
        (grpc.StatusCode.DATA_LOSS, "CORRUPT_DOCUMENT", callboard.DataLossError),
        (grpc.StatusCode.INTERNAL, "IO", callboard.InternalError),
        (grpc.StatusCode.FAILED_PRECONDITION, "BUS_POISONED", callboard.PreconditionError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "DISK_FULL", callboard.ExhaustedError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", callboard.ExhaustedError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "UPLOAD_STALLED", callboard.DeadlineError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "CALL_TIMED_OUT", callboard.DeadlineError),
        (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_REQUIRED", callboard.DeniedError),
        (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID", callboard.DeniedError),
        (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED", callboard.DeniedError),
        (grpc.StatusCode.UNIMPLEMENTED, "", callboard.OtherError),
    ],
    ids=str,
)
def test_each_code_has_its_family_and_is_not_tried_again(
    code: grpc.StatusCode, reason: str, family: Type[callboard.CallboardError]
) -> None:
    refuse_it = answering(code, reason, "what happened")
    asked: List[object] = []

    def count(request: object, context: grpc.ServicerContext) -> None:
        asked.append(request)
        refuse_it(request, context)

    with serving(GetMessage=count) as addr:
        with callboard.connect(addr, project="p") as client:
            with pytest.raises(callboard.CallboardError) as caught:
                client.get("m")
    assert len(asked) == 1
    error = caught.value
    assert (type(error), error.code, error.reason) == (family, code, reason)
    assert error.metadata == ({"path": "demo/x"} if reason else {})
    assert error.message == "what happened"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "CLIENT: Received message larger than max (5 vs. 4)",
        ),
        (
            grpc.StatusCode.OUT_OF_RANGE,
            "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes",
        ),
    ],
)
def test_what_is_over_a_limit_of_the_transport_is_too_large(
    code: grpc.StatusCode, message: str
) -> None:
    with serving(GetMessage=answering(code, "", message)) as addr:
        with callboard.connect(addr, project="p") as client:
            with pytest.raises(callboard.InvalidArgumentError) as caught:
                client.get("m")
    assert caught.value.reason == "TOO_LARGE"
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT


def test_a_message_far_over_the_limit_is_too_large(client: Client) -> None:
    with pytest.raises(callboard.InvalidArgumentError) as caught:
        client.append("FACT", "x" * (6 << 20))
    assert caught.value.reason == "TOO_LARGE"


def test_what_else_is_out_of_range_or_exhausted_stays_what_it_is() -> None:
    with serving(GetMessage=answering(grpc.StatusCode.RESOURCE_EXHAUSTED, "", "no room")) as addr:
        with callboard.connect(addr, project="p") as client:
            with pytest.raises(callboard.ExhaustedError) as caught:
                client.get("m")
    assert caught.value.reason == ""
