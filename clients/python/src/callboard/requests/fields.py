"""Values of Python as fields of requests."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Optional

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp


def new_request_id() -> str:
    """Returns an id that nobody had before."""
    return uuid.uuid4().hex


def duration(seconds: Optional[float]) -> Optional[Duration]:
    """Returns a duration, to the millisecond; None stays None."""
    if seconds is None:
        return None
    made = Duration()
    made.FromMilliseconds(round(seconds * 1000))
    return made


def timestamp(moment: Optional[datetime]) -> Optional[Timestamp]:
    """Returns a time; None stays None. Raises ValueError without a time zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("since_time has no time zone; write datetime.now(timezone.utc)")
    made = Timestamp()
    made.FromDatetime(moment.astimezone(timezone.utc).replace(tzinfo=None))
    return made


def at_most_one(**choices: object) -> None:
    """Raises ValueError when more than one is given, that is, not None."""
    given = [name for name, value in choices.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other: give one")
