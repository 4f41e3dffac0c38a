"""Who calls, and whom to trust: the token and the key, which do not leak, and the certificates."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import Optional, Tuple

from callboard.address import Address

# What a header may hold; gRPC would quote a token with anything else in its complaint.
_SENDABLE = re.compile(r"[!-~]+")
# What OpenSSL calls the certificates in a folder: the hash of a subject, and a number.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
# What to do where one of the two is missing.
_GIVE_BOTH = "give cert_file and key_file, or set CALLBOARD_CERT and CALLBOARD_KEY"


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
    return _read_certificates("ca_file", chosen)


def client_certificate(
    cert_file: Optional[str], key_file: Optional[str]
) -> Optional[Tuple[bytes, bytes]]:
    """Returns the key and the certificate, as PEM, by which a server may know this client: those
    of the files given, else of the files that CALLBOARD_KEY and CALLBOARD_CERT name, else none.
    Where one file is given, the environment is not asked for the other.

    Raises ValueError, which does not quote the key, when one is there without the other, a file
    cannot be read, or the key is not that of the certificate.
    """
    certificate_path, key_path = cert_file, key_file
    if not certificate_path and not key_path:
        # Only both: one of them beside one that is given would be of another pair.
        certificate_path = os.environ.get("CALLBOARD_CERT")
        key_path = os.environ.get("CALLBOARD_KEY")
    if not certificate_path and not key_path:
        return None
    if not key_path:
        raise ValueError(
            f"the cert_file {certificate_path!r} is of no use without its key: {_GIVE_BOTH}"
        )
    if not certificate_path:
        raise ValueError(
            f"the key_file {key_path!r} is of no use without its certificate: {_GIVE_BOTH}"
        )
    certificate = _read_certificates("cert_file", certificate_path)
    key = _read("key_file", key_path)
    try:
        # gRPC would say of such a pair, again and again, that the server has no address. Without
        # a password, even an empty one, OpenSSL would ask the terminal for it.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(certificate_path, key_path, password="")
    except ssl.SSLError as error:
        raise ValueError(
            f"the key_file {key_path!r} holds no key, free of a password,"
            f" of the certificate in the cert_file {certificate_path!r}: {error.reason}"
        ) from error
    return key, certificate


def _read_certificates(option: str, path: str) -> bytes:
    """Reads a file of certificates. Raises ValueError when it holds none."""
    pem = _read(option, path)
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError(f"the {option} {path!r} holds no certificate in the PEM form")
    return pem


def _read(option: str, path: str) -> bytes:
    """Reads the file that an option names. Raises ValueError when it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"the {option} {path!r} cannot be read: {error.strerror}") from error


def _system_roots() -> Optional[bytes]:
    """Reads what OpenSSL would; gRPC brings roots of its own that may know nothing of ours."""
    places = ssl.get_default_verify_paths()
    if places.cafile:
        return Path(places.cafile).read_bytes()
    if places.capath:
        files = (path for path in Path(places.capath).iterdir() if _HASHED.fullmatch(path.name))
        return b"\n".join(path.read_bytes() for path in sorted(files) if path.is_file()) or None
    return None
