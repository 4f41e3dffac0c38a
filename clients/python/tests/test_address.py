"""Addresses; needs no server, but for the socket."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import callboard
from callboard.address import Address, parse_address


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("127.0.0.1:50051", Address("127.0.0.1:50051", secure=False, local=True)),
        ("localhost:1", Address("localhost:1", secure=False, local=True)),
        ("http://example.org:80", Address("example.org:80", secure=False, local=False)),
        ("http://example.org:80/", Address("example.org:80", secure=False, local=False)),
        ("https://example.org:443", Address("example.org:443", secure=True, local=False)),
        ("[::1]:50051", Address("[::1]:50051", secure=False, local=True)),
        ("unix:/run/callboard.sock", Address("unix:/run/callboard.sock", False, True)),
        ("unix:///run/callboard.sock", Address("unix:/run/callboard.sock", False, True)),
        ("unix:relative.sock", Address("unix:relative.sock", False, True)),
        ("unix:/a b/100%20?#.sock", Address("unix:/a%20b/100%2520%3F%23.sock", False, True)),
        # Whoever owns these names may let them mean any machine.
        ("127.0.0.1.example.org:1", Address("127.0.0.1.example.org:1", False, False)),
        ("localhost.example.org:1", Address("localhost.example.org:1", False, False)),
    ],
)
def test_an_address_is_understood(text: str, want: Address) -> None:
    assert parse_address(text) == want


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "localhost:",
        "localhost:x",
        ":1",
        "ftp://a:1",
        "http://a:1/path",
        "unix:",
        "a:99999",
        "http://[::1:1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write "):
        parse_address(text)


def test_the_environment_is_asked_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_ADDR", "unix:/x")
    assert parse_address().target == "unix:/x"
    monkeypatch.delenv("CALLBOARD_ADDR")
    assert parse_address().target == callboard.DEFAULT_ADDRESS


def test_the_unix_socket_serves(project: str) -> None:
    path = os.environ.get("CALLBOARD_TEST_UDS")
    if not path:
        pytest.skip("CALLBOARD_TEST_UDS names no socket of the running server")
    with callboard.connect(f"unix:{path}", project=project) as client:
        sent = client.append("FACT", "over the socket")
        assert client.get(sent.msg_id).body == "over the socket"


def test_a_sockets_path_may_hold_any_character(project: str, tmp_path: Path) -> None:
    path = os.environ.get("CALLBOARD_TEST_UDS")
    if not path:
        pytest.skip("CALLBOARD_TEST_UDS names no socket of the running server")
    odd = tmp_path / "a b%20?#ü"
    odd.symlink_to(path)
    with callboard.connect(f"unix:{odd}", project=project) as client:
        client.append("FACT", "over the socket")
