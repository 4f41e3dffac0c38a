"""The asynchronous client: one connection to a server, and a method for each thing to do there."""

from __future__ import annotations

from typing import Optional

from callboard.aio.artifacts import AsyncArtifactMethods
from callboard.aio.bus import AsyncBusMethods
from callboard.aio.logs import AsyncLogMethods
from callboard.aio.run_files import AsyncRunFileMethods
from callboard.aio.runs import AsyncRunMethods
from callboard.attempts import TIMEOUT_DEFAULT


def connect(
    addr: Optional[str] = None,
    *,
    token: Optional[str] = None,
    ca_file: Optional[str] = None,
    cert_file: Optional[str] = None,
    key_file: Optional[str] = None,
    project: Optional[str] = None,
    task: Optional[str] = None,
    run: Optional[str] = None,
    timeout: float = TIMEOUT_DEFAULT,
) -> AsyncClient:
    """Returns a client of the server at `addr` for the running event loop; as `callboard.connect`.

    The connection is made by the first call. Raises ValueError as `callboard.connect` does, and
    RuntimeError where no event loop runs.
    """
    return AsyncClient(
        addr,
        token=token,
        ca_file=ca_file,
        cert_file=cert_file,
        key_file=key_file,
        project=project,
        task=task,
        run=run,
        timeout=timeout,
    )


class AsyncClient(
    AsyncBusMethods,
    AsyncArtifactMethods,
    AsyncLogMethods,
    AsyncRunFileMethods,
    AsyncRunMethods,
):
    """A connection to a Callboard server, for the tasks of one event loop.

    It has the methods of `callboard.Client`, with the same arguments, defaults and errors: as
    coroutines, or returning what to use with `async for` and `async with`.
    """
