"""Tests of what counts: `python3 -m unittest discover benches/peers`."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import unittest
import xml.dom.minidom
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import tools
from plot import plot
from processes import Failed, answer_of, started, temporary_folder
from report import Outcome, markdown
from rows import APPEND, DELIVER, Measurement, rows_of
from servers import Kind, Server
from subjects import Peer, Plan, callboard_measurements


def append(subject: str, rate: float, disk_rate: float) -> Measurement:
    return Measurement(subject, APPEND, 64, rate, 1e6 / rate, 2e6 / rate, disk_rate, seconds=1)


def outcome_of(*measurements: Measurement) -> Outcome:
    titles = {one.subject: one.subject.upper() for one in measurements}
    return Outcome({"dir": tempfile.gettempdir()}, titles, {}, measurements=list(measurements))


class Rows(unittest.TestCase):
    def test_each_rate_is_taken_by_the_disk_of_its_own_moment(self) -> None:
        rows = rows_of([append("etcd", 10, 10), append("etcd", 40, 20), append("etcd", 90, 30)])
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0].median("rate"), rows[0].median("ratio")), (40, 2))
        spread = rows[0].figures["ratio"]
        self.assertEqual((rows[0].runs, spread.least, spread.most), (3, 1, 3))

    def test_above_one_the_service_is_better_also_where_less_is_better(self) -> None:
        def delivery(subject: str, p50_us: float) -> Measurement:
            return Measurement(subject, DELIVER, 1, 200, p50_us, disk_p50_us=100)

        rows = rows_of(
            [append("callboard", 30, 10), append("nats", 10, 10)]
            + [delivery("callboard", 200), delivery("nats", 600)]
        )
        ratios = {(row.subject, row.name): row.callboard_ratio for row in rows}
        self.assertEqual(ratios["nats", APPEND], 3)
        self.assertEqual(ratios["nats", DELIVER], 3)

    def test_what_the_bench_prints_is_taken_over(self) -> None:
        def row(name: str, rate: float, ratio: float | None = None) -> dict:
            return {
                "name": name, "in_flight": 1, "rate": rate, "p50_us": 5.0, "p99_us": 6.0,
                "ratio_to_l": ratio, "l": rate / ratio if ratio else None, "ratio_to_echo": 0.8,
                "server_cpu_s": 0.5, "client_cpu_s": 0.25,
            }  # fmt: skip

        printed = [row("disk", 100), row("echo.unary", 400), row("append", 300, 2)]
        printed += [row("disk.paced", 200), row("deliver", 200), row("append.buses", 1, 1)]
        taken = {(it.subject, it.name): it for it in callboard_measurements(printed, 1)}
        ours = taken["callboard", APPEND]
        self.assertEqual((ours.disk_rate, ours.ratio, ours.load_cpu_s), (150, 2, 0.25))
        self.assertEqual(taken["callboard", DELIVER].ratio, 1)
        self.assertEqual(len(taken), 3)

    def test_the_echo_is_compared_without_the_disk(self) -> None:
        def round_of(disk_rate: float, ratio: float) -> list[Measurement]:
            def row(name: str, ratio_to_echo: float | None, disk: float | None = None) -> dict:
                return {
                    "name": name, "in_flight": 1, "rate": 100, "p50_us": 5.0, "p99_us": 6.0,
                    "l": disk, "ratio_to_echo": ratio_to_echo,
                }  # fmt: skip

            printed = [row("disk", None), row("disk.paced", None), row("echo.unary", None)]
            printed += [row("append", ratio, disk_rate), row("echo.deliver", None), row("deliver", 1.25)]
            return callboard_measurements(printed, 1)

        found = [*round_of(10, 0.5), *round_of(90, 0.75), *round_of(50, 0.25)]
        rows = {(row.subject, row.name): row for row in rows_of(found)}
        self.assertEqual(rows["echo", APPEND].callboard_ratio, 0.5)
        self.assertEqual(rows["echo", DELIVER].callboard_ratio, 0.8)
        for name in (APPEND, DELIVER):
            figures = rows["echo", name].figures
            self.assertFalse({"ratio", "disk_rate", "disk_p50_us"} & set(figures))
        outcome = outcome_of(*found)
        line = next(it for it in markdown(outcome).splitlines() if it.startswith("| ECHO |"))
        self.assertEqual([it.strip() for it in line.split("|")][7:11], ["", "", "", "0.50"])


class Peers(unittest.TestCase):
    def test_each_row_has_a_new_server_in_an_empty_folder(self) -> None:
        folders: list[Path] = []
        at_work = 0

        @contextlib.contextmanager
        def start(_program: tools.Program, folder: Path) -> Iterator[Server]:
            nonlocal at_work
            self.assertEqual(list(folder.iterdir()), [])
            self.assertNotIn(folder, folders)
            folders.append(folder)
            (folder / "kept").write_text("by the server")
            at_work += 1
            try:
                yield Server(1, 1)
            finally:
                at_work -= 1

        peer = Peer("some", "Some", Kind(lambda: mock.Mock(), start, "always"))
        found = {"rate": 10.0, "p50_us": 1.0, "p99_us": 2.0}
        with temporary_folder(None) as turn, mock.patch("subjects.load", return_value=found):
            names = []
            for one in peer.measure(Plan(Path("load"), 1, (1, 16)), turn):
                names.append((one.name, one.in_flight))
                self.assertEqual((at_work, list(turn.iterdir())), (0, []))
        self.assertEqual(names, [(APPEND, 1), (APPEND, 16), (DELIVER, 1)])
        self.assertEqual(len(folders), 3)

    def test_a_row_that_fails_ends_its_server(self) -> None:
        ended = []

        @contextlib.contextmanager
        def start(_program: tools.Program, _folder: Path) -> Iterator[Server]:
            try:
                yield Server(1, 1)
            finally:
                ended.append(True)

        peer = Peer("some", "Some", Kind(lambda: mock.Mock(), start, "always"))
        with temporary_folder(None) as turn:
            with mock.patch("subjects.load", side_effect=Failed("no room")):
                with self.assertRaises(Failed):
                    list(peer.measure(Plan(Path("load"), 1, (1,)), turn))
            self.assertEqual((ended, list(turn.iterdir())), ([True], []))


class Reports(unittest.TestCase):
    def test_what_is_missing_and_what_failed_is_told(self) -> None:
        outcome = outcome_of(append("nats", 10, 10))
        outcome.titles["etcd"] = "etcd"
        outcome.missing["etcd"] = {"what": "etcd is not installed", "install": "apt-get install it"}
        outcome.failures.append({"subject": "nats", "run": 2, "reason": "it burned down"})
        text = markdown(outcome)
        self.assertIn("| etcd | etcd is not installed: `apt-get install it` |", text)
        self.assertIn("- failed: NATS, run 2: it burned down", text)

    def test_a_disk_that_changes_is_told(self) -> None:
        quiet = outcome_of(append("nats", 10, 10), append("nats", 10, 15))
        self.assertNotIn("not quiet", markdown(quiet))
        loud = outcome_of(append("nats", 10, 10), append("nats", 10, 50))
        self.assertIn("not quiet", markdown(loud))

    def test_the_plot_is_an_image_also_when_a_run_did_nothing(self) -> None:
        drawn = plot(outcome_of(append("nats", 10, 10), append("nats", 1e-9, 10), append("etcd", 70, 10)))
        image = xml.dom.minidom.parseString(drawn)
        bars = [it for it in image.getElementsByTagName("rect") if it.getElementsByTagName("title")]
        self.assertEqual(len(bars), 2)


class Processes(unittest.TestCase):
    def test_what_was_started_and_made_is_gone_whatever_happens(self) -> None:
        with self.assertRaises(KeyError):
            with temporary_folder(None) as folder:
                sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
                with started(sleep, log=folder / "log") as process:
                    raise KeyError
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertFalse(folder.exists())

    def test_who_fails_says_why(self) -> None:
        with temporary_folder(None) as folder:
            fails = [sys.executable, "-c", "import sys; sys.exit('no room')"]
            with self.assertRaisesRegex(Failed, "no room"):
                answer_of(fails, log=folder / "log", timeout=60)

    def test_what_is_not_installed_names_its_command(self) -> None:
        with self.assertRaises(tools.Missing) as raised:
            tools.find("no-such-program", "apt-get install it", [Path("/nowhere")])
        self.assertEqual(raised.exception.install, "apt-get install it")


if __name__ == "__main__":
    unittest.main()
