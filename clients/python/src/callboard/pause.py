"""Waiting before the next attempt."""

from __future__ import annotations

import threading
import time
from typing import Callable

import grpc

from callboard.errors import from_rpc_error

#: Waits so many seconds, less when the event happens; tells whether it did.
Pause = Callable[[threading.Event, float], bool]

# How long the event may go unnoticed while the server is away, in seconds.
_SLICE = 0.25


def pause_on(channel: grpc.Channel) -> Pause:
    """Returns a pause in which a channel goes on connecting.

    By itself gRPC lets a channel without a call in progress look after its connection only every
    five seconds: all attempts would fail until then, though the server is back. So there is a call
    in progress while the server is away, one that asks for nothing of weight.
    """
    knock: Callable[..., bytes] = channel.unary_unary("/callboard.v1.Storage/GetServerInfo")

    def pause(event: threading.Event, delay: float) -> bool:
        end = time.monotonic() + delay
        left = delay
        while left > 0 and not event.is_set():
            try:
                knock(b"", timeout=min(left, _SLICE), wait_for_ready=True)
                break
            except grpc.RpcError as error:
                # Whatever else it says: it is there.
                if from_rpc_error(error).code != grpc.StatusCode.DEADLINE_EXCEEDED:
                    break
            except ValueError:
                # The channel was closed.
                break
            finally:
                left = end - time.monotonic()
        return event.wait(max(left, 0))

    return pause
