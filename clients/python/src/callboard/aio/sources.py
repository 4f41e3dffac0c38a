"""Reading what is sent to the server without holding up the event loop."""

from __future__ import annotations

import asyncio
from typing import AsyncIterable, AsyncIterator, Union

from callboard.sources import Content, Source, chunks_of, examine

#: A path, bytes, a stream of bytes, or an asynchronous iterable of bytes.
AsyncSource = Union[Source, AsyncIterable[bytes]]


async def async_examine(source: AsyncSource) -> Content:
    """As `examine`, in another thread; of an asynchronous iterable nothing is known."""
    if isinstance(source, AsyncIterable):
        return Content()
    return await asyncio.to_thread(examine, source)


async def async_chunks_of(source: AsyncSource) -> AsyncIterator[bytes]:
    """As `chunks_of`; files and streams are read in another thread."""
    if isinstance(source, AsyncIterable):
        async for piece in source:
            for chunk in chunks_of(piece):
                yield chunk
        return
    chunks = chunks_of(source)
    while True:
        chunk = await asyncio.to_thread(next, chunks, b"")
        if not chunk:
            return
        yield chunk
