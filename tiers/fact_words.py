"""Facts in words: what each is called, in a table and inside a sentence, and how a value reads."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import Words, tier_label
from tiers.models import AccountFact

Fact = AccountFact.Name


@dataclass(frozen=True, slots=True)
class FactWords:
    """A fact's name in a table and inside a sentence; ``kind`` says how its values read."""

    label: Words
    inside: Words
    kind: str


FACTS: dict[str, FactWords] = {
    Fact.ACV: FactWords(gettext_lazy("Annual contract value"), gettext_lazy("ACV"), "money"),
    Fact.SEATS: FactWords(gettext_lazy("Seats"), gettext_lazy("number of seats"), "number"),
    Fact.USAGE_CRITICALITY: FactWords(
        gettext_lazy("Usage criticality"), gettext_lazy("usage criticality"), "of_five"
    ),
    Fact.STRATEGIC: FactWords(
        gettext_lazy("Strategic account"), gettext_lazy("strategic account"), "yes_no"
    ),
    Fact.REGION: FactWords(gettext_lazy("Region"), gettext_lazy("region"), "word"),
    Fact.CONTRACT_START: FactWords(
        gettext_lazy("Contract start"), gettext_lazy("contract start"), "day"
    ),
    Fact.CONTRACT_RENEWAL: FactWords(
        gettext_lazy("Contract renewal"), gettext_lazy("contract renewal"), "day"
    ),
    Fact.CONTRACT_FLOOR: FactWords(
        gettext_lazy("Tier fixed by contract"), gettext_lazy("tier fixed by contract"), "tier"
    ),
    Fact.SEVERITY_MIX_90D: FactWords(
        gettext_lazy("Critical and high tickets, 90 days"),
        gettext_lazy("share of critical and high tickets in 90 days"),
        "share",
    ),
    Fact.HEALTH: FactWords(gettext_lazy("Health score"), gettext_lazy("health score"), "of_100"),
}

SOURCES: dict[str, Words] = {
    "ops": gettext_lazy("Ops"),
    "hubspot": gettext_lazy("HubSpot"),
    "salesforce": gettext_lazy("Salesforce"),
    "reports": gettext_lazy("Own reports"),
    "import": gettext_lazy("Import"),
    "api": gettext_lazy("API"),
    "demo": gettext_lazy("Demo"),
}


def fact_label(fact: str) -> Words:
    """Return the name of a fact for tables and forms."""
    return FACTS[fact].label if fact in FACTS else fact.replace("_", " ")


def fact_inside(fact: str) -> Words:
    """Return the name of a fact as it stands inside a sentence."""
    return FACTS[fact].inside if fact in FACTS else fact.replace("_", " ")


def source_label(source: str) -> Words:
    """Return the name of where a fact comes from."""
    return SOURCES.get(source, source)


def fact_value(fact: str, value: object, currency: str = "") -> str:
    """Return a value as people read it, stored text or what the evaluator made of it.

    An empty one says that nobody knows, which is not zero.
    """
    text = _plain(value)
    if not text:
        return _("not known")
    kind = FACTS[fact].kind if fact in FACTS else "word"
    match kind:
        case "money":
            return f"{currency} {grouped(text)}".strip()
        case "number":
            return grouped(text)
        case "of_five":
            return _("%(value)s of 5") % {"value": text}
        case "of_100":
            return _("%(value)s of 100") % {"value": text}
        case "share":
            return percent(text)
        case "yes_no":
            return _("yes") if text.lower() == "true" else _("no")
        case "day":
            return day_words(text)
        case "tier":
            return str(tier_label(text))
    return text


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def grouped(text: str) -> str:
    """Return a number with its thousands apart; text that is none stays as it is."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    decimals = 0 if number == number.to_integral_value() else 2
    return number_format(number, decimal_pos=decimals, force_grouping=True)


def percent(text: str) -> str:
    """Return a share from 0 to 1 in percent."""
    try:
        return f"{number_format(100 * Decimal(text), decimal_pos=0)} %"
    except InvalidOperation:
        return text


def day_words(text: str) -> str:
    """Return an ISO day as a date of the reader's language."""
    try:
        return date_format(date.fromisoformat(text), _("j M Y"))
    except ValueError:
        return text
