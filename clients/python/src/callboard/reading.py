"""How far a log, or a run's file, has been read, and how to go on from there.

No network here.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from typing import Any, Deque, Dict, NamedTuple, Optional, cast

from callboard.errors import CallboardError
from callboard.v1 import storage_pb2 as pb

_log = logging.getLogger("callboard")


class LogEntry(NamedTuple):
    """An entry of a task's log."""

    #: The line: a JSON object as text, unless it is damaged.
    entry: str
    #: Where it begins, in bytes from the log's beginning.
    offset: int
    #: Whether it is no JSON object: the rest of a write that was cut off, or what another
    #: program wrote.
    damaged: bool

    @property
    def value(self) -> Dict[str, Any]:
        """What the line says. Raises ValueError when it is damaged."""
        if self.damaged:
            raise ValueError(f"the entry at offset {self.offset} is no JSON object")
        return cast(Dict[str, Any], json.loads(self.entry))


class LogReading:
    """Follows the frames of a log, and gives their entries one by one."""

    def __init__(self, request: pb.ReadTaskLogRequest) -> None:
        """Starts with what the caller asked for."""
        self._asked = request
        self._entries: Deque[LogEntry] = deque()
        self._next_offset: Optional[int] = None

    @property
    def offset(self) -> int:
        """Where the entry begins that is given next, for a later reading from there.

        With `tail`, 0 until the server has said where that is.
        """
        if self._entries:
            return self._entries[0].offset
        return self._asked.offset if self._next_offset is None else self._next_offset

    @property
    def finished(self) -> bool:
        """Whether the end of a stream is the end of what was asked for."""
        return not self._asked.follow

    def request(self) -> pb.ReadTaskLogRequest:
        """Returns the request for the next stream."""
        request = pb.ReadTaskLogRequest()
        request.CopyFrom(self._asked)
        if self._next_offset is not None:
            request.offset, request.tail_entries = self._next_offset, 0
        return request

    def goes_on_after(self, failure: CallboardError) -> bool:
        """A log that was cut during a break is followed from its new beginning."""
        cut = failure.reason == "OFFSET_MISMATCH" and self._next_offset is not None
        if not (cut and self._asked.follow):
            return False
        _log.warning("the log was replaced or cut: reading it from its new beginning")
        self._next_offset = 0
        return True

    def take(self, frame: pb.ReadTaskLogResponse) -> None:
        """Takes the entries of a frame."""
        if frame.restarted:
            _log.warning("the log was replaced or cut: reading it from its new beginning")
        self._next_offset = frame.next_offset
        self._entries.extend(
            LogEntry(one.entry, one.offset, one.damaged) for one in frame.entries
        )

    def next_entry(self) -> Optional[LogEntry]:
        """Returns the next entry of those taken; None when another frame is needed."""
        return self._entries.popleft() if self._entries else None


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
