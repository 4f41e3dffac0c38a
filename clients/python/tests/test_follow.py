"""Following: from where, how far, and through breaks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Callable, Dict, Iterator, List

import grpc
import pytest
from conftest import Network
from scripted import serving

import callboard
from callboard import Client
from callboard.v1 import message_bus_pb2 as pb


def take(follow: callboard.Follow, count: int) -> List[str]:
    return [message.body for message in islice(follow, count)]


def test_follow_replays_from_the_earliest_and_goes_on(client: Client) -> None:
    for n in range(3):
        client.append("INFO", str(n))
    with client.follow(start="earliest") as follow:
        assert take(follow, 3) == ["0", "1", "2"]
        client.append("INFO", "3")
        assert take(follow, 1) == ["3"]


def test_follow_from_the_end_gets_what_comes_after_it_returned(client: Client) -> None:
    client.append("INFO", "old")
    with client.follow() as follow:
        client.append("INFO", "new")
        assert take(follow, 1) == ["new"]


def test_follow_waits_for_a_bus_that_does_not_exist(client: Client) -> None:
    with client.follow(task="task-later") as follow:
        client.append("INFO", "first", task="task-later")
        assert take(follow, 1) == ["first"]


def test_follow_goes_on_after_an_id_or_a_cursor(client: Client) -> None:
    sent = [client.append("INFO", str(n)) for n in range(4)]
    with client.follow(since_id=sent[0].msg_id) as follow:
        assert take(follow, 2) == ["1", "2"]
        cursor = follow.cursor
    assert cursor == sent[2].cursor
    with client.follow(cursor=cursor) as follow:
        assert take(follow, 1) == ["3"]


def test_follow_filters_and_ends_at_the_tail_or_the_limit(client: Client) -> None:
    for n in range(10):
        client.append("FACT" if n % 2 else "INFO", str(n))
    tail = client.follow(start="earliest", types=["FACT"], stop_at_tail=True)
    assert [message.body for message in tail] == ["1", "3", "5", "7", "9"]
    limited = client.follow(start="earliest", limit=4)
    assert [message.body for message in limited] == ["0", "1", "2", "3"]
    assert list(limited) == []


def test_follow_crosses_a_rotation(client: Client) -> None:
    with client.follow(start="earliest") as follow:
        for n in range(6):
            client.append("INFO", str(n))
            if n % 2:
                client.rotate()
        assert take(follow, 6) == [str(n) for n in range(6)]


def test_follow_delivers_large_and_awkward_bodies(client: Client) -> None:
    want = ["x" * (1 << 20), "---\nmsg_id: MSG-forged\n---\n", "Grüße, 世界 👩‍💻", ""]
    with client.follow() as follow:
        for body in want:
            client.append("INFO", body)
        assert take(follow, 4) == want


def test_follow_says_where_a_message_stands_and_how_it_was_taken_up(client: Client) -> None:
    frames: List[str] = []
    client.append("INFO", "x")
    with client.follow(
        start="earliest",
        heartbeat_interval=0.1,
        on_frame=lambda frame: frames.append(frame.WhichOneof("frame") or ""),
    ) as follow:
        assert take(follow, 1) == ["x"]
        assert follow.last is not None
        assert (follow.last.project_id, follow.last.task_id) == (client.defaults.project, "")
        assert follow.last.cursor == follow.cursor
        threading.Timer(0.5, lambda: client.append("INFO", "y")).start()
        assert take(follow, 1) == ["y"]
    assert frames[0] == "opened"
    assert frames.index("message") < frames.index("caught_up") < frames.index("heartbeat")


def test_a_project_is_followed_with_tasks_that_appear_meanwhile(client: Client) -> None:
    client.append("INFO", "old", task="task-a")
    with client.follow(scope="project") as follow:
        client.append("INFO", "a", task="task-a")
        client.append("INFO", "b", task="task-b")
        client.append("INFO", "p")
        client.append("INFO", "elsewhere", project=f"{client.defaults.project}-2")
        assert sorted(take(follow, 3)) == ["a", "b", "p"]
        client.append("INFO", "end", task="task-c")
        assert take(follow, 1) == ["end"]
        assert {position.task_id for position in follow.positions} == {
            "",
            "task-a",
            "task-b",
            "task-c",
        }


def test_everything_is_followed_with_projects_that_appear_meanwhile(client: Client) -> None:
    mine = (client.defaults.project, f"{client.defaults.project}-new")
    with client.follow(scope="all") as follow:
        client.append("INFO", "1")
        client.append("INFO", "2", project=mine[1], task="task-x")
        got = []
        for message in follow:
            if message.project_id in mine:
                got.append(message.body)
            if len(got) == 2:
                break
    assert sorted(got) == ["1", "2"]


def test_positions_go_on_in_every_bus_and_new_ones_start_at_their_beginning(
    client: Client,
) -> None:
    for task in ("task-a", "task-b"):
        for n in range(3):
            client.append("INFO", f"{task} {n}", task=task)
    with client.follow(scope="project", start="earliest") as follow:
        first = take(follow, 4)
        positions = follow.positions
    client.append("INFO", "late", task="task-c")
    with client.follow(scope="project", positions=positions) as follow:
        rest = take(follow, 3)
    assert sorted(first + rest) == sorted(
        ["late"] + [f"{task} {n}" for task in ("task-a", "task-b") for n in range(3)]
    )


@pytest.mark.parametrize("scope", ["bus", "project"])
def test_follow_goes_on_after_breaks_without_loss_or_repetition(
    client: Client, network: Network, scope: str
) -> None:
    with callboard.connect(network.addr, project=client.defaults.project) as broken:
        follow = (
            broken.follow(start="earliest")
            if scope == "bus"
            else broken.follow(scope="project", start="latest")
        )
        got: List[str] = []

        def read() -> None:
            got.extend(message.body for message in islice(follow, 40))

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            for n in range(40):
                if n % 10 == 5:
                    network.cut()
                client.append("INFO", str(n))
                if n % 10 == 8:
                    network.mend()
            reading.result(60)
        follow.close()
    assert got == [str(n) for n in range(40)]


def test_a_wide_follow_finds_a_bus_that_was_made_during_a_break(
    client: Client, network: Network
) -> None:
    with callboard.connect(network.addr, project=client.defaults.project) as broken:
        with broken.follow(scope="project") as follow:
            network.cut()
            client.append("INFO", "1", task="task-new")
            client.append("INFO", "2", task="task-new")
            network.mend()
            assert take(follow, 2) == ["1", "2"]


def test_a_follow_is_closed_by_another_thread_and_by_its_client(addr: str, project: str) -> None:
    client = callboard.connect(addr, project=project)
    one, two = client.follow(), client.follow(scope="project")
    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(list, one), pool.submit(list, two)]
        one.close()
        assert reading[0].result(20) == []
        client.close()
        assert reading[1].result(20) == []


def test_two_followers_see_the_same(client: Client) -> None:
    follows = {name: client.follow(scope="project") for name in ("one", "two")}
    for n in range(20):
        client.append("INFO", str(n))
    seen: Dict[str, List[str]] = {name: take(follow, 20) for name, follow in follows.items()}
    assert seen["one"] == seen["two"] == [str(n) for n in range(20)]
    for follow in follows.values():
        follow.close()


def test_the_generated_client_is_there_for_the_rest(client: Client) -> None:
    client.append("INFO", "x")
    request = pb.SubscribeRequest(
        project_id=client.defaults.project,
        scope=pb.SUBSCRIBE_SCOPE_BUS,
        position=pb.START_POSITION_EARLIEST,
        stop_at_tail=True,
    )
    frames = [frame.WhichOneof("frame") for frame in client.bus.Subscribe(request)]
    assert frames[:2] == ["opened", "message"]


class Script:
    """A server of the test's own that answers each Subscribe call as told."""

    def __init__(self, answer: Callable[[int], Iterator[pb.SubscribeResponse]]) -> None:
        self.answer = answer
        self.requests: List[pb.SubscribeRequest] = []

    def subscribe(
        self, request: pb.SubscribeRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SubscribeResponse]:
        self.requests.append(request)
        return self.answer(len(self.requests))


