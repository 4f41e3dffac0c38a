"""The methods of a client that write and read the files of runs."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Iterator, Optional, Type

from callboard.attempts import Attempts
from callboard.connection import Connection
from callboard.destinations import Destination, Writable, replacement_of
from callboard.errors import ConflictError
from callboard.reading import RunFileReading
from callboard.requests import run_files as requests
from callboard.run_output import OutputEnd
from callboard.sources import Source, chunks_of
from callboard.stream import ResumedStream
from callboard.v1 import storage_pb2 as pb


class RunFileReader(Iterator[bytes]):
    """The content of a run's file in chunks, each once, through breaks and restarts of the server.

    No character of UTF-8 is split between two chunks. One thread iterates; `close` may be
    called from any. Raises CallboardError while iterating.
    """

    def __init__(
        self,
        reading: RunFileReading,
        stream: ResumedStream[pb.ReadRunFileRequest, pb.ReadRunFileResponse],
    ) -> None:
        """Asks for nothing yet."""
        self._reading = reading
        self._stream = stream

    @property
    def offset(self) -> int:
        """Where the next chunk begins, in bytes, for a later `read_run_file(offset=…)`.

        With `tail_lines`, 0 until the first chunk was given.
        """
        return self._reading.offset

    def close(self) -> None:
        """Ends it; the thread that iterates sees the end of the iterator."""
        self._stream.close()

    def __iter__(self) -> RunFileReader:
        """Returns itself."""
        return self

    def __next__(self) -> bytes:
        """Returns the next chunk; waits for it when the file is followed."""
        while True:
            frame = self._stream.receive()
            if frame is None:
                raise StopIteration
            chunk = self._reading.take(frame)
            if chunk:
                return chunk

    def __enter__(self) -> RunFileReader:
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


class RunFileMethods(Connection):
    """Appends to the files of runs and reads them.

    A file is `prompt`, `output`, `stdout`, `stderr` or `logs/<name>`; `events` can be read too.
    The run is the client's own unless one is named, and is looked for by its id alone when
    there is no task.
    """

    def put_run_file(
        self,
        file: str,
        source: Source,
        *,
        run: Optional[str] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> int:
        """Appends a path's content, bytes or a stream to a run's file; returns where it ends then.

        Each chunk is tried again, and appended once, for `timeout` seconds (by default the
        client's). What another program appends meanwhile stays, and the next chunk goes behind it.
        Raises NotFoundError (RUN_NOT_FOUND), OSError, and whatever the stream raises.
        """
        place = requests.list_files(self.defaults, project, task, run)
        end = OutputEnd(self._size_of(place, file, timeout))
        for chunk in chunks_of(source):
            self._append_output(place, file, end, chunk, timeout)
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
    ) -> RunFileReader:
        """Gives a run's file in chunks, up to its end or, with `follow`, until the run has ended.

        Begins at `offset`, in bytes, or with the last `tail_lines` lines. Goes on through breaks,
        each byte once. While the server cannot be reached it tries again for `retry_for`
        seconds, by default for ever when following, else the client's timeout.
        """
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
        reading = RunFileReading(request)
        return RunFileReader(
            reading,
            self._resumed(
                self.storage.ReadRunFile, reading, what=f"file {file}", patience=retry_for
            ),
        )

    def get_run_file(
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
        """Writes what `read_run_file` gives to a path or a stream; returns how many bytes it was.

        A path has the whole content when this returns, and else what it had before.
        """
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
        with reader:
            if not isinstance(destination, (str, os.PathLike)):
                return _copy(reader, destination)
            with replacement_of(destination) as opened:
                return _copy(reader, opened)

    def _size_of(
        self, place: pb.ListRunFilesRequest, file: str, timeout: Optional[float]
    ) -> int:
        """Returns where a run's file ends: at 0 when it does not exist."""
        while True:
            page = self.call(self.storage.ListRunFiles, place, timeout=timeout)
            for one in page.files:
                if one.file == file:
                    return one.size
            place.page_token = page.next_page_token
            if not place.page_token:
                return 0

    def _append_output(
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
                answer = self.call(
                    self.storage.AppendRunOutput, request, timeout=timeout, repeatable=True
                )
            except ConflictError as failure:
                delay = contest.pause() if end.moved_by(failure) else None
                if delay is None or self._pause(self._closed, delay):
                    raise
            else:
                return end.take(answer)


def _copy(reader: RunFileReader, destination: Writable) -> int:
    size = 0
    for chunk in reader:
        destination.write(chunk)
        size += len(chunk)
    return size
