"""How reading goes on from where it was; needs no server."""

from __future__ import annotations

import pytest

import callboard
from callboard.reading import LogReading, RunFileReading
from callboard.requests.bus import PAGE_MESSAGES, Pages
from callboard.run_output import OutputEnd
from callboard.transfer import Download
from callboard.v1 import message_bus_pb2
from callboard.v1 import storage_pb2 as pb

MISMATCH = callboard.ConflictError(
    "moved", reason="OFFSET_MISMATCH", metadata={"offset": "9", "size": "42"}
)


def frame(*entries: str, begin: int, end: int) -> pb.ReadTaskLogResponse:
    made = pb.ReadTaskLogResponse(next_offset=end)
    for index, entry in enumerate(entries):
        made.entries.add(entry=entry, offset=begin + index)
    return made


def test_a_log_goes_on_after_the_entries_that_came() -> None:
    reading = LogReading(pb.ReadTaskLogRequest(tail_entries=2, follow=True))
    assert reading.request().tail_entries == 2
    reading.take(frame("{}", '{"a": 1}', begin=5, end=30))
    # Where a caller goes on later is behind what it was given, where the stream goes on is not.
    first = reading.next_entry()
    assert first is not None and (first.offset, reading.offset) == (5, 6)
    assert (reading.request().offset, reading.request().tail_entries) == (30, 0)
    second = reading.next_entry()
    assert second is not None and second.value == {"a": 1}
    assert reading.next_entry() is None and reading.offset == 30
    assert not reading.finished


def test_a_followed_log_that_was_cut_is_read_from_its_new_beginning() -> None:
    reading = LogReading(pb.ReadTaskLogRequest(offset=9, follow=True))
    assert not reading.goes_on_after(MISMATCH), "an offset of the caller's own is an error"
    reading.take(frame("{}", begin=9, end=20))
    assert reading.goes_on_after(MISMATCH)
    assert reading.request().offset == 0


def test_a_damaged_entry_has_no_value() -> None:
    with pytest.raises(ValueError, match="offset 7"):
        assert callboard.LogEntry("{", 7, True).value


def test_a_runs_file_goes_on_at_the_end_of_the_last_chunk() -> None:
    reading = RunFileReading(pb.ReadRunFileRequest(file="stdout", tail_lines=3, follow=True))
    assert reading.take(pb.ReadRunFileResponse(chunk=b"abc", offset=100)) == b"abc"
    assert (reading.request().offset, reading.request().tail_lines) == (103, 0)
    assert reading.take(pb.ReadRunFileResponse(chunk=b"new", restarted=True)) == b"new"
    assert reading.offset == 3


def test_the_next_chunk_goes_behind_another_writer() -> None:
    end = OutputEnd(9)
    assert end.moved_by(MISMATCH) and end.offset == 42
    other = callboard.ConflictError("x", reason="FOREIGN_WRITE", metadata={"size": "1"})
    assert not end.moved_by(other) and end.offset == 42
    end.take(pb.AppendRunOutputResponse(next_offset=50))
    assert end.offset == 50


def test_a_download_is_what_the_server_has_or_an_error() -> None:
    whole = Download()
    whole.take(pb.GetArtifactResponse(artifact=pb.Artifact(name="a"), chunk=b"hello "))
    sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    whole.take(pb.GetArtifactResponse(chunk=b"board", sha256=sha256))
    with pytest.raises(callboard.InvalidArgumentError) as caught:
        whole.finish()
    assert caught.value.reason == "CHECKSUM_MISMATCH"
    assert caught.value.metadata["expected"] == sha256
    cut_off = Download()
    cut_off.take(pb.GetArtifactResponse(artifact=pb.Artifact(name="a"), chunk=b"hello"))
    with pytest.raises(callboard.UnavailableError):
        cut_off.finish()


def pages_of(limit: "int | None", tail: "int | None" = None) -> Pages:
    request = message_bus_pb2.ReadMessagesRequest(project_id="p")
    if tail is not None:
        request.tail = tail
    return Pages(request, limit)


def page(count: int, end: bool = False) -> message_bus_pb2.ReadMessagesResponse:
    messages = [message_bus_pb2.Message() for _ in range(count)]
    return message_bus_pb2.ReadMessagesResponse(messages=messages, cursor="c", end_of_bus=end)


def test_pages_are_asked_for_until_the_end_or_the_limit() -> None:
    pages = pages_of(limit=None)
    first = pages.request()
    assert first is not None and first.limit == PAGE_MESSAGES
    pages.take(page(3))
    second = pages.request()
    assert second is not None and second.cursor == "c"
    pages.take(page(1, end=True))
    assert pages.request() is None

    limited = pages_of(limit=5)
    assert limited.request() is not None
    limited.take(page(3))
    rest = limited.request()
    assert rest is not None and rest.limit == 2
    limited.take(page(2))
    assert limited.request() is None


def test_none_is_asked_for_nothing_and_less_than_none_is_asked_for() -> None:
    assert pages_of(limit=0).request() is None
    assert pages_of(limit=None, tail=0).request() is None
    refused = pages_of(limit=-1).request()
    assert refused is not None and refused.limit == -1
