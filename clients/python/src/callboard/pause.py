"""Waiting before the next attempt, while the channel goes on connecting."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Iterator

from callboard.v1 import storage_pb2 as pb

if TYPE_CHECKING:
    from callboard.v1.storage_pb2_grpc import StorageStub

#: Waits so many seconds, less when the event happens; tells whether it did.
Pause = Callable[[threading.Event, float], bool]


@contextmanager
def connecting(storage: StorageStub, seconds: float) -> Iterator[None]:
    """Keeps a channel connecting in this block, for so many seconds at most.

    By itself gRPC lets a channel without a call in progress look after its connection only every
    five seconds: all attempts would fail until then, though the server is back. So there is a call
    in progress meanwhile, one that waits for the connection and asks for nothing of weight.
    """
    request = pb.GetServerInfoRequest()
    try:
        call = storage.GetServerInfo.future(request, timeout=seconds, wait_for_ready=True)
    except ValueError:
        # The channel was closed: whoever waits is about to see that.
        yield
        return
    try:
        yield
    finally:
        call.cancel()


def pause_on(storage: StorageStub) -> Pause:
    """Returns a pause in which the channel of a generated client goes on connecting."""

    def pause(event: threading.Event, delay: float) -> bool:
        with connecting(storage, delay):
            return event.wait(delay)

    return pause
