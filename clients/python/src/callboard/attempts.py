"""How often something is tried again, for how long, and after which delays."""

from __future__ import annotations

import math
import random
import time
from typing import Optional

from callboard.errors import CallboardError, DeadlineError, UnavailableError

#: How long a call may take with all its attempts, in seconds, unless asked otherwise.
TIMEOUT_DEFAULT = 30.0

#: The shortest deadline of an attempt, in seconds: gRPC does not even begin with less.
_DEADLINE_MIN = 0.001
#: The first delay, in seconds; each further one is twice as long.
DELAY_FIRST = 0.05
#: The longest delay that this side chooses, in seconds.
DELAY_MAX = 2.0


class Backoff:
    """Delays that grow with every failure in a row, spread so that clients do not return as one."""

    def __init__(self) -> None:
        """Starts without a failure."""
        self._failures = 0

    def next_delay(self, wanted: Optional[float] = None) -> float:
        """Counts a failure and returns the seconds to wait: at least what the server wanted."""
        delay = min(DELAY_FIRST * 2.0 ** min(self._failures, 16), DELAY_MAX)
        self._failures += 1
        return max(delay * random.uniform(0.5, 1.0), wanted or 0.0)

    def reset(self) -> None:
        """Forgets the failures: something worked."""
        self._failures = 0


class Attempts:
    """The attempts at one thing, and the time that is left for them."""

    def __init__(self, patience: Optional[float], *, repeatable: bool = True) -> None:
        """Begins now. `patience` is in seconds, None for ever."""
        self._patience = patience
        self._repeatable = repeatable
        self._since = time.monotonic()
        self._backoff = Backoff()
        self._unavailable: Optional[UnavailableError] = None

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
        self._unavailable = failure
        return self.pause(failure.retry_delay)

    def last_word(self, failure: CallboardError) -> CallboardError:
        """Returns what to raise when there is to be no further attempt.

        When the time was up while the server was still being tried again, that it was away
        says more than that the time was up.
        """
        timed_out = isinstance(failure, DeadlineError) and not failure.reason
        return self._unavailable if timed_out and self._unavailable else failure

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
