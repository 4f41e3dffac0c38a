"""Calls that send a stream, for asyncio.

grpc.aio loses the server's answer to such a call when it refuses while more is still being
sent: the failed write takes the place of the status that says why. The blocking side of gRPC
keeps it. So these calls are made there, in threads of their own, and awaited here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import Any, AsyncGenerator, AsyncIterator, Callable, Iterator, Optional, TypeVar, cast

import grpc

from callboard.sending import BrokenOff

_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


class AsyncSending(Iterator[_Request]):
    """Gives the requests of an asynchronous iterator to a thread of gRPC's.

    Only the iterator's own end ends the requests: whatever else happens to it makes the call
    fail, so that the server never takes a part for the whole.
    """

    def __init__(self, requests: AsyncIterator[_Request]) -> None:
        """Iterates in the running event loop."""
        self._requests = requests
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._coming: Optional[concurrent.futures.Future[_Request]] = None
        self._stopped = False
        self._failure: Optional[BaseException] = None

    def __next__(self) -> _Request:
        """Waits for the next request; not to be called in the event loop's own thread."""
        coming = self._ask()
        try:
            return coming.result()
        except StopAsyncIteration:
            raise StopIteration from None
        except BaseException as error:
            if self._stopped:
                raise StopIteration from None
            raise BrokenOff from error

    def stop(self) -> None:
        """Asks for nothing more, and waits no longer: the call has ended, or was cancelled."""
        with self._lock:
            self._stopped = True
            if self._coming is not None:
                self._coming.cancel()

    def raise_failure(self) -> None:
        """Raises what the iterator raised, if it did: that is why the call broke off."""
        if self._failure is not None:
            raise self._failure

    def _ask(self) -> concurrent.futures.Future[_Request]:
        with self._lock:
            if self._stopped:
                raise StopIteration
            following = self._next()
            try:
                self._coming = asyncio.run_coroutine_threadsafe(following, self._loop)
            except RuntimeError as error:
                # The event loop has ended.
                following.close()
                raise BrokenOff from error
            return self._coming

    async def _next(self) -> _Request:
        try:
            return await self._requests.__anext__()
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self._failure = error
            raise


async def send_all(method: Any, requests: AsyncIterator[_Request]) -> Any:
    """Calls a method of a blocking generated client that takes a stream and answers once.

    Raises RpcError, and what the iterator raises.
    """
    sending = AsyncSending(requests)
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
        # In this order: without its end, what was sent is not the whole.
        call.cancel()
        sending.stop()


async def exchange(
    method: Callable[[Iterator[_Request]], Iterator[_Answer]], requests: AsyncIterator[_Request]
) -> AsyncGenerator[_Answer, None]:
    """Calls a method of a blocking generated client that takes a stream and answers with one.

    Raises RpcError, and what the iterator raises.
    """
    sending = AsyncSending(requests)
    # A thread of its own: those that all share may be needed to make the requests.
    thread = concurrent.futures.ThreadPoolExecutor(1, "callboard-exchange")
    loop = asyncio.get_running_loop()
    call = method(sending)
    try:
        while True:
            answer = await loop.run_in_executor(thread, next, call, None)
            if answer is None:
                return
            yield answer
    except grpc.RpcError:
        sending.raise_failure()
        raise
    finally:
        # In this order, as above.
        cast(grpc.Call, call).cancel()
        sending.stop()
        thread.shutdown(wait=False)


def _tell(loop: asyncio.AbstractEventLoop, happened: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(happened)
    except RuntimeError:
        # The event loop has ended, and nobody waits in it any more.
        pass
