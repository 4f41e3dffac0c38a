"""The connection of a client: its channel, its generated clients, and how calls are made."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, Protocol, Type, TypeVar

import grpc

from callboard.attempts import TIMEOUT_DEFAULT, Attempts, is_repeatable
from callboard.channel import Endpoint, authorized
from callboard.defaults import Defaults
from callboard.errors import CallboardError, client_closed, from_rpc_error
from callboard.pause import pause_on
from callboard.stream import Course, ResumedStream
from callboard.v1.message_bus_pb2_grpc import MessageBusStub
from callboard.v1.storage_pb2_grpc import StorageStub

if TYPE_CHECKING:
    from typing_extensions import Self

_Answer = TypeVar("_Answer")
_Request = TypeVar("_Request")
_Frame = TypeVar("_Frame")


class _Closable(Protocol):
    def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Closable)


class Connection:
    """What the methods of a `Client` stand on."""

    def __init__(
        self,
        addr: Optional[str] = None,
        *,
        token: Optional[str] = None,
        ca_file: Optional[str] = None,
        cert_file: Optional[str] = None,
        key_file: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        run: Optional[str] = None,
        timeout: float = TIMEOUT_DEFAULT,
    ) -> None:
        """As `connect`."""
        endpoint = Endpoint(addr, token, ca_file, cert_file, key_file)
        #: The project, the task and the run that are meant when none is named.
        self.defaults = Defaults.resolve(project, task, run)
        #: How long a call may take with all its attempts, in seconds.
        self.timeout = timeout
        self._target = endpoint.address.target
        self._channel = endpoint.open_channel()
        channel = authorized(self._channel, endpoint.token)
        #: The generated client of the buses, for what the methods here do not offer.
        self.bus = MessageBusStub(channel)
        #: The generated client of projects, tasks, runs and what they keep; see `call`.
        self.storage = StorageStub(channel)
        self._pause = pause_on(self.storage)
        self._closed = threading.Event()
        self._streams: weakref.WeakSet[Any] = weakref.WeakSet()
        self._streams_lock = threading.Lock()

    def close(self) -> None:
        """Closes the connection and ends what still runs over it.

        Calls that wait for their answer, and later ones, fail with UnavailableError; followers and
        readers end.
        """
        with self._streams_lock:
            self._closed.set()
            streams = list(self._streams)
        for stream in streams:
            stream.close()
        self._channel.close()

    def __repr__(self) -> str:
        """Shows where the server is."""
        return f"<{type(self).__module__}.{type(self).__name__} of {self._target}>"

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        self.close()

    def call(
        self,
        method: Callable[..., _Answer],
        request: object,
        *,
        timeout: Optional[float] = None,
        repeatable: Optional[bool] = None,
    ) -> _Answer:
        """Calls a unary method of `storage` or `bus`, with the errors of this client.

        `client.call(client.storage.GetTask, GetTaskRequest(project_id="p", task_id="t"))`

        While the server cannot be reached the call is repeated, within `timeout` seconds (by
        default the client's), where that is safe: when the request is one to get, to list or to
        read something, or carries a `request_id` or an `etag`. `repeatable` says otherwise, for
        a call that sets something as a whole.
        """
        return self._attempt(
            lambda remaining: method(request, timeout=remaining),
            Attempts(
                self.timeout if timeout is None else timeout,
                repeatable=is_repeatable(request) if repeatable is None else repeatable,
            ),
            request_id=getattr(request, "request_id", ""),
        )

    def _attempt(
        self,
        attempt: Callable[[float], _Answer],
        attempts: Attempts,
        *,
        request_id: str = "",
    ) -> _Answer:
        """Makes a call, again while the server is unavailable and time is left."""
        while not self._closed.is_set():
            try:
                return attempt(attempts.remaining)
            except grpc.RpcError as error:
                failure: CallboardError = from_rpc_error(error, request_id)
                if failure.code == grpc.StatusCode.CANCELLED and self._closed.is_set():
                    raise client_closed(request_id) from error
            except ValueError as error:
                # A call over a closed channel, or what it is asked to send is wrong.
                if not self._closed.is_set():
                    raise
                raise client_closed(request_id) from error
            delay = attempts.next_delay(failure)
            if delay is None or self._pause(self._closed, delay):
                raise attempts.last_word(failure)
        raise client_closed(request_id)

    def _resumed(
        self,
        method: Callable[[_Request], object],
        course: Course[_Request],
        *,
        what: str,
        patience: Optional[float],
        silence_max: Optional[float] = None,
    ) -> ResumedStream[_Request, _Frame]:
        """Makes a stream that goes on through breaks, and ends with the client."""
        stream: ResumedStream[_Request, _Frame] = ResumedStream(
            method,
            course,
            what=what,
            pause=self._pause,
            patience=patience,
            silence_max=silence_max,
        )
        return self._keep(stream)

    def _keep(self, stream: _Opened) -> _Opened:
        """Lets a stream end with the client. Raises UnavailableError when that has ended."""
        with self._streams_lock:
            if not self._closed.is_set():
                self._streams.add(stream)
                return stream
        stream.close()
        raise client_closed()
