"""Client for Callboard, the message bus of AI coding agents, their runners and monitors.

`connect()` gives a `Client`; its methods append to buses, read them and follow
them. Messages, answers and positions are the generated classes of
`callboard.v1.message_bus_pb2`, and errors are `CallboardError`s that carry the
server's reason.
"""

from callboard.address import DEFAULT_ADDRESS
from callboard.client import Client, connect
from callboard.errors import (
    AlreadyExistsError,
    CallboardError,
    ConflictError,
    CursorError,
    DeadlineError,
    DeniedError,
    ExhaustedError,
    InvalidArgumentError,
    NotFoundError,
    PreconditionError,
    UnavailableError,
)
from callboard.follow import Follow
from callboard.v1.message_bus_pb2 import (
    AppendMessageResponse,
    AppendMessagesResponse,
    AppendStreamResponse,
    Bus,
    BusPosition,
    GetMessageResponse,
    Link,
    Message,
    Parent,
    PollForNewResponse,
    RotateBusResponse,
    SubscribeResponse,
    TrimBusResponse,
)

__all__ = [
    "DEFAULT_ADDRESS",
    "AlreadyExistsError",
    "AppendMessageResponse",
    "AppendMessagesResponse",
    "AppendStreamResponse",
    "Bus",
    "BusPosition",
    "CallboardError",
    "Client",
    "ConflictError",
    "CursorError",
    "DeadlineError",
    "DeniedError",
    "ExhaustedError",
    "Follow",
    "GetMessageResponse",
    "InvalidArgumentError",
    "Link",
    "Message",
    "NotFoundError",
    "Parent",
    "PollForNewResponse",
    "PreconditionError",
    "RotateBusResponse",
    "SubscribeResponse",
    "TrimBusResponse",
    "UnavailableError",
    "connect",
]
