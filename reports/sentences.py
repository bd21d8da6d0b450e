"""What each chart of the report says, as one sentence over it."""

from collections.abc import Callable, Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.words import tier_label
from reports.figures import TierFigures
from reports.metrics import ATTAINMENT_GOAL, SATISFACTION_GOAL
from reports.value_words import MINUTE, duration, percent

Figures = Sequence[TierFigures]


def promises(figures: Figures) -> str:
    """Say who is below the goal, or that nobody is."""
    shares = _known(figures, lambda one: one.all_promises.share)
    if not shares:
        return _("No promise was decided in this period.")
    told = _listed(shares, percent)
    goal = percent(ATTAINMENT_GOAL)
    below = [tier for tier, share in shares if share < ATTAINMENT_GOAL]
    if not below:
        return _("Every tier is at its goal of %(goal)s promises kept: %(told)s.") % {
            "goal": goal,
            "told": told,
        }
    return ngettext(
        "%(below)s is below the goal of %(goal)s promises kept: %(told)s.",
        "%(below)s are below the goal of %(goal)s promises kept: %(told)s.",
        len(below),
    ) % {"below": _joined(below), "goal": goal, "told": told}


def first_replies(figures: Figures) -> str:
    """Say how soon half of the first replies came."""
    medians = _known(figures, lambda one: one.reply_business.median)
    if not medians:
        return _("Nobody got a first reply in this period.")
    return _("Half of the first replies came within %(told)s of promised hours.") % {
        "told": _listed(medians, _within)
    }


def _within(seconds: float) -> str:
    """Return a time as it stands behind "within": what took seconds came within a minute."""
    return duration(max(seconds, MINUTE))


def satisfaction(figures: Figures) -> str:
    """Say how satisfied the tiers are, and whether the difference may be chance."""
    rated = [one for one in figures if one.satisfaction.share is not None]
    if not rated:
        return _("Nobody rated in this period.")
    shares = _known(figures, lambda one: one.satisfaction.share)
    told = _("Satisfied were %(told)s.") % {"told": _listed(shares, percent)}
    best = max(rated, key=lambda one: one.satisfaction.share or 0)
    worst = min(rated, key=lambda one: one.satisfaction.share or 0)
    overlap = (worst.satisfaction.high or 0) >= (best.satisfaction.low or 0)
    if len(rated) > 1 and overlap:
        told = _("%(told)s The ratings are too few to tell the tiers apart.") % {"told": told}
    # Not by chance: even the upper end of the interval does not reach the goal.
    below = [
        str(tier_label(one.tier))
        for one in rated
        if (one.satisfaction.high or 0) < SATISFACTION_GOAL
    ]
    if not below:
        return told
    return (
        told
        + " "
        + ngettext(
            "Even at best, %(below)s is below the goal of %(goal)s.",
            "Even at best, %(below)s are below the goal of %(goal)s.",
            len(below),
        )
        % {"below": _joined(below), "goal": percent(SATISFACTION_GOAL)}
    )


def volume(figures: Figures) -> str:
    """Say how much came in and how much was solved, and who brought the most."""
    opened = sum(one.opened for one in figures)
    solved = sum(one.solved for one in figures)
    if not opened and not solved:
        return _("No ticket came in and none was solved in this period.")
    told = ngettext(
        "%(opened)s came in and %(solved)s was solved.",
        "%(opened)s came in and %(solved)s were solved.",
        solved,
    ) % {
        "opened": _tickets(opened),
        "solved": number_format(solved, force_grouping=True),
    }
    if not opened:
        return told
    most = max(figures, key=lambda one: one.opened)
    return _("%(told)s %(tier)s brought the most: %(share)s.") % {
        "told": told,
        "tier": tier_label(most.tier),
        "share": percent(most.opened / opened),
    }


def handle_time(figures: Figures) -> str:
    """Say how much work a solved ticket took, and for how many that is known."""
    medians = _known(figures, lambda one: one.handle.median)
    solved = sum(one.solved for one in figures)
    known = sum(one.handle.count for one in figures)
    if not medians:
        return _("No working time was recorded on the tickets solved in this period.")
    return _(
        "The solved ticket in the middle took %(told)s of work; known for %(known)s of %(solved)s."
    ) % {
        "told": _listed(medians, duration),
        "known": number_format(known, force_grouping=True),
        "solved": _tickets(solved),
    }


def _known(
    figures: Figures, read: Callable[[TierFigures], float | None]
) -> list[tuple[str, float]]:
    found = [(str(tier_label(one.tier)), read(one)) for one in figures]
    return [(tier, number) for tier, number in found if number is not None]


def _listed(numbers: Sequence[tuple[str, float]], words: Callable[[float], str]) -> str:
    return _joined([f"{words(number)} ({tier})" for tier, number in numbers])


def _joined(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(many)s and %(last)s") % {"many": ", ".join(parts[:-1]), "last": parts[-1]}


def _tickets(count: int) -> str:
    return ngettext("%(count)s ticket", "%(count)s tickets", count) % {
        "count": number_format(count, force_grouping=True)
    }
