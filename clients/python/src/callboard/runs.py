"""The method of a client that records a run, as a context: its beginning, what it says, its end."""

from __future__ import annotations

import io
import logging
import os
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, List, Mapping, Optional, Type, Union, cast

from callboard.connection import Connection
from callboard.errors import CallboardError
from callboard.requests import runs as requests
from callboard.requests.runs import Ending
from callboard.run_output import FLUSH_INTERVAL, OutputBuffer, OutputEnd, encoded
from callboard.v1 import message_bus_pb2
from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.client import Client

_log = logging.getLogger("callboard")


class RunWriter(io.TextIOBase):
    """One of a run's outputs, to write to as to a file: `print("hello", file=run.stdout)`.

    What is written is sent in order: once there is enough of it, after a quarter of a second, or
    with `flush`. Each byte is there once, through breaks of the connection. May be used from any
    thread.
    """

    def __init__(self, append: Callable[[bytes], None], written: Callable[[], None]) -> None:
        """Sends chunks with `append`, and says with `written` that there is something to send."""
        super().__init__()
        self._append = append
        self._written = written
        self._buffer = OutputBuffer()
        self._sending = threading.Lock()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: Union[str, bytes]) -> int:
        """Writes text, as UTF-8, or bytes; returns how much of it: all.

        Raises CallboardError when enough has gathered to be sent, and cannot be; it is kept. Raises
        ValueError once the run has ended.
        """
        if self._buffer.add(encoded(text)):
            self.flush()
        else:
            self._written()
        return len(text)

    def flush(self) -> None:
        """Sends what was written so far. Raises CallboardError; what was not sent is kept."""
        with self._sending:
            chunk = self._buffer.first()
            while chunk:
                self._append(chunk)
                self._buffer.sent()
                chunk = self._buffer.first()

    def close(self) -> None:
        """Sends what was written so far, and takes no more. Raises CallboardError."""
        self._buffer.end()
        super().close()


