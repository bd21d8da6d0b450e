"""The parts every page is built from: icons, badges, clocks, people, fields, charts.

Each tag answers finished, escaped HTML with classes of ``portal/static/portal/css`` and
without inline style or script, so that a strict content policy holds.
"""

import zlib
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kit import charts, devices, time_words, words
from portal.kit import clock as wall_clock

register = template.Library()

SPRITE = "portal/vendor/lucide/icons.svg"
MARK = "portal/img/mark.svg"
AVATAR_COLOURS = 8
STATUS_ICONS = {
    "new": "circle-dashed",
    "open": "circle-dot",
    "pending": "reply",
    "on_hold": "circle-pause",
    "solved": "circle-check",
    "closed": "lock",
}
CLOCK_ICONS = {
    "fine": "clock",
    "soon": "hourglass",
    "now": "triangle-alert",
    "broken": "octagon-x",
    "paused": "circle-pause",
    "kept": "circle-check",
    "late": "circle-alert",
    "idle": "circle-dashed",
}
LIVE_STATES = ("fine", "soon", "now", "broken")


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite; without a label it is decoration and hidden from readers."""
    return _drawn_icon(name, size, str(label))


# A page of the desk draws hundreds of icons, a few dozen different ones.
@lru_cache(maxsize=1024)
def _drawn_icon(name: str, size: str, label: str) -> SafeString:
    classes = f"icon icon--{size}" if size else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            classes,
            label,
            static(SPRITE),
            name,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        classes,
        static(SPRITE),
        name,
    )


@register.simple_tag
def vendor_mark() -> SafeString:
    """Draw the vendor's mark; the name stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#mark"/></svg>', static(MARK)
    )


@register.simple_tag
def tier_mark(tier: object) -> SafeString:
    """Draw only the shape and initial of a tier, named for screen readers and on hover."""
    return _drawn_tier_mark(_slug(tier), get_language() or "")


# Lists draw the same few marks, people and clocks over and over; what a drawing depends on,
# the reader's language and zone too, is its key.
@lru_cache(maxsize=64)
def _drawn_tier_mark(slug: str, language: str) -> SafeString:
    label = str(words.tier_label(slug))
    return format_html(
        '<span class="tier tier--{0}" title="{1}"><span class="tier__mark" aria-hidden="true">{2}'
        '</span><span class="vh">{1}</span></span>',
        slug,
        label,
        label[:1],
    )


@register.simple_tag
def tier_badge(tier: object, variant: str = "badge") -> SafeString:
    """Draw a tier: its shape, its initial and its name. Variants: badge, plain, large."""
    slug = _slug(tier)
    if not slug:
        return format_html('<span class="badge">{}</span>', _("No tier yet"))
    label = str(words.tier_label(slug))
    return format_html(
        '<span class="tier tier--{} tier--{}"><span class="tier__mark" aria-hidden="true">{}</span>'
        '<span class="tier__name">{}</span></span>',
        slug,
        variant,
        label[:1],
        label,
    )


@register.simple_tag
def status_pill(status: str, for_customer: bool = False) -> SafeString:
    """Draw a ticket status; customers read whose turn it is instead of our word."""
    return format_html(
        '<span class="status status--{}">{}{}</span>',
        status,
        icon(STATUS_ICONS.get(status, "circle")),
        words.status_label(status, for_customer=for_customer),
    )


@register.simple_tag
def severity_mark(severity: int, show_label: bool = True) -> SafeString:
    """Draw a severity from 1 (Critical) to 4 (Low): bars that rise, and the word."""
    level = int(severity)
    label = words.severity_label(level)
    return format_html(
        '<span class="severity severity--{}" title="{}">{}<span class="{}">{}</span></span>',
        level,
        label,
        charts.severity_bars(level),
        "severity__name" if show_label else "vh",
        label,
    )


@register.simple_tag(takes_context=True)
def clock_chip(
    context: template.Context,
    clock: object,
    variant: str = "",
    show_metric: bool = True,
    for_customer: bool | None = None,
) -> SafeString:
    """Draw a promise clock in one line. Variants: "" (framed) and "bare"."""
    plain = _is_customer(context, for_customer)
    face = time_words.clock_face(clock, wall_clock.now(), for_customer=plain)
    zone = timezone.get_current_timezone_name()
    return _drawn_chip(face, variant, show_metric, plain, zone, get_language() or "")


