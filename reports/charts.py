"""Charts as small multiples: one panel per tier, all with the same scale, drawn as SVG.

Pure geometry: numbers in, coordinates out; the templates of ``templates/reports/charts``
draw them with classes of ``ops.css``. Coordinates are SVG units; y grows downwards.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 320
LEFT, RIGHT, TOP, BOTTOM = 42, 8, 10, 22
PLOT_WIDTH = WIDTH - LEFT - RIGHT


@dataclass(frozen=True, slots=True)
class Tick:
    """A value of an axis: where it stands and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line, with what it says when pointed at."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its place, its size, its kind (a class), and what it says."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class LinePanel:
    """A share over time, with the goal as a line. ``path`` breaks where nothing is known."""

    path: str
    dots: tuple[Dot, ...]
    goal: float
    ticks: tuple[Tick, ...]
    ends: tuple[Tick, ...]
    height: int = 150
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class ColumnsPanel:
    """Counts over time as columns side by side."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    ends: tuple[Tick, ...]
    base: float
    height: int = 150
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class RowBar:
    """A horizontal bar with its name and value written out."""

    y: float
    width: float
    name: str
    value: str
    kind: str

    @property
    def mark_top(self) -> float:
        """Where the mark of the target begins, a little above the bar."""
        return self.y - 3

    @property
    def mark_bottom(self) -> float:
        """Where it ends, a little below."""
        return self.y + 13


@dataclass(frozen=True, slots=True)
class RowsPanel:
    """Durations as horizontal bars; ``target`` is where the promise ends, if there is one."""

    rows: tuple[RowBar, ...]
    target: float | None
    target_label: str
    height: int
    left: int = 8
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class IntervalPanel:
    """A share with the range it may lie in, on a scale from 0 to 100 %."""

    at: float | None
    low: float
    high: float
    goal: float
    ticks: tuple[Tick, ...]
    height: int = 64
    width: int = WIDTH


def lowest_share(shares: Sequence[float | None], goal: float) -> float:
    """Return where the scale of shares begins: a full ten below everything that is drawn."""
    known = [share for share in shares if share is not None]
    lowest = min([*known, goal])
    return max(0.0, math.floor(lowest * 10 - 0.5) / 10)


def line_panel(
    shares: Sequence[float | None],
    titles: Sequence[str],
    ends: tuple[str, str],
    *,
    bottom: float,
    goal: float,
) -> LinePanel:
    """Draw shares from ``bottom`` to 1; ``ends`` label the first and the last block."""
    height = 150
    plot = height - TOP - BOTTOM

    def y(share: float) -> float:
        return round(TOP + plot * (1 - (share - bottom) / (1 - bottom)), 2)

    step = PLOT_WIDTH / max(1, len(shares) - 1)
    dots: list[Dot] = []
    path: list[str] = []
    pen_down = False
    for place, (share, title) in enumerate(zip(shares, titles, strict=True)):
        if share is None:
            pen_down = False
            continue
        x = round(LEFT + step * place, 2) if len(shares) > 1 else LEFT + PLOT_WIDTH / 2
        dots.append(Dot(x, y(share), title))
        path.append(f"{'L' if pen_down else 'M'}{x} {y(share)}")
        pen_down = True
    middle = round((1 + bottom) / 2, 3)
    return LinePanel(
        path="".join(path),
        dots=tuple(dots),
        goal=y(goal),
        ticks=tuple(Tick(y(one), f"{round(100 * one)} %") for one in (1.0, middle, bottom)),
        ends=_ends(ends),
        height=height,
    )


def columns_panel(
    groups: Sequence[tuple[tuple[int, str, str], ...]], ends: tuple[str, str], *, top: int
) -> ColumnsPanel:
    """Draw counts up to ``top``; each group holds (count, kind, title) per column."""
    height = 150
    plot = height - TOP - BOTTOM
    slot = PLOT_WIDTH / max(1, len(groups))
    bars: list[Bar] = []
    for place, group in enumerate(groups):
        width = min(14.0, slot * 0.8 / max(1, len(group)))
        left = LEFT + slot * (place + 0.5) - width * len(group) / 2
        for column, (count, kind, title) in enumerate(group):
            tall = plot * count / top if top else 0
            bars.append(
                Bar(
                    round(left + column * width, 2),
                    round(TOP + plot - tall, 2),
                    round(max(0.5, width - 1), 2),
                    round(tall, 2),
                    kind,
                    title,
                )
            )
    ticks = {top, top // 2, 0} if top > 1 else {top, 0}
    return ColumnsPanel(
        bars=tuple(bars),
        ticks=tuple(
            Tick(round(TOP + plot * (1 - (one / top if top else 0)), 2), str(one))
            for one in sorted(ticks, reverse=True)
        ),
        ends=_ends(ends),
        base=TOP + plot,
        height=height,
    )


def nice_top(counts: Sequence[int]) -> int:
    """Return the end of a scale of counts: the next even, round number."""
    highest = max([*counts, 1])
    if highest <= 10:
        return highest + highest % 2
    size: int = 10 ** (len(str(highest)) - 1)
    step = size // 2
    return math.ceil(highest / step) * step


def rows_panel(
    rows: Sequence[tuple[str, float | None, str, str]],
    *,
    longest: float,
    target: float | None = None,
    target_label: str = "",
) -> RowsPanel:
    """Draw durations; each row is (name, seconds or None, words, kind)."""
    row_height, first = 40, 18
    usable = WIDTH - 16

    def width(seconds: float) -> float:
        return round(usable * min(1.0, seconds / longest), 2) if longest else 0.0

    return RowsPanel(
        rows=tuple(
            RowBar(first + row_height * place, max(1.0, width(seconds)) if seconds else 0.0,
                   name, words, kind)
            for place, (name, seconds, words, kind) in enumerate(rows)
        ),
        target=None if target is None else 8 + width(target),
        target_label=target_label,
        height=first + row_height * len(rows) + (18 if target is not None else 0),
    )  # fmt: skip


def interval_panel(
    share: float | None, low: float | None, high: float | None, goal: float
) -> IntervalPanel:
    """Draw a share and its bounds on a scale from 0 to 1."""

    def x(one: float) -> float:
        return round(12 + (WIDTH - 24) * one, 2)

    return IntervalPanel(
        at=None if share is None else x(share),
        low=x(low or 0),
        high=x(high or 0),
        goal=x(goal),
        ticks=tuple(Tick(x(one), f"{round(100 * one)} %") for one in (0.0, 0.5, 1.0)),
    )


def _ends(ends: tuple[str, str]) -> tuple[Tick, ...]:
    return Tick(LEFT, ends[0]), Tick(WIDTH - RIGHT, ends[1])
