"""Reading the frames of a call one by one."""

from __future__ import annotations

from typing import Optional, Protocol, TypeVar, Union, cast

# The types do not know that it is public.
from grpc.aio import EOF  # type: ignore[attr-defined]

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
