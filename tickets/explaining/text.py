"""The account of a ticket's clocks for a terminal 100 columns wide."""

import textwrap
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.kit.words import metric_label, severity_label, status_label, tier_label
from tickets.amount_words import exact_words
from tickets.explaining.account import ClockAccount, Segment, Step, TicketAccount
from tickets.explaining.cause_words import DESK, cause_reason, cause_words
from tickets.explaining.ledger_words import (
    day_lines,
    state_words,
    status_words,
    step_words,
    terms_words,
)
from tickets.explaining.sentences import notes, sentence

WIDTH = 100
DEEP = " " * 6
LINE = "  {:<19}  {:<19}  {:<14}  {:>14}  {}"


def as_text(account: TicketAccount, zone: ZoneInfo, *, with_days: bool) -> str:
    """Return the account as lines of at most 100 characters; times in one zone."""
    ticket = account.ticket
    lines = [
        *_folded(f"{ticket.reference}  {ticket.subject}"),
        *_folded(
            " · ".join(
                str(part)
                for part in (
                    ticket.organization.name,
                    tier_label(ticket.tier),
                    severity_label(ticket.severity),
                    status_label(ticket.status),
                )
            )
        ),
        *_folded(
            _("As of %(at)s. All times in %(zone)s.")
            % {"at": _when(account.now, zone), "zone": zone.key}
        ),
    ]
    if not account.clocks:
        lines += ["", _("No clock has ever been promised for this ticket.")]
    for one in account.clocks:
        lines += ["", *_clock(one, zone, with_days=with_days)]
    return "\n".join(lines) + "\n"


def _clock(one: ClockAccount, zone: ZoneInfo, *, with_days: bool) -> Iterator[str]:
    name = str(metric_label(one.metric, for_customer=False))
    if one.cycles > 1:
        name = _("%(metric)s, cycle %(cycle)s of %(cycles)s") % {
            "metric": name,
            "cycle": one.cycle,
            "cycles": one.cycles,
        }
    state = status_words(one.status)
    yield f"{name} {'─' * max(2, WIDTH - len(name) - len(state) - 2)} {state}"
    for text in (sentence(one), *notes(one)):
        yield from _folded(text, indent="  ")
    yield ""
    yield from _facts(one, zone)
    if one.steps:
        yield ""
        yield "  " + _("Warning ladder")
        for step in one.steps:
            yield from _folded(_step(step, zone), indent="    ", hanging=DEEP)
    if one.segments:
        yield ""
        yield from _ledger(one, zone, with_days=with_days)


def _facts(one: ClockAccount, zone: ZoneInfo) -> Iterator[str]:
    moments = (
        (_("started"), one.started_at),
        (_("due"), one.due_at),
        (_("in time until"), one.breaches_after),
        (_("first broken"), one.breached_at),
        (_("over since"), one.stopped_at),
    )
    rows = [(name, _when(instant, zone)) for name, instant in moments if instant]
    rows += [
        (_("promised"), exact_words(one.target_seconds)),
        (_("counted"), exact_words(one.elapsed_seconds)),
    ]
    if one.remaining_seconds >= 0:
        rows.append((_("left"), exact_words(one.remaining_seconds)))
    else:
        rows.append((_("too late by"), exact_words(one.remaining_seconds)))
    if one.stop:
        rows.append((_("ended by"), cause_words(one.stop)))
    if one.target:
        rows.append((_("terms"), terms_words(one.target)))
    for name, value in rows:
        yield from _folded(f"{name:<15}{value}", indent="  ", hanging=" " * 17)


def _step(step: Step, zone: ZoneInfo) -> str:
    return f"{_when(step.at, zone)}  {step_words(step)}"


def _ledger(one: ClockAccount, zone: ZoneInfo, *, with_days: bool) -> Iterator[str]:
    head = (
        pgettext("range", "from"), pgettext("range", "to"), _("state"), _("counted"), _("calendar"),
    )  # fmt: skip
    yield LINE.format(*head)
    for segment in one.segments:
        yield _cut(
            LINE.format(
                _short(segment.start, zone),
                _short(segment.end, zone),
                state_words(segment.state),
                exact_words(segment.counted_seconds) if segment.state == "running" else "–",
                _calendar(segment),
            )
        )
        yield from _why(segment)
        if with_days:
            for line in day_lines(segment):
                yield from _folded(line, indent=DEEP + "  ", hanging=DEEP + "    ")
    total = _("sum")
    yield LINE.format(total, "", "", exact_words(one.elapsed_seconds), "").rstrip()


def _why(segment: Segment) -> Iterator[str]:
    reason = cause_reason(segment.cause, DESK)
    text = cause_words(segment.cause) + (f" {reason}" if reason else "")
    yield from _folded(text, indent=DEEP)


def _folded(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent if hanging is None else hanging
    ) or [indent]


def _calendar(segment: Segment) -> str:
    version = segment.calendar_version
    return segment.calendar_key + (f" v{version}" if version else "") or "–"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _short(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _when(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
