"""Following buses through breaks and restarts of the server."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, AsyncIterator, Generator, List, Optional, Type

from callboard.aio.stream import AsyncResumedStream
from callboard.subscription import OnFrame, Subscription, is_message
from callboard.v1 import message_bus_pb2 as pb

if TYPE_CHECKING:
    from callboard.v1.message_bus_pb2_grpc import MessageBusAsyncStub


class AsyncFollow(AsyncIterator[pb.Message]):
    """The messages of a subscription, each once, in order within a bus; as `callboard.Follow`.

    `await follow` and `async with follow` return once the server has said where reading starts;
    without either, iterating begins with that. One task iterates, and may be cancelled while it
    waits without losing a message; `close` may be called from any.
    """

    def __init__(
        self,
        stub: MessageBusAsyncStub,
        request: pb.SubscribeRequest,
        *,
        retry_for: Optional[float] = None,
        on_frame: Optional[OnFrame] = None,
    ) -> None:
        """Asks for nothing yet."""
        self._subscription = Subscription(request, on_frame)
        self._stream: AsyncResumedStream[pb.SubscribeRequest, pb.SubscribeResponse] = (
            AsyncResumedStream(
                stub.Subscribe,
                self._subscription,
                what="subscription",
                patience=retry_for,
                silence_max=self._subscription.silence_max,
            )
        )
        self._started = False
        self._ahead: Optional[pb.SubscribeResponse] = None

    @property
    def last(self) -> Optional[pb.SubscribeResponse.Delivery]:
        """The message given last, with its bus and cursor; None before the first."""
        return self._subscription.last

    @property
    def positions(self) -> List[pb.BusPosition]:
        """How far the messages given so far have come, for a later `follow(positions=…)`."""
        return self._subscription.positions

    @property
    def cursor(self) -> str:
        """How far it has come in the one bus followed, for a later `follow(cursor=…)`.

        Empty when the bus does not exist yet, and when several buses are followed.
        """
        return self._subscription.cursor

    async def close(self) -> None:
        """Ends the subscription; the task that iterates sees the end of the iterator."""
        await self._stream.close()

    def __await__(self) -> Generator[object, None, AsyncFollow]:
        """Subscribes, and returns itself once the server has said where reading starts."""
        return self._start().__await__()

    async def __aenter__(self) -> AsyncFollow:
        """Subscribes, and returns itself once the server has said where reading starts."""
        return await self._start()

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        await self.close()

    def __aiter__(self) -> AsyncFollow:
        """Returns itself."""
        return self

    async def __anext__(self) -> pb.Message:
        """Waits for the next message."""
        await self._start()
        if self._subscription.complete:
            # How the stream ends after the last message does not matter.
            await self.close()
            raise StopAsyncIteration
        while True:
            frame = self._ahead or await self._stream.receive()
            self._ahead = None
            if frame is None:
                raise StopAsyncIteration
            message = self._subscription.take(frame)
            if message is not None:
                return message

    async def _start(self) -> AsyncFollow:
        while not (self._started or self._subscription.placed or self._ahead is not None):
            frame = await self._stream.receive()
            if frame is None:
                break
            if is_message(frame):
                # Positions must not run ahead of what the caller was given.
                self._ahead = frame
            else:
                self._subscription.take(frame)
        self._started = True
        return self
