"""Values of metrics as people read them."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from reports.metrics import Unit, Value
from tiers.calendar_words import amount_words

MINUTE = 60
NOTHING = "–"


def value_words(value: Value, unit: Unit) -> str:
    """Return a value in its unit; a dash where there was nothing to compute it from."""
    if value.number is None:
        return NOTHING
    if unit is Unit.SHARE:
        return percent(value.number)
    if unit in {Unit.SECONDS, Unit.BUSINESS_SECONDS}:
        return duration(value.number)
    return number_format(value.number, force_grouping=True)


def percent(share: float) -> str:
    """Return a share in whole percent; only what is complete reads as 0 or 100."""
    whole = round(100 * share)
    if 0 < share < 1:
        whole = min(99, max(1, whole))
    return f"{whole} %"


def duration(seconds: float) -> str:
    """Return a length of time in hours and minutes; hours stay hours."""
    if seconds < MINUTE:
        return _("under 1 min")
    return amount_words(round(seconds / MINUTE) * MINUTE)
