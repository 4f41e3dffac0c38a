"""Who calls, and whom to trust: the token, which does not leak, and the certificates."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import Optional

from callboard.address import Address

# What a header may hold; gRPC would quote a token with anything else in its complaint.
_SENDABLE = re.compile(r"[!-~]+")
# What OpenSSL calls the certificates in a folder: the hash of a subject, and a number.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


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


def trusted_roots(ca_file: Optional[str]) -> Optional[bytes]:
    """Returns the certificates to trust, as PEM: those of `ca_file`, else of the file that
    CALLBOARD_CA names, else the system's. None where the system has none that can be
    found: gRPC then trusts a list of its own.

    Raises ValueError when the file cannot be read or holds no certificate.
    """
    chosen = ca_file or os.environ.get("CALLBOARD_CA")
    if not chosen:
        return _system_roots()
    try:
        pem = Path(chosen).read_bytes()
    except OSError as error:
        raise ValueError(f"the ca_file {chosen!r} cannot be read: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError(f"the ca_file {chosen!r} holds no certificate in the PEM form")
    return pem


def _system_roots() -> Optional[bytes]:
    """Reads what OpenSSL would; gRPC brings roots of its own that may know nothing of ours."""
    places = ssl.get_default_verify_paths()
    if places.cafile:
        return Path(places.cafile).read_bytes()
    if places.capath:
        files = (path for path in Path(places.capath).iterdir() if _HASHED.fullmatch(path.name))
        return b"\n".join(path.read_bytes() for path in sorted(files) if path.is_file()) or None
    return None
