"""A promise of the support program in words, for its tables, forms and comparisons."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from portal.kit.words import metric_label, pause_reason, severity_label, tier_label
from tiers.calendar_words import amount_words
from tiers.ladder_words import ROLES, step_words, steps_words
from tiers.program import PromisedTarget
from tiers.reason_words import sentence
from tiers.rules.amounts import AmountReason
from tiers.rules.fairness import FairnessReason
from tiers.rules.ladders import BREACH, in_order


def pauses_words(statuses: Iterable[str]) -> str:
    """Return while what a promise stands still."""
    said = [str(pause_reason(status)) for status in sorted(statuses, reverse=True)]
    return _(" or ").join(said) if said else _("never")


def roles_words(roles: Iterable[str]) -> str:
    """Return who is told at a step."""
    return _(" and ").join(str(ROLES.get(role, role)) for role in roles)


def ladder_lines(target: PromisedTarget) -> list[tuple[str, str]]:
    """Return the warning ladder as (step, who is told) in the order of time, the breach last."""
    return [
        (
            _("broken") if step == BREACH else step_words(step),
            roles_words(target.tell.get(str(step), ())) or _("nobody, only recorded"),
        )
        for step in (*in_order(target.warn_at, target.seconds), BREACH)
    ]


def tell_words(target: PromisedTarget) -> str:
    """Return who is told when, in one line."""
    return "; ".join(f"{step}: {roles}" for step, roles in ladder_lines(target))


def target_parts(target: PromisedTarget, calendars: Mapping[str, str]) -> dict[str, str]:
    """Return what a promise says, part by part."""
    return {
        _("target"): amount_words(target.seconds),
        _("floor"): amount_words(target.floor_seconds),
        _("calendar"): calendars.get(target.calendar, target.calendar),
        _("stands still while"): pauses_words(target.pause_on),
        _("warnings"): steps_words(in_order(target.warn_at, target.seconds)) or _("none"),
        _("who is told"): tell_words(target),
    }


def target_words(target: PromisedTarget, calendars: Mapping[str, str]) -> str:
    """Return a promise in one line."""
    return _("%(amount)s, %(calendar)s; floor %(floor)s") % {
        "amount": amount_words(target.seconds),
        "calendar": calendars.get(target.calendar, target.calendar),
        "floor": amount_words(target.floor_seconds),
    }


def place_words(tier: str, severity: int, metric: str) -> str:
    """Return where a promise stands: "Enterprise, Critical: First reply"."""
    return _("%(tier)s, %(severity)s: %(metric)s") % {
        "tier": tier_label(tier),
        "severity": severity_label(severity),
        "metric": metric_label(metric, for_customer=False),
    }


def say_amount(reason: AmountReason) -> str:
    """Return what is wrong with a typed length of time."""
    return sentence(reason, {name: str(value) for name, value in reason.params.items()})


def say_fairness(reason: FairnessReason, calendars: Mapping[str, str]) -> str:
    """Return what is odd about promises beside each other."""
    shown = {}
    for name, value in reason.params.items():
        if name in {"tier", "other"}:
            shown[name] = str(tier_label(str(value)))
        elif name in {"severity", "milder"} and isinstance(value, int):
            shown[name] = str(severity_label(value))
        elif name == "metric":
            shown[name] = str(metric_label(str(value), for_customer=False))
        elif name in {"seconds", "less"} and isinstance(value, int):
            shown[name] = amount_words(value)
        else:
            shown[name] = _calendar(str(value), calendars)
    return sentence(reason, shown)


def _calendar(key: str, calendars: Mapping[str, str]) -> str:
    return _("in “%(calendar)s”") % {"calendar": calendars.get(key, key)}


def listed(words: Sequence[object]) -> str:
    """Return several words as a list; a dash for none."""
    return ", ".join(str(word) for word in words) or "–"
