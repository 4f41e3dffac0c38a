"""Following buses through breaks and restarts of the server."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Callable, Iterator, List, Optional, Protocol, Type

import grpc

from callboard.backoff import Backoff
from callboard.errors import CallboardError, UnavailableError, from_rpc_error
from callboard.resume import Resume
from callboard.v1 import message_bus_pb2 as pb

if TYPE_CHECKING:
    from callboard.v1.message_bus_pb2_grpc import MessageBusStub

_log = logging.getLogger("callboard")

# What a broken connection looks like when the server could not say it itself.
_BROKEN = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED)


class _Stream(Protocol):
    """What a running Subscribe call offers; gRPC has no public name for it."""

    def __next__(self) -> pb.SubscribeResponse: ...

    def cancel(self) -> object: ...


class Follow(Iterator[pb.Message]):
    """The messages of a subscription, each once, in order within a bus.

    When the connection breaks or the server restarts, it connects again and goes
    on where it was. One thread iterates; `close` may be called from any.

    Raises CallboardError while iterating when the server refuses: CursorError when
    the one bus followed cannot honour its start, and so on.
    """

    def __init__(
        self,
        stub: MessageBusStub,
        request: pb.SubscribeRequest,
        *,
        retry_for: Optional[float] = None,
        on_frame: Optional[Callable[[pb.SubscribeResponse], None]] = None,
    ) -> None:
        """Subscribes, and returns once the server has said where reading starts."""
        self._stub = stub
        self._resume = Resume(request)
        self._retry_for = retry_for
        self._on_frame = on_frame
        self._backoff = Backoff()
        self._silent_since = time.monotonic()
        self._received = False
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._call: Optional[_Stream] = None
        self._ahead: Optional[pb.SubscribeResponse] = None
        #: The message given last, with its bus and cursor; None before the first.
        self.last: Optional[pb.SubscribeResponse.Delivery] = None

        while not self._resume.placed and self._ahead is None:
            frame = self._receive()
            if frame is None:
                break
            if frame.WhichOneof("frame") == "message":
                # Positions must not run ahead of what the caller was given.
                self._ahead = frame
            else:
                self._take(frame)

    @property
    def positions(self) -> List[pb.BusPosition]:
        """How far the messages given so far have come, for a later `follow(positions=…)`."""
        return self._resume.positions

    @property
    def cursor(self) -> str:
        """How far it has come in the one bus followed, for a later `follow(cursor=…)`.

        Empty when the bus does not exist yet, and when several buses are followed.
        """
        if self._resume.wide:
            return ""
        return next((position.cursor for position in self._resume.positions), "")

    def close(self) -> None:
        """Ends the subscription; the thread that iterates sees the end of the iterator."""
        with self._lock:
            self._closed.set()
            if self._call is not None:
                self._call.cancel()

    def __iter__(self) -> Follow:
        """Returns itself."""
        return self

    def __next__(self) -> pb.Message:
        """Waits for the next message."""
        if self._resume.complete:
            # How the stream ends after the last message does not matter.
            self.close()
            raise StopIteration
        while True:
            frame, self._ahead = self._ahead or self._receive(), None
            if frame is None:
                raise StopIteration
            delivery = self._take(frame)
            if delivery is not None:
                self.last = delivery
                return delivery.message

    def __enter__(self) -> Follow:
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

    def _take(self, frame: pb.SubscribeResponse) -> Optional[pb.SubscribeResponse.Delivery]:
        kind = frame.WhichOneof("frame")
        if kind == "gap":
            gap = frame.gap
            _log.warning(
                "messages of bus %s/%s are gone (%s)", gap.project_id, gap.task_id, gap.reason
            )
        elif kind == "damaged":
            damaged = frame.damaged
            _log.warning(
                "bus %s/%s has %d damaged bytes at offset %d: %s",
                damaged.project_id,
                damaged.task_id,
                damaged.length,
                damaged.offset,
                damaged.detail,
            )
        delivery = self._resume.take(frame)
        if self._on_frame is not None:
            self._on_frame(frame)
        return delivery

    def _receive(self) -> Optional[pb.SubscribeResponse]:
        """Returns the next frame, connecting again as often as needed; None at the end."""
        while True:
            call = self._open()
            if call is None:
                return None
            try:
                frame = next(call)
            except StopIteration:
                self._call = None
                if self._resume.finished:
                    self._closed.set()
                elif not self._closed.is_set():
                    self._wait_after(UnavailableError("the stream ended"))
            except grpc.RpcError as error:
                self._call = None
                if not self._closed.is_set():
                    self._wait_after(from_rpc_error(error), error)
            else:
                if not self._received:
                    self._received = True
                    self._backoff.reset()
                self._silent_since = time.monotonic()
                return frame

    def _open(self) -> Optional[_Stream]:
        """Returns the stream, a new one when there is none; None once closed."""
        with self._lock:
            if self._closed.is_set():
                return None
            if self._call is None:
                self._received = False
                self._call = self._stub.Subscribe(self._resume.request())
            return self._call

    def _wait_after(self, failure: CallboardError, cause: Optional[grpc.RpcError] = None) -> None:
        """Waits before the next attempt, or raises when there is to be none."""
        broken = not failure.reason and failure.code in _BROKEN and self._received
        delay = self._backoff.next_delay(failure.retry_delay)
        silent = time.monotonic() - self._silent_since
        given_up = self._retry_for is not None and silent + delay > self._retry_for
        if given_up or not (broken or isinstance(failure, UnavailableError)):
            self._closed.set()
            raise failure from cause
        level = logging.WARNING if self._received or silent < delay else logging.DEBUG
        _log.log(level, "subscription interrupted, connecting again: %s", failure)
        self._closed.wait(delay)
