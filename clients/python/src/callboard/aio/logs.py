"""The methods of an asynchronous client that write and read the logs of tasks."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, AsyncIterator, Iterable, Optional, Type, Union

from callboard.aio.connection import AsyncConnection
from callboard.aio.stream import AsyncResumedStream
from callboard.reading import LogEntry, LogReading
from callboard.requests import logs as requests
from callboard.requests.logs import Entry
from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.v1.storage_pb2_grpc import StorageAsyncStub


class AsyncLogReader(AsyncIterator[LogEntry]):
    """The entries of a task's log, each once; as `callboard.LogReader`.

    One task iterates, and may be cancelled while it waits without losing an entry.
    """

    def __init__(
        self, stub: StorageAsyncStub, request: pb.ReadTaskLogRequest, patience: Optional[float]
    ) -> None:
        """Asks for nothing yet."""
        self._reading = LogReading(request)
        self._stream: AsyncResumedStream[pb.ReadTaskLogRequest, pb.ReadTaskLogResponse] = (
            AsyncResumedStream(stub.ReadTaskLog, self._reading, what="log", patience=patience)
        )

    @property
    def offset(self) -> int:
        """Where the next entry begins, in bytes, for a later `read_log(offset=…)`.

        With `tail`, 0 until the first entry was given.
        """
        return self._reading.offset

    async def close(self) -> None:
        """Ends it; the task that iterates sees the end of the iterator."""
        await self._stream.close()

    def __aiter__(self) -> AsyncLogReader:
        """Returns itself."""
        return self

    async def __anext__(self) -> LogEntry:
        """Returns the next entry; waits for it when the log is followed."""
        entry = self._reading.next_entry()
        while entry is None:
            frame = await self._stream.receive()
            if frame is None:
                raise StopAsyncIteration
            self._reading.take(frame)
            entry = self._reading.next_entry()
        return entry

    async def __aenter__(self) -> AsyncLogReader:
        """Returns itself."""
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        await self.close()


class AsyncLogMethods(AsyncConnection):
    """Appends to the logs of tasks and reads them."""

    async def append_log(
        self,
        entries: Union[Entry, Iterable[Entry]],
        *,
        request_id: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.AppendTaskLogResponse:
        """Appends entries to a task's log, 1 to 1000; as `callboard.Client.append_log`."""
        request = requests.append(self.defaults, entries, request_id, project, task)
        return await self.call(self.storage.AppendTaskLog, request, timeout=timeout)

    def read_log(
        self,
        *,
        offset: int = 0,
        tail: int = 0,
        follow: bool = False,
        project: Optional[str] = None,
        task: Optional[str] = None,
        retry_for: Optional[float] = None,
    ) -> AsyncLogReader:
        """Gives the entries of a task's log; as `callboard.Client.read_log`."""
        request = requests.read(
            self.defaults, offset=offset, tail=tail, follow=follow, project=project, task=task
        )
        if retry_for is None and not follow:
            retry_for = self.timeout
        return self._keep(AsyncLogReader(self.storage, request, retry_for))
