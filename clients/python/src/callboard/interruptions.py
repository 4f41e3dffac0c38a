"""What to do when a stream breaks: wait and open it again, or give up.

Knows errors and time only, nothing of the network.
"""

from __future__ import annotations

import logging
from typing import Optional

import grpc

from callboard.attempts import Attempts
from callboard.errors import CallboardError, UnavailableError

_log = logging.getLogger("callboard")

# What a broken connection looks like when the server could not say it itself.
_BROKEN = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED)


class Interruptions:
    """The breaks of one stream."""

    def __init__(self, what: str, patience: Optional[float]) -> None:
        """`what` is for the log; `patience` is in seconds without a frame, None for ever."""
        self._what = what
        self._attempts = Attempts(patience)
        self._received = False
        self._warned = False

    def opened(self) -> None:
        """Takes note that the stream was opened, again or for the first time."""
        self._received = False

    def heard(self) -> None:
        """Takes note that something came."""
        self._received, self._warned = True, False
        self._attempts.progressed()

    def delay_after(self, failure: CallboardError) -> float:
        """Returns the seconds to wait before opening the stream again.

        Raises the failure when it is a refusal, or the patience is at its end.
        """
        if not failure.reason and failure.code in _BROKEN and self._received:
            broken = UnavailableError(failure.message, code=failure.code)
            delay = self._attempts.next_delay(broken)
        else:
            delay = self._attempts.next_delay(failure)
        if delay is None:
            raise failure
        # The first of a row is worth a word.
        level = logging.DEBUG if self._warned else logging.WARNING
        self._warned = True
        _log.log(level, "%s interrupted, connecting again: %s", self._what, failure)
        return delay


def ended() -> UnavailableError:
    """Makes the failure of a stream that ended before its time."""
    return UnavailableError("the stream ended", code=grpc.StatusCode.UNAVAILABLE)


def silent() -> UnavailableError:
    """Makes the failure of a stream on which nothing came for too long."""
    return UnavailableError("nothing came any more", code=grpc.StatusCode.UNAVAILABLE)
