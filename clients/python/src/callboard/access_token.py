"""The token that says who calls: where it comes from, and that it does not leak."""

from __future__ import annotations

import os
import re
from typing import Optional

from callboard.address import Address

# What a header may hold; gRPC would quote a token with anything else in its complaint.
_SENDABLE = re.compile(r"[!-~]+")


class Token:
    """A token. Its text is in no repr and no message."""

    def __init__(self, text: str) -> None:
        """Raises ValueError, which does not quote it, when no header could carry it."""
        if not _SENDABLE.fullmatch(text):
            raise ValueError("the token is not made of printable ASCII characters without spaces")
        self._text = text

    def header(self) -> str:
        """Returns the value of the header `authorization`."""
        return f"Bearer {self._text}"


def find_token(token: Optional[str], address: Address) -> Optional[Token]:
    """Returns the token to send to an address: the one given, else CALLBOARD_TOKEN, else none.

    Raises ValueError when anyone on the way could read it.
    """
    text = token if token is not None else os.environ.get("CALLBOARD_TOKEN")
    if not text:
        return None
    if not (address.secure or address.local):
        raise ValueError(
            "a token is only sent over TLS, a Unix socket, or to this machine:"
            f" write https://{address.target}, or connect without a token"
        )
    return Token(text)
