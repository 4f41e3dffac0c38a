"""Appending and reading."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import List

import pytest

import callboard
from callboard import Client
from callboard.v1 import message_bus_pb2 as pb

TASK = "task-20260101-120000-python"


def bodies(messages: object) -> List[str]:
    return [message.body for message in messages]  # type: ignore[attr-defined]


def test_an_appended_message_is_read_back_with_everything_it_was_given(client: Client) -> None:
    first = client.append("FACT", "one", task=TASK)
    second = client.append(
        "REVIEW",
        "two",
        task=TASK,
        run="run-7",
        meta={"score": "9", "schlüssel": "wert: \"x\" # y"},
        parents=[first.msg_id, callboard.Parent(msg_id="MSG-else", kind="depends_on")],
        links=["https://example.org/a", callboard.Link(url="src/x.rs", label="x", kind="file")],
        issue_id="ISSUE-1",
    )
    message = client.get(second.msg_id, task=TASK)
    assert message.msg_id == second.msg_id
    assert message.ts == second.ts
    assert (message.type, message.body, message.run_id) == ("REVIEW", "two", "run-7")
    assert (message.project_id, message.task_id) == (client.defaults.project, TASK)
    assert dict(message.meta) == {"score": "9", "schlüssel": "wert: \"x\" # y"}
    assert [(p.msg_id, p.kind) for p in message.parents] == [
        (first.msg_id, ""),
        ("MSG-else", "depends_on"),
    ]
    assert [(link.url, link.label, link.kind) for link in message.links] == [
        ("https://example.org/a", "", ""),
        ("src/x.rs", "x", "file"),
    ]
    assert message.issue_id == "ISSUE-1"
    assert message.integrity == pb.INTEGRITY_VERIFIED
    assert list(client.read(task=TASK))[1] == message


@pytest.mark.parametrize(
    "body",
    [
        "",
        "plain",
        "no newline\n",
        "two newlines\n\n",
        "Grüße, 世界, 👩‍💻, \u2028 and \u00a0",
        "---",
        "before\n---\nmsg_id: MSG-forged\ntype: FACT\nproject_id: x\n---\nafter",
        "\n---\n\n---\n",
        " ---\n  ---\r\n--- \n----",
        "carriage\r\nreturns\rand\ttabs",
        "nul \x00 and bell \x07",
        "[2026-01-01 10:00:00] FACT: looks like an old line",
        "x" * (1 << 20),
        "---\n" * 1000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_comes_back_as_it_was(client: Client, body: str) -> None:
    client.append("INFO", "before")
    appended = client.append("INFO", body)
    client.append("INFO", "after")
    assert client.get(appended.msg_id).body == body
    assert bodies(client.read()) == ["before", body, "after"]


def test_a_tasks_bus_and_the_projects_own_are_apart(client: Client) -> None:
    client.append("FACT", "of the project")
    client.append("FACT", "of the task", task=TASK)
    assert bodies(client.read()) == ["of the project"]
    assert bodies(client.read(task=TASK)) == ["of the task"]
    assert [bus.task_id for bus in client.buses(client.defaults.project)] == ["", TASK]


def test_reading_starts_where_it_is_told(client: Client) -> None:
    sent = [client.append("INFO", str(n)) for n in range(5)]
    assert bodies(client.read(since_id=sent[1].msg_id)) == ["2", "3", "4"]
    assert bodies(client.read(cursor=sent[3].cursor)) == ["4"]
    assert bodies(client.read(tail=2)) == ["3", "4"]
    assert bodies(client.read(limit=2)) == ["0", "1"]
    assert bodies(client.read(tail=3, limit=1)) in (["2"], ["4"])
    hour = timedelta(hours=1)
    now = datetime.now(timezone.utc)
    assert bodies(client.read(since_time=now - hour)) == ["0", "1", "2", "3", "4"]
    assert bodies(client.read(since_time=now + hour)) == []
    with pytest.raises(ValueError, match="exclude each other"):
        client.read_page(tail=1, cursor="x")
    with pytest.raises(ValueError, match="time zone"):
        client.read_page(since_time=datetime(2026, 1, 1))


def test_reading_filters_by_type_and_run(client: Client) -> None:
    for n in range(6):
        client.append("FACT" if n % 2 else "INFO", str(n), run=f"run-{n % 3}")
    assert bodies(client.read(types=["FACT"])) == ["1", "3", "5"]
    assert bodies(client.read(run="run-1")) == ["1", "4"]
    assert bodies(client.read(types=["FACT"], run="run-1")) == ["1"]
    assert bodies(client.read(types=["FACT"], tail=2)) == ["3", "5"]


def test_reading_goes_on_over_pages(client: Client) -> None:
    for start in range(0, 2500, 500):
        client.append_many(client.message("INFO", str(start + n)) for n in range(500))
    assert bodies(client.read()) == [str(n) for n in range(2500)]
    assert len(list(client.read(limit=1700))) == 1700
    page = client.read_page(limit=7)
    assert not page.end_of_bus
    assert client.read_page(cursor=page.cursor, limit=1).messages[0].body == "7"


def test_reading_goes_on_where_an_answer_is_full(client: Client) -> None:
    sent = [str(n) * (1 << 20) for n in range(7)]
    for body in sent:
        client.append("INFO", body)
    assert bodies(client.read()) == sent


def test_a_bus_that_does_not_exist_is_empty(client: Client) -> None:
    assert list(client.read(task="task-nobody")) == []


def test_a_request_id_appends_once(client: Client) -> None:
    first = client.append("FACT", "once", request_id="deploy-1")
    again = client.append("FACT", "once", request_id="deploy-1")
    assert not first.duplicate
    assert again.duplicate
    assert (again.msg_id, again.ts, again.cursor) == (first.msg_id, first.ts, first.cursor)
    assert len(list(client.read())) == 1
    assert client.get(first.msg_id).request_id == "deploy-1"


def test_append_compares_before_it_appends(client: Client) -> None:
    first = client.append("FACT", "1")
    second = client.append("FACT", "2", expected_last_msg_id=first.msg_id)
    with pytest.raises(callboard.ConflictError) as caught:
        client.append("FACT", "3", expected_last_msg_id=first.msg_id)
    assert caught.value.reason == "BUS_MOVED"
    assert bodies(client.read()) == ["1", "2"]
    assert [message.msg_id for message in client.read()][-1] == second.msg_id


def test_a_batch_is_appended_in_order_and_once(client: Client) -> None:
    messages = [client.message("INFO", str(n)) for n in range(100)]
    first = client.append_many(messages, request_id="batch")
    again = client.append_many(messages, request_id="batch")
    assert len(set(first.msg_ids)) == 100
    assert again.duplicate and again.msg_ids == first.msg_ids
    assert [message.msg_id for message in client.read()] == list(first.msg_ids)
    assert client.read_page(cursor=first.cursor).end_of_bus


def test_a_stream_answers_each_message_in_order(client: Client) -> None:
    sent = [client.message("INFO", str(n), task=f"task-{n % 3}") for n in range(300)]
    answers = list(client.append_stream(sent, request_id="stream"))
    assert len({(n % 3, answer.msg_id) for n, answer in enumerate(answers)}) == 300
    assert not any(answer.duplicate for answer in answers)
    for task in range(3):
        want = [str(n) for n in range(300) if n % 3 == task]
        assert bodies(client.read(task=f"task-{task}")) == want
    again = list(client.append_stream(sent, request_id="stream"))
    assert [answer.msg_id for answer in again] == [answer.msg_id for answer in answers]
    assert all(answer.duplicate for answer in again)


def test_a_stream_ends_at_the_first_refused_message(client: Client) -> None:
    sent = [client.message("INFO", "a"), client.message("INFO", "b"), client.message("", "c")]
    answers = []
    with pytest.raises(callboard.InvalidArgumentError) as caught:
        for answer in client.append_stream(sent):
            answers.append(answer)
    assert caught.value.reason == "REQUIRED_FIELD"
    assert caught.value.metadata["index"] == "2"
    assert caught.value.request_id
    assert len(answers) == 2
    assert bodies(client.read()) == ["a", "b"]


def test_many_threads_share_a_client(client: Client) -> None:
    def work(worker: int) -> None:
        for n in range(25):
            client.append("INFO", f"{worker}-{n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    got = bodies(client.read())
    assert len(got) == 200 and len(set(got)) == 200
    for worker in range(8):
        assert [b for b in got if b.startswith(f"{worker}-")] == [
            f"{worker}-{n}" for n in range(25)
        ]


def test_poll_returns_what_is_new_as_soon_as_it_is_there(client: Client) -> None:
    first = client.append("INFO", "old")
    answer = client.poll(cursor=first.cursor, timeout=0)
    assert not answer.messages

    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(client.poll, cursor=answer.cursor, timeout=60)
        started = time.monotonic()
        client.append("INFO", "new")
        assert bodies(polled.result(30).messages) == ["new"]
        assert time.monotonic() - started < 20
    assert bodies(client.poll(since_id=first.msg_id, timeout=60).messages) == ["new"]


def test_rotation_keeps_reading_whole(client: Client) -> None:
    client.append("INFO", "1")
    middle = client.append("INFO", "2")
    archive = client.rotate().archive_path
    assert client.defaults.project in archive
    client.append("INFO", "3")
    assert bodies(client.read()) == ["1", "2", "3"]
    assert bodies(client.read(cursor=middle.cursor)) == ["3"]
    (bus,) = client.buses(client.defaults.project)
    assert bus.archive_count == 1
    assert list(client.trim(0).archive_paths) == [archive]
    assert bodies(client.read()) == ["1", "2", "3"]
    assert not client.trim(0, dry_run=False).dry_run
    assert bodies(client.read()) == ["3"]


def test_ids_come_from_the_environment(
    addr: str, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_ADDR", f"http://{addr}")
    monkeypatch.setenv("JRUN_PROJECT_ID", project)
    monkeypatch.setenv("JRUN_TASK_ID", TASK)
    monkeypatch.setenv("JRUN_ID", "run-1")
    with callboard.connect() as client:
        client.append("FACT", "of the task")
        client.append("FACT", "of the project", task="")
        client.append("FACT", "elsewhere", project=f"{project}-2")
        (mine,) = client.read()
        assert (mine.project_id, mine.task_id, mine.run_id) == (project, TASK, "run-1")
        assert bodies(client.read(task="")) == ["of the project"]
        (other,) = client.read(project=f"{project}-2")
        assert (other.task_id, other.run_id) == ("", "run-1")
    with callboard.connect(project=f"{project}-2") as client:
        assert bodies(client.read()) == ["elsewhere"]


def test_an_append_survives_a_break_and_is_there_once(network: object, project: str) -> None:
    from conftest import Network

    assert isinstance(network, Network)
    with callboard.connect(network.addr, project=project) as client:
        client.append("INFO", "0")
        network.cut()
        threading.Timer(0.5, network.mend).start()
        client.append("INFO", "1")
        assert bodies(client.read()) == ["0", "1"]
