"""What is sent with a stream, made by the caller's own iterator, which may fail.

gRPC breaks off then, and does not say why. It does so for an Exception only: anything else would
end the thread that it iterates in, and the call would never end.
"""

from __future__ import annotations

from typing import Generic, Iterable, Iterator, Optional, TypeVar

_Request = TypeVar("_Request")


class BrokenOff(Exception):
    """Tells gRPC that there is no more to send, though not all was sent: the call is to fail."""


class Sending(Generic[_Request]):
    """Requests to send."""

    def __init__(self, requests: Iterable[_Request]) -> None:
        """Sends each of them."""
        self._requests = requests
        self._failure: Optional[BaseException] = None

    def requests(self) -> Iterator[_Request]:
        """Gives them, and remembers why it cannot."""
        try:
            yield from self._requests
        except GeneratorExit:
            raise
        except BaseException as error:
            self._failure = error
            raise BrokenOff from error

    def raise_failure(self) -> None:
        """Raises what the iterator raised, if it did: that is why the call broke off."""
        if self._failure is not None:
            raise self._failure
