"""Words about tickets for templates of pages and mails."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.kit import clock as wall_clock
from portal.kit import time_words, words
from portal.kit.words import Words
from tickets.categories import category_label
from tickets.file_answers import SHOWN_INLINE
from tickets.models import Attachment, Clock, Ticket
from tickets.views.clock_cards import Strip
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


@register.filter
def to_the_second(instant: datetime | None) -> SafeString | str:
    """Show a moment with its day, its seconds and its zone: evidence has no "about"."""
    if instant is None:
        return "–"
    local = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}">{} {}</time>',
        instant.isoformat(),
        date_format(local, _("D j M Y, H:i:s")),
        time_words.zone_mark(local),
    )


@register.filter
def ledger_time(instant: datetime) -> SafeString:
    """Show a moment of the ledger; the page says in which zone."""
    local = timezone.localtime(instant)
    return format_html(
        '<time datetime="{}">{}</time>',
        instant.isoformat(),
        date_format(local, _("D j M Y, H:i:s")),
    )


# How thick a state is drawn, so that it is told by its shape too; the strip is 18 high.
THICK = {"running": 18, "paused": 6}


@register.simple_tag
def clock_strip(strip: Strip) -> SafeString:
    """Draw the life of a clock to the scale of the wall clock."""
    parts = format_html_join(
        "",
        '<rect class="strip__{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (part.state, part.x, *_lying(THICK.get(part.state, 2), part.width))
            for part in strip.parts
        ),
    )
    due = (
        format_html('<line class="strip__due" x1="{0}" x2="{0}" y1="0" y2="18"/>', strip.due)
        if strip.due is not None
        else ""
    )
    return format_html(
        '<svg viewBox="0 0 1000 18" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}{}</svg>",
        strip.label,
        parts,
        due,
    )


def _lying(height: int, width: float) -> tuple[float, float, int]:
    """Return y, width and height of a bar in the middle of the strip."""
    return (18 - height) / 2, width, height
