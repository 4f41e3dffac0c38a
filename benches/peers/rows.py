"""What was measured, and the medians of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

APPEND, STREAM, DELIVER = "append", "stream", "deliver"
# The server that the service's bench measures beside it, which stores nothing.
ECHO = "echo"


@dataclass(frozen=True)
class Measurement:
    """What one measurement found."""

    subject: str
    name: str
    # How many appends there are at once; of `stream`, how many streams.
    in_flight: int
    rate: float
    p50_us: float | None = None
    p99_us: float | None = None
    # L right before: how many appends a second one thread can sync.
    disk_rate: float | None = None
    # How long one such append took right before, at the pace of what is delivered.
    disk_p50_us: float | None = None
    # Of the service's rows: by the echo right before; of a delivery the time by those of a sync and
    # of a delivery by the echo together.
    ratio_to_echo: float | None = None
    server_cpu_s: float | None = None
    load_cpu_s: float | None = None
    seconds: float | None = None

    @property
    def ratio(self) -> float | None:
        """By the disk: of a delivery the time by its time, of anything else the rate by its rate."""
        if self.name == DELIVER:
            return divided(self.p50_us, self.disk_p50_us)
        return divided(self.rate, self.disk_rate)

    @property
    def key(self) -> tuple[str, str, int]:
        return self.subject, self.name, self.in_flight

    def json(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio}


@dataclass(frozen=True)
class Spread:
    """The median of a figure over all runs, and how far they were apart."""

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Row:
    """The medians of one measurement over all runs, each figure by itself."""

    subject: str
    name: str
    in_flight: int
    runs: int
    figures: dict[str, Spread]
    # How many times as well as this one the service did: above 1 it was better.
    callboard_ratio: float | None = None

    def median(self, figure: str) -> float | None:
        spread = self.figures.get(figure)
        return spread.median if spread else None

    def json(self) -> dict[str, object]:
        row: dict[str, object] = {
            "subject": self.subject,
            "name": self.name,
            "in_flight": self.in_flight,
            "runs": self.runs,
        }
        for figure, spread in self.figures.items():
            row[figure] = rounded(spread.median)
            row[f"{figure}_min"], row[f"{figure}_max"] = rounded(spread.least), rounded(spread.most)
        row["callboard_ratio"] = rounded(self.callboard_ratio)
        return row


FIGURES: dict[str, Callable[[Measurement], float | None]] = {
    "rate": lambda one: one.rate,
    "p50_us": lambda one: one.p50_us,
    "p99_us": lambda one: one.p99_us,
    "disk_rate": lambda one: one.disk_rate,
    "disk_p50_us": lambda one: one.disk_p50_us,
    "ratio": lambda one: one.ratio,
    "ratio_to_echo": lambda one: one.ratio_to_echo,
    "server_cores": lambda one: divided(one.server_cpu_s, one.seconds),
    "load_cores": lambda one: divided(one.load_cpu_s, one.seconds),
}


def divided(dividend: float | None, divisor: float | None) -> float | None:
    return dividend / divisor if dividend is not None and divisor else None


def rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 3)


def rows_of(measurements: Iterable[Measurement]) -> list[Row]:
    """Makes one row of all measurements of the same thing, in the order in which they came first."""
    groups: dict[tuple[str, str, int], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault(one.key, []).append(one)
    rows = [
        Row(*key, runs=len(group), figures=spreads_of(group)) for key, group in groups.items()
    ]
    return [with_callboard_ratio(row, rows) for row in rows]


def spreads_of(group: list[Measurement]) -> dict[str, Spread]:
    spreads = {}
    for name, figure in FIGURES.items():
        found = [value for one in group if (value := figure(one)) is not None]
        if found:
            spreads[name] = Spread(statistics.median(found), min(found), max(found))
    return spreads


def with_callboard_ratio(row: Row, rows: list[Row]) -> Row:
    """Compares with the service's row of the same name and number at once, by what the disk allowed each.

    With the echo, which needs no disk, the service's bench has compared each row itself.
    """
    same = ("callboard", row.name, row.in_flight)
    service = next((it for it in rows if (it.subject, it.name, it.in_flight) == same), None)
    if service is None:
        return row
    if row.subject == ECHO:
        ours, theirs = service.median("ratio_to_echo"), 1.0
    else:
        ours, theirs = service.median("ratio"), row.median("ratio")
    better = divided(theirs, ours) if row.name == DELIVER else divided(ours, theirs)
    return Row(row.subject, row.name, row.in_flight, row.runs, row.figures, better)