@lru_cache(maxsize=4096)
def _drawn_chip(
    face: time_words.ClockFace,
    variant: str,
    show_metric: bool,
    plain: bool,
    zone: str,
    language: str,
) -> SafeString:
    metric = str(words.metric_label(face.metric, for_customer=plain))
    label = (
        format_html('<span class="clock__metric">{}</span> ', metric)
        if show_metric
        else format_html('<span class="vh">{}</span> ', metric)
    )
    return format_html(
        '<span class="clock{}" data-state="{}" data-metric="{}" title="{}">{} {}{}</span>',
        f" clock--{variant}" if variant else "",
        face.state,
        metric,
        _clock_title(face, metric),
        _clock_icons(face),
        label,
        _clock_time(face),
    )


@register.inclusion_tag("portal/fragments/clock_card.html", takes_context=True)
def clock_card(
    context: template.Context,
    clock: object,
    for_customer: bool | None = None,
    sentence: str = "",
) -> dict[str, Any]:
    """Draw the large card of the next promise: metric, countdown, and a sentence.

    The sentence is the caller's where one is given, else it is made from the clock alone.
    """
    plain = _is_customer(context, for_customer)
    face = time_words.clock_face(clock, wall_clock.now(), for_customer=plain)
    return {
        "face": face,
        "sentence": sentence,
        "icons": _clock_icons(face),
        "time": _clock_time(face),
        "label": words.metric_label(face.metric, for_customer=plain),
        "due": time_words.promised_words(face.due_at, wall_clock.now()) if face.due_at else "",
        "for_customer": plain,
    }


@register.simple_tag(takes_context=True)
def clock_line(
    context: template.Context, clock: object, for_customer: bool | None = None
) -> SafeString:
    """Draw the most urgent thing of a ticket's head: metric and countdown in large type."""
    plain = _is_customer(context, for_customer)
    face = time_words.clock_face(clock, wall_clock.now(), for_customer=plain)
    metric = words.metric_label(face.metric, for_customer=plain)
    return format_html(
        '<span class="next-promise" data-state="{}" data-metric="{}" title="{}">{}'
        '<span class="next-promise__metric">{}</span> '
        '<span class="next-promise__time">{}</span></span>',
        face.state,
        metric,
        _clock_title(face, str(metric)),
        _clock_icons(face),
        metric,
        _clock_time(face),
    )


@register.filter
def moment(instant: datetime | None) -> SafeString | str:
    """Show a moment as ``<time>``: relative when near, in full on hover, in the current zone."""
    if instant is None:
        return "–"
    return format_html(
        '<time datetime="{}" title="{}" data-moment>{}</time>',
        instant.isoformat(),
        time_words.full_words(instant),
        time_words.moment_words(instant, wall_clock.now()),
    )


@register.filter
def exact(instant: datetime | None) -> SafeString | str:
    """Show a moment as ``<time>`` with weekday, date, time and zone."""
    if instant is None:
        return "–"
    return format_html(
        '<time datetime="{}">{}</time>', instant.isoformat(), time_words.full_words(instant)
    )


@register.filter
def zone_mark(instant: datetime) -> str:
    """Return the short name of the zone in which a moment is shown."""
    return time_words.zone_mark(timezone.localtime(instant))


@register.simple_tag
def avatar(person: object, size: str = "", decorative: bool = False) -> SafeString:
    """Draw a person's initials on their own steady colour; decorative when the name is beside."""
    if person is None or person == "":
        return _drawn_nobody(size, get_language() or "")
    name = _name(person)
    return _drawn_avatar(name, _key(person, name), size, decorative)


@lru_cache(maxsize=64)
def _drawn_nobody(size: str, language: str) -> SafeString:
    return format_html(
        '<span class="{0} avatar--none" role="img" aria-label="{1}" title="{1}"></span>',
        _avatar_classes(size),
        _("Nobody"),
    )


@lru_cache(maxsize=2048)
def _drawn_avatar(name: str, key: str, size: str, decorative: bool) -> SafeString:
    colour = zlib.crc32(key.encode()) % AVATAR_COLOURS
    naming = (
        mark_safe('aria-hidden="true"')
        if decorative
        else format_html('role="img" aria-label="{0}" title="{0}"', name)
    )
    return format_html(
        '<span class="{} avatar--{}" {}>{}</span>',
        _avatar_classes(size),
        colour,
        naming,
        initials(name),
    )


