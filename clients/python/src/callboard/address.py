"""Where the server is: what an address may look like."""

from __future__ import annotations

import ipaddress
import os
from typing import NamedTuple, Optional
from urllib.parse import quote, urlsplit

#: Where the server listens unless something else is said.
DEFAULT_ADDRESS = "127.0.0.1:50051"


class Address(NamedTuple):
    """A server's address, understood."""

    #: What gRPC calls the target: `host:port`, or `unix:PATH` with the path as in a URI.
    target: str
    #: Whether to speak TLS.
    secure: bool
    #: Whether the server is on this machine.
    local: bool


def parse_address(address: Optional[str] = None) -> Address:
    """Understands an address: `host:port`, `http://host:port`, `https://host:port` or `unix:PATH`.

    None means what the environment says in CALLBOARD_ADDR, else `DEFAULT_ADDRESS`.

    Raises ValueError for anything else.
    """
    text = address or os.environ.get("CALLBOARD_ADDR") or DEFAULT_ADDRESS
    if text.startswith("unix:"):
        path = text[len("unix:") :]
        path = path[2:] if path.startswith("//") else path
        if not path:
            raise ValueError(f"address {text!r} has no path; write unix:PATH")
        # gRPC takes it apart as a URI, in which some characters stand for others.
        return Address(f"unix:{quote(path)}", secure=False, local=True)

    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _not_understood(address or text) from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port is None
        or "@" in parts.netloc
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise _not_understood(address or text)
    host = parts.hostname
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return Address(target, parts.scheme == "https", _is_loopback(host))


def _not_understood(address: str) -> ValueError:
    return ValueError(
        f"address {address!r} is not understood;"
        " write host:port, http://host:port, https://host:port or unix:PATH"
    )


def _is_loopback(host: str) -> bool:
    """Tells whether what is sent to a host stays on this machine, whatever names resolve to."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
