"""What is measured: the service and its peers, each in a turn of its own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import servers
import tools
from processes import answer_of, temporary_folder
from rows import APPEND, DELIVER, ECHO, STREAM, Measurement

# What one measurement may take beyond its own time: connecting, preparing, ending.
LOAD_TIMEOUT = 60.0
# callboard bench measures about a dozen rows, each with what the disk and an echo do before it.
BENCH_TIMEOUT_PER_SECOND, BENCH_TIMEOUT = 60.0, 180.0


@dataclass(frozen=True)
class Plan:
    """How to measure."""

    load: Path
    seconds: int
    in_flight: tuple[int, ...]


class Subject:
    """Something that is measured."""

    def __init__(self, name: str, title: str, durable: str) -> None:
        self.name = name
        self.title = title
        # Why what it acknowledges is on disk.
        self.durable = durable

    def find(self) -> str:
        """Returns its version. Raises tools.Missing when it is not installed."""
        raise NotImplementedError

    def measure(self, plan: Plan, folder: Path) -> Iterator[Measurement]:
        """Measures it once, in an empty folder."""
        raise NotImplementedError


class Algorithm(Subject):
    """An algorithm without a server: the load generator carries it out itself."""

    def find(self) -> str:
        return "in process"

    def measure(self, plan: Plan, folder: Path) -> Iterator[Measurement]:
        for in_flight in plan.in_flight:
            where = ["--dir", str(folder)]
            yield measure_append(
                plan, self.name, folder, in_flight=in_flight, where=where, environment={}
            )


class Peer(Subject):
    """A server of somebody else."""

    def __init__(self, name: str, title: str, kind: servers.Kind, *, delivers: bool = True) -> None:
        super().__init__(name, title, kind.durable)
        self.kind = kind
        self.delivers = delivers
        self.program: tools.Program | None = None

    def find(self) -> str:
        self.program = self.kind.find()
        return self.program.version

    def measure(self, plan: Plan, folder: Path) -> Iterator[Measurement]:
        for in_flight in plan.in_flight:
            yield self.row(plan, folder, partial(measure_append, in_flight=in_flight))
        if self.delivers:
            yield self.row(plan, folder, measure_deliver)

    def row(self, plan: Plan, folder: Path, measure: Callable[..., Measurement]) -> Measurement:
        """Measures one row, with a server of its own in an empty folder.

        The service's rows begin so too. A server that had served other rows would bring along what it
        keeps of them: a history, a log that grew, work that it put off.
        """
        program = self.program or self.kind.find()
        with temporary_folder(folder) as own, self.kind.start(program, own) as server:
            where = ["--address", server.address, "--pid", str(server.pid)]
            return measure(plan, self.name, own, where=where, environment=server.environment)


class Callboard(Subject):
    """The service itself, measured by its own bench, with the echo that the bench measures beside it."""

    def __init__(self, path: Path) -> None:
        super().__init__("callboard", "Callboard", "always")
        self.path = path

    def find(self) -> str:
        if not self.path.exists():
            raise tools.Missing(str(self.path), "cargo build --release")
        return tools.version_of(self.path)

    def measure(self, plan: Plan, folder: Path) -> Iterator[Measurement]:
        command = [
            self.path, "bench", "append", "stream", "deliver",
            "--runs", "1", "--seconds", str(plan.seconds), "--json", "--dir", folder,
        ]  # fmt: skip
        timeout = BENCH_TIMEOUT + BENCH_TIMEOUT_PER_SECOND * plan.seconds
        # It removes its folders and ends its servers when it is interrupted.
        printed = answer_of(command, log=folder / "bench.log", timeout=timeout, stop=signal.SIGINT)
        rows = [json.loads(line) for line in printed.splitlines() if line.strip()]
        return iter(callboard_measurements(rows, plan.seconds))


def subjects(callboard: Path | None) -> list[Subject]:
    """Returns all of them, in the order of the report."""
    return [
        *([Callboard(callboard)] if callboard else []),
        Peer("nats", "NATS JetStream", servers.NATS),
        Peer("redis-multiplexed", "Redis stream, one multiplexed connection", servers.REDIS),
        Peer("redis", "Redis stream, a connection each", servers.REDIS, delivers=False),
        Peer("etcd", "etcd", servers.ETCD),
        Peer("postgres", "PostgreSQL", servers.POSTGRES),
        Algorithm("plain", "open, flock, write, fsync per message", "fsync for each message"),
        Algorithm("batch", "flock, write, fdatasync per batch", "fdatasync for each batch"),
    ]


def load(
    plan: Plan, folder: Path, words: list[str], environment: dict[str, str] | None = None
) -> dict[str, float | None]:
    """Has the load generator measure something, and returns what it found."""
    printed = answer_of(
        [plan.load, *words],
        log=folder / "load.log",
        timeout=LOAD_TIMEOUT + plan.seconds,
        env={**os.environ, **(environment or {})},
    )
    return json.loads(printed)


def measure_append(
    plan: Plan, subject: str, folder: Path, *, in_flight: int, where: list[str],
    environment: dict[str, str],
) -> Measurement:  # fmt: skip
    """Measures L, and right after it how many appends a second there are."""
    disk = load(plan, folder, ["disk", "--dir", str(folder), "--seconds", str(plan.seconds / 2)])
    words = [
        "append", "--peer", subject, *where,
        "--in-flight", str(in_flight), "--seconds", str(plan.seconds),
    ]  # fmt: skip
    found = load(plan, folder, words, environment)
    return Measurement(
        subject, APPEND, in_flight, disk_rate=disk["rate"], seconds=plan.seconds, **found
    )


def measure_deliver(
    plan: Plan, subject: str, folder: Path, *, where: list[str], environment: dict[str, str]
) -> Measurement:
    """Measures what the disk does, at full speed and paced, and right after it the delivery."""
    half = ["--dir", str(folder), "--seconds", str(plan.seconds / 2)]
    disk = load(plan, folder, ["disk", *half])
    paced = load(plan, folder, ["disk-paced", *half])
    words = ["deliver", "--peer", subject, *where, "--seconds", str(plan.seconds)]
    found = load(plan, folder, words, environment)
    return Measurement(
        subject, DELIVER, 1, disk_rate=disk["rate"], disk_p50_us=paced["p50_us"],
        seconds=plan.seconds, **found,
    )  # fmt: skip


def callboard_measurements(rows: list[dict], seconds: float) -> list[Measurement]:
    """Takes over what callboard bench printed, as far as there is something to compare it with.

    The echo gets nothing of the disk: it needs none, and L, measured at other moments, would only
    bring the disk's drift into it.
    """
    paced = next((row for row in rows if row["name"] == "disk.paced"), {})
    taken = []
    for row in rows:
        subject, name = callboard_name(row["name"])
        if name is None:
            continue
        on_disk = subject != ECHO
        taken.append(
            Measurement(
                subject, name, row["in_flight"], row["rate"], row["p50_us"], row["p99_us"],
                disk_rate=row.get("l") if on_disk and name != DELIVER else None,
                disk_p50_us=paced.get("p50_us") if on_disk and name == DELIVER else None,
                ratio_to_echo=row.get("ratio_to_echo") if on_disk else None,
                server_cpu_s=row.get("server_cpu_s"), load_cpu_s=row.get("client_cpu_s"),
                seconds=seconds,
            )  # fmt: skip
        )
    # First the service, then the echo.
    return sorted(taken, key=lambda one: one.subject)


def callboard_name(name: str) -> tuple[str, str | None]:
    """Returns the subject and what was measured of it, None for what is not compared."""
    known = {
        "append": ("callboard", APPEND),
        "stream": ("callboard", STREAM),
        "deliver": ("callboard", DELIVER),
        "echo.unary": (ECHO, APPEND),
        "echo.stream": (ECHO, STREAM),
        "echo.deliver": (ECHO, DELIVER),
    }
    return known.get(name, (name, None))
