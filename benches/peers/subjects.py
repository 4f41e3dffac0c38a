"""What is measured: the service and its peers, each in a turn of its own."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import servers
import tools
from processes import answer_of
from rows import APPEND, DELIVER, STREAM, Measurement

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
            yield measure_append(plan, self.name, folder, in_flight, ["--dir", str(folder)], {})


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
        program = self.program or self.kind.find()
        with self.kind.start(program, folder) as server:
            where = ["--address", server.address, "--pid", str(server.pid)]
            for in_flight in plan.in_flight:
                yield measure_append(plan, self.name, folder, in_flight, where, server.environment)
            if self.delivers:
                yield measure_deliver(plan, self.name, folder, where, server.environment)


class Callboard(Subject):
    """The service itself, measured by its own bench, with the ceilings that the bench measures."""

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
    plan: Plan, subject: str, folder: Path, in_flight: int, where: list[str],
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
    plan: Plan, subject: str, folder: Path, where: list[str], environment: dict[str, str]
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

    It gives L only as the ratio to it, and the disk's row is the median of all that it measured.
    """
    medians = {row["name"]: row for row in rows if row["name"].startswith("disk")}
    disk, paced = medians.get("disk", {}), medians.get("disk.paced", {})
    taken = []
    for row in rows:
        subject, name = callboard_name(row["name"])
        if name is None:
            continue
        own_disk = row["rate"] / row["ratio_to_l"] if row.get("ratio_to_l") else disk.get("rate")
        taken.append(
            Measurement(
                subject, name, row["in_flight"], row["rate"], row["p50_us"], row["p99_us"],
                disk_rate=own_disk if name != DELIVER else None,
                disk_p50_us=paced.get("p50_us") if name == DELIVER else None,
                server_cpu_s=row.get("server_cpu_s"), seconds=seconds,
            )  # fmt: skip
        )
    # First what was measured, then its ceilings.
    return sorted(taken, key=lambda one: one.subject)


def callboard_name(name: str) -> tuple[str, str | None]:
    """Returns the subject and what was measured of it, None for what is not compared."""
    known = {
        "append": ("callboard", APPEND),
        "stream": ("callboard", STREAM),
        "deliver": ("callboard", DELIVER),
        "echo.unary": ("echo", APPEND),
        "echo.stream": ("echo", STREAM),
        "echo.deliver": ("echo", DELIVER),
    }
    return known.get(name, (name, None))
