"""Small drawings in SVG: shares, runs of numbers, the bars of a severity.

Presentation attributes instead of inline style, so that a strict content policy holds.
"""

from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


def severity_bars(level: int) -> SafeString:
    """Draw four rising bars; the more of them are filled, the worse: four for severity 1."""
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="2.5" height="{}" rx="1"/>',
        (
            ("on" if step <= 5 - level else "off", 3.5 * step - 3, 12 - 3 * step, 2 + 3 * step)
            for step in range(1, 5)
        ),
    )
    return format_html('<svg viewBox="0 0 14 14" aria-hidden="true">{}</svg>', bars)


def bar(value: float, maximum: float = 100, state: str = "", label: str = "") -> SafeString:
    """Draw a share as a bar. The number should also stand beside it or in the label."""
    share = 0 if not maximum else max(0.0, min(100.0, 100 * float(value) / float(maximum)))
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><rect width="{}" height="6"/></svg>',
        f" bar--{state}" if state else "",
        label or f"{share:.0f} %",
        f"{share:.2f}",
    )


def sparkline(
    values: Sequence[float | None], label: str = "", target: float | None = None
) -> SafeString:
    """Draw a run of numbers as a line, gaps where a number is missing, with an optional target."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return format_html('<span class="quiet">{}</span>', _("too few numbers yet"))
    ends = [*known, float(target)] if target is not None else known
    low, span = min(ends), (max(ends) - min(ends)) or 1.0
    step = 100 / max(1, len(values) - 1)

    def height(value: float) -> float:
        return 28 - 26 * (float(value) - low) / span

    line = _svg_path(
        (place * step, height(value)) if value is not None else None
        for place, value in enumerate(values)
    )
    target_line = (
        format_html('<line x1="0" x2="100" y1="{0}" y2="{0}"/>', f"{height(target):.2f}")
        if target is not None
        else ""
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}<path d="{}"/></svg>',
        label or _("Trend"),
        target_line,
        line,
    )


def _svg_path(points: Iterable[tuple[float, float] | None]) -> str:
    commands: list[str] = []
    pen_down = False
    for point in points:
        if point is None:
            pen_down = False
            continue
        commands.append(f"{'L' if pen_down else 'M'}{point[0]:.2f} {point[1]:.2f}")
        pen_down = True
    return "".join(commands)
