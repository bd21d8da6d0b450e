"""The charts of the tier report: a sentence each, and a panel per tier with one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.words import SEVERITIES, Words
from reports import charts, sentences
from reports.figures import TierFigures, block_words
from reports.metrics import ATTAINMENT_GOAL, SATISFACTION_GOAL
from reports.periods import Period
from reports.value_words import duration, percent
from tiers.program import Program

Panel = charts.LinePanel | charts.ColumnsPanel | charts.RowsPanel | charts.IntervalPanel
# The promise that stands for a tier in the chart of first replies.
TYPICAL_SEVERITY = 3


@dataclass(frozen=True, slots=True)
class TierPanel:
    """One tier's panel and what stands under it."""

    tier: str
    panel: Panel
    label: str
    note: str
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One question of the report: its name, what the answer is, and a panel per tier."""

    key: str
    title: Words
    sentence: str
    template: str
    panels: tuple[TierPanel, ...]
    legend: tuple[tuple[str, str], ...] = ()


def charts_of(figures: Sequence[TierFigures], period: Period, program: Program) -> list[Chart]:
    """Return the charts in the order of the page."""
    return [
        _promises(figures, period),
        _first_replies(figures, program),
        _satisfaction(figures),
        _volume(figures, period),
        _handle_time(figures),
    ]


def _day(day: date) -> str:
    return date_format(day, _("j M"))


def _ends(period: Period) -> tuple[str, str]:
    return _day(period.first), _day(period.last)


def _promises(figures: Sequence[TierFigures], period: Period) -> Chart:
    blocks = period.blocks()
    shares = {one.tier: [block.share for block in one.promises_by_block] for one in figures}
    bottom = charts.lowest_share([s for many in shares.values() for s in many], ATTAINMENT_GOAL)
    panels = []
    for one in figures:
        titles = [
            _("%(days)s: %(kept)s of %(decided)s kept")
            % {"days": block_words(block, _day), "kept": made.kept, "decided": made.decided}
            for block, made in zip(blocks, one.promises_by_block, strict=True)
        ]
        panel = charts.line_panel(
            shares[one.tier], titles, _ends(period), bottom=bottom, goal=ATTAINMENT_GOAL
        )
        made = one.all_promises
        words = percent(made.share) if made.share is not None else ""
        note = _("%(late)s answered late, %(broken)s broken without the answer") % {
            "late": made.late,
            "broken": made.broken,
        }
        label = ngettext("of %(count)s promise", "of %(count)s promises", made.decided) % {
            "count": made.decided
        }
        panels.append(TierPanel(one.tier, panel, f"{words} {label}", note, not made.decided))
    return Chart(
        "promises",
        _("Promises kept"),
        sentences.promises(figures),
        "reports/charts/line.html",
        tuple(panels),
        (("goal", _("goal %(goal)s") % {"goal": percent(ATTAINMENT_GOAL)}),),
    )


def _first_replies(figures: Sequence[TierFigures], program: Program) -> Chart:
    targets = {one.tier: _typical_target(program, one.tier) for one in figures}
    longest = max(
        [one.reply_business.p90 or 0 for one in figures]
        + [target for target in targets.values() if target],
        default=0,
    )
    severity = SEVERITIES[TYPICAL_SEVERITY].label
    panels = []
    for one in figures:
        found, target = one.reply_business, targets[one.tier]
        rows = [
            (_("half within"), found.median, _duration(found.median), "median"),
            (_("nine of ten within"), found.p90, _duration(found.p90), "p90"),
        ]
        promised = duration(target) if target else ""
        panel = charts.rows_panel(
            rows,
            longest=longest,
            target=target,
            target_label=_("promise at %(severity)s: %(amount)s")
            % {"severity": severity, "amount": promised},
        )
        wall = _("On the wall clock: half within %(median)s, nine of ten within %(p90)s") % {
            "median": _duration(one.reply_wall.median),
            "p90": _duration(one.reply_wall.p90),
        }
        label = _replies(found.count)
        panels.append(
            TierPanel(one.tier, panel, label, wall if found.count else "", not found.count)
        )
    return Chart(
        "replies",
        _("First replies, in promised hours"),
        sentences.first_replies(figures),
        "reports/charts/rows.html",
        tuple(panels),
    )


def _typical_target(program: Program, tier: str) -> int | None:
    target = program.targets.get(tier, {}).get((TYPICAL_SEVERITY, "first_reply"))
    return target.seconds if target else None


def _satisfaction(figures: Sequence[TierFigures]) -> Chart:
    panels = []
    for one in figures:
        found = one.satisfaction
        panel = charts.interval_panel(found.share, found.low, found.high, SATISFACTION_GOAL)
        label = note = ""
        if found.share is not None:
            ratings = ngettext("of %(count)s rating", "of %(count)s ratings", found.rated) % {
                "count": found.rated
            }
            label = f"{percent(found.share)} {ratings}"
            note = _("with 95 %% confidence between %(low)s and %(high)s") % {
                "low": percent(found.low or 0),
                "high": percent(found.high or 0),
            }
        if one.asked:
            rate = percent(one.answered_of_asked / one.asked)
            answered = _("%(rate)s of those asked answered") % {"rate": rate}
            note = f"{note}; {answered}" if note else answered
        panels.append(TierPanel(one.tier, panel, label, note, found.share is None))
    return Chart(
        "satisfaction",
        _("Satisfied customers"),
        sentences.satisfaction(figures),
        "reports/charts/interval.html",
        tuple(panels),
        (("goal", _("goal %(goal)s") % {"goal": percent(SATISFACTION_GOAL)}),),
    )


def _volume(figures: Sequence[TierFigures], period: Period) -> Chart:
    blocks = period.blocks()
    top = charts.nice_top(
        [count for one in figures for count in (*one.opened_by_block, *one.solved_by_block)]
    )
    panels = []
    for one in figures:
        groups = [
            (
                (opened, "opened", f"{block_words(block, _day)}: {opened} " + _("opened")),
                (solved, "solved", f"{block_words(block, _day)}: {solved} " + _("solved")),
            )
            for block, opened, solved in zip(
                blocks, one.opened_by_block, one.solved_by_block, strict=True
            )
        ]
        panel = charts.columns_panel(groups, _ends(period), top=top)
        label = _("%(opened)s opened, %(solved)s solved") % {
            "opened": one.opened,
            "solved": one.solved,
        }
        note = _("%(count)s open now") % {"count": one.open_now}
        panels.append(TierPanel(one.tier, panel, label, note, not (one.opened or one.solved)))
    return Chart(
        "volume",
        _("Tickets"),
        sentences.volume(figures),
        "reports/charts/columns.html",
        tuple(panels),
        (("opened", _("opened")), ("solved", _("solved"))),
    )


def _handle_time(figures: Sequence[TierFigures]) -> Chart:
    longest = max([one.handle.mean or 0 for one in figures], default=0)
    longest = max([longest, *(one.handle.median or 0 for one in figures)])
    panels = []
    for one in figures:
        found = one.handle
        rows = [
            (_("half within"), found.median, _duration(found.median), "median"),
            (_("average"), found.mean, _duration(found.mean), "mean"),
        ]
        panel = charts.rows_panel(rows, longest=longest)
        label = ngettext("%(count)s solved ticket", "%(count)s solved tickets", found.count) % {
            "count": found.count
        }
        panels.append(TierPanel(one.tier, panel, label, "", not found.count))
    return Chart(
        "handle",
        _("Work on a solved ticket"),
        sentences.handle_time(figures),
        "reports/charts/rows.html",
        tuple(panels),
    )


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)


def _replies(count: int) -> str:
    return ngettext("%(count)s first reply", "%(count)s first replies", count) % {"count": count}