class RunContext:
    """A run of this process: `with client.run("my-agent") as run:`.

    Entering creates the run and posts RUN_START. Leaving sends what was written and ends the
    run: completed, with RUN_STOP; or failed, with RUN_CRASH, when `exit_code` was set to another
    than 0 or an exception leaves the block. Its type and text are recorded, and it goes on.
    A run that somebody else ended meanwhile stays as it is.
    """

    #: The exit code to end with, when no exception leaves the block; None means 0. The code
    #: of a SystemExit comes before it.
    exit_code: Optional[int] = None

    def __init__(
        self, client: Client, request: pb.CreateRunRequest, timeout: Optional[float]
    ) -> None:
        """Creates nothing yet."""
        self._client = client
        self._request = request
        self._timeout = timeout
        self._start_msg_id = ""
        #: The run as it was created.
        self.info = pb.Run()
        self._written = threading.Event()
        self._ended = threading.Event()
        #: Its standard output.
        self.stdout = self._writer("stdout")
        #: Its standard error.
        self.stderr = self._writer("stderr")
        #: Its result.
        self.output = self._writer("output")
        self._flusher = threading.Thread(
            target=self._flush_from_time_to_time, name="callboard-run-output", daemon=True
        )

    @property
    def run_id(self) -> str:
        """Its id; empty before it was entered."""
        return self.info.run_id

    def append(
        self, type: str, body: str = "", **options: Any
    ) -> message_bus_pb2.AppendMessageResponse:
        """Appends a message of this run to its task's bus; the options are of `Client.append`."""
        return self._client.append(type, body, **{**requests.place(self.info), **options})

    def event(
        self,
        name: str,
        data: Optional[Mapping[str, object]] = None,
        *,
        timeout: Optional[float] = None,
    ) -> pb.AppendRunEventResponse:
        """Appends an event, such as `pushed`, with what makes a JSON object, to the run's events.

        Appended once, as a message is. Raises TypeError or ValueError for what cannot be JSON.
        """
        request = requests.event(self.info, name, data)
        return self._client.call(self._client.storage.AppendRunEvent, request, timeout=timeout)

    def flush(self) -> None:
        """Sends what was written to its outputs so far. Raises CallboardError."""
        for writer in (self.stdout, self.stderr, self.output):
            writer.flush()

    def __enter__(self) -> RunContext:
        """Creates the run and posts RUN_START. Raises CallboardError: RUN_EXISTS …"""
        client = self._client
        created = client.call(client.storage.CreateRun, self._request, timeout=self._timeout)
        self.info.CopyFrom(created.run)
        try:
            posted = client.call(
                client.bus.AppendMessage, requests.start_message(self.info, os.getpid())
            )
        except BaseException as error:
            self._end(Ending.of(error, None), error)
            raise
        self._start_msg_id = posted.msg_id
        self._flusher.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Sends what was written, and ends the run."""
        self._ended.set()
        self._written.set()
        self._flusher.join()
        self._end(Ending.of(error, self.exit_code), error)

    def _end(self, ending: Ending, error: Optional[BaseException]) -> None:
        """Records as much of the end as can be; the rest is raised, or logged behind an error."""
        client = self._client
        end = requests.end(self.info, ending)
        message = requests.end_message(self.info, ending, self._start_msg_id)
        records: List[Callable[[], object]] = [
            # Closed, so that what is written from now on is not lost without a word.
            self.stdout.close,
            self.stderr.close,
            self.output.close,
            # Ending it again in the same way changes nothing.
            lambda: client.call(client.storage.UpdateRunStatus, end, repeatable=True),
            lambda: client.call(client.bus.AppendMessage, message),
        ]
        failures: List[CallboardError] = []
        for record in records:
            try:
                record()
            except CallboardError as failure:
                if failure.reason == "INVALID_TRANSITION":
                    _log.info("run %s was ended by somebody else: %s", self.run_id, failure)
                else:
                    failures.append(failure)
        for lost in failures:
            _log.error("not all of run %s is recorded: %s", self.run_id, lost)
        if failures and error is None:
            raise failures[0]

    def _writer(self, file: str) -> RunWriter:
        end = OutputEnd(0)

        def append(chunk: bytes) -> None:
            self._client._append_output(requests.files(self.info), file, end, chunk)

        return RunWriter(append, self._written.set)

    def _flush_from_time_to_time(self) -> None:
        while not self._ended.is_set():
            self._written.wait()
            # More may come right behind it.
            self._ended.wait(FLUSH_INTERVAL)
            self._written.clear()
            try:
                self.flush()
            except CallboardError as failure:
                # It is kept, and raised where it is written or flushed next.
                _log.warning("output of run %s is not sent yet: %s", self.run_id, failure)


class RunMethods(Connection):
    """Records runs."""

    def run(
        self,
        agent_type: str,
        *,
        run_id: Optional[str] = None,
        prompt: str = "",
        commandline: Optional[str] = None,
        cwd: Optional[str] = None,
        parent_run_id: Optional[str] = None,
        previous_run_id: str = "",
        meta: Optional[pb.RunMeta] = None,
        project: Optional[str] = None,
        task: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> RunContext:
        """Returns a run of this process to enter: `with client.run("my-agent") as run:`.

        `agent_type` is any word for which agent it is. The server makes the id unless one is
        given. The parent is the client's own run, the command line and the working directory are
        those of this process, unless others are given; `previous_run_id` names the run that it is
        a restart of, `prompt` is kept as the run's prompt.md and `meta` as its meta.json. `timeout`
        is for creating it, in seconds.
        """
        request = requests.create(
            self.defaults,
            agent_type,
            run_id=run_id,
            prompt=prompt,
            commandline=commandline,
            cwd=cwd,
            parent_run_id=parent_run_id,
            previous_run_id=previous_run_id,
            meta=meta,
            project=project,
            task=task,
        )
        # These methods are only ever those of a Client.
        return RunContext(cast("Client", self), request, timeout)
