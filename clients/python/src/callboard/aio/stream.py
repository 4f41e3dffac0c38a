"""A stream of the server that is opened again after every break."""

from __future__ import annotations

import asyncio
import time
from typing import Callable, Generic, Optional, Protocol, TypeVar, Union, cast

import grpc

# The types do not know that it is public.
from grpc.aio import EOF  # type: ignore[attr-defined]

from callboard.aio.connection import happens_within
from callboard.errors import CallboardError, from_rpc_error
from callboard.interruptions import Interruptions, ended, silent
from callboard.stream import Course

_Request = TypeVar("_Request")
_Frame = TypeVar("_Frame")
_Received = TypeVar("_Received", covariant=True)


class StreamingCall(Protocol[_Received]):
    """What a running call with a stream of answers offers."""

    async def read(self) -> Union[_Received, object]:
        """Waits for the next frame, or the sign that there is none."""

    def cancel(self) -> bool:
        """Ends the call."""


async def read_frame(call: StreamingCall[_Frame]) -> Optional[_Frame]:
    """Returns the next frame of a call; None at its end.

    Raises RpcError when it did not end well, and CancelledError when it was cancelled.
    """
    frame = await call.read()
    return None if frame is EOF else cast(_Frame, frame)


class AsyncResumedStream(Generic[_Request, _Frame]):
    """The frames of one stream after the other. One task receives; any may close.

    A receiver that is cancelled loses nothing: what it waited for is there for the next one.
    """

    def __init__(
        self,
        method: Callable[[_Request], object],
        course: Course[_Request],
        *,
        what: str,
        patience: Optional[float],
        silence_max: Optional[float] = None,
    ) -> None:
        """Opens nothing yet. The arguments are those of `callboard.stream.ResumedStream`."""
        self._method = method
        self._course = course
        self._interruptions = Interruptions(what, patience)
        self._closed = asyncio.Event()
        self._silence_max = silence_max
        self._call: Optional[StreamingCall[_Frame]] = None
        self._reading: Optional[asyncio.Future[Optional[_Frame]]] = None
        self._reading_since = 0.0

    async def close(self) -> None:
        """Ends it; the task that receives sees the end."""
        self._closed.set()
        self._drop()

    async def receive(self) -> Optional[_Frame]:
        """Returns the next frame, connecting again as often as needed; None at the end.

        Raises CallboardError when the server refuses, or is away for too long.
        """
        while not self._closed.is_set():
            reading = self._read()
            await asyncio.wait({reading}, timeout=self._silence_left())
            if self._closed.is_set():
                break
            if not reading.done():
                await self._after(silent())
                continue
            self._reading = None
            try:
                frame = reading.result()
            except grpc.RpcError as error:
                await self._after(from_rpc_error(error))
            except asyncio.CancelledError:
                # Not the caller was cancelled, but the call.
                await self._after(ended())
            else:
                if frame is not None:
                    self._interruptions.heard()
                    return frame
                if self._course.finished:
                    await self.close()
                else:
                    await self._after(ended())
        return None

    def _read(self) -> asyncio.Future[Optional[_Frame]]:
        """Returns the frame to come, of a new call when there is none."""
        if self._reading is None:
            if self._call is None:
                self._interruptions.opened()
                self._call = cast(
                    "StreamingCall[_Frame]", self._method(self._course.request())
                )
            self._reading = asyncio.ensure_future(read_frame(self._call))
            self._reading_since = time.monotonic()
        return self._reading

    def _silence_left(self) -> Optional[float]:
        if self._silence_max is None:
            return None
        return max(self._reading_since + self._silence_max - time.monotonic(), 0.0)

    def _drop(self) -> None:
        """Gives up the present call."""
        if self._reading is not None:
            if not self._reading.cancel() and not self._reading.cancelled():
                # Nobody will ask how it ended; asyncio complains unless somebody does.
                self._reading.exception()
            self._reading = None
        if self._call is not None:
            self._call.cancel()
            self._call = None

    async def _after(self, failure: CallboardError) -> None:
        """Waits before the next attempt, or raises when there is to be none."""
        self._drop()
        if self._course.goes_on_after(failure):
            return
        try:
            delay = self._interruptions.delay_after(failure)
        except CallboardError:
            await self.close()
            raise
        await happens_within(self._closed, delay)
