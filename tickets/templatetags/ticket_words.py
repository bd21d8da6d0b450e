"""Words about tickets for templates of pages and mails."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.kit import clock as wall_clock
from portal.kit import time_words, words
from portal.kit.words import Words
from tickets.categories import category_label
from tickets.file_answers import SHOWN_INLINE
from tickets.models import Attachment, Clock, Ticket
from tiers import ladder_words

register = template.Library()

OWED = frozenset({Clock.Status.RUNNING, Clock.Status.BREACHED})


@register.filter
def metric_words(metric: str) -> Words:
    """Return the customers' word for a promise metric."""
    return words.metric_label(metric)


@register.filter
def desk_metric_words(metric: str) -> Words:
    """Return the desk's word for a promise metric."""
    return words.metric_label(metric, for_customer=False)


@register.filter
def step_words(step: int) -> str:
    """Return a step of a warning ladder: "75 %", "30 min before the end"."""
    return ladder_words.step_words(step)


@register.filter
def severity_words(level: int) -> Words:
    """Return the word for a severity."""
    return words.severity_label(int(level))


@register.filter
def status_words(status: str) -> Words:
    """Return the customers' words for a status."""
    return words.status_label(status, for_customer=True)


@register.filter
def tier_words(tier: str) -> Words:
    """Return the name of a tier."""
    return words.tier_label(tier)


@register.filter
def category_words(category: str) -> Words:
    """Return what a ticket is about."""
    return category_label(category)


@register.filter
def is_picture(attachment: Attachment) -> bool:
    """Whether a browser shows the file by itself."""
    return attachment.content_type in SHOWN_INLINE


@register.filter
def promised(instant: datetime) -> SafeString:
    """Show a promised moment with weekday, date, time and zone, as one would say it."""
    return format_html(
        '<time datetime="{}">{}</time>',
        instant.isoformat(),
        time_words.promised_words(instant, wall_clock.now()),
    )


@register.filter
def day_and_time(instant: datetime) -> SafeString:
    """Show a past moment by its day and time, for sentences in which "ago" does not fit."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        instant.isoformat(),
        time_words.full_words(instant),
        time_words.absolute_words(instant, wall_clock.now()),
    )


@register.filter
def promised_text(instant: datetime) -> str:
    """Return a promised moment as plain text, for mails."""
    return time_words.promised_words(instant, wall_clock.now())


@register.filter
def next_clock(ticket: Ticket) -> Clock | None:
    """Return the clock by which a ticket is ranked: the earliest promise still owed.

    Reads ``ticket.shown_clocks``, which the list has fetched along.
    """
    owed = (
        clock
        for clock in getattr(ticket, "shown_clocks", ())
        if clock.status in OWED and clock.stopped_at is None and clock.due_at == ticket.rank_at
    )
    return next((clock for clock in owed if clock.metric == ticket.rank_metric), None)
