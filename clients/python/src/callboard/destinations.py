"""Where content from the server is written to."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import BinaryIO, Iterator, Protocol, Union

from callboard.sources import FilePath


class Writable(Protocol):
    """A stream that takes bytes, such as a file opened with "wb"."""

    def write(self, data: bytes, /) -> object:
        """Takes all of the bytes."""


#: A path, or a stream that takes bytes.
Destination = Union[FilePath, Writable]


@contextmanager
def replacement_of(path: FilePath) -> Iterator[BinaryIO]:
    """Gives a new file beside the path, and moves it there when the block ends without an error.

    Otherwise nothing is left of it, and what was at the path stays. Raises OSError.
    """
    folder, name = os.path.split(os.fspath(path))
    beside = os.path.join(folder, f".{name[:64]}.{uuid.uuid4().hex}.part")
    try:
        with open(beside, "xb") as file:
            yield file
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise
