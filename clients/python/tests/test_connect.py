"""Who calls, whom is trusted, and what is meant when nothing is said."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, List

import grpc
import pytest
from scripted import serving

import callboard
import callboard.aio
from callboard.credentials import Token, trusted_roots
from callboard.defaults import Defaults
from callboard.v1 import message_bus_pb2 as pb

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


class Listener:
    """Notes what each call is sent with."""

    def __init__(self) -> None:
        self.authorizations: List[Any] = []

    def get(self, request: pb.GetMessageRequest, context: grpc.ServicerContext) -> Any:
        self.note(context)
        return pb.GetMessageResponse()

    def subscribe(self, request: pb.SubscribeRequest, context: grpc.ServicerContext) -> Any:
        self.note(context)
        return iter([pb.SubscribeResponse(caught_up=pb.SubscribeResponse.CaughtUp())])

    def note(self, context: grpc.ServicerContext) -> None:
        sent = {item[0]: item[1] for item in context.invocation_metadata()}
        self.authorizations.append(sent.get("authorization"))


def test_the_token_is_sent_with_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    with serving(GetMessage=listener.get, Subscribe=listener.subscribe) as addr:
        with callboard.connect(addr, token="s3cret", project="p") as client:
            client.get("m")
            list(client.follow(scope="all", stop_at_tail=True))
            client.bus.GetMessage(pb.GetMessageRequest(), metadata=(("x", "y"),))
        monkeypatch.setenv("CALLBOARD_TOKEN", "around")
        with callboard.connect(addr, project="p") as client:
            client.get("m")
        with callboard.connect(addr, token="", project="p") as client:
            client.get("m")

        async def main() -> None:
            async with callboard.aio.connect(addr, token="s3cret", project="p") as client:
                await client.get("m")
                async for _ in client.follow(scope="all", stop_at_tail=True):
                    pass

        asyncio.run(main())
    mine = "Bearer s3cret"
    assert listener.authorizations == [mine, mine, mine, "Bearer around", None, mine, mine]


@pytest.mark.parametrize("addr", ["example.org:50051", "http://127.0.0.1.example.org:1"])
def test_a_token_is_not_sent_where_others_could_read_it(addr: str) -> None:
    with pytest.raises(ValueError, match="only sent over TLS") as caught:
        callboard.connect(addr, token="s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("addr", ["https://example.org:1", "unix:/x", "localhost:1", "[::1]:1"])
def test_a_token_is_sent_where_nobody_else_can_read_it(addr: str) -> None:
    with callboard.connect(addr, token="s3cret") as client:
        assert "s3cret" not in repr(client) + repr(vars(client))


@pytest.mark.parametrize("text", ["two words", "s3cret\n", "gehe\u00efm"])
def test_a_token_that_no_header_can_carry_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        Token(text)
    assert text.strip() not in str(caught.value)


def test_only_the_given_authority_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, around = tmp_path / "given.pem", tmp_path / "around.pem"
    given.write_bytes(PEM)
    around.write_bytes(PEM + b"\n")
    monkeypatch.setenv("CALLBOARD_CA", str(around))
    assert trusted_roots(str(given)) == PEM
    assert trusted_roots(None) == PEM + b"\n"


def test_a_ca_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no-such-file"):
        callboard.connect("https://localhost:1", ca_file=str(tmp_path / "no-such-file"))
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(ValueError, match="no certificate"):
        callboard.connect("https://localhost:1", ca_file=str(empty))
    # Where nothing is encrypted it does not matter.
    callboard.connect("localhost:1", ca_file=str(empty)).close()


def test_the_environments_task_is_one_of_its_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JRUN_PROJECT_ID", "p")
    monkeypatch.setenv("JRUN_TASK_ID", "t")
    monkeypatch.setenv("JRUN_ID", "r")
    assert Defaults.resolve() == Defaults("p", "t", "r")
    assert Defaults.resolve(project="p") == Defaults("p", "t", "r")
    assert Defaults.resolve(project="q") == Defaults("q", "", "r")
    assert Defaults.resolve(project="q", task="u", run="") == Defaults("q", "u", "")


def test_what_is_not_named_is_the_clients_own() -> None:
    defaults = Defaults("p", "t", "r")
    assert defaults.bus(None, None) == ("p", "t")
    assert defaults.bus(None, "") == ("p", "")
    assert defaults.bus("q", None) == ("q", "")
    assert defaults.run_of(None, None, None) == ("p", "t", "r")
    with pytest.raises(ValueError, match="no task"):
        defaults.task_of("q", None)
    with pytest.raises(ValueError, match="no run"):
        Defaults("p", "t", "").run_of(None, None, None)
    # Found by its id alone.
    assert Defaults("p", "", "").run_of(None, None, "r") == ("", "", "r")


def test_an_asynchronous_client_needs_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        callboard.aio.connect("localhost:1")
