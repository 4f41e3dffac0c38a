"""The report of a run: a table in Markdown, and everything as JSON."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from rows import APPEND, DELIVER, STREAM, Measurement, Row, rows_of

ECHO_TITLE = "gRPC echo, nothing stored"
STREAM_WINDOW = 256
# How much faster the disk may be in the best tenth of a run than in its worst.
QUIET_DRIFT = 2.0
MESSAGE_BYTES = 300
COLUMNS = (
    "what", "in flight", "per second", "min–max", "p50 µs", "p99 µs", "disk", "ratio", "min–max",
    "Callboard ×", "server + load cores",
)  # fmt: skip
LEGEND = f"""\
Medians of all runs; messages of {MESSAGE_BYTES} bytes, acknowledged when they are on disk. **disk**: L, how many
appends of 400 bytes a second one thread can sync on this disk, measured right before the row; of
deliveries, how long one such append takes at the same pace. **ratio**: the rate by L; of deliveries the p50
by the sync's (lower is better). **Callboard ×**: the ratio of Callboard at as many in flight by that of the
row, of deliveries the other way round: above 1 Callboard is better. **gRPC echo**: a plain server of the
same library with its default settings that stores nothing, so that it has no ratio; **Callboard ×** is there
the rate of Callboard by that of the echo right before it, of deliveries the time of a sync and of the echo
together by that of Callboard. **cores**: processor time by time, of the server and of whoever makes the
load."""


@dataclass
class Outcome:
    """All that a run found."""

    settings: dict[str, object]
    titles: dict[str, str]
    durable: dict[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    # What is not installed: what it is, and how to install it.
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: list[dict[str, object]] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Returns the rows in the order of the report: side by side what is to be compared."""
        subjects, kinds = [*self.titles], (APPEND, STREAM, DELIVER)

        def place(row: Row) -> tuple[int, int, int]:
            return kinds.index(row.name), row.in_flight, subjects.index(row.subject)

        return sorted(rows_of(self.measurements), key=place)

    def title(self, subject: str) -> str:
        return self.titles[subject]

    def json(self) -> dict[str, object]:
        return {
            "settings": self.settings,
            "machine": machine(Path(str(self.settings["dir"]))),
            "titles": self.titles,
            "versions": self.versions,
            "durable": self.durable,
            "missing": self.missing,
            "failures": self.failures,
            "rows": [row.json() for row in self.rows()],
            "measurements": [one.json() for one in self.measurements],
        }


def machine(folder: Path) -> dict[str, object]:
    """Says what figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "file_system": file_system(folder),
    }


def file_system(folder: Path) -> str:
    """Returns the name of the kind of file system that a folder is on."""
    said = subprocess.run(
        ["stat", "--file-system", "--format=%T", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stdout.strip() or "unknown"


def markdown(outcome: Outcome) -> str:
    """Returns the table, with what is missing and what failed."""
    lines = [line_of(COLUMNS), line_of(["---", *["---:"] * (len(COLUMNS) - 1)])]
    lines += [line_of(cells(row, outcome)) for row in outcome.rows()]
    for subject, how in outcome.missing.items():
        title = outcome.title(subject)
        lines.append(line_of([title, f"{how['what']}: `{how['install']}`", *[""] * (len(COLUMNS) - 2)]))
    parts = ["\n".join(lines), LEGEND]
    if outcome.failures:
        parts.append("\n".join(f"- failed: {failure_text(one, outcome)}" for one in outcome.failures))
    if drift := disk_drift(outcome.measurements):
        parts.append(drift)
    return "\n\n".join(parts)


def failure_text(failure: dict[str, object], outcome: Outcome) -> str:
    return f"{outcome.title(str(failure['subject']))}, run {failure['run']}: {failure['reason']}"


def disk_drift(measurements: list[Measurement]) -> str:
    """Says how far the disk was from doing the same all the time."""
    rates = sorted(one.disk_rate for one in measurements if one.disk_rate)
    if not rates:
        return ""
    said = f"L was between {shown(rates[0])} and {shown(rates[-1])} a second."
    tenth = len(rates) // 10
    if rates[-1 - tenth] > QUIET_DRIFT * rates[tenth]:
        said += (
            " **The machine was not quiet**: the disk changed while rows were measured, so that"
            " ratios say little. Repeat it, with more runs or when others do not use the disk."
        )
    return said


def line_of(words: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(words) + " |"


def cells(row: Row, outcome: Outcome) -> list[str]:
    server, load = row.median("server_cores"), row.median("load_cores")
    cores = " + ".join("–" if it is None else f"{it:.2f}" for it in (server, load))
    return [
        what(row, outcome),
        in_flight(row),
        shown(row.median("rate")),
        spread(row, "rate"),
        shown(row.median("p50_us")),
        shown(row.median("p99_us")),
        disk(row),
        shown(row.median("ratio")),
        spread(row, "ratio"),
        "" if row.subject == "callboard" else shown(row.callboard_ratio),
        cores if server is not None or load is not None else "",
    ]


def what(row: Row, outcome: Outcome) -> str:
    title = outcome.title(row.subject)
    if row.name == DELIVER:
        return f"{title}: delivery"
    return f"{title}: stream" if row.name == STREAM else title


def in_flight(row: Row) -> str:
    return f"{row.in_flight} × {STREAM_WINDOW}" if row.name == STREAM else str(row.in_flight)


def disk(row: Row) -> str:
    figure, unit = ("disk_p50_us", " µs") if row.name == DELIVER else ("disk_rate", "/s")
    found = row.median(figure)
    return "" if found is None else f"{shown(found)}{unit}"


def spread(row: Row, figure: str) -> str:
    found = row.figures.get(figure)
    return f"{shown(found.least)}–{shown(found.most)}" if found else ""


def shown(figure: float | None) -> str:
    """Three figures say as much as a measurement knows."""
    if figure is None:
        return ""
    if figure >= 10_000:
        return f"{figure / 1000:.1f}k" if figure < 100_000 else f"{figure / 1000:.0f}k"
    if figure >= 100:
        return f"{figure:.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"
