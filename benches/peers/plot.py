"""The plot of a run: how often the rate of the disk each reaches, by how many appends are in flight.

Bars stand on the line of L, one thread that syncs each append, and hang below it where less is
reached. The axis is logarithmic. The SVG follows the reader's light or dark theme by itself.
"""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from report import STREAM_WINDOW, Outcome, shown
from rows import APPEND, STREAM, Row

# In light and in dark.
COLOURS = {
    "callboard": ("#c2334d", "#ff6b81"),
    "nats": ("#1f77b4", "#5fb0ec"),
    "redis-multiplexed": ("#7146b5", "#b391f0"),
    "redis": ("#ab8bd9", "#7d62b8"),
    "etcd": ("#1b8a66", "#45c79a"),
    "postgres": ("#b07a10", "#e6b450"),
    "plain": ("#6b7480", "#a3adb8"),
    "batch": ("#a0a8b2", "#6d7783"),
}
SUBTITLE = (
    "L: one thread that appends and syncs, measured right before."
    " Log scale; medians, with the least and the most."
)
WIDTH, PLOT_HEIGHT = 1080, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 58, 48
# A group of one bar must still hold its title.
BAR_GAP, GROUP_GAP, TITLE_WIDTH = 2, 24, 108.0
LEGEND_LINE, LEGEND_COLUMNS = 20, 3


def plot(outcome: Outcome) -> str:
    """Draws all rates of a run."""
    groups = groups_of(outcome.rows())
    ratios = [row.figures["ratio"] for _, rows in groups for row in rows]
    if not ratios:
        return ""
    # A run in which nothing was done has no place on a logarithmic axis.
    scale = Scale(min(it.least or it.median for it in ratios), max(it.most for it in ratios))
    subjects = list(dict.fromkeys(row.subject for _, rows in groups for row in rows))
    legend_lines = math.ceil(len(subjects) / LEGEND_COLUMNS)
    height = TOP + PLOT_HEIGHT + BOTTOM + legend_lines * LEGEND_LINE
    parts = [head(height), axis(scale), *bars(groups, scale, outcome), *legend(subjects, outcome), "</svg>"]
    return "\n".join(parts) + "\n"


class Scale:
    """A logarithmic axis of whole decades, which always shows 1."""

    def __init__(self, least: float, most: float) -> None:
        self.lowest = math.floor(math.log10(min(least, 0.9)))
        self.highest = math.ceil(math.log10(max(most * 1.3, 1.1)))

    def y(self, ratio: float) -> float:
        ratio = max(ratio, 10.0**self.lowest)
        share = (math.log10(ratio) - self.lowest) / (self.highest - self.lowest)
        return TOP + PLOT_HEIGHT * (1 - share)

    def ticks(self) -> list[float]:
        """Returns the marks: 1, 2 and 5 of each decade while there are few of those."""
        steps = (1, 2, 5) if self.highest - self.lowest <= 4 else (1,)
        marks = [step * 10.0**decade for decade in range(self.lowest, self.highest) for step in steps]
        return [*marks, 10.0**self.highest]


def groups_of(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Returns what stands side by side: appends by how many are in flight, then the streams."""
    groups: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        if row.subject in COLOURS and row.name in (APPEND, STREAM) and row.median("ratio"):
            groups.setdefault((row.name, row.in_flight), []).append(row)
    return [(group_title(*key), groups[key]) for key in sorted(groups)]


def group_title(name: str, in_flight: int) -> str:
    if name == APPEND:
        return str(in_flight)
    return f"{in_flight} stream{'s' if in_flight > 1 else ''} × {STREAM_WINDOW}"


def head(height: int) -> str:
    light = " ".join(f".{name} {{ fill: {colours[0]} }}" for name, colours in COLOURS.items())
    dark = " ".join(f".{name} {{ fill: {colours[1]} }}" for name, colours in COLOURS.items())
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title">
<title id="title">Durable appends per second, as a multiple of what one thread can sync, by appends in flight</title>
<style>
  text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }}
  .ground {{ fill: #ffffff }} .grid {{ stroke: #d8dee4 }} .one {{ stroke: #1f2328; stroke-width: 1.5 }}
  .spread {{ stroke: #1f2328 }} .value {{ font-size: 11px }} .heading {{ font-size: 16px; font-weight: 600 }}
  {light}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3 }} .ground {{ fill: #0d1117 }} .grid {{ stroke: #30363d }}
    .one, .spread {{ stroke: #e6edf3 }}
    {dark}
  }}
</style>
<rect class="ground" width="{WIDTH}" height="{height}"/>
<text class="heading" x="{LEFT}" y="22">Durable appends of 300 bytes, as a multiple of L</text>
<text x="{LEFT}" y="42">{SUBTITLE}</text>"""


def axis(scale: Scale) -> str:
    lines = []
    for tick in scale.ticks():
        y = scale.y(tick)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g} L</text>')
    return "\n".join(lines)


