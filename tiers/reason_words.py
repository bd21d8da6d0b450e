"""The evaluator's reasons in the reader's language, money and dates as people read them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from portal.kit.words import tier_label
from tiers.fact_words import day_words, fact_inside, fact_value
from tiers.rules.evaluation import Param, Reason, TierReason

TIERS = frozenset({"tier", "previous", "goal", "floor"})
DAYS = frozenset({"since", "until", "expires", "on", "observed_on"})
VALUES = frozenset({"actual", "threshold", "low", "high", "value"})


def say(reason: Reason, currency: str = "") -> str:
    """Return a reason as a sentence; ``currency`` stands before amounts of money."""
    return sentence(reason, params_words(reason, currency))


def params_words(reason: Reason, currency: str = "") -> dict[str, str]:
    """Return what stands in the places of a reason's sentence, each as people read it."""
    fact = str(reason.params.get("fact", ""))
    return {name: _shown(name, value, fact, currency) for name, value in reason.params.items()}


def sentence(reason: Reason, shown: Mapping[str, str]) -> str:
    """Return a reason's sentence with these words in its places."""
    said = _(reason.template).format(**shown)
    return said[:1].upper() + said[1:]


def say_stored(stored: Mapping[str, Any], currency: str = "") -> str:
    """Return a reason that was kept as JSON; one of an older release speaks its own English."""
    reason = TierReason(stored["code"], stored.get("params", {}))
    try:
        return say(reason, currency)
    except KeyError:
        return str(stored.get("text", stored["code"]))


def _shown(name: str, value: Param, fact: str, currency: str) -> str:
    if name in TIERS:
        return str(tier_label(str(value)))
    if name in DAYS:
        return day_words(str(value))
    if name == "fact":
        return str(fact_inside(fact))
    if name in VALUES and fact:
        many = value if isinstance(value, tuple | list) else (value,)
        return ", ".join(fact_value(fact, one, currency) for one in many)
    return str(value)
