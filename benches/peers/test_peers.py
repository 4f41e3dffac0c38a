"""Tests of what counts: `python3 -m unittest discover benches/peers`."""

from __future__ import annotations

import signal
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path

import tools
from plot import plot
from processes import Failed, answer_of, started, temporary_folder
from report import Outcome, markdown
from rows import APPEND, DELIVER, Measurement, rows_of
from subjects import callboard_measurements


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
                "ratio_to_l": ratio, "server_cpu_s": 0.5,
            }  # fmt: skip

        printed = [row("disk", 100), row("echo.unary", 400), row("append", 300, 2)]
        printed += [row("disk.paced", 200), row("deliver", 200), row("append.buses", 1, 1)]
        taken = {(it.subject, it.name): it for it in callboard_measurements(printed, 1)}
        self.assertEqual(taken["callboard", APPEND].disk_rate, 150)
        self.assertEqual(taken["echo", APPEND].ratio, 4)
        self.assertEqual(taken["callboard", DELIVER].ratio, 1)
        self.assertEqual(len(taken), 3)


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
