"""What a stream that goes on through breaks has to know."""

from __future__ import annotations

from typing import Protocol, TypeVar

from callboard.errors import CallboardError

_Request = TypeVar("_Request", covariant=True)


class Course(Protocol[_Request]):
    """Where reading is, and how to go on from there."""

    def request(self) -> _Request:
        """Returns the request for the first stream, or for the next one after a break."""

    @property
    def finished(self) -> bool:
        """Whether the end of a stream without an error is the end of what was asked for."""

    def goes_on_after(self, failure: CallboardError) -> bool:
        """Tells whether a refusal is one to ask again after, differently; prepares for that."""
