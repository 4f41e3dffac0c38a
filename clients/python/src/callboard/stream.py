"""A stream of the server that is opened again after every break."""

from __future__ import annotations

import threading
from typing import Callable, Generic, Optional, Protocol, TypeVar, cast

import grpc

from callboard.errors import CallboardError, from_rpc_error
from callboard.interruptions import Interruptions, ended, silent
from callboard.pause import Pause
from callboard.silence import SilenceWatch

_Request = TypeVar("_Request")
_Frame = TypeVar("_Frame")
_Received = TypeVar("_Received", covariant=True)
_Asked = TypeVar("_Asked", covariant=True)


class Course(Protocol[_Asked]):
    """Where the reading of a stream is, and how to go on from there after a break."""

    def request(self) -> _Asked:
        """Returns the request for the first stream, or for the next one after a break."""

    @property
    def finished(self) -> bool:
        """Whether the end of a stream without an error is the end of what was asked for."""

    def goes_on_after(self, failure: CallboardError) -> bool:
        """Tells whether a refusal is one to ask again after, differently; prepares for that."""


class _Call(Protocol[_Received]):
    """What a running call offers; gRPC has no public name for it."""

    def __next__(self) -> _Received: ...

    def cancel(self) -> object: ...


class ResumedStream(Generic[_Request, _Frame]):
    """The frames of one stream after the other. One thread receives; any may close."""

    def __init__(
        self,
        method: Callable[[_Request], object],
        course: Course[_Request],
        *,
        what: str,
        pause: Pause,
        patience: Optional[float],
        silence_max: Optional[float] = None,
    ) -> None:
        """Opens nothing yet.

        `what` names it in the log, `pause` waits between attempts. `patience` is for how many
        seconds the server may be away, None for ever; `silence_max` after how many seconds
        without a frame the stream counts as broken, None never.
        """
        self._method = method
        self._pause = pause
        self._course = course
        self._interruptions = Interruptions(what, patience)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._call: Optional[_Call[_Frame]] = None
        self._watch = None if silence_max is None else SilenceWatch(silence_max, self._break_off)
        self._silent = False

    def close(self) -> None:
        """Ends it; the thread that receives sees the end."""
        with self._lock:
            self._closed.set()
            # Kept until the interpreter ends, a cancelled call of gRPC may wait then for a lock
            # of a thread that was ended already.
            call, self._call = self._call, None
            if call is not None:
                call.cancel()
            if self._watch is not None:
                self._watch.close()

    def receive(self) -> Optional[_Frame]:
        """Returns the next frame, connecting again as often as needed; None at the end.

        Raises CallboardError when the server refuses, or is away for too long.
        """
        while True:
            call = self._open()
            if call is None:
                return None
            try:
                frame = self._next_of(call)
            except StopIteration:
                self._call = None
                if self._course.finished:
                    self.close()
                else:
                    self._after(ended())
            except grpc.RpcError as error:
                self._call = None
                self._after(silent() if self._silent else from_rpc_error(error))
            else:
                self._interruptions.heard()
                return frame

    def _next_of(self, call: _Call[_Frame]) -> _Frame:
        if self._watch is None:
            return next(call)
        with self._watch.waiting():
            return next(call)

    def _open(self) -> Optional[_Call[_Frame]]:
        """Returns the call, a new one when there is none; None once closed."""
        with self._lock:
            if self._closed.is_set():
                return None
            if self._call is None:
                self._silent = False
                self._interruptions.opened()
                self._call = cast("_Call[_Frame]", self._method(self._course.request()))
            return self._call

    def _break_off(self) -> None:
        """Gives up the present call: nothing comes of it any more."""
        with self._lock:
            if self._call is not None:
                self._silent = True
                self._call.cancel()

    def _after(self, failure: CallboardError) -> None:
        """Waits before the next attempt, or raises when there is to be none."""
        if self._closed.is_set() or self._course.goes_on_after(failure):
            return
        try:
            delay = self._interruptions.delay_after(failure)
        except CallboardError:
            self.close()
            raise
        self._pause(self._closed, delay)
