"""Where the next chunk of a run's file belongs; no network here."""

from __future__ import annotations

from callboard.errors import CallboardError
from callboard.v1 import storage_pb2 as pb


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
