"""What is tried again, and for how long; needs no server."""

from __future__ import annotations

import logging

import grpc
import pytest

import callboard
from callboard.attempts import DELAY_FIRST, DELAY_MAX, Attempts, Backoff, is_repeatable
from callboard.interruptions import Interruptions
from callboard.transfer import DownloadRetrying
from callboard.v1 import storage_pb2 as pb

AWAY = callboard.UnavailableError("away", code=grpc.StatusCode.UNAVAILABLE)
REFUSED = callboard.NotFoundError("no", code=grpc.StatusCode.NOT_FOUND, reason="TASK_NOT_FOUND")


def test_delays_grow_up_to_a_limit_and_are_as_long_as_the_server_wants() -> None:
    backoff = Backoff()
    delays = [backoff.next_delay() for _ in range(12)]
    assert DELAY_FIRST / 2 <= delays[0] <= DELAY_FIRST
    assert all(DELAY_MAX / 2 <= delay <= DELAY_MAX for delay in delays[6:])
    assert backoff.next_delay(7.0) == 7.0
    backoff.reset()
    assert backoff.next_delay() <= DELAY_FIRST


def test_only_what_is_safe_to_repeat_is_repeated() -> None:
    assert is_repeatable(pb.GetTaskRequest())
    assert is_repeatable(pb.ListRunsRequest())
    assert is_repeatable(pb.CreateTaskRequest(request_id="r"))
    assert is_repeatable(pb.UpdateTaskRequest(etag="e"))
    assert not is_repeatable(pb.CreateTaskRequest())
    assert not is_repeatable(pb.MarkTaskDoneRequest())


def test_an_attempt_follows_only_while_the_server_is_away_and_time_is_left() -> None:
    assert Attempts(10).next_delay(AWAY) is not None
    assert Attempts(10).next_delay(REFUSED) is None
    assert Attempts(10, repeatable=False).next_delay(AWAY) is None
    assert Attempts(0.001).next_delay(AWAY) is None
    later = callboard.UnavailableError("later", retry_delay=11.0)
    assert Attempts(10).next_delay(later) is None
    assert Attempts(None).next_delay(later) == 11.0


def test_a_break_without_a_word_counts_only_for_a_stream_that_worked() -> None:
    odd = callboard.InternalError("reset", code=grpc.StatusCode.INTERNAL)
    bug = callboard.InternalError("bug", code=grpc.StatusCode.INTERNAL, reason="BUG")
    stream = Interruptions("stream", None)
    stream.opened()
    with pytest.raises(callboard.InternalError):
        stream.delay_after(odd)
    stream.heard()
    assert stream.delay_after(odd) <= DELAY_FIRST
    with pytest.raises(callboard.InternalError):
        stream.delay_after(bug)


def test_a_row_of_breaks_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    stream = Interruptions("stream", None)
    with caplog.at_level(logging.WARNING, "callboard"):
        for _ in range(5):
            stream.opened()
            stream.delay_after(AWAY)
        assert len(caplog.records) == 1
        stream.heard()
        stream.delay_after(AWAY)
        assert len(caplog.records) == 2


def test_the_same_beginning_again_is_no_progress_of_a_download() -> None:
    retrying = DownloadRetrying(patience=0.1)
    # Further each time: the patience begins anew.
    assert retrying.delay_after(callboard.UnavailableError("x"), 10) < 1
    with pytest.raises(callboard.UnavailableError):
        for _ in range(3):
            retrying.delay_after(callboard.UnavailableError("x"), 10)