def bars(groups: list[tuple[str, list[Row]]], scale: Scale, outcome: Outcome) -> list[str]:
    """Draws the groups, each as wide as it has bars."""
    count = sum(len(rows) for _, rows in groups)
    room = WIDTH - LEFT - RIGHT - GROUP_GAP * (len(groups) + 1)
    width = min(30.0, room / max(count, 1) * 0.8)
    parts, x = [], float(LEFT + GROUP_GAP)
    for title, rows in groups:
        own = max(width * len(rows), TITLE_WIDTH)
        first = x + (own - width * len(rows)) / 2
        for place, row in enumerate(rows):
            parts.append(bar(row, first + place * width, width - BAR_GAP, scale, outcome))
        y = TOP + PLOT_HEIGHT + 18
        parts.append(f'<text x="{x + own / 2:.1f}" y="{y}" text-anchor="middle">{escape(title)}</text>')
        x += own + GROUP_GAP
    one = scale.y(1)
    parts.append(f'<line class="one" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{one:.1f}" y2="{one:.1f}"/>')
    middle, y = (LEFT + WIDTH - RIGHT) / 2, TOP + PLOT_HEIGHT + 38
    parts.append(f'<text x="{middle:.1f}" y="{y}" text-anchor="middle">appends in flight</text>')
    return parts


def bar(row: Row, x: float, width: float, scale: Scale, outcome: Outcome) -> str:
    ratio = row.figures["ratio"]
    end, one, middle = scale.y(ratio.median), scale.y(1), x + width / 2
    top, bottom = min(end, one), max(end, one)
    above = scale.y(max(ratio.most, 1.0)) - 5
    says = f"{outcome.title(row.subject)}: {shown(ratio.median)} L, {shown(row.median('rate'))} a second"
    return "\n".join(
        [
            f'<rect class="{row.subject}" x="{x:.1f}" y="{top:.1f}" width="{width:.1f}"'
            f' height="{max(bottom - top, 1):.1f}"><title>{escape(says)}</title></rect>',
            f'<line class="spread" x1="{middle:.1f}" x2="{middle:.1f}" y1="{scale.y(ratio.most):.1f}"'
            f' y2="{scale.y(ratio.least):.1f}"/>',
            f'<text class="value" x="{middle:.1f}" y="{above:.1f}" text-anchor="middle">'
            f"{shown_short(ratio.median)}</text>",
        ]
    )


def shown_short(ratio: float) -> str:
    """Two figures, to fit the width of a bar."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2f}"[1:]


def legend(subjects: list[str], outcome: Outcome) -> list[str]:
    parts = []
    column = (WIDTH - LEFT - RIGHT) / LEGEND_COLUMNS
    for place, subject in enumerate(subjects):
        x = LEFT + place % LEGEND_COLUMNS * column
        y = TOP + PLOT_HEIGHT + BOTTOM + place // LEGEND_COLUMNS * LEGEND_LINE
        parts.append(f'<rect class="{subject}" x="{x:.1f}" y="{y}" width="12" height="12"/>')
        parts.append(f'<text x="{x + 18:.1f}" y="{y + 11}">{escape(outcome.title(subject))}</text>')
    return parts
