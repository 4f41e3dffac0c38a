"""Noticing that a stream has gone silent, though its connection looks alive."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import contextmanager
from typing import Callable, Iterator, Optional

# How often silence is looked for, as a part of how long it may last.
_LOOKS = 4


class SilenceWatch:
    """Calls a method when something has been waited for in vain for too long.

    Only the time spent waiting counts: a caller that takes its time with what has come does
    not make the stream silent.
    """

    def __init__(self, silence_max: float, silent: Callable[[], None]) -> None:
        """Watches from the first wait on. `silent` is a bound method, held weakly."""
        self._silence_max = silence_max
        self._silent = weakref.WeakMethod(silent)
        self._waiting_since: Optional[float] = None
        self._closed = threading.Event()
        self._thread: Optional[threading.Thread] = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Something is waited for in this block."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._watch, name="callboard-silence", daemon=True
            )
            self._thread.start()
        self._waiting_since = time.monotonic()
        try:
            yield
        finally:
            self._waiting_since = None

    def close(self) -> None:
        """Stops watching."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._silence_max / _LOOKS):
            silent = self._silent()
            if silent is None:
                return
            since = self._waiting_since
            if since is not None and time.monotonic() - since >= self._silence_max:
                silent()
            # Not to be kept alive by its own watch.
            del silent
