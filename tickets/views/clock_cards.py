"""The account of a ticket's clocks as pages draw it: one card per cycle, in the reader's words.

The desk and the customer get the same cards from the same account; what customers must not read
(the ladder, the reasons of our people, the terms' inner workings) is left out here, not hidden in
a template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.kit.words import Words, metric_label, tier_label
from tickets.amount_words import exact_words
from tickets.explaining import ClockAccount, Segment, Step, TicketAccount
from tickets.explaining.cause_words import Audience, cause_reason, cause_words
from tickets.explaining.documents import csv_name, ledger_csv
from tickets.explaining.ledger_words import (
    calendar_version_words,
    day_lines,
    state_words,
    status_words,
    step_fate,
    step_name,
    terms_words,
)
from tickets.explaining.sentences import notes, sentence
from tiers.calendar_words import zone_words

CARDS_PER_PAGE = 10
# How a clock that is over, or has not begun, looks: its state for the colours, and its icon.
VERDICTS = {
    "met": ("kept", "circle-check"),
    "met_late": ("late", "circle-alert"),
    "breached": ("broken", "octagon-x"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of the ledger as a row of the table."""

    start: datetime
    end: datetime
    state: str
    state_label: str
    cause: str
    reason: str
    counted: str
    so_far: str
    calendar: str
    terms: str
    days: Sequence[str]
    days_label: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the warning ladder as the desk reads it."""

    name: str
    at: datetime
    fate: Sequence[str]
    is_reached: bool
    is_breach: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the strip: where it lies and how long it is, in thousandths of the whole."""

    state: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Strip:
    """The life of a clock drawn to the scale of the wall clock.

    ``due`` and ``now`` are places in thousandths, None where they lie outside.
    """

    parts: Sequence[Part]
    due: float | None
    now: float | None
    label: str
    states: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """One cycle of one promise."""

    clock: ClockAccount
    anchor: str
    name: Words
    cycle_words: str
    verdict: str
    state: str
    icon: str
    sentence: str
    notes: Sequence[str]
    promised: str
    counted: str
    left_label: str
    left: str
    terms: str
    ended_by: str
    lines: Sequence[Line]
    rungs: Sequence[Rung]
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class Cards:
    """A page of cards, and why there is none when the clocks cannot be explained."""

    page: Page[ClockAccount]
    cards: Sequence[Card]
    fault: str


def cards_of(account: TicketAccount, audience: Audience, number: str) -> Cards:
    """Return a page of the account as cards; a page that does not exist is the nearest one."""
    page = Paginator(account.clocks, CARDS_PER_PAGE).get_page(number)
    cards = [card_of(one, audience) for one in page.object_list]
    return Cards(page, cards, account.fault)


def card_of(one: ClockAccount, audience: Audience) -> Card:
    """Return one cycle in the words of its reader."""
    is_late = one.remaining_seconds < 0
    state, icon = VERDICTS.get(one.status, ("idle", "circle-dashed"))
    return Card(
        clock=one,
        anchor=f"{one.metric}-{one.cycle}",
        name=metric_label(one.metric, for_customer=not audience.is_staff),
        cycle_words=_cycle(one),
        verdict=status_words(one.status),
        state=state,
        icon=icon,
        sentence=sentence(one),
        notes=notes(one),
        promised=exact_words(one.target_seconds),
        counted=exact_words(one.elapsed_seconds),
        left_label=_("Too late by") if is_late else _("Left"),
        left=exact_words(one.remaining_seconds),
        terms=_terms(one, audience),
        ended_by=cause_words(one.stop, audience) if one.stop else "",
        lines=_lines(one, audience),
        rungs=[_rung(step) for step in one.steps] if audience.is_staff else [],
        strip=strip_of(one),
    )


def ledger_file(account: TicketAccount, audience: Audience) -> HttpResponse:
    """Return the ledger as a file to download."""
    # The mark at the beginning tells spreadsheets that this is UTF-8.
    text = "\ufeff" + ledger_csv(account, audience)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{csv_name(account)}"'
    return response


def page_number(request: HttpRequest) -> str:
    """Return which page of the cards is asked for."""
    return request.GET.get("page", "1")[:6]


def _cycle(one: ClockAccount) -> str:
    if one.cycles == 1:
        return ""
    return _("%(cycle)s of %(cycles)s") % {"cycle": one.cycle, "cycles": one.cycles}


def _terms(one: ClockAccount, audience: Audience) -> str:
    if one.target is None:
        return ""
    if audience.is_staff:
        return terms_words(one.target)
    if one.target.is_contract:
        return _("Your contract")
    return _("Your plan, %(tier)s") % {"tier": tier_label(one.target.tier)}


def _lines(one: ClockAccount, audience: Audience) -> list[Line]:
    """Return the rows of the table; the terms stand where they begin, when there are several."""
    lines: list[Line] = []
    before = one.target if len({segment.target for segment in one.segments}) == 1 else None
    for segment in one.segments:
        terms = ""
        if audience.is_staff and segment.target and segment.target != before:
            terms = terms_words(segment.target)
        lines.append(_line(segment, audience, terms))
        before = segment.target
    return lines


def _line(segment: Segment, audience: Audience, terms: str) -> Line:
    runs = segment.state == "running"
    hours = segment.definition
    return Line(
        start=segment.start,
        end=segment.end,
        state=segment.state,
        state_label=state_words(segment.state),
        cause=cause_words(segment.cause, audience),
        reason=cause_reason(segment.cause, audience),
        counted=exact_words(segment.counted_seconds) if runs else "",
        so_far=exact_words(segment.so_far_seconds),
        calendar=calendar_version_words(segment) if segment.target else "",
        terms=terms,
        days=list(day_lines(segment)) if runs else [],
        days_label=_("Day by day, %(zone)s") % {"zone": zone_words(hours.time_zone)}
        if hours
        else "",
    )


def _rung(step: Step) -> Rung:
    return Rung(step_name(step), step.at, step_fate(step), step.is_reached, step.is_breach)


def strip_of(one: ClockAccount) -> Strip | None:
    """Return the drawing of a clock's life; None for one that no time lies in."""
    if not one.segments:
        return None
    start, end = one.segments[0].stretch.start, one.segments[-1].stretch.end
    due = one.reading.due_at
    until = max(end, due) if due is not None and one.is_live else end
    span = until - start
    scale = 1000 / span

    def place(instant: int) -> float:
        return round((instant - start) * scale, 2)

    return Strip(
        parts=[
            Part(one.state, place(one.stretch.start), round(one.wall_seconds * scale, 2))
            for one in one.segments
        ],
        due=place(due) if due is not None and start <= due <= until else None,
        now=place(end) if one.is_live and end < until else None,
        label=", ".join(
            f"{state_words(state)} {exact_words(seconds)}"
            for state, seconds in _walls(one.segments).items()
        ),
        states=[(state, state_words(state)) for state in _walls(one.segments)],
    )


def _walls(segments: Sequence[Segment]) -> dict[str, int]:
    """Return how long each state lasted by the clock on the wall."""
    found: dict[str, int] = {}
    for segment in segments:
        found[segment.state] = found.get(segment.state, 0) + segment.wall_seconds
    return found
