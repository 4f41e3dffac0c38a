"""A subscription: the course of its frames, and what is to be told of them.

Knows frames only, nothing of the network.
"""

from __future__ import annotations

import logging
from typing import Callable, List, Optional

from callboard.errors import CallboardError
from callboard.requests.bus import HEARTBEAT_INTERVAL_DEFAULT
from callboard.resume import Resume
from callboard.v1 import message_bus_pb2 as pb

_log = logging.getLogger("callboard")

# After how many heartbeat intervals without a frame a stream counts as broken.
_HEARTBEATS_MISSED = 3

#: Is called with every frame.
OnFrame = Callable[[pb.SubscribeResponse], None]


class Subscription:
    """What was asked for, how far it has come, and how to go on."""

    def __init__(self, request: pb.SubscribeRequest, on_frame: Optional[OnFrame]) -> None:
        """Starts with what the caller asked for."""
        self._resume = Resume(request)
        self._on_frame = on_frame
        interval = HEARTBEAT_INTERVAL_DEFAULT
        if request.HasField("heartbeat_interval"):
            interval = request.heartbeat_interval.ToTimedelta().total_seconds()
        #: After how many seconds without a frame the stream counts as broken.
        self.silence_max = _HEARTBEATS_MISSED * interval
        #: The message given last, with its bus and cursor; None before the first.
        self.last: Optional[pb.SubscribeResponse.Delivery] = None

    @property
    def placed(self) -> bool:
        """Whether the server has said where reading starts."""
        return self._resume.placed

    @property
    def complete(self) -> bool:
        """Whether as many messages were given as were asked for."""
        return self._resume.complete

    @property
    def finished(self) -> bool:
        """Whether the end of a stream without an error is the end of what was asked for."""
        return self._resume.finished

    @property
    def positions(self) -> List[pb.BusPosition]:
        """How far the messages given so far have come."""
        return self._resume.positions

    @property
    def cursor(self) -> str:
        """How far it has come in the one bus followed; empty with several, or none yet."""
        if self._resume.wide:
            return ""
        return next((position.cursor for position in self._resume.positions), "")

    def request(self) -> pb.SubscribeRequest:
        """Returns the request for the next stream."""
        return self._resume.request()

    def goes_on_after(self, failure: CallboardError) -> bool:
        """A refused subscription is refused."""
        return False

    def take(self, frame: pb.SubscribeResponse) -> Optional[pb.Message]:
        """Takes note of a frame and returns its message, if it has one for the caller."""
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
        if delivery is None:
            return None
        self.last = delivery
        return delivery.message


def is_message(frame: pb.SubscribeResponse) -> bool:
    """Tells whether a frame is a message."""
    return frame.WhichOneof("frame") == "message"
