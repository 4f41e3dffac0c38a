"""The channel to the server: how it connects, notices a break, and says who calls."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Tuple, TypeVar, Union, cast

import grpc
import grpc.aio

from callboard.address import Address, parse_address
from callboard.credentials import Token, client_certificate, find_token, trusted_roots

#: The longest answer that is taken, in bytes. The server's end at 3 MiB, but for a
#: message that is longer than that by itself.
RECEIVE_BYTES_MAX = 16 << 20

_Options = List[Tuple[str, Union[str, int]]]


class Endpoint:
    """A server, and all that is needed to open a channel to it."""

    def __init__(
        self,
        addr: Optional[str],
        token: Optional[str],
        ca_file: Optional[str],
        cert_file: Optional[str],
        key_file: Optional[str],
    ) -> None:
        """Takes what is None from the environment.

        Raises ValueError when it cannot be right, or would give the token away.
        """
        self.address = parse_address(addr)
        self.token = find_token(token, self.address)
        self.credentials: Optional[grpc.ChannelCredentials] = None
        if self.address.secure:
            key, certificate = client_certificate(cert_file, key_file) or (None, None)
            roots = trusted_roots(ca_file)
            self.credentials = grpc.ssl_channel_credentials(roots, key, certificate)

    def open_channel(self) -> grpc.Channel:
        """Opens a channel; it connects with the first call and again after every break."""
        options = channel_options(self.address)
        if self.credentials is not None:
            return grpc.secure_channel(self.address.target, self.credentials, options)
        return grpc.insecure_channel(self.address.target, options)

    def open_async_channel(self) -> grpc.aio.Channel:
        """Opens a channel for the running event loop, as `open_channel` does."""
        options = channel_options(self.address)
        if self.credentials is not None:
            return grpc.aio.secure_channel(self.address.target, self.credentials, options)
        return grpc.aio.insecure_channel(self.address.target, options)


def channel_options(address: Address) -> _Options:
    """Returns how gRPC is to behave."""
    options: _Options = [
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
        ("grpc.max_receive_message_length", RECEIVE_BYTES_MAX),
    ]
    if address.local:
        # A proxy from the environment cannot reach this machine's loopback.
        options.append(("grpc.enable_http_proxy", 0))
    if address.target.startswith("unix:"):
        # The default, the path with its slashes escaped, is refused by servers.
        options.append(("grpc.default_authority", "localhost"))
    return options


class AuthorizedChannel:
    """What a generated client needs of a channel, with the token on every call.

    An interceptor would do the same, but with those of asyncio a call is no longer the
    call that it is without one.
    """

    def __init__(self, channel: Any, token: Token) -> None:
        """Makes calls on a channel of either kind."""
        self._channel = channel
        self._token = token

    def unary_unary(self, *arguments: Any, **options: Any) -> _AuthorizedMethod:
        """As of the channel."""
        return _AuthorizedMethod(self._channel.unary_unary(*arguments, **options), self._token)

    def unary_stream(self, *arguments: Any, **options: Any) -> _AuthorizedMethod:
        """As of the channel."""
        return _AuthorizedMethod(self._channel.unary_stream(*arguments, **options), self._token)

    def stream_unary(self, *arguments: Any, **options: Any) -> _AuthorizedMethod:
        """As of the channel."""
        return _AuthorizedMethod(self._channel.stream_unary(*arguments, **options), self._token)

    def stream_stream(self, *arguments: Any, **options: Any) -> _AuthorizedMethod:
        """As of the channel."""
        return _AuthorizedMethod(self._channel.stream_stream(*arguments, **options), self._token)


class _AuthorizedMethod:
    """A method of a generated client that sends the token along."""

    def __init__(self, method: Any, token: Token) -> None:
        self._method = method
        self._token = token

    def __call__(self, *arguments: Any, metadata: Any = None, **options: Any) -> Any:
        return self._send(self._method, arguments, metadata, options)

    def with_call(self, *arguments: Any, metadata: Any = None, **options: Any) -> Any:
        return self._send(self._method.with_call, arguments, metadata, options)

    def future(self, *arguments: Any, metadata: Any = None, **options: Any) -> Any:
        return self._send(self._method.future, arguments, metadata, options)

    def _send(self, method: Callable[..., Any], arguments: Any, metadata: Any, options: Any) -> Any:
        authorization = ("authorization", self._token.header())
        return method(*arguments, metadata=(*(metadata or ()), authorization), **options)


_Channel = TypeVar("_Channel", grpc.Channel, grpc.aio.Channel)


def authorized(channel: _Channel, token: Optional[Token]) -> _Channel:
    """Returns the channel to give to a generated client."""
    if token is None:
        return channel
    # The generated clients ask for no more than its four methods.
    return cast(_Channel, AuthorizedChannel(channel, token))
