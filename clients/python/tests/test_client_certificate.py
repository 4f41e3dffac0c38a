"""The certificate by which a server knows the client: where it is found, and whom it lets in."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import Any, AsyncIterator, Iterator, List, NamedTuple, Tuple

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from scripted import serving

import callboard
import callboard.aio
from callboard.credentials import client_certificate
from callboard.v1 import message_bus_pb2 as pb
from callboard.v1 import storage_pb2 as storage

NOWHERE = "https://localhost:1"
#: How long a server that lets nobody in is tried, in seconds.
PATIENCE = 1.0

BOTH = "give cert_file and key_file, or set CALLBOARD_CERT and CALLBOARD_KEY"
WITHOUT_KEY = f"without its key: {BOTH}"
WITHOUT_CERTIFICATE = f"without its certificate: {BOTH}"


class Pair(NamedTuple):
    """The paths of a certificate and its key."""

    cert_file: str
    key_file: str


def issue(authority: trustme.CA, name: str, folder: Path) -> Pair:
    """Writes a certificate for a program, and its key."""
    folder.mkdir()
    made = authority.issue_cert(common_name=name)
    pair = Pair(str(folder / "cert.pem"), str(folder / "key.pem"))
    for certificate in made.cert_chain_pems:
        certificate.write_to_path(pair.cert_file, append=True)
    made.private_key_pem.write_to_path(pair.key_file)
    return pair


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whom the server and its clients trust."""
    return trustme.CA()


@pytest.fixture
def ours(authority: trustme.CA, tmp_path: Path) -> Pair:
    """A certificate that the server trusts."""
    return issue(authority, "reviewer", tmp_path / "ours")


@pytest.fixture
def strangers(tmp_path: Path) -> Pair:
    """A certificate of an authority that the server does not know."""
    return issue(trustme.CA(), "reviewer", tmp_path / "strangers")


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The certificate of the authority."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


class Doorkeeper:
    """A server that lets in who shows a certificate of the authority, and notes who came."""

    def __init__(self, authority: trustme.CA) -> None:
        own = authority.issue_cert("127.0.0.1")
        chain = b"".join(certificate.bytes() for certificate in own.cert_chain_pems)
        self.credentials = grpc.ssl_server_credentials(
            [(own.private_key_pem.bytes(), chain)],
            root_certificates=authority.cert_pem.bytes(),
            require_client_auth=True,
        )
        self.callers: List[str] = []
        self.addr = ""

    def get(self, request: pb.GetMessageRequest, context: grpc.ServicerContext) -> Any:
        self.note(context)
        return pb.GetMessageResponse()

    def upload(
        self, requests: Iterator[storage.UploadArtifactRequest], context: grpc.ServicerContext
    ) -> Any:
        list(requests)
        self.note(context)
        return storage.UploadArtifactResponse()

    def note(self, context: grpc.ServicerContext) -> None:
        # The types say that these are numbers.
        names: Any = context.auth_context()["x509_common_name"]
        self.callers += [name.decode() for name in names]


@pytest.fixture
def doorkeeper(authority: trustme.CA) -> Iterator[Doorkeeper]:
    made = Doorkeeper(authority)
    with serving(made.credentials, GetMessage=made.get, UploadArtifact=made.upload) as addr:
        made.addr = addr
        yield made


async def one_part() -> AsyncIterator[bytes]:
    yield b"hello"


def test_whom_the_authority_vouches_for_is_let_in(
    doorkeeper: Doorkeeper, ca_file: str, ours: Pair
) -> None:
    with callboard.connect(
        doorkeeper.addr, ca_file=ca_file, cert_file=ours.cert_file, key_file=ours.key_file
    ) as client:
        client.get("m", project="p")

    async def main() -> None:
        async with callboard.aio.connect(
            doorkeeper.addr,
            ca_file=ca_file,
            cert_file=ours.cert_file,
            key_file=ours.key_file,
            project="p",
            task="t",
        ) as client:
            await client.get("m")
            # Goes over the other one of its two connections.
            await client.put_artifact(one_part(), "a.txt")

    asyncio.run(main())
    assert doorkeeper.callers == ["reviewer"] * 3


