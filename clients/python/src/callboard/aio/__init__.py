"""The client for asyncio: as `callboard`, with coroutines and asynchronous iterators.

`connect()`, called in a running event loop, gives an `AsyncClient`. Messages, errors and
everything else that is no method are those of `callboard` itself.
"""

from callboard.aio.artifacts import AsyncArtifactReader
from callboard.aio.client import AsyncClient, connect
from callboard.aio.follow import AsyncFollow
from callboard.aio.logs import AsyncLogReader
from callboard.aio.run_files import AsyncRunFileReader
from callboard.aio.runs import AsyncRunContext, AsyncRunWriter

__all__ = [
    "AsyncArtifactReader",
    "AsyncClient",
    "AsyncFollow",
    "AsyncLogReader",
    "AsyncRunContext",
    "AsyncRunFileReader",
    "AsyncRunWriter",
    "connect",
]
