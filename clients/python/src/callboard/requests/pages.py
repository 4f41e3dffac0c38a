"""Reading a bus page by page."""

from __future__ import annotations

from typing import Optional

from callboard.v1 import message_bus_pb2 as pb

#: Messages asked for at a time; the server's answers are bounded in bytes as well.
PAGE_MESSAGES = 1000


class Pages:
    """Which page to ask for next, until the end of the bus or as many messages as wanted."""

    def __init__(self, first: pb.ReadMessagesRequest, limit: Optional[int]) -> None:
        """Begins with the first request; its limit is set here."""
        self._next = first
        tail = first.tail if first.HasField("tail") else None
        wanted = [count for count in (tail, limit) if count is not None]
        self._remaining = min(wanted, default=None)
        self._ended = False

    def request(self) -> Optional[pb.ReadMessagesRequest]:
        """Returns the request for the next page; None when there is none to ask for."""
        if self._ended or self._remaining == 0:
            return None
        # Less than none is for the server to refuse.
        remaining = PAGE_MESSAGES if self._remaining is None else self._remaining
        self._next.limit = min(remaining, PAGE_MESSAGES)
        return self._next

    def take(self, page: pb.ReadMessagesResponse) -> None:
        """Takes note of a page."""
        self._ended = page.end_of_bus
        if self._remaining is not None:
            self._remaining = max(self._remaining - len(page.messages), 0)
        # One of a oneof: whatever the start was, it is this now.
        self._next.cursor = page.cursor
