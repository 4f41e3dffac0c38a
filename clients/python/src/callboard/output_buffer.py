"""What was written and has not been sent yet; no network here."""

from __future__ import annotations

import threading

from callboard.requests.run_files import CHUNK_BYTES

#: How much is gathered before it is sent, in bytes.
FLUSH_BYTES = 64 << 10
#: How long what was written may wait for more, in seconds.
FLUSH_INTERVAL = 0.25


class OutputBuffer:
    """Bytes in the order of writing. May be used from any thread."""

    def __init__(self) -> None:
        """Starts empty."""
        self._bytes = bytearray()
        self._lock = threading.Lock()

    def add(self, data: bytes) -> bool:
        """Adds bytes; tells whether there are enough to be sent now."""
        with self._lock:
            self._bytes += data
            return len(self._bytes) >= FLUSH_BYTES

    def first(self) -> bytes:
        """Returns the next chunk to send, empty when there is none. It stays until it is `sent`."""
        with self._lock:
            return bytes(self._bytes[:CHUNK_BYTES])

    def sent(self, chunk: bytes) -> None:
        """Drops a chunk that `first` returned."""
        with self._lock:
            del self._bytes[: len(chunk)]


def encoded(text: "str | bytes") -> bytes:
    """Returns text as UTF-8; what is no text, such as parts of the names of odd files, escaped."""
    return text.encode("utf-8", errors="backslashreplace") if isinstance(text, str) else bytes(text)
