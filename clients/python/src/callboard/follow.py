"""Following buses through breaks and restarts of the server."""

from __future__ import annotations

from types import TracebackType
from typing import Iterator, List, Optional, Type

from callboard.stream import ResumedStream
from callboard.subscription import Subscription, is_message
from callboard.v1 import message_bus_pb2 as pb


class Follow(Iterator[pb.Message]):
    """The messages of a subscription, each once, in order within a bus.

    When the connection breaks or the server restarts, it connects again and goes
    on where it was. One thread iterates; `close` may be called from any.

    Raises CallboardError while iterating when the server refuses: CursorError when
    the one bus followed cannot honour its start, and so on.
    """

    def __init__(
        self,
        subscription: Subscription,
        stream: ResumedStream[pb.SubscribeRequest, pb.SubscribeResponse],
    ) -> None:
        """Subscribes, and returns once the server has said where reading starts."""
        self._subscription = subscription
        self._stream = stream
        self._ahead: Optional[pb.SubscribeResponse] = None
        while not self._subscription.placed and self._ahead is None:
            frame = self._stream.receive()
            if frame is None:
                break
            if is_message(frame):
                # Positions must not run ahead of what the caller was given.
                self._ahead = frame
            else:
                self._subscription.take(frame)

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

    def close(self) -> None:
        """Ends the subscription; the thread that iterates sees the end of the iterator."""
        self._stream.close()

    def __iter__(self) -> Follow:
        """Returns itself."""
        return self

    def __next__(self) -> pb.Message:
        """Waits for the next message."""
        if self._subscription.complete:
            # How the stream ends after the last message does not matter.
            self.close()
            raise StopIteration
        while True:
            frame, self._ahead = self._ahead or self._stream.receive(), None
            if frame is None:
                raise StopIteration
            message = self._subscription.take(frame)
            if message is not None:
                return message

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