def _avatar_classes(size: str) -> str:
    return f"avatar avatar--{size}" if size else "avatar"


@register.filter
def initials(name: str) -> str:
    """Return the initials of the first and last word of a name, or of an e-mail address."""
    words_of_name = name.split("@")[0].replace(".", " ").split()
    parts = [part for part in words_of_name if part[0].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


register.filter("device_words", devices.device_words)


@register.inclusion_tag("portal/fragments/field.html")
def field(bound: BoundField, label: str = "", help_text: str = "") -> dict[str, Any]:
    """Draw one form field: label, control, help and errors, tied together for screen readers."""
    return {
        "field": bound,
        "label": label or bound.label,
        "help_text": help_text or bound.help_text,
        "is_check": isinstance(bound.field.widget, forms.CheckboxInput),
        "is_group": bound.use_fieldset,
        "is_code": bound.name in {"code", "otp_code"},
    }


@register.inclusion_tag("portal/fragments/fields.html")
def fields(form: forms.BaseForm, unlabeled: bool = False) -> dict[str, Any]:
    """Draw a whole form: what is wrong with it as a whole, then each field."""
    return {"form": form, "unlabeled": unlabeled}


@register.inclusion_tag("portal/fragments/pager.html", takes_context=True)
def pager(context: template.Context, page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Draw the way to the next and the previous page, keeping the other query parameters."""
    query = context["request"].GET.copy() if context.get("request") else QueryDict(mutable=True)

    def address(number: int) -> str:
        query[parameter] = str(number)
        return "?" + query.urlencode()

    return {
        "page": page,
        "previous": address(page.number - 1),
        "next": address(page.number + 1),
    }


register.simple_tag(charts.bar, name="bar")
register.simple_tag(charts.sparkline, name="sparkline")


@register.simple_tag
def portal_words() -> SafeString:
    """Hand the words of moments and clocks to the scripts, as data that cannot run."""
    spoken = {key: str(value) for key, value in words.TIME_WORDS.items()}
    states = {key: str(value) for key, value in words.CLOCK_STATES.items()}
    failures = {key: str(value) for key, value in words.FAILURES.items()}
    return json_script({"time": spoken, "states": states, "failures": failures}, "portal-words")


def _is_customer(context: template.Context, told: bool | None) -> bool:
    """Staff read the exact metric words, everybody else the plain ones."""
    if told is not None:
        return told
    return not getattr(context.get("viewer"), "is_staff", False)


def _clock_icons(face: time_words.ClockFace) -> SafeString:
    return _drawn_clock_icons(LIVE_STATES if face.is_live and face.soon_at else (face.state,))


@lru_cache(maxsize=64)
def _drawn_clock_icons(shown: tuple[str, ...]) -> SafeString:
    return format_html(
        '<span class="clock__icon">{}</span>',
        format_html_join(
            "",
            '<svg class="icon" data-for="{}" aria-hidden="true"><use href="{}#{}"/></svg>',
            ((state, static(SPRITE), CLOCK_ICONS[state]) for state in shown),
        ),
    )


def _clock_time(face: time_words.ClockFace) -> SafeString:
    if not face.is_live or face.due_at is None:
        return format_html('<span class="clock__time">{}</span>', face.text)
    steps = (
        format_html(
            ' data-soon="{}" data-now="{}"', face.soon_at.isoformat(), face.now_at.isoformat()
        )
        if face.soon_at and face.now_at
        else ""
    )
    return format_html(
        '<time class="clock__time" datetime="{0}" data-due="{0}" data-state="{1}"{2}>{3}</time>',
        face.due_at.isoformat(),
        face.state,
        steps,
        face.text,
    )


def _clock_title(face: time_words.ClockFace, metric: str) -> str:
    due = time_words.full_words(face.due_at) if face.due_at else ""
    return " · ".join(part for part in (metric, face.reason, due) if part)


def _slug(tier: object) -> str:
    return "" if tier is None else str(getattr(tier, "slug", tier))


def _name(person: object) -> str:
    if isinstance(person, str):
        return person
    for attribute in ("display_name", "full_name", "name"):
        value = getattr(person, attribute, "")
        if callable(value):
            value = value()
        if value:
            return str(value)
    return str(getattr(person, "email", "") or person)


def _key(person: object, name: str) -> str:
    return str(getattr(person, "email", "") or name)
