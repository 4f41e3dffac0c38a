"""Client for Callboard, the message bus of AI coding agents, their runners and monitors.

`connect()` gives a `Client`; its methods append to buses, read them and follow them, put and
get artifacts, logs and the files of runs, and record runs. `callboard.aio` has the same for
asyncio. Messages, answers and positions are the generated classes of `callboard.v1`, and
errors are `CallboardError`s that carry the server's reason.

What is for use is here, in `callboard.aio` and in `callboard.v1`; the other modules are how it is
made, and may change at any time.
"""

from callboard.address import DEFAULT_ADDRESS
from callboard.artifacts import ArtifactReader
from callboard.client import Client, connect
from callboard.defaults import Defaults
from callboard.errors import (
    AlreadyExistsError,
    CallboardError,
    ConflictError,
    CursorError,
    DataLossError,
    DeadlineError,
    DeniedError,
    ExhaustedError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OtherError,
    PreconditionError,
    UnavailableError,
)
from callboard.follow import Follow
from callboard.logs import LogReader
from callboard.reading import LogEntry
from callboard.run_files import RunFileReader
from callboard.runs import RunContext, RunWriter
from callboard.v1.error_reason_pb2 import ErrorReason
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
from callboard.v1.storage_pb2 import Artifact, Run, RunMeta

__all__ = [
    "DEFAULT_ADDRESS",
    "AlreadyExistsError",
    "AppendMessageResponse",
    "AppendMessagesResponse",
    "AppendStreamResponse",
    "Artifact",
    "ArtifactReader",
    "Bus",
    "BusPosition",
    "CallboardError",
    "Client",
    "ConflictError",
    "CursorError",
    "DataLossError",
    "DeadlineError",
    "Defaults",
    "DeniedError",
    "ErrorReason",
    "ExhaustedError",
    "Follow",
    "GetMessageResponse",
    "InternalError",
    "InvalidArgumentError",
    "Link",
    "LogEntry",
    "LogReader",
    "Message",
    "NotFoundError",
    "OtherError",
    "Parent",
    "PollForNewResponse",
    "PreconditionError",
    "RotateBusResponse",
    "Run",
    "RunContext",
    "RunFileReader",
    "RunMeta",
    "RunWriter",
    "SubscribeResponse",
    "TrimBusResponse",
    "UnavailableError",
    "connect",
]
