"""The methods of an asynchronous client that write and read the files of runs."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import TYPE_CHECKING, AsyncIterator, Optional, Type

from callboard.aio.connection import AsyncConnection
from callboard.aio.sources import AsyncSource, async_chunks_of
from callboard.aio.stream import AsyncResumedStream
from callboard.attempts import Attempts
from callboard.destinations import Destination, Writable, replacement_of
from callboard.errors import ConflictError
from callboard.reading import RunFileReading
from callboard.requests import run_files as requests
from callboard.run_output import OutputEnd
from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.v1.storage_pb2_grpc import StorageAsyncStub


class AsyncRunFileReader(AsyncIterator[bytes]):
    """The content of a run's file in chunks, each once; as `callboard.RunFileReader`.

    One task iterates, and may be cancelled while it waits without losing a chunk.
    """

    def __init__(
        self, stub: StorageAsyncStub, request: pb.ReadRunFileRequest, patience: Optional[float]
    ) -> None:
        """Asks for nothing yet."""
        self._reading = RunFileReading(request)
        self._stream: AsyncResumedStream[pb.ReadRunFileRequest, pb.ReadRunFileResponse] = (
            AsyncResumedStream(
                stub.ReadRunFile, self._reading, what=f"file {request.file}", patience=patience
            )
        )

    @property
    def offset(self) -> int:
        """Where the next chunk begins, in bytes, for a later `read_run_file(offset=…)`.

        With `tail_lines`, 0 until the first chunk was given.
        """
        return self._reading.offset

    async def close(self) -> None:
        """Ends it; the task that iterates sees the end of the iterator."""
        await self._stream.close()

    def __aiter__(self) -> AsyncRunFileReader:
        """Returns itself."""
        return self

    async def __anext__(self) -> bytes:
        """Returns the next chunk; waits for it when the file is followed."""
        while True:
            frame = await self._stream.receive()
            if frame is None:
                raise StopAsyncIteration
            chunk = self._reading.take(frame)
            if chunk:
                return chunk

    async def __aenter__(self) -> AsyncRunFileReader:
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


class AsyncRunFileMethods(AsyncConnection):
    """Appends to the files of runs and reads them; as with `callboard.Client`.

    Files of this machine are read and written in another thread.
    """

    async def put_run_file(
        self,
        file: str,
        source: AsyncSource,
        *,
        run: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> int:
        """Appends to a run's file and returns where it ends; as `callboard.Client.put_run_file`.

        `source` may also be an asynchronous iterable of bytes.
        """
        place = requests.list_files(self.defaults, project, task, run)
        end = OutputEnd(await self._size_of(place, file, timeout))
        async for chunk in async_chunks_of(source):
            await self._append_output(place, file, end, chunk, timeout)
        return end.offset

    def read_run_file(
        self,
        file: str,
        *,
        offset: int = 0,
        tail_lines: int = 0,
        follow: bool = False,
        run: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        retry_for: Optional[float] = None,
    ) -> AsyncRunFileReader:
        """Gives a run's file in chunks; as `callboard.Client.read_run_file`."""
        request = requests.read(
            self.defaults,
            file,
            offset=offset,
            tail_lines=tail_lines,
            follow=follow,
            project=project,
            task=task,
            run=run,
        )
        if retry_for is None and not follow:
            retry_for = self.timeout
        return self._keep(AsyncRunFileReader(self.storage, request, retry_for))

    async def get_run_file(
        self,
        file: str,
        destination: Destination,
        *,
        offset: int = 0,
        tail_lines: int = 0,
        follow: bool = False,
        run: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        retry_for: Optional[float] = None,
    ) -> int:
        """Writes a run's file to a path or a stream; as `callboard.Client.get_run_file`."""
        reader = self.read_run_file(
            file,
            offset=offset,
            tail_lines=tail_lines,
            follow=follow,
            run=run,
            project=project,
            task=task,
            retry_for=retry_for,
        )
        async with reader:
            if not isinstance(destination, (str, os.PathLike)):
                return await _copy(reader, destination)
            with replacement_of(destination) as opened:
                return await _copy(reader, opened)

    async def _size_of(
        self, place: pb.ListRunFilesRequest, file: str, timeout: Optional[float]
    ) -> int:
        """Returns where a run's file ends: at 0 when it does not exist."""
        while True:
            page = await self.call(self.storage.ListRunFiles, place, timeout=timeout)
            for one in page.files:
                if one.file == file:
                    return one.size
            place.page_token = page.next_page_token
            if not place.page_token:
                return 0

    async def _append_output(
        self,
        place: pb.ListRunFilesRequest,
        file: str,
        end: OutputEnd,
        chunk: bytes,
        timeout: Optional[float] = None,
    ) -> None:
        """Appends a chunk where the file ends, however often another program moves that."""
        contest = Attempts(self.timeout if timeout is None else timeout)
        while True:
            request = requests.append(place, file, end.offset, chunk)
            try:
                # The offset makes it safe.
                answer = await self.call(
                    self.storage.AppendRunOutput, request, timeout=timeout, repeatable=True
                )
            except ConflictError as failure:
                delay = contest.pause() if end.moved_by(failure) else None
                if delay is None or await self._closed_within(delay):
                    raise
            else:
                return end.take(answer)


async def _copy(reader: AsyncRunFileReader, destination: Writable) -> int:
    size = 0
    async for chunk in reader:
        await asyncio.to_thread(destination.write, chunk)
        size += len(chunk)
    return size
