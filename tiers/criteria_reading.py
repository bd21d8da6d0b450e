"""What may be asked of each fact: the comparisons that fit it, and thresholds as people type them.

One place for the editor and the action: a criterion that is stored compares a fact with a value
of the fact's own kind, in the fact's own canonical form.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import Words
from tiers.actions.facts import canonical_fact
from tiers.fact_words import FACTS
from tiers.rules.evaluation import Op
from tiers.rules.evaluation.values import threshold_to_json

OP_WORDS: dict[str, Words] = {
    "gte": gettext_lazy("at least"),
    "gt": gettext_lazy("more than"),
    "lte": gettext_lazy("at most"),
    "lt": gettext_lazy("less than"),
    "between": gettext_lazy("from … up to, not including"),
    "eq": gettext_lazy("is"),
    "in": gettext_lazy("is one of"),
    "changed_within": gettext_lazy("changed within"),
}
_ORDERED: tuple[Op, ...] = ("gte", "gt", "lte", "lt", "between", "eq", "changed_within")
_NAMED: tuple[Op, ...] = ("eq", "in", "changed_within")
_YES_NO: tuple[Op, ...] = ("eq", "changed_within")
_PERCENT = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?")
MOST_DAYS = 3650
MOST_WORDS = 50


def kind_of(fact: str) -> str:
    """Return the kind of a fact's values: money, number, share, yes_no, day, tier or word."""
    return FACTS[fact].kind if fact in FACTS else "word"


def ops_for(fact: str) -> tuple[Op, ...]:
    """Return the comparisons that fit a fact."""
    kind = kind_of(fact)
    if kind == "yes_no":
        return _YES_NO
    return _NAMED if kind in {"word", "tier"} else _ORDERED


def read_threshold(fact: str, op: str, low: str, high: str = "") -> object:
    """Return what was typed as the value of a criterion; ValueError says what is wrong.

    ``high`` is the upper bound of "between". Lists are separated by commas or lines.
    """
    if op == "changed_within":
        return _days(low)
    if op == "in":
        words = [word for word in re.split(r"[,;\n]", low) if word.strip()]
        if not 1 <= len(words) <= MOST_WORDS:
            raise ValueError(_("Write at least one value; separate several by commas."))
        return list(dict.fromkeys(_one(fact, word) for word in words))
    if op == "between":
        if not low.strip() or not high.strip():
            raise ValueError(_("Write both bounds."))
        return [_one(fact, low), _one(fact, high)]
    return _one(fact, low)


def threshold_problem(fact: str, op: str, value: object) -> str:
    """Return what is wrong with a threshold that came in any way; empty when nothing is."""
    if op not in ops_for(fact):
        return _("This comparison does not fit this fact.")
    found = threshold_to_json(value)  # type: ignore[arg-type]  # any value of a criterion
    many = [_text(one) for one in found] if isinstance(found, list) else [_text(found)]
    try:
        if op == "in":
            read_threshold(fact, op, ",".join(many))
        else:
            read_threshold(fact, op, *many[:2])
    except ValueError as error:
        return str(error)
    return ""


def typed_form(fact: str, op: str, value: object) -> tuple[str, str]:
    """Return a stored threshold as it stands in the form: (value, upper bound)."""
    found = threshold_to_json(value)  # type: ignore[arg-type]  # any value of a criterion
    if op == "in" and isinstance(found, list):
        return ", ".join(_shown(fact, op, one) for one in found), ""
    if isinstance(found, list):
        low, high = (_shown(fact, op, one) for one in [*found, "", ""][:2])
        return low, high
    return _shown(fact, op, found), ""


def _shown(fact: str, op: str, value: object) -> str:
    text = _text(value)
    if kind_of(fact) != "share" or op == "changed_within" or not text:
        return text
    return f"{format((100 * Decimal(text)).normalize(), 'f')} %"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _one(fact: str, text: str) -> str:
    typed = text.strip()
    if not typed:
        raise ValueError(_("Write a value."))
    if kind_of(fact) == "share" and typed.endswith("%"):
        percent = typed[:-1].strip()
        if not _PERCENT.fullmatch(percent):
            raise ValueError(_("Write a share such as 30 %."))
        typed = format(Decimal(percent) / 100, "f")
    return canonical_fact(fact, typed)


def _days(text: str) -> str:
    typed = text.strip()
    if not re.fullmatch(r"[0-9]{1,4}", typed) or not 1 <= int(typed) <= MOST_DAYS:
        raise ValueError(
            _("Write a whole number of days from 1 to %(most)s.") % {"most": MOST_DAYS}
        )
    return str(int(typed))
