"""Many clocks that come due together, and the beat that notices them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Model

from people.models import Notice, User
from portal.kit import clock
from tickets import actions
from tickets.models import Clock, ClockAlert, Ticket

SECOND = timedelta(seconds=1)


def copies(row: Model, changes: Iterable[dict[str, object]]) -> list[Model]:
    """Store copies of a row in one statement, each with its changes."""
    model = type(row)
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    base = {name: getattr(row, name) for name in names}
    return model._default_manager.bulk_create([model(**{**base, **one}) for one in changes])


def storm(ticket: Ticket, *, count: int, critical: int, starts: datetime) -> list[int]:
    """Make tickets whose first answer is missed within one minute; return the critical ones.

    They share the terms of ``ticket``. All steps before the breach are behind them. The
    critical ones come spread among the others.
    """
    first = Clock.objects.get(ticket=ticket, metric="first_reply")
    every = count // critical if critical else count + 1
    severities = [1 if place % every == 0 else 3 for place in range(count)]
    tickets = copies(ticket, ({"severity": one, "subject": f"S{one}"} for one in severities))
    base = clock.to_epoch(starts)
    copies(
        first,
        (
            {
                "ticket_id": copy.pk,
                "severity": one,
                "ladder": [[100, base + place * 60 // count]],
                "next_check_at": clock.from_epoch(base + place * 60 // count),
            }
            for place, (copy, one) in enumerate(zip(tickets, severities, strict=True))
        ),
    )
    return [copy.pk for copy, one in zip(tickets, severities, strict=True) if one == 1]


def beat(starts: datetime, seconds: int) -> None:
    """Let the timetable's three tasks run, as often as they do."""
    for passed in range(0, seconds, 2):
        now = starts + passed * SECOND
        actions.sweep_clocks(now=now)
        actions.announce_clock_events(now=now)
        actions.send_alerts(now=now)


def ring(now: datetime) -> None:
    """Sweep and announce now, and send when everybody has gathered."""
    actions.sweep_clocks(now=now)
    actions.announce_clock_events(now=now)
    actions.send_alerts(now=now)
    actions.send_alerts(now=now + timedelta(seconds=80))


def mails_to(user: User, *kinds: str) -> list[Notice]:
    """Return the mails about promises that one person got, in their order."""
    found = Notice.objects.filter(recipient=user, kind__startswith="clock_").order_by("pk")
    return list(found.filter(kind__in=kinds) if kinds else found)


def outcomes() -> dict[tuple[str, int], str]:
    """Return what became of each alert: by whom and step."""
    rows = ClockAlert.objects.select_related("recipient", "event")
    return {(row.recipient.get_short_name(), row.event.step): row.outcome for row in rows}
