"""Where the server is: what an address may look like, and the channel to it."""

from __future__ import annotations

import os
from typing import List, NamedTuple, Optional, Tuple, Union
from urllib.parse import urlsplit

import grpc

#: Where the server listens unless something else is said.
DEFAULT_ADDRESS = "127.0.0.1:50051"

_LOOPBACK = ("localhost", "127.", "[::1]")


class Address(NamedTuple):
    """A server's address, understood."""

    #: What gRPC calls the target: `host:port`, or `unix:PATH`.
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
        return Address(f"unix:{path}", secure=False, local=True)

    if "://" not in text:
        text = f"http://{text}"
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or port is None
        or "@" in parts.netloc
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(
            f"address {address or text!r} is not understood;"
            " write host:port, http://host:port, https://host:port or unix:PATH"
        )
    host = parts.hostname
    host = f"[{host}]" if ":" in host else host
    return Address(f"{host}:{port}", parts.scheme == "https", host.startswith(_LOOPBACK))


def open_channel(address: Address) -> grpc.Channel:
    """Opens a channel; it connects with the first call and again after every break."""
    options: List[Tuple[str, Union[str, int]]] = [
        # Notice a peer that vanished without a word while a stream is open.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
        # Come back soon after a restart; the default would wait up to two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # Two clients in one process have a connection each.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if address.local:
        # A proxy from the environment cannot reach this machine's loopback.
        options.append(("grpc.enable_http_proxy", 0))
    if address.target.startswith("unix:"):
        # The default, the path with its slashes escaped, is refused by servers.
        options.append(("grpc.default_authority", "localhost"))
    if address.secure:
        return grpc.secure_channel(address.target, grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(address.target, options)
