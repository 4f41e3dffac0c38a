"""What is sent to the server as an artifact or a run's file, and where it is read from."""

from __future__ import annotations

import hashlib
import os
from typing import Iterator, NamedTuple, Optional, Protocol, Union

from callboard.requests.artifacts import CHUNK_BYTES, SAVE_BYTES_MAX


class Readable(Protocol):
    """A stream of bytes, such as a file opened with "rb"."""

    def read(self, size: int, /) -> bytes:
        """Returns at most so many bytes, and none at its end."""


FilePath = Union[str, "os.PathLike[str]"]
#: A path, bytes, or a stream of bytes.
Source = Union[FilePath, bytes, bytearray, memoryview, Readable]


class Content(NamedTuple):
    """What is known of a source before it is sent; nothing of a stream."""

    #: The file's name; empty without a path.
    name: str = ""
    #: Its size, in bytes; None when only its end will tell.
    size: Optional[int] = None
    #: Its SHA-256, 64 hex digits; empty when only its end will tell.
    sha256: str = ""
    #: All of it, when it is known and short enough for one call.
    data: Optional[bytes] = None

    @property
    def repeatable(self) -> bool:
        """Whether it can be read again."""
        return self.size is not None


def examine(source: Source) -> Content:
    """Reads a path or bytes once, so that the server can verify what arrives; a stream not at all.

    Raises OSError when the file cannot be read.
    """
    if not isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return Content()
    name = os.path.basename(os.fspath(source)) if isinstance(source, (str, os.PathLike)) else ""
    digest, size, data = hashlib.sha256(), 0, bytearray()
    for chunk in chunks_of(source):
        digest.update(chunk)
        size += len(chunk)
        if size <= SAVE_BYTES_MAX:
            data += chunk
    whole = bytes(data) if size <= SAVE_BYTES_MAX else None
    return Content(name, size, digest.hexdigest(), whole)


def chunks_of(source: Source) -> Iterator[bytes]:
    """Gives the content in chunks of at most 256 KiB, none of them empty."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        view = memoryview(source).cast("B")
        for start in range(0, len(view), CHUNK_BYTES):
            yield bytes(view[start : start + CHUNK_BYTES])
    elif isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            yield from _read(file)
    else:
        yield from _read(source)


def _read(stream: Readable) -> Iterator[bytes]:
    while True:
        chunk = stream.read(CHUNK_BYTES)
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            raise TypeError(f"the stream gave {type(chunk).__name__}, not bytes: open it with 'rb'")
        if not chunk:
            return
        yield bytes(chunk)
