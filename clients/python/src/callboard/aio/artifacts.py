"""The methods of an asynchronous client that put and get artifacts."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import (
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Optional,
    Tuple,
    Type,
    cast,
    overload,
)

import grpc

from callboard.aio.connection import AsyncConnection, is_being_cancelled
from callboard.aio.sending import send_all
from callboard.aio.sources import AsyncSource, async_chunks_of, async_examine
from callboard.aio.stream import StreamingCall, read_frame
from callboard.attempts import Attempts
from callboard.destinations import Destination, Writable, replacement_of
from callboard.errors import CallboardError, OtherError, from_rpc_error, nothing_in_time
from callboard.requests import artifacts as requests
from callboard.sources import FilePath
from callboard.transfer import Download, DownloadRetrying, Upload
from callboard.v1 import storage_pb2 as pb

_Begun = Tuple[StreamingCall[pb.GetArtifactResponse], pb.GetArtifactResponse]


class AsyncArtifactReader(AsyncIterator[bytes]):
    """The content of an artifact, in chunks of at most 256 KiB; as `callboard.ArtifactReader`.

    `await reader` and `async with reader` return once the server has said what it is; without
    either, iterating begins with that.
    """

    def __init__(self, begin: Callable[[], Awaitable[_Begun]]) -> None:
        """Asks for nothing yet; `begin` calls the server, and waits for the first frame."""
        self._begin = begin
        self._call: Optional[StreamingCall[pb.GetArtifactResponse]] = None
        self._first: Optional[pb.GetArtifactResponse] = None
        self._download = Download()
        self._closed = False

    @property
    def artifact(self) -> pb.Artifact:
        """What it is; with its SHA-256 only once all of it was read."""
        return self._download.artifact

    @property
    def size(self) -> int:
        """How many bytes have come so far."""
        return self._download.size

    async def close(self) -> None:
        """Ends the transfer; a task that still iterates gets an OtherError (CANCELLED)."""
        self._closed = True
        if self._call is not None:
            self._call.cancel()

    def __await__(self) -> Generator[object, None, AsyncArtifactReader]:
        """Begins, and returns itself once the server has said what it is."""
        return self._start().__await__()

    async def __aenter__(self) -> AsyncArtifactReader:
        """Begins, and returns itself once the server has said what it is."""
        return await self._start()

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Closes it."""
        await self.close()

    def __aiter__(self) -> AsyncArtifactReader:
        """Returns itself."""
        return self

    async def __anext__(self) -> bytes:
        """Returns the next chunk."""
        await self._start()
        if self._first is not None:
            frame, self._first = self._first, None
            return self._download.take(frame)
        assert self._call is not None
        try:
            received = await read_frame(self._call)
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        except asyncio.CancelledError:
            if not self._closed or is_being_cancelled():
                raise
            # Nobody cancelled the caller: the call ended with the reader.
            raise OtherError("the transfer was closed", code=grpc.StatusCode.CANCELLED) from None
        if received is None:
            self._download.finish()
            raise StopAsyncIteration
        return self._download.take(received)

    async def _start(self) -> AsyncArtifactReader:
        if self._call is None:
            self._call, self._first = await self._begin()
            self._download.artifact.CopyFrom(self._first.artifact)
        return self


class AsyncArtifactMethods(AsyncConnection):
    """Puts artifacts and gets them. Files are read and written in another thread."""

    async def put_artifact(
        self,
        source: AsyncSource,
        name: Optional[str] = None,
        *,
        versioned: bool = False,
        attachment: bool = False,
        request_id: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact:
        """Saves an artifact of a task; as `callboard.Client.put_artifact`.

        `source` may also be an asynchronous iterable of bytes.
        """
        content = await async_examine(source)
        header = requests.header(
            self.defaults,
            name or content.name,
            versioned=versioned,
            attachment=attachment,
            request_id=request_id,
            project=project,
            task=task,
        )
        if content.data is not None:
            request = requests.save(header, content.data)
            request.sha256 = content.sha256
            answer = await self.call(self.storage.SaveArtifact, request, timeout=timeout)
            return answer.artifact

        patience = self.timeout if timeout is None else timeout
        attempts = Attempts(patience, repeatable=content.repeatable)
        upload = Upload(header, content, attempts)

        async def parts() -> AsyncIterator[pb.UploadArtifactRequest]:
            yield upload.begin()
            async for chunk in async_chunks_of(source):
                yield upload.part(chunk)

        async def send(_: float) -> pb.UploadArtifactResponse:
            # However long it takes, as long as it goes on.
            answer = await send_all(self._blocking_storage.UploadArtifact, parts())
            return cast(pb.UploadArtifactResponse, answer)

        saved = await self._attempt(
            send, attempts, request_id=header.request_id, blocking=True
        )
        return saved.artifact

    def open_artifact(
        self,
        name: Optional[str] = None,
        *,
        path: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> AsyncArtifactReader:
        """Begins to get an artifact; as `callboard.Client.open_artifact`.

        `async with client.open_artifact(name) as reader`, then `async for chunk in reader`.
        """
        request = requests.get(self.defaults, name, path, project, task)

        async def attempt(remaining: float) -> _Begun:
            call: StreamingCall[pb.GetArtifactResponse] = self.storage.GetArtifact(request)
            try:
                # A deadline of the call would hold for all of the transfer.
                first = await asyncio.wait_for(read_frame(call), remaining)
            except asyncio.TimeoutError as error:
                call.cancel()
                raise nothing_in_time() from error
            return call, first or pb.GetArtifactResponse()

        async def begin() -> _Begun:
            attempts = Attempts(self.timeout if timeout is None else timeout)
            return await self._attempt(attempt, attempts)

        return self._keep(AsyncArtifactReader(begin))

    @overload
    async def get_artifact(
        self,
        name: str,
        destination: Destination,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact: ...

    @overload
    async def get_artifact(
        self,
        *,
        path: str,
        destination: Destination,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact: ...

    async def get_artifact(
        self,
        name: Optional[str] = None,
        destination: Optional[Destination] = None,
        *,
        path: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact:
        """Gets an artifact, verified by its SHA-256; as `callboard.Client.get_artifact`."""
        if destination is None:
            raise TypeError("give the destination: a path, or a stream that takes bytes")

        def open() -> AsyncArtifactReader:
            return self.open_artifact(name, path=path, project=project, task=task, timeout=timeout)

        if isinstance(destination, (str, os.PathLike)):
            patience = self.timeout if timeout is None else timeout
            return await self._download(destination, open, patience)
        async with open() as reader:
            return await _copy(reader, destination)

    async def _download(
        self, path: FilePath, open: Callable[[], AsyncArtifactReader], patience: float
    ) -> pb.Artifact:
        retrying = DownloadRetrying(patience)
        while True:
            reader = await open()
            try:
                async with reader:
                    with replacement_of(path) as file:
                        return await _copy(reader, file)
            except CallboardError as failure:
                if await self._closed_within(retrying.delay_after(failure, reader.size)):
                    raise


async def _copy(reader: AsyncArtifactReader, destination: Writable) -> pb.Artifact:
    async for chunk in reader:
        await asyncio.to_thread(destination.write, chunk)
    return reader.artifact
