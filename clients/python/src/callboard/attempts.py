"""How often, and for how long, something is tried again."""

from __future__ import annotations

import math
import time
from typing import Optional

from callboard.backoff import Backoff
from callboard.errors import CallboardError, UnavailableError

#: How long a call may take with all its attempts, in seconds, unless asked otherwise.
TIMEOUT_DEFAULT = 30.0

#: The shortest deadline of an attempt, in seconds: gRPC does not even begin with less.
_DEADLINE_MIN = 0.001


class Attempts:
    """The attempts at one thing, and the time that is left for them."""

    def __init__(self, patience: Optional[float], *, repeatable: bool = True) -> None:
        """Begins now. `patience` is in seconds, None for ever."""
        self._patience = patience
        self._repeatable = repeatable
        self._since = time.monotonic()
        self._backoff = Backoff()

    @property
    def remaining(self) -> float:
        """How many seconds are left for the next attempt; infinity without an end."""
        if self._patience is None:
            return math.inf
        return max(self._since + self._patience - time.monotonic(), _DEADLINE_MIN)

    def progressed(self) -> None:
        """Begins anew: something worked."""
        self._since = time.monotonic()
        self._backoff.reset()

    def next_delay(self, failure: CallboardError) -> Optional[float]:
        """Returns the seconds to wait before the next attempt, None if there is to be none."""
        if not (self._repeatable and isinstance(failure, UnavailableError)):
            return None
        return self.pause(failure.retry_delay)

    def pause(self, wanted: Optional[float] = None) -> Optional[float]:
        """Returns the seconds to wait, at least what is wanted; None when no time is left."""
        delay = self._backoff.next_delay(wanted)
        if delay >= self.remaining:
            return None
        return delay


def is_repeatable(request: object) -> bool:
    """Tells whether sending a request twice does no more than sending it once."""
    if getattr(request, "request_id", "") or getattr(request, "etag", ""):
        return True
    return type(request).__name__.startswith(("Get", "List", "Read"))
