#!/usr/bin/env python3
"""Measures appends and deliveries of the service and of its peers, in one run: see README.md.

    benches/peers/run.py --json peers.json --svg peers.svg

Every round gives each of them a turn, in another order each time; what is printed are the medians
of all rounds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tools
from plot import plot
from processes import Failed, Interrupted, temporary_folder, watch_signals
from report import ECHO_TITLE, Outcome, file_system, markdown, shown
from rows import ECHO, Measurement
from subjects import Plan, Subject, subjects

ROOT = Path(__file__).resolve().parent.parent.parent
IN_FLIGHT = (1, 16, 64, 256)
INTERRUPTED = 130


def main() -> int:
    arguments = parse()
    watch_signals()
    try:
        return compare(arguments)
    except Interrupted:
        note("interrupted; nothing was printed")
        return INTERRUPTED


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=positive, default=5, help="rounds (default: 5)")
    parser.add_argument(
        "--seconds", type=positive, default=2, help="how long to measure each row (default: 2)"
    )
    parser.add_argument(
        "--in-flight", type=several, default=IN_FLIGHT, metavar="N,N,…",
        help="how many appends of a peer there are at once (default: 1,16,64,256)",
    )  # fmt: skip
    parser.add_argument(
        "--only", type=lambda names: names.split(","), metavar="NAME,NAME,…",
        help="measure only these: " + ", ".join(it.name for it in subjects(ROOT)),
    )  # fmt: skip
    parser.add_argument(
        "--dir", type=Path, default=Path(tempfile.gettempdir()),
        help="where to put everything: on the disk that is to be measured (default: temporary files)",
    )  # fmt: skip
    parser.add_argument(
        "--callboard", type=Path, default=ROOT / "target/release/callboard", metavar="PATH",
        help="the program to measure (default: target/release/callboard)",
    )  # fmt: skip
    parser.add_argument(
        "--without-callboard", action="store_true", help="measure the peers alone"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything to this file")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw a plot into this file")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def several(text: str) -> tuple[int, ...]:
    numbers = tuple(positive(one) for one in text.split(","))
    # PostgreSQL and Redis have a connection for each.
    if max(numbers) > 256:
        raise argparse.ArgumentTypeError("must be 256 or less")
    return numbers


def compare(arguments: argparse.Namespace) -> int:
    """Measures all, and reports. Returns 1 when something could not be measured."""
    callboard = None if arguments.without_callboard else arguments.callboard.resolve()
    chosen = [it for it in subjects(callboard) if not arguments.only or it.name in arguments.only]
    unknown = set(arguments.only or []) - {it.name for it in subjects(ROOT)}
    if unknown or not chosen:
        note(f"there is nothing like this to measure: {', '.join(sorted(unknown)) or 'see --only'}")
        return 2
    try:
        plan = Plan(tools.load_generator(), arguments.seconds, arguments.in_flight)
    except (tools.Missing, subprocess.CalledProcessError) as error:
        note(f"the load generator needs Go: {error}")
        return 2
    outcome = empty_outcome(arguments, chosen)
    present = find_all(chosen, outcome)
    if file_system(arguments.dir) in ("tmpfs", "ramfs"):
        note(f"{arguments.dir} is in memory, where syncing costs nothing; choose a disk with --dir")
    for run in range(arguments.runs):
        measure_round(run, present, plan, arguments.dir, outcome)
    report(outcome, arguments)
    return 1 if outcome.failures else 0


def empty_outcome(arguments: argparse.Namespace, chosen: list[Subject]) -> Outcome:
    titles = {it.name: it.title for it in chosen}
    titles[ECHO] = ECHO_TITLE
    settings = {
        "runs": arguments.runs,
        "seconds": arguments.seconds,
        "in_flight": arguments.in_flight,
        "dir": str(arguments.dir),
    }
    return Outcome(settings, titles, {it.name: it.durable for it in chosen})


def find_all(chosen: list[Subject], outcome: Outcome) -> list[Subject]:
    """Returns those that are installed, and notes the others."""
    present = []
    for subject in chosen:
        try:
            outcome.versions[subject.name] = subject.find()
            present.append(subject)
        except tools.Missing as error:
            outcome.missing[subject.name] = {"what": str(error), "install": error.install}
            note(f"{subject.title}: {error}; install it with: {error.install}")
    return present


def measure_round(
    run: int, present: list[Subject], plan: Plan, within: Path, outcome: Outcome
) -> None:
    """Gives each its turn. Who comes first changes: what drifts with time must not favour anybody."""
    first = run % max(len(present), 1)
    for subject in present[first:] + present[:first]:
        with temporary_folder(within) as folder:
            try:
                for one in subject.measure(plan, folder):
                    outcome.measurements.append(one)
                    tell(run, one)
            except (Failed, tools.Missing) as error:
                failure = {"subject": subject.name, "run": run + 1, "reason": str(error)}
                outcome.failures.append(failure)
                note(f"{subject.title} failed: {error}")


def tell(run: int, one: Measurement) -> None:
    """Tells a person who waits."""
    ratio = f", ratio {shown(one.ratio)}" if one.ratio else ""
    note(f"run {run + 1}: {one.subject} {one.name} × {one.in_flight}: {shown(one.rate)}/s{ratio}")


def report(outcome: Outcome, arguments: argparse.Namespace) -> None:
    print(markdown(outcome))
    if arguments.json:
        arguments.json.write_text(json.dumps(outcome.json(), indent=1, ensure_ascii=False) + "\n")
    if arguments.svg:
        arguments.svg.write_text(plot(outcome))


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
