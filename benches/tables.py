#!/usr/bin/env python3
"""The report of `callboard bench --all --json`: tables in Markdown, and the growth as a plot.

    callboard bench --all --json > bench.json
    benches/tables.py bench.json --growth docs/growth.svg
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

HEAD = (
    *("what", "at once", "runs", "per second", "min–max", "p50 µs", "min–max", "p99 µs", "L", "× L", "min–max"),
    *("× echo", "min–max", "server s", "client s", "MB"),
)

# The lines of the plot: how rows are called, what a line says, its colours on light and dark ground.
LINES = {
    "growth.append": ("one append", "#0969da", "#4493f8"),
    "growth.deliver": ("one delivery, from append to subscriber", "#1a7f37", "#3fb950"),
    "growth.since": ("20 messages after a cursor", "#9a6700", "#d29922"),
    "growth.list": ("a page of 100 runs", "#8250df", "#ab7df8"),
}
WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 44, 56, 110


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, help="what `callboard bench --json` printed")
    parser.add_argument("--growth", type=Path, metavar="SVG", help="where to draw what growth costs")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.rows.read_text().splitlines() if line.strip()]
    print(table(rows))
    growth = growth_of(rows)
    if growth:
        print("\n" + growth_table(growth))
    if arguments.growth and not growth:
        print("the rows are not those of `callboard bench growth`", file=sys.stderr)
        return 1
    if arguments.growth:
        arguments.growth.write_text(plot(growth))
    return 0


def table(rows: list[dict]) -> str:
    """Returns all rows in Markdown."""
    lines = [line_of(HEAD), line_of(["---"] + ["---:"] * (len(HEAD) - 1))]
    lines += [line_of(cells(row)) for row in rows]
    return "\n".join(lines)


def line_of(words: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(words) + " |"


def cells(row: dict) -> list[str]:
    return [
        row["name"],
        str(row["in_flight"]),
        str(row["runs"]),
        shown(row["rate"]),
        spread(row["rate_min"], row["rate_max"]),
        shown(row["p50_us"]),
        spread(row["p50_us_min"], row["p50_us_max"]),
        shown(row["p99_us"]),
        shown(row["l"]),
        shown(row["ratio_to_l"]),
        spread(row["ratio_to_l_min"], row["ratio_to_l_max"]),
        shown(row["ratio_to_echo"]),
        spread(row["ratio_to_echo_min"], row["ratio_to_echo_max"]),
        shown(row["server_cpu_s"]),
        shown(row["client_cpu_s"]),
        shown(row["server_rss_mb"]),
    ]


def shown(figure: float | None) -> str:
    """Three figures are more than the runs agree in."""
    if figure is None:
        return ""
    if figure >= 10_000:
        return f"{figure / 1000:.{0 if figure >= 100_000 else 1}f}k"
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def spread(least: float | None, most: float | None) -> str:
    return "" if least is None or most is None else f"{shown(least)}–{shown(most)}"


def growth_of(rows: list[dict]) -> dict[str, list[tuple[int, dict]]]:
    """Returns the rows of each line of the plot, by the size they were measured at."""
    growth: dict[str, list[tuple[int, dict]]] = {}
    for row in rows:
        name, _, size = row["name"].rpartition(".")
        if name in LINES:
            growth.setdefault(name, []).append((int(size), row))
    return growth


def growth_table(growth: dict[str, list[tuple[int, dict]]]) -> str:
    """Returns what each costs at each size, and how much more than at the smallest."""
    lines = [line_of(("what", "size", "p50", "min–max", "× the smallest")), line_of(["---"] + ["---:"] * 4)]
    for name, line in growth.items():
        line = sorted(line, key=lambda point: point[0])
        for size, row in line:
            times = time_of(row["p50_us"]), f"{time_of(row['p50_us_min'])}–{time_of(row['p50_us_max'])}"
            lines.append(line_of((LINES[name][0], f"{size:,}", *times, f"{row['p50_us'] / line[0][1]['p50_us']:.2f}")))
    return "\n".join(lines)


def plot(growth: dict[str, list[tuple[int, dict]]]) -> str:
    """Draws the medians with their spread, both axes logarithmic, and says how much more the largest costs."""
    sizes = [size for line in growth.values() for size, _ in line]
    times = [row[key] for line in growth.values() for _, row in line for key in ("p50_us_min", "p50_us_max")]
    x_from, x_to = math.floor(math.log10(min(sizes))), math.ceil(math.log10(max(sizes)))
    y_from, y_to = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(size: float) -> float:
        return LEFT + (math.log10(size) - x_from) / max(x_to - x_from, 1) * (WIDTH - LEFT - RIGHT)

    def y(time: float) -> float:
        return HEIGHT - BOTTOM - (math.log10(time) - y_from) / max(y_to - y_from, 1) * (HEIGHT - TOP - BOTTOM)

    parts = [head()]
    for power in range(y_from, y_to + 1):
        at = y(10**power)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{time_of(10**power)}</text>')
    for power in range(x_from, x_to + 1):
        at, below = x(10**power), HEIGHT - BOTTOM + 18
        parts.append(f'<text x="{at:.1f}" y="{below}" text-anchor="middle">{10**power:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - BOTTOM + 38}" text-anchor="middle">messages in the bus, runs in the task</text>')
    for place, (name, line) in enumerate(growth.items()):
        parts += drawn(name, sorted(line, key=lambda point: point[0]), x, y)
        parts.append(legend(place, name))
    parts += ends(growth, x, y)
    return "\n".join(parts) + "\n</svg>\n"


def drawn(name: str, line: list[tuple[int, dict]], x, y) -> list[str]:
    css = name.replace(".", "-")
    points = " ".join(f"{x(size):.1f},{y(row['p50_us']):.1f}" for size, row in line)
    parts = [f'<polyline class="line {css}" points="{points}"/>']
    for size, row in line:
        at, says = x(size), f"{LINES[name][0]}, {size:,}: {time_of(row['p50_us'])}"
        parts.append(
            f'<line class="line {css}" x1="{at:.1f}" x2="{at:.1f}"'
            f' y1="{y(row["p50_us_min"]):.1f}" y2="{y(row["p50_us_max"]):.1f}"/>'
        )
        parts.append(
            f'<circle class="{css}" cx="{at:.1f}" cy="{y(row["p50_us"]):.1f}" r="4"><title>{escape(says)}</title></circle>'
        )
    return parts


def ends(growth: dict[str, list[tuple[int, dict]]], x, y) -> list[str]:
    """Says at the end of each line how much more the largest costs than the smallest."""
    parts, free_from = [], 0.0
    lines = [sorted(line, key=lambda point: point[0]) for line in growth.values()]
    for line in sorted(lines, key=lambda line: y(line[-1][1]["p50_us"])):
        (_, least), (largest, most) = line[0], line[-1]
        at = max(y(most["p50_us"]) + 4, free_from)
        parts.append(f'<text x="{x(largest) + 8:.1f}" y="{at:.1f}">×{most["p50_us"] / least["p50_us"]:.1f}</text>')
        free_from = at + 14
    return parts


def legend(place: int, name: str) -> str:
    css, (title, *_) = name.replace(".", "-"), LINES[name]
    x, y = LEFT + place % 2 * (WIDTH - LEFT) / 2, HEIGHT - 44 + place // 2 * 22
    return f'<circle class="{css}" cx="{x}" cy="{y - 4}" r="5"/><text x="{x + 12}" y="{y}">{escape(title)}</text>'


def time_of(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} µs"


def head() -> str:
    def colours(of: int) -> str:
        return " ".join(
            f".{name.replace('.', '-')} {{ fill: {colour[of]}; stroke: {colour[of]} }}" for name, colour in LINES.items()
        )

    title = "What one operation costs as a bus or a task grows"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">
<title id="title">{title}</title>
<style>
  text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }} .heading {{ font-size: 16px; font-weight: 600 }}
  .ground {{ fill: #ffffff }} .grid {{ stroke: #d8dee4 }} {colours(1)}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3 }} .ground {{ fill: #0d1117 }} .grid {{ stroke: #30363d }} {colours(2)}
  }}
  .line {{ fill: none; stroke-width: 2 }}
</style>
<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>
<text class="heading" x="{LEFT}" y="22">{title}</text>
<text x="{LEFT}" y="42">Medians, with the lowest and the highest of the runs</text>"""


if __name__ == "__main__":
    sys.exit(main())
