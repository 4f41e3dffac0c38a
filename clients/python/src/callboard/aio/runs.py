"""The method of an asynchronous client that records a run, as a context."""

from __future__ import annotations

import asyncio
import logging
import os
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Awaitable,
    Callable,
    List,
    Mapping,
    Optional,
    Type,
    Union,
    cast,
)

from callboard.aio.connection import AsyncConnection
from callboard.errors import CallboardError
from callboard.requests import runs as requests
from callboard.requests.runs import Ending
from callboard.run_output import FLUSH_INTERVAL, OutputBuffer, OutputEnd, encoded
from callboard.v1 import message_bus_pb2
from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.aio.client import AsyncClient

_log = logging.getLogger("callboard")


class AsyncRunWriter:
    """One of a run's outputs: `await run.stdout.write("hello")`; as `callboard.RunWriter`."""

    def __init__(
        self, append: Callable[[bytes], Awaitable[None]], written: Callable[[], None]
    ) -> None:
        """Sends chunks with `append`, and says with `written` that there is something to send."""
        self._append = append
        self._written = written
        self._buffer = OutputBuffer()
        self._sending = asyncio.Lock()

    async def write(self, text: Union[str, bytes]) -> int:
        """Writes text, as UTF-8, or bytes; returns how much of it: all.

        Raises CallboardError when enough has gathered to be sent, and cannot be; it is kept. Raises
        ValueError once the run has ended.
        """
        if self._buffer.add(encoded(text)):
            await self.flush()
        else:
            self._written()
        return len(text)

    async def flush(self) -> None:
        """Sends what was written so far. Raises CallboardError; what was not sent is kept."""
        async with self._sending:
            chunk = self._buffer.first()
            while chunk:
                await self._append(chunk)
                self._buffer.sent()
                chunk = self._buffer.first()

    async def close(self) -> None:
        """Sends what was written so far, and takes no more. Raises CallboardError."""
        self._buffer.end()
        await self.flush()


class AsyncRunContext:
    """A run of this process, as `callboard.RunContext`: `async with client.run("me") as run:`."""

    #: The exit code to end with, when no exception leaves the block; None means 0. The code
    #: of a SystemExit comes before it.
    exit_code: Optional[int] = None

    def __init__(
        self, client: AsyncClient, request: pb.CreateRunRequest, timeout: Optional[float]
    ) -> None:
        """Creates nothing yet."""
        self._client = client
        self._request = request
        self._timeout = timeout
        self._start_msg_id = ""
        #: The run as it was created.
        self.info = pb.Run()
        self._written = asyncio.Event()
        #: Its standard output.
        self.stdout = self._writer("stdout")
        #: Its standard error.
        self.stderr = self._writer("stderr")
        #: Its result.
        self.output = self._writer("output")
        self._flusher: Optional[asyncio.Task[None]] = None

    @property
    def run_id(self) -> str:
        """Its id; empty before it was entered."""
        return self.info.run_id

    async def append(
        self, type: str, body: str = "", **options: Any
    ) -> message_bus_pb2.AppendMessageResponse:
        """Appends a message of this run; the options are those of `AsyncClient.append`."""
        return await self._client.append(type, body, **{**requests.place(self.info), **options})

    async def event(
        self,
        name: str,
        data: Optional[Mapping[str, object]] = None,
        *,
        timeout: Optional[float] = None,
    ) -> pb.AppendRunEventResponse:
        """Appends an event to the run's events; as `callboard.RunContext.event`."""
        request = requests.event(self.info, name, data)
        storage = self._client.storage
        return await self._client.call(storage.AppendRunEvent, request, timeout=timeout)

    async def flush(self) -> None:
        """Sends what was written to its outputs so far. Raises CallboardError."""
        for writer in (self.stdout, self.stderr, self.output):
            await writer.flush()

    async def __aenter__(self) -> AsyncRunContext:
        """Creates the run and posts RUN_START. Raises CallboardError: RUN_EXISTS …"""
        client = self._client
        created = await client.call(
            client.storage.CreateRun, self._request, timeout=self._timeout
        )
        self.info.CopyFrom(created.run)
        try:
            posted = await client.call(
                client.bus.AppendMessage, requests.start_message(self.info, os.getpid())
            )
        except BaseException as error:
            await self._end(Ending.of(error, None), error)
            raise
        self._start_msg_id = posted.msg_id
        self._flusher = asyncio.ensure_future(self._flush_from_time_to_time())
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Sends what was written, and ends the run."""
        if self._flusher is not None:
            # What it was sending is kept, and sent again where it belongs.
            self._flusher.cancel()
            await asyncio.wait({self._flusher})
        await self._end(Ending.of(error, self.exit_code), error)

    async def _end(self, ending: Ending, error: Optional[BaseException]) -> None:
        """Records as much of the end as can be; the rest is raised, or logged behind an error."""
        client = self._client
        end = requests.end(self.info, ending)
        message = requests.end_message(self.info, ending, self._start_msg_id)
        records: List[Callable[[], Awaitable[object]]] = [
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
                await record()
            except CallboardError as failure:
                if failure.reason == "INVALID_TRANSITION":
                    _log.info("run %s was ended by somebody else: %s", self.run_id, failure)
                else:
                    failures.append(failure)
        for lost in failures:
            _log.error("not all of run %s is recorded: %s", self.run_id, lost)
        if failures and error is None:
            raise failures[0]

    def _writer(self, file: str) -> AsyncRunWriter:
        end = OutputEnd(0)

        async def append(chunk: bytes) -> None:
            await self._client._append_output(requests.files(self.info), file, end, chunk)

        return AsyncRunWriter(append, self._written.set)

    async def _flush_from_time_to_time(self) -> None:
        while True:
            await self._written.wait()
            # More may come right behind it.
            await asyncio.sleep(FLUSH_INTERVAL)
            self._written.clear()
            try:
                await self.flush()
            except CallboardError as failure:
                # It is kept, and raised where it is written or flushed next.
                _log.warning("output of run %s is not sent yet: %s", self.run_id, failure)


class AsyncRunMethods(AsyncConnection):
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
    ) -> AsyncRunContext:
        """Returns a run of this process to enter; as `callboard.Client.run`.

        `async with client.run("my-agent") as run:`
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
        # These methods are only ever those of an AsyncClient.
        return AsyncRunContext(cast("AsyncClient", self), request, timeout)
