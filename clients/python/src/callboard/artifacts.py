"""The methods of a client that put and get artifacts."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Callable, Iterator, Optional, Protocol, Type, overload

import grpc

from callboard.attempts import Attempts
from callboard.connection import Connection
from callboard.destinations import Destination, Writable, replacement_of
from callboard.errors import CallboardError, OtherError, from_rpc_error, nothing_in_time
from callboard.requests import artifacts as requests
from callboard.sending import Sending
from callboard.sources import FilePath, Source, chunks_of, examine
from callboard.transfer import Download, DownloadRetrying, Upload
from callboard.v1 import storage_pb2 as pb


class _Call(Protocol):
    def __next__(self) -> pb.GetArtifactResponse: ...

    def cancel(self) -> object: ...


class ArtifactReader(Iterator[bytes]):
    """The content of an artifact, in chunks of at most 256 KiB.

    Raises CallboardError while iterating when the connection breaks, and at the end
    InvalidArgumentError (CHECKSUM_MISMATCH) when it is not what the server has.
    """

    def __init__(self, call: _Call, first: pb.GetArtifactResponse) -> None:
        """Begins with the first frame."""
        self._call: Optional[_Call] = call
        self._first: Optional[pb.GetArtifactResponse] = first
        self._download = Download()
        self._download.artifact.CopyFrom(first.artifact)

    @property
    def artifact(self) -> pb.Artifact:
        """What it is; with its SHA-256 only once all of it was read."""
        return self._download.artifact

    @property
    def size(self) -> int:
        """How many bytes have come so far."""
        return self._download.size

    def close(self) -> None:
        """Ends the transfer; a thread that still iterates gets an OtherError (CANCELLED)."""
        # It is not kept, for the reason that `ResumedStream.close` gives.
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def __iter__(self) -> ArtifactReader:
        """Returns itself."""
        return self

    def __next__(self) -> bytes:
        """Returns the next chunk."""
        if self._first is not None:
            frame, self._first = self._first, None
            return self._download.take(frame)
        call = self._call
        if call is None:
            raise OtherError("the transfer was closed", code=grpc.StatusCode.CANCELLED)
        try:
            return self._download.take(next(call))
        except StopIteration:
            self._download.finish()
            raise
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    def __enter__(self) -> ArtifactReader:
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


class ArtifactMethods(Connection):
    """Puts artifacts and gets them."""

    def put_artifact(
        self,
        source: Source,
        name: Optional[str] = None,
        *,
        versioned: bool = False,
        attachment: bool = False,
        request_id: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact:
        """Saves an artifact of a task, whole or not at all, and returns what it is now.

        `source` is a path, bytes, or a stream of bytes such as a file opened with "rb"; of a path,
        the file's name is the name unless one is given. `versioned` saves it with the next number
        in its name, `attachment` for messages to point to. What is there already under the name is
        replaced.

        The server verifies the content of paths and bytes by its SHA-256, and it is sent again
        when the connection breaks: until `timeout` seconds went by without any progress. A stream
        is never held in memory as a whole, and is sent once. Raises OSError when the file cannot
        be read, and whatever the stream raises.
        """
        content = examine(source)
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
            return self.call(self.storage.SaveArtifact, request, timeout=timeout).artifact

        patience = self.timeout if timeout is None else timeout
        attempts = Attempts(patience, repeatable=content.repeatable)
        upload = Upload(header, content, attempts)

        def parts() -> Iterator[pb.UploadArtifactRequest]:
            yield upload.begin()
            yield from map(upload.part, chunks_of(source))

        def send(_: float) -> pb.UploadArtifactResponse:
            sending = Sending(parts())
            try:
                # However long it takes, as long as it goes on.
                return self.storage.UploadArtifact(sending.requests())
            except grpc.RpcError:
                sending.raise_failure()
                raise

        return self._attempt(send, attempts, request_id=header.request_id).artifact

    def open_artifact(
        self,
        name: Optional[str] = None,
        *,
        path: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> ArtifactReader:
        """Begins to get an artifact, and returns it for iterating over its chunks.

        It is named by its name, or by its `path` relative to the task's folder, as a message's
        `attachment_path` has it. `timeout` is for the beginning. Raises NotFoundError
        (ARTIFACT_NOT_FOUND).
        """
        request = requests.get(self.defaults, name, path, project, task)

        def begin(remaining: float) -> ArtifactReader:
            call = self.storage.GetArtifact(request)
            late = threading.Event()

            def give_up() -> None:
                late.set()
                call.cancel()

            # A deadline of the call would hold for all of the transfer.
            timer = threading.Timer(remaining, give_up)
            timer.daemon = True
            timer.start()
            try:
                return ArtifactReader(call, next(call, pb.GetArtifactResponse()))
            except grpc.RpcError as error:
                if late.is_set():
                    raise nothing_in_time() from error
                raise
            finally:
                timer.cancel()

        attempts = Attempts(self.timeout if timeout is None else timeout)
        return self._keep(self._attempt(begin, attempts))

    @overload
    def get_artifact(
        self,
        name: str,
        destination: Destination,
        *,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact: ...

    @overload
    def get_artifact(
        self,
        *,
        path: str,
        destination: Destination,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact: ...

    def get_artifact(
        self,
        name: Optional[str] = None,
        destination: Optional[Destination] = None,
        *,
        path: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> pb.Artifact:
        """Gets an artifact, verified by its SHA-256, and returns what it is.

        `destination` is a path, or a stream that takes bytes such as a file opened with "wb". A
        path has the whole content when this returns, and else what it had before: it is written
        beside it and then moved there, and begun again when the connection breaks, until `timeout`
        seconds went by without any progress. A stream may have been given a part when this raises.

        Raises NotFoundError (ARTIFACT_NOT_FOUND), InvalidArgumentError (CHECKSUM_MISMATCH) and
        OSError.
        """
        if destination is None:
            raise TypeError("give the destination: a path, or a stream that takes bytes")

        def open() -> ArtifactReader:
            return self.open_artifact(name, path=path, project=project, task=task, timeout=timeout)

        if isinstance(destination, (str, os.PathLike)):
            return self._download(destination, open, self.timeout if timeout is None else timeout)
        with open() as reader:
            return _copy(reader, destination)

    def _download(
        self, path: FilePath, open: Callable[[], ArtifactReader], patience: float
    ) -> pb.Artifact:
        retrying = DownloadRetrying(patience)
        while True:
            reader = open()
            try:
                with reader, replacement_of(path) as file:
                    return _copy(reader, file)
            except CallboardError as failure:
                if self._pause(self._closed, retrying.delay_after(failure, reader.size)):
                    raise


def _copy(reader: ArtifactReader, destination: Writable) -> pb.Artifact:
    for chunk in reader:
        destination.write(chunk)
    return reader.artifact
