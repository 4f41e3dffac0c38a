"""Calls that send a stream, for asyncio.

grpc.aio loses the server's answer to such a call when it refuses while more is still being
sent: the failed write takes the place of the status that says why. The blocking side of gRPC
keeps it. So these calls are made there, in gRPC's own threads, and awaited here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import Any, AsyncIterator, Callable, Iterator, Optional, TypeVar, cast

import grpc

_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


class Requests(Iterator[_Request]):
    """Gives the requests of an asynchronous iterator to a thread of gRPC's."""

    def __init__(self, requests: AsyncIterator[_Request]) -> None:
        """Iterates in the running event loop."""
        self._requests = requests
        self._loop = asyncio.get_running_loop()
        self._coming: Optional[concurrent.futures.Future[_Request]] = None
        self._failure: Optional[Exception] = None

    def __next__(self) -> _Request:
        """Waits for the next request; not to be called in the event loop's own thread."""
        self._coming = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        try:
            return self._coming.result()
        except (StopAsyncIteration, concurrent.futures.CancelledError):
            raise StopIteration from None
        except Exception as error:
            self._failure = error
            raise

    async def _next(self) -> _Request:
        return await self._requests.__anext__()

    def stop(self) -> None:
        """Waits no longer for a request: the call is over."""
        if self._coming is not None:
            self._coming.cancel()

    def raise_failure(self) -> None:
        """Raises what the iterator raised, if it did: that is why the call broke off."""
        if self._failure is not None:
            raise self._failure


async def send_all(method: Any, requests: AsyncIterator[_Request]) -> Any:
    """Calls a method of a blocking generated client that takes a stream and answers once.

    Raises RpcError, and what the iterator raises.
    """
    sending = Requests(requests)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    call = method.future(sending)
    call.add_done_callback(lambda _: _tell(loop, ended.set))
    try:
        await ended.wait()
        return call.result()
    except grpc.RpcError:
        sending.raise_failure()
        raise
    finally:
        call.cancel()
        sending.stop()


async def exchange(
    method: Callable[[Iterator[_Request]], Iterator[_Answer]], requests: AsyncIterator[_Request]
) -> AsyncIterator[_Answer]:
    """Calls a method of a blocking generated client that takes a stream and answers with one.

    Raises RpcError, and what the iterator raises.
    """
    sending = Requests(requests)
    call = method(sending)
    try:
        while True:
            answer = await asyncio.to_thread(next, call, None)
            if answer is None:
                return
            yield answer
    except grpc.RpcError:
        sending.raise_failure()
        raise
    finally:
        cast(grpc.Call, call).cancel()
        sending.stop()


def _tell(loop: asyncio.AbstractEventLoop, happened: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(happened)
