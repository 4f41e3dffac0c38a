"""What is written to a run's file: what has not been sent yet, and where it belongs there.

No network here.
"""

from __future__ import annotations

import threading

from callboard.errors import CallboardError
from callboard.requests.run_files import CHUNK_BYTES
from callboard.v1 import storage_pb2 as pb

#: How much is gathered before it is sent, in bytes.
FLUSH_BYTES = 64 << 10
#: How long what was written may wait for more, in seconds.
FLUSH_INTERVAL = 0.25


class OutputBuffer:
    """Bytes in the order of writing. May be used from any thread."""

    def __init__(self) -> None:
        """Starts empty."""
        self._bytes = bytearray()
        self._sending = 0
        self._ended = False
        self._lock = threading.Lock()

    def add(self, data: bytes) -> bool:
        """Adds bytes; tells whether there are enough to be sent now. ValueError once ended."""
        with self._lock:
            if self._ended:
                raise ValueError("the run has ended, or this output was closed")
            self._bytes += data
            return len(self._bytes) >= FLUSH_BYTES

    def end(self) -> None:
        """Takes no more; what is there can still be sent."""
        with self._lock:
            self._ended = True

    def first(self) -> bytes:
        """Returns the next chunk to send, empty when there is none.

        It is the same one until it is `sent`, whatever is added: a chunk may have arrived although
        sending it failed, and only the very same bytes are then known again.
        """
        with self._lock:
            self._sending = self._sending or min(len(self._bytes), CHUNK_BYTES)
            return bytes(self._bytes[: self._sending])

    def sent(self) -> None:
        """Drops the chunk that `first` returned."""
        with self._lock:
            del self._bytes[: self._sending]
            self._sending = 0


def encoded(text: "str | bytes") -> bytes:
    """Returns text as UTF-8; what is no text, such as parts of the names of odd files, escaped."""
    return text.encode("utf-8", errors="backslashreplace") if isinstance(text, str) else bytes(text)


class OutputEnd:
    """The end of a file that is appended to, as far as it is known."""

    def __init__(self, offset: int) -> None:
        """Starts with what is known."""
        #: Where the next chunk belongs, in bytes from the file's beginning.
        self.offset = offset

    def take(self, answer: pb.AppendRunOutputResponse) -> None:
        """Takes note of a chunk that is there."""
        self.offset = answer.next_offset

    def moved_by(self, failure: CallboardError) -> bool:
        """Goes behind what another program wrote; False when that is not what failed."""
        size = failure.metadata.get("size", "")
        if failure.reason != "OFFSET_MISMATCH" or not size.isdigit():
            return False
        self.offset = int(size)
        return True
