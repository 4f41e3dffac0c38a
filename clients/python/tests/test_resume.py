"""What is asked for after a break; needs no server."""

from __future__ import annotations

from typing import Optional

from google.protobuf.timestamp_pb2 import Timestamp

from callboard.resume import Resume
from callboard.v1 import message_bus_pb2 as pb


def opened(task: str, cursor: str) -> pb.SubscribeResponse:
    return pb.SubscribeResponse(
        opened=pb.SubscribeResponse.Opened(project_id="p", task_id=task, cursor=cursor)
    )


def message(task: str, cursor: str, seconds: int = 0) -> pb.SubscribeResponse:
    return pb.SubscribeResponse(
        message=pb.SubscribeResponse.Delivery(
            project_id="p",
            task_id=task,
            cursor=cursor,
            message=pb.Message(body=cursor, ts=Timestamp(seconds=seconds)),
        )
    )


CAUGHT_UP = pb.SubscribeResponse(caught_up=pb.SubscribeResponse.CaughtUp())


def wide(position: "Optional[pb.StartPosition.ValueType]" = None) -> pb.SubscribeRequest:
    request = pb.SubscribeRequest(project_id="p", scope=pb.SUBSCRIBE_SCOPE_PROJECT)
    if position is not None:
        request.position = position
    return request


def positions(request: pb.SubscribeRequest) -> object:
    return [(position.task_id, position.cursor) for position in request.positions]


def test_one_bus_goes_on_from_its_cursor() -> None:
    asked = pb.SubscribeRequest(
        project_id="p", scope=pb.SUBSCRIBE_SCOPE_BUS, since_id="MSG-1", limit=5, types=["FACT"]
    )
    resume = Resume(asked)
    assert resume.request() == asked
    resume.take(opened("", "c0"))
    resume.take(message("", "c1"))
    again = resume.request()
    assert (again.cursor, again.since_id, again.limit) == ("c1", "", 4)
    assert list(again.types) == ["FACT"]


def test_a_bus_that_did_not_exist_goes_on_from_its_beginning() -> None:
    resume = Resume(pb.SubscribeRequest(project_id="p", scope=pb.SUBSCRIBE_SCOPE_BUS))
    resume.take(opened("", ""))
    assert resume.request().position == pb.START_POSITION_EARLIEST


def test_a_wide_follow_without_any_bus_goes_on_from_the_beginning() -> None:
    resume = Resume(wide())
    resume.take(CAUGHT_UP)
    # Nothing was opened, so a bus that is there now is new.
    again = resume.request()
    assert again.position == pb.START_POSITION_EARLIEST and not again.positions


def test_a_wide_follow_goes_on_with_positions() -> None:
    resume = Resume(wide(pb.START_POSITION_EARLIEST))
    for frame in (opened("a", "a0"), opened("b", "b0"), message("a", "a1")):
        resume.take(frame)
    again = resume.request()
    assert positions(again) == [("a", "a1"), ("b", "b0")]
    assert again.WhichOneof("start") is None


def test_the_end_is_found_anew_until_every_bus_was_opened() -> None:
    resume = Resume(wide(pb.START_POSITION_LATEST))
    resume.take(opened("a", "a0"))
    assert resume.request() == wide(pb.START_POSITION_LATEST)
    assert not resume.placed
    resume.take(opened("a", "a0"))
    resume.take(CAUGHT_UP)
    assert resume.placed
    assert positions(resume.request()) == [("a", "a0")]


def test_a_bus_not_opened_before_the_break_is_still_read_from_the_time_asked_for() -> None:
    asked = wide()
    asked.since_time.seconds = 100
    asked.limit = 3
    resume = Resume(asked)
    resume.take(opened("a", "a0"))
    assert resume.take(message("a", "a1", 101)) is not None
    assert positions(resume.request()) == [("a", "a1")]

    resume.take(opened("a", "a1"))
    resume.take(opened("b", ""))
    assert resume.take(message("b", "b1", 99)) is None
    assert not resume.finished
    assert resume.take(message("b", "b2", 101)) is not None
    # In file order: only what comes before the first later message is passed over.
    assert resume.take(message("b", "b3", 98)) is not None
    assert resume.finished


def test_a_gap_moves_the_position_and_a_deleted_bus_loses_it() -> None:
    resume = Resume(wide(pb.START_POSITION_EARLIEST))
    resume.take(opened("a", "a0"))
    resume.take(opened("b", "b0"))
    gap = pb.SubscribeResponse.Gap
    resume.take(
        pb.SubscribeResponse(
            gap=gap(project_id="p", task_id="a", reason="CURSOR_EXPIRED", oldest_cursor="a7")
        )
    )
    resume.take(
        pb.SubscribeResponse(gap=gap(project_id="p", task_id="b", reason="BUS_DELETED"))
    )
    assert positions(resume.request()) == [("a", "a7")]


def test_the_last_words_of_a_server_move_the_positions() -> None:
    resume = Resume(wide(pb.START_POSITION_EARLIEST))
    resume.take(opened("a", "a0"))
    resume.take(
        pb.SubscribeResponse(
            closing=pb.SubscribeResponse.Closing(
                positions=[pb.BusPosition(project_id="p", task_id="a", cursor="a9")]
            )
        )
    )
    assert positions(resume.request()) == [("a", "a9")]