def test_the_environment_names_the_certificate_and_the_key(
    doorkeeper: Doorkeeper, ca_file: str, ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_CERT", ours.cert_file)
    monkeypatch.setenv("CALLBOARD_KEY", ours.key_file)
    with callboard.connect(doorkeeper.addr, ca_file=ca_file, project="p") as client:
        client.get("m")
    assert doorkeeper.callers == ["reviewer"]


def test_who_shows_no_certificate_is_not_let_in(doorkeeper: Doorkeeper, ca_file: str) -> None:
    with callboard.connect(doorkeeper.addr, ca_file=ca_file, project="p") as client:
        with pytest.raises(callboard.UnavailableError) as caught:
            client.get("m", timeout=PATIENCE)
    # gRPC does not tell what the server said of it.
    assert "failed to connect" in caught.value.message
    assert doorkeeper.callers == []


def test_whom_another_authority_vouches_for_is_not_let_in(
    doorkeeper: Doorkeeper, ca_file: str, strangers: Pair
) -> None:
    with callboard.connect(
        doorkeeper.addr, ca_file=ca_file, project="p", **strangers._asdict()
    ) as client:
        with pytest.raises(callboard.UnavailableError) as caught:
            client.get("m", timeout=PATIENCE)
    assert "failed to connect" in caught.value.message
    assert doorkeeper.callers == []


def test_one_without_the_other_is_refused_and_what_is_missing_named(
    ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=WITHOUT_KEY):
        callboard.connect(NOWHERE, cert_file=ours.cert_file)
    with pytest.raises(ValueError, match=WITHOUT_CERTIFICATE):
        callboard.connect(NOWHERE, key_file=ours.key_file)

    async def main() -> None:
        with pytest.raises(ValueError, match=WITHOUT_KEY):
            callboard.aio.connect(NOWHERE, cert_file=ours.cert_file)

    asyncio.run(main())
    monkeypatch.setenv("CALLBOARD_CERT", ours.cert_file)
    monkeypatch.setenv("CALLBOARD_KEY", "")
    with pytest.raises(ValueError, match=WITHOUT_KEY):
        callboard.connect(NOWHERE)
    # Where nothing is encrypted it does not matter.
    callboard.connect("localhost:1").close()
    callboard.connect("unix:/x", key_file=ours.key_file).close()


def test_the_arguments_go_before_the_environment(
    ours: Pair, strangers: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_CERT", strangers.cert_file)
    monkeypatch.setenv("CALLBOARD_KEY", strangers.key_file)
    assert client_certificate(None, None) == contents(strangers)
    assert client_certificate("", "") == contents(strangers)
    assert client_certificate(ours.cert_file, ours.key_file) == contents(ours)


def test_what_is_missing_of_the_arguments_is_not_taken_from_the_environment(
    ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pair of the arguments, so that the two would fit.
    monkeypatch.setenv("CALLBOARD_CERT", ours.cert_file)
    monkeypatch.setenv("CALLBOARD_KEY", ours.key_file)
    for missing in (None, ""):
        with pytest.raises(ValueError, match=WITHOUT_KEY):
            callboard.connect(NOWHERE, cert_file=ours.cert_file, key_file=missing)
        with pytest.raises(ValueError, match=WITHOUT_CERTIFICATE):
            callboard.connect(NOWHERE, cert_file=missing, key_file=ours.key_file)

    async def main() -> None:
        with pytest.raises(ValueError, match=WITHOUT_KEY):
            callboard.aio.connect(NOWHERE, cert_file=ours.cert_file)

    asyncio.run(main())


def test_the_environment_is_not_read_where_the_arguments_name_both(
    ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_CERT", "no-such-file")
    monkeypatch.setenv("CALLBOARD_KEY", "no-such-file")
    callboard.connect(NOWHERE, cert_file=ours.cert_file, key_file=ours.key_file).close()


def test_empty_variables_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_CERT", "")
    monkeypatch.setenv("CALLBOARD_KEY", "")
    assert client_certificate(None, None) is None


def test_a_file_that_cannot_be_read_is_named(ours: Pair, tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-file")
    with pytest.raises(ValueError, match="cert_file .*no-such-file' cannot be read"):
        callboard.connect(NOWHERE, cert_file=missing, key_file=ours.key_file)
    with pytest.raises(ValueError, match="key_file .*no-such-file' cannot be read"):
        callboard.connect(NOWHERE, cert_file=ours.cert_file, key_file=missing)


def test_files_that_are_no_pair_are_refused_without_a_word_of_the_key(
    ours: Pair, strangers: Pair, tmp_path: Path
) -> None:
    locked = tmp_path / "locked.pem"
    locked.write_bytes(with_password(Path(ours.key_file)))
    with pytest.raises(ValueError, match="holds no certificate"):
        callboard.connect(NOWHERE, cert_file=ours.key_file, key_file=ours.key_file)
    for key_file in (strangers.key_file, ours.cert_file, str(locked)):
        with pytest.raises(ValueError, match="holds no key") as caught:
            callboard.connect(NOWHERE, cert_file=ours.cert_file, key_file=key_file)
        said = "".join(traceback.format_exception(None, caught.value, caught.value.__traceback__))
        assert key_file in said
        assert "PRIVATE" not in said and secret_of(Path(key_file)) not in said


def test_a_client_does_not_show_its_key(ours: Pair) -> None:
    with callboard.connect(NOWHERE, **ours._asdict()) as client:
        assert secret_of(Path(ours.key_file)) not in repr(client) + repr(vars(client))


def contents(pair: Pair) -> Tuple[bytes, bytes]:
    """The key and the certificate."""
    return Path(pair.key_file).read_bytes(), Path(pair.cert_file).read_bytes()


def secret_of(key_file: Path) -> str:
    """A line of what a file in the PEM form holds."""
    return key_file.read_text().splitlines()[1]


def with_password(key_file: Path) -> bytes:
    """A key as it is kept under a password."""
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"s3cret"),
    )
