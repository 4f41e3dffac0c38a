"""The servers of the peers: how each is started so that it acknowledges only what is on disk.

Each is started anew for each row, in an empty folder, on a free port of the loopback, and ended
after it: at any time only one of them competes for the processors.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tools
from processes import answer_of, free_ports, started, wait_for_port

CONNECTIONS_MAX = 300
INITDB_TIMEOUT = 120.0


@dataclass(frozen=True)
class Server:
    """A server at work."""

    port: int
    pid: int
    # What its clients need in their environment.
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Kind:
    """A kind of server."""

    find: Callable[[], tools.Program]
    start: Callable[[tools.Program, Path], contextlib.AbstractContextManager[Server]]
    # The setting that makes it durable, for the report.
    durable: str


@contextlib.contextmanager
def serving(
    command: list[str | Path], port: int, folder: Path, **options: object
) -> Iterator[Server]:
    """Starts a server, and yields it once it listens."""
    environment = options.pop("clients", {})
    log = folder / "server.log"
    with started(command, log=log, cwd=folder, **options) as process:
        wait_for_port(port, process, log)
        yield Server(port, process.pid, environment)


@contextlib.contextmanager
def start_nats(program: tools.Program, folder: Path) -> Iterator[Server]:
    """sync_interval is two minutes by default: what was acknowledged until then may be lost."""
    (port,) = free_ports(1)
    settings = folder / "nats.conf"
    settings.write_text(
        f'host: "127.0.0.1"\nport: {port}\n'
        f'jetstream {{\n  store_dir: "{folder}/store"\n  sync_interval: always\n}}\n'
    )
    with serving([program.path, "--config", settings], port, folder) as server:
        yield server


@contextlib.contextmanager
def start_redis(program: tools.Program, folder: Path) -> Iterator[Server]:
    """Without snapshots and rewrites of its log, which would fall into one measurement or another."""
    (port,) = free_ports(1)
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "auto-aof-rewrite-percentage": "0",
        "save": "",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    with serving([program.path, *words], port, folder) as server:
        yield server


@contextlib.contextmanager
def start_etcd(program: tools.Program, folder: Path) -> Iterator[Server]:
    """Its defaults are durable: it syncs its log before it answers."""
    port, peer_port = free_ports(2)
    clients, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    settings = {
        "name": "bench",
        "data-dir": str(folder / "data"),
        "listen-client-urls": clients,
        "advertise-client-urls": clients,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"bench={peers}",
        "log-level": "error",
        "logger": "zap",
    }
    words = [f"--{name}={value}" for name, value in settings.items()]
    # What the environment says would come before the defaults.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ETCD_")}
    with serving([program.path, *words], port, folder, env=clean) as server:
        yield server


@contextlib.contextmanager
def start_postgres(program: tools.Program, folder: Path) -> Iterator[Server]:
    """Everything that makes it durable is its default; it is said all the same."""
    (port,) = free_ports(1)
    password = secrets.token_hex(16)
    data, owner = folder / "data", postgres_owner()
    initialize_postgres(program, folder, data, password, owner)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": str(CONNECTIONS_MAX),
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # SIGINT has it end the connections that are open; SIGTERM would have it wait for them.
    with serving(
        [program.path, "-D", data, *words], port, folder,
        stop=signal.SIGINT, clients={"PGPASSWORD": password}, **owner,
    ) as server:  # fmt: skip
        yield server


def postgres_owner() -> dict[str, object]:
    """Returns who the server is to run as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        raise tools.Missing("the user postgres", "adduser --system --group postgres") from None
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def initialize_postgres(
    program: tools.Program, folder: Path, data: Path, password: str, owner: dict[str, object]
) -> None:
    """Makes a cluster that only who knows the password can use."""
    data.mkdir(mode=0o700)
    secret = folder / "password"
    secret.write_text(password)
    if owner:
        for path in (folder, data, secret):
            shutil.chown(path, owner["user"], owner["group"])
    secret.chmod(0o600)
    answer_of(
        [
            program.path.parent / "initdb", "-D", data, "--username=postgres",
            "--auth=scram-sha-256", f"--pwfile={secret}", "--no-locale", "--encoding=UTF8",
        ],
        log=folder / "initdb.log", timeout=INITDB_TIMEOUT, cwd=folder, **owner,
    )  # fmt: skip


NATS = Kind(tools.nats_server, start_nats, "sync_interval: always")
REDIS = Kind(tools.redis_server, start_redis, "appendonly yes, appendfsync always")
ETCD = Kind(tools.etcd, start_etcd, "its defaults")
POSTGRES = Kind(
    tools.postgres, start_postgres, "fsync, synchronous_commit and full_page_writes on"
)
