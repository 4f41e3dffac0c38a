"""How long to wait before trying again."""

from __future__ import annotations

import random
from typing import Optional

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
