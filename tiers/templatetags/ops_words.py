"""Words and small marks of the ops pages."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.kit.words import Words, metric_label, severity_label, tier_label
from tiers.calendar_words import amount_words
from tiers.fact_words import day_words, fact_value
from tiers.models import TierAssignment
from tiers.reason_words import say
from tiers.rules.evaluation import Reason

register = template.Library()
Source = TierAssignment.Source
# How a standing is shown: quietly where it is the rule, marked where it will not last.
STANDING_CLASSES = {
    Source.GRACE: " ops-badge--warn",
    Source.OVERRIDE: " ops-badge--brand",
    Source.HOLD: " ops-badge--warn",
    Source.CONTRACT: " ops-badge--brand",
}


@register.simple_tag
def standing_badge(source: str | None, below_since: date | None = None) -> SafeString:
    """Draw which step decided a tier; the usual one, the criteria, stays a plain word."""
    if not source:
        return format_html('<span class="muted">{}</span>', _("not evaluated yet"))
    label = Source(source).label
    if source not in STANDING_CLASSES:
        return format_html('<span class="muted">{}</span>', label)
    since = (
        format_html(
            ' <span class="ops-table__note">{}</span>',
            _("below since %(day)s") % {"day": date_format(below_since, _("j M Y"))},
        )
        if below_since
        else ""
    )
    return format_html(
        '<span class="ops-badge{}">{}</span>{}', STANDING_CLASSES[Source(source)], label, since
    )


@register.simple_tag
def fact_words(fact: str, value: str | None, currency: str | None = "") -> SafeString | str:
    """Show the value of a fact; quietly, when nobody knows it."""
    if not value:
        return format_html('<span class="muted">{}</span>', _("not known"))
    return fact_value(fact, value, currency or "")


@register.filter
def tier_name(tier: str) -> Words:
    """Return the name of a tier."""
    return tier_label(tier)


@register.filter
def day(value: date | str | None) -> str:
    """Return a day as the reader writes it."""
    if not value:
        return ""
    return day_words(value) if isinstance(value, str) else date_format(value, _("j M Y"))


@register.filter
def days_until(value: date | None, today: date) -> int:
    """Return how many days are left until a day."""
    return (value - today).days if value else 0


@register.simple_tag
def say_reason(reason: Reason, currency: str = "") -> str:
    """Say a reason of the evaluator in the reader's language."""
    return say(reason, currency)


@register.filter
def severity_name(level: int) -> Words:
    """Return the word for a severity."""
    return severity_label(level)


@register.filter
def amount(seconds: int) -> str:
    """Return a length of business time."""
    return amount_words(seconds)


@register.filter
def metric_name(metric: str) -> Words:
    """Return the desk's word for a promise metric."""
    return metric_label(metric, for_customer=False)


@register.filter
def unlocalized(number: float) -> str:
    """Return a coordinate as SVG reads it, whatever the language of the page."""
    return f"{number:g}"
