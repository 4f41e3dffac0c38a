"""The methods of a client that write and read the logs of tasks."""

from __future__ import annotations

from types import TracebackType
from typing import Iterable, Iterator, Optional, Type, Union

from callboard.connection import Connection
from callboard.reading import LogEntry, LogReading
from callboard.requests import logs as requests
from callboard.requests.logs import Entry
from callboard.stream import ResumedStream
from callboard.v1 import storage_pb2 as pb


class LogReader(Iterator[LogEntry]):
    """The entries of a task's log, each once, through breaks and restarts of the server.

    One thread iterates; `close` may be called from any. Raises CallboardError while
    iterating.
    """

    def __init__(
        self,
        reading: LogReading,
        stream: ResumedStream[pb.ReadTaskLogRequest, pb.ReadTaskLogResponse],
    ) -> None:
        """Asks for nothing yet."""
        self._reading = reading
        self._stream = stream

    @property
    def offset(self) -> int:
        """Where the next entry begins, in bytes, for a later `read_log(offset=…)`.

        With `tail`, 0 until the first entry was given.
        """
        return self._reading.offset

    def close(self) -> None:
        """Ends it; the thread that iterates sees the end of the iterator."""
        self._stream.close()

    def __iter__(self) -> LogReader:
        """Returns itself."""
        return self

    def __next__(self) -> LogEntry:
        """Returns the next entry; waits for it when the log is followed."""
        entry = self._reading.next_entry()
        while entry is None:
            frame = self._stream.receive()
            if frame is None:
                raise StopIteration
            self._reading.take(frame)
            entry = self._reading.next_entry()
        return entry

    def __enter__(self) -> LogReader:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        self.close()


class LogMethods(Connection):
    """Appends to the logs of tasks and reads them."""

    def append_log(
        self,
        entries: Union[Entry, Iterable[Entry]],
        *,
        request_id: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.AppendTaskLogResponse:
        """Appends entries to a task's log, 1 to 1000, and returns where they stand.

        An entry is a mapping that makes a JSON object, or such an object as text. Appends once,
        as `append`. Raises TypeError or ValueError for what cannot be JSON.
        """
        request = requests.append(self.defaults, entries, request_id, project, task)
        return self.call(self.storage.AppendTaskLog, request, timeout=timeout)

    def read_log(
        self,
        *,
        offset: int = 0,
        tail: int = 0,
        follow: bool = False,
        project: Optional[str] = None,
        task: Optional[str] = None,
        retry_for: Optional[float] = None,
    ) -> LogReader:
        """Gives the entries of a task's log, up to its present end or, with `follow`, for ever.

        Begins at `offset`, which is 0 or one that the server gave out, or with the last `tail`
        entries. Goes on through breaks, each entry once; a log that was replaced or cut meanwhile
        is followed from its new beginning. While the server cannot be reached it tries again for
        `retry_for` seconds, by default for ever when following, else the client's timeout.
        """
        request = requests.read(
            self.defaults, offset=offset, tail=tail, follow=follow, project=project, task=task
        )
        if retry_for is None and not follow:
            retry_for = self.timeout
        reading = LogReading(request)
        return LogReader(
            reading,
            self._resumed(self.storage.ReadTaskLog, reading, what="log", patience=retry_for),
        )
