"""Criteria in words: what a rule of the policy asks of a fact."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from tiers.fact_words import fact_value


def threshold_words(fact: str, op: str, threshold: object, currency: str = "") -> str:
    """Return what a criterion asks for, as it stands beside the name of its fact."""

    def shown(value: object) -> str:
        return fact_value(fact, value, currency)

    many = list(threshold) if isinstance(threshold, tuple | list) else [threshold]
    if op == "in":
        return _("one of %(values)s") % {"values": ", ".join(shown(one) for one in many)}
    if op == "between" and len(many) == 2:
        return _("%(low)s up to, not including, %(high)s") % {
            "low": shown(many[0]),
            "high": shown(many[1]),
        }
    if op == "changed_within":
        return _("changed within %(days)s days") % {"days": many[0]}
    say = _SINGLE.get(op)
    return say(shown(many[0])) if say else f"{op} {shown(many[0])}"


_SINGLE: dict[str, Callable[[str], str]] = {
    "gte": lambda value: _("at least %(value)s") % {"value": value},
    "gt": lambda value: _("more than %(value)s") % {"value": value},
    "lte": lambda value: _("at most %(value)s") % {"value": value},
    "lt": lambda value: _("less than %(value)s") % {"value": value},
    "eq": lambda value: value,
}
