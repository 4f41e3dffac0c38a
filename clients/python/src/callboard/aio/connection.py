"""The connection of an asynchronous client: its channel, its generated clients, and its calls."""

from __future__ import annotations

import asyncio
import weakref
from contextlib import nullcontext
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Awaitable,
    Callable,
    Optional,
    Protocol,
    Type,
    TypeVar,
    cast,
)

import grpc

from callboard.attempts import TIMEOUT_DEFAULT, Attempts, is_repeatable
from callboard.channel import Endpoint, authorized
from callboard.defaults import Defaults
from callboard.errors import client_closed, from_rpc_error
from callboard.pause import connecting
from callboard.v1.message_bus_pb2_grpc import MessageBusStub
from callboard.v1.storage_pb2_grpc import StorageStub

if TYPE_CHECKING:
    from typing_extensions import Self

    from callboard.v1.message_bus_pb2_grpc import MessageBusAsyncStub
    from callboard.v1.storage_pb2_grpc import StorageAsyncStub

_Answer = TypeVar("_Answer")


class _Closable(Protocol):
    async def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Closable)


class AsyncConnection:
    """What the methods of an `AsyncClient` stand on."""

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
        # The channel belongs to this loop; without one, gRPC would make one that nobody runs.
        asyncio.get_running_loop()
        endpoint = Endpoint(addr, token, ca_file, cert_file, key_file)
        #: The project, the task and the run that are meant when none is named.
        self.defaults = Defaults.resolve(project, task, run)
        #: How long a call may take with all its attempts, in seconds.
        self.timeout = timeout
        self._target = endpoint.address.target
        self._channel = endpoint.open_async_channel()
        channel = authorized(self._channel, endpoint.token)
        #: The generated client of the buses, for what the methods here do not offer.
        self.bus = cast("MessageBusAsyncStub", MessageBusStub(channel))
        #: The generated client of projects, tasks, runs and what they keep; see `call`.
        self.storage = cast("StorageAsyncStub", StorageStub(channel))
        # For the calls that grpc.aio does not do well; it connects with the first of them.
        self._blocking_channel = endpoint.open_channel()
        blocking = authorized(self._blocking_channel, endpoint.token)
        self._blocking_bus = MessageBusStub(blocking)
        self._blocking_storage = StorageStub(blocking)
        self._closed = asyncio.Event()
        self._streams: weakref.WeakSet[Any] = weakref.WeakSet()

    async def close(self) -> None:
        """Closes the connection and ends what still runs over it.

        Calls that wait for their answer, and later ones, fail with UnavailableError; followers and
        readers end.
        """
        self._closed.set()
        for stream in list(self._streams):
            await stream.close()
        await self._channel.close()
        self._blocking_channel.close()

    def __repr__(self) -> str:
        """Shows where the server is."""
        return f"<{type(self).__module__}.{type(self).__name__} of {self._target}>"

    async def __aenter__(self) -> Self:
        """Returns itself."""
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        await self.close()

    async def call(
        self,
        method: Callable[..., Awaitable[_Answer]],
        request: object,
        *,
        timeout: Optional[float] = None,
        repeatable: Optional[bool] = None,
    ) -> _Answer:
        """Calls a unary method of `storage` or `bus`, as `callboard.Client.call`.

        `await client.call(client.storage.GetTask, GetTaskRequest(project_id="p", task_id="t"))`
        """
        return await self._attempt(
            lambda remaining: method(request, timeout=remaining),
            Attempts(
                self.timeout if timeout is None else timeout,
                repeatable=is_repeatable(request) if repeatable is None else repeatable,
            ),
            request_id=getattr(request, "request_id", ""),
        )

    async def _attempt(
        self,
        attempt: Callable[[float], Awaitable[_Answer]],
        attempts: Attempts,
        *,
        request_id: str = "",
        blocking: bool = False,
    ) -> _Answer:
        """Makes a call, again while the server is unavailable and time is left.

        `blocking` says over which of the two channels it is made.
        """
        while not self._closed.is_set():
            try:
                return await attempt(attempts.remaining)
            except grpc.RpcError as error:
                failure = from_rpc_error(error, request_id)
                if failure.code == grpc.StatusCode.CANCELLED and self._closed.is_set():
                    raise client_closed(request_id) from error
            except asyncio.CancelledError:
                if not self._closed.is_set() or is_being_cancelled():
                    raise
                # Nobody cancelled the caller: the call ended with the channel.
                raise client_closed(request_id) from None
            delay = attempts.next_delay(failure)
            if delay is None:
                raise attempts.last_word(failure)
            with connecting(self._blocking_storage, delay) if blocking else nullcontext():
                if await self._closed_within(delay):
                    raise failure
        raise client_closed(request_id)

    async def _closed_within(self, delay: float) -> bool:
        """Waits for so many seconds; returns sooner, and true, when the client is closed."""
        return await happens_within(self._closed, delay)

    def _keep(self, stream: _Opened) -> _Opened:
        """Lets a stream end with the client. Raises UnavailableError when that has ended."""
        if self._closed.is_set():
            raise client_closed()
        self._streams.add(stream)
        return stream


def is_being_cancelled() -> bool:
    """Tells whether the running task was asked to end; Python 3.9 and 3.10 do not know."""
    cancelling = getattr(asyncio.current_task(), "cancelling", None)
    return cancelling is not None and cancelling() > 0


async def happens_within(event: asyncio.Event, delay: float) -> bool:
    """Waits for an event, so many seconds at most; tells whether it happened."""
    try:
        await asyncio.wait_for(event.wait(), delay)
    except asyncio.TimeoutError:
        return False
    return True
