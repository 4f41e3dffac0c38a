"""How far a run's file has been read, and how to go on from there; no network here."""

from __future__ import annotations

import logging
from typing import Optional

from callboard.errors import CallboardError
from callboard.v1 import storage_pb2 as pb

_log = logging.getLogger("callboard")


class RunFileReading:
    """Follows the frames of a run's file."""

    def __init__(self, request: pb.ReadRunFileRequest) -> None:
        """Starts with what the caller asked for."""
        self._asked = request
        self._next_offset: Optional[int] = None

    @property
    def offset(self) -> int:
        """Where the next chunk begins, in bytes, for a later reading from there.

        With `tail_lines`, 0 until the first chunk has come.
        """
        return self._asked.offset if self._next_offset is None else self._next_offset

    @property
    def finished(self) -> bool:
        """A stream that ends has come to the end of the file, or of the run."""
        return True

    def request(self) -> pb.ReadRunFileRequest:
        """Returns the request for the next stream."""
        request = pb.ReadRunFileRequest()
        request.CopyFrom(self._asked)
        if self._next_offset is not None:
            request.offset, request.tail_lines = self._next_offset, 0
        return request

    def goes_on_after(self, failure: CallboardError) -> bool:
        """A file that was cut during a break is followed from its new beginning."""
        cut = failure.reason == "OFFSET_MISMATCH" and self._next_offset is not None
        if not (cut and self._asked.follow):
            return False
        _log.warning("file %s was cut: reading it from its new beginning", self._asked.file)
        self._next_offset = 0
        return True

    def take(self, frame: pb.ReadRunFileResponse) -> bytes:
        """Takes note of a frame and returns its bytes."""
        if frame.restarted:
            _log.warning("file %s was replaced: this is its new beginning", self._asked.file)
        self._next_offset = frame.offset + len(frame.chunk)
        return frame.chunk