@contextmanager
def subscribed(script: Script) -> Iterator[Network]:
    """Serves the script, behind a breakable way."""
    with serving(Subscribe=script.subscribe) as addr:
        network = Network(addr)
        try:
            yield network
        finally:
            network.cut()


def opened() -> pb.SubscribeResponse:
    return pb.SubscribeResponse(
        opened=pb.SubscribeResponse.Opened(project_id="demo", cursor="c0")
    )


def numbered(number: int) -> pb.SubscribeResponse:
    return pb.SubscribeResponse(
        message=pb.SubscribeResponse.Delivery(
            project_id="demo", cursor=f"c{number}", message=pb.Message(body=str(number))
        )
    )


def test_a_limit_holds_when_the_stream_breaks_right_after_the_last_message() -> None:
    end = threading.Event()

    def answer(call: int) -> Iterator[pb.SubscribeResponse]:
        yield opened()
        for number in (1, 2, 3) if call == 1 else (4, 5):
            yield numbered(number)
        # The end of the stream is what the break loses.
        end.wait(20 if call == 1 else 0)

    script = Script(answer)
    with subscribed(script) as network:
        with callboard.connect(network.addr, project="demo") as client:
            with client.follow(start="earliest", limit=3, retry_for=5) as follow:
                assert take(follow, 3) == ["1", "2", "3"]
                network.cut()
                network.mend()
                assert list(follow) == []
                assert follow.cursor == "c3"
        end.set()
    assert len(script.requests) == 1


def test_a_stream_that_ends_without_being_asked_to_is_gone_on_from() -> None:
    def answer(call: int) -> Iterator[pb.SubscribeResponse]:
        yield opened()
        yield numbered(call)

    script = Script(answer)
    with subscribed(script) as network:
        with callboard.connect(network.addr, project="demo") as client:
            with client.follow(start="earliest") as follow:
                assert take(follow, 3) == ["1", "2", "3"]
    assert [request.cursor for request in script.requests[:3]] == ["", "c1", "c2"]


def test_a_silent_stream_counts_as_broken_however_slow_its_reader_is() -> None:
    end = threading.Event()

    def answer(call: int) -> Iterator[pb.SubscribeResponse]:
        yield opened()
        if call == 1:
            # The connection is alive, and nothing comes over it any more.
            end.wait(20)
        else:
            yield numbered(1)
            yield numbered(2)

    script = Script(answer)
    with subscribed(script) as network:
        with callboard.connect(network.addr, project="demo") as client:
            with client.follow(start="earliest", heartbeat_interval=0.2, limit=2) as follow:
                assert take(follow, 2) == ["1", "2"]
        end.set()
    assert len(script.requests) == 2


def test_a_follow_gives_up_when_the_server_is_away_for_longer_than_it_may_be(
    network: Network, project: str
) -> None:
    with callboard.connect(network.addr, project=project) as client:
        with client.follow(retry_for=0.3) as follow:
            network.cut()
            with pytest.raises(callboard.UnavailableError):
                next(follow)
            assert list(follow) == []
