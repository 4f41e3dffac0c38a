"""What to ask for after a break, so that nothing is missed and nothing comes twice.

Knows frames and requests only, nothing of the network.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Set, Tuple

from callboard.v1 import message_bus_pb2 as pb

_BusKey = Tuple[str, str]


class Resume:
    """Follows the frames of a subscription and makes the request that goes on from there."""

    def __init__(self, request: pb.SubscribeRequest) -> None:
        """Starts with what the caller asked for."""
        self._asked = pb.SubscribeRequest()
        self._asked.CopyFrom(request)
        #: Whether more than one bus is followed.
        self.wide = request.scope in (pb.SUBSCRIBE_SCOPE_PROJECT, pb.SUBSCRIBE_SCOPE_ALL) or (
            request.scope == pb.SUBSCRIBE_SCOPE_UNSPECIFIED and not request.project_id
        )
        self._cursors: Dict[_BusKey, str] = {
            (position.project_id, position.task_id): position.cursor
            for position in request.positions
        }
        self._opened = False
        self._caught_up = False
        self._delivered = 0
        # Buses that the first stream had not opened yet when it broke, and whose
        # messages up to `since_time` are passed over here.
        self._resumed = False
        self._passing_over: Set[_BusKey] = set()
        self._passed_over = 0

    @property
    def placed(self) -> bool:
        """Whether the server has said where reading starts, so that nothing later can be missed."""
        return self._caught_up or (self._opened and not self.wide)

    @property
    def positions(self) -> List[pb.BusPosition]:
        """How far reading has come, in each bus that has a position."""
        return [
            pb.BusPosition(project_id=project, task_id=task, cursor=cursor)
            for (project, task), cursor in sorted(self._cursors.items())
            if cursor
        ]

    @property
    def complete(self) -> bool:
        """Whether as many messages were delivered as were asked for; never without a limit."""
        return 0 < self._asked.limit <= self._delivered

    @property
    def finished(self) -> bool:
        """Whether the end of a stream without an error is the end of what was asked for."""
        if self.complete:
            return True
        if self._asked.limit and self._passed_over:
            # The server's count includes what was passed over here.
            return False
        return self._asked.stop_at_tail

    def request(self) -> pb.SubscribeRequest:
        """Returns the request for the first stream, or for the next one after a break.

        Not to be asked once `complete`: a limit of 0 would mean no limit.
        """
        request = pb.SubscribeRequest()
        request.CopyFrom(self._asked)
        if request.limit:
            request.limit -= self._delivered
        self._passed_over = 0
        if not self._can_go_on():
            return request
        self._resumed = True
        request.ClearField("start")
        del request.positions[:]
        if self.wide:
            request.positions.extend(self.positions)
        else:
            request.cursor = next((position.cursor for position in self.positions), "")
        # Without a cursor there was no bus yet: all that it holds now is new.
        if not request.positions and not request.cursor:
            request.position = pb.START_POSITION_EARLIEST
        return request

    def take(self, frame: pb.SubscribeResponse) -> Optional[pb.SubscribeResponse.Delivery]:
        """Takes note of a frame and returns its message, if it has one for the caller."""
        kind = frame.WhichOneof("frame")
        if kind == "opened":
            self._take_opened(frame.opened)
        elif kind == "message":
            return self._take_delivery(frame.message)
        elif kind == "caught_up":
            self._caught_up = True
        elif kind == "gap":
            key = (frame.gap.project_id, frame.gap.task_id)
            # A deleted bus that comes back is read from its beginning.
            deleted = frame.gap.reason == "BUS_DELETED"
            self._cursors[key] = "" if deleted else frame.gap.oldest_cursor
        elif kind == "closing":
            for position in frame.closing.positions:
                self._cursors[(position.project_id, position.task_id)] = position.cursor
        return None

    def _can_go_on(self) -> bool:
        """Whether positions say more than the start the caller gave."""
        if not self.wide:
            return self._opened
        start = self._asked.WhichOneof("start")
        from_end = not self._asked.positions and (
            start is None
            or (start == "position" and self._asked.position != pb.START_POSITION_EARLIEST)
        )
        if from_end and not self._caught_up:
            # A bus that is not in `positions` starts at its beginning, and some
            # may not have been opened yet: the end is still to be found.
            return self._delivered > 0
        return self._opened or self._caught_up

    def _take_opened(self, opened: pb.SubscribeResponse.Opened) -> None:
        key = (opened.project_id, opened.task_id)
        by_time = self._asked.WhichOneof("start") == "since_time"
        if self.wide and by_time and self._resumed and not self._caught_up:
            if key not in self._cursors:
                self._passing_over.add(key)
        self._opened = True
        self._cursors[key] = opened.cursor

    def _take_delivery(
        self, delivery: pb.SubscribeResponse.Delivery
    ) -> Optional[pb.SubscribeResponse.Delivery]:
        key = (delivery.project_id, delivery.task_id)
        self._opened = True
        self._cursors[key] = delivery.cursor
        if key in self._passing_over:
            since, ts = self._asked.since_time, delivery.message.ts
            if (ts.seconds, ts.nanos) <= (since.seconds, since.nanos):
                self._passed_over += 1
                return None
            self._passing_over.discard(key)
        self._delivered += 1
        return delivery
