"""Past tickets come in with the clocks the engine gives them, and nobody is told."""

from datetime import datetime, timedelta

import pytest

from conftest import TUESDAY
from people.models import Notice
from portal.kit import clock
from portal.kit.refused import InvalidInput
from tickets import actions
from tickets.actions.clocks import keep_terms, readings_of
from tickets.models import (
    Clock,
    ClockEvent,
    HandleTime,
    Message,
    Queue,
    SatisfactionRating,
    Ticket,
    TicketEvent,
)
from tiers.promises import promise_for

pytestmark = pytest.mark.django_db
NOW = TUESDAY + timedelta(days=60)
PLACED = ("id", "ticket_id", "clock_id", "message_id")


def at(hours: float) -> datetime:
    """An instant after the Tuesday morning, in hours."""
    return TUESDAY + timedelta(hours=hours)


@pytest.fixture
def past(ada):
    """Return a past ticket of Ada's: opened by her, then what happened."""

    def told(*events, **changes):
        organization = ada.memberships.get().organization
        values = {
            "organization": organization,
            "requester": ada,
            "subject": "The scanner shows E42",
            "severity": 3,
            "terms": keep_terms(promise_for(organization, TUESDAY)),
            "queue": Queue.objects.get(key="enterprise"),
            "events": [actions.PastEvent(at=TUESDAY, actor=ada, body="Nothing is read."), *events],
            **changes,
        }
        return actions.PastTicket(**values)

    return told


@pytest.fixture
def solved(past, ada, lena):
    """Return Ada's ticket: asked back, answered, solved, closed and rated."""

    def told(**changes):
        ask = actions.PastEvent(
            at=at(1), actor=lena, body="Which one?", status="pending", assigned_to=lena,
            handle_seconds=300,
        )  # fmt: skip
        return past(
            ask,
            actions.PastEvent(at=at(3), actor=ada, body="HH-14.", status="open"),
            actions.PastEvent(at=at(4), actor=lena, body="E42 again.", is_public=False),
            actions.PastEvent(at=at(5), actor=lena, body="Done.", status="solved"),
            actions.PastEvent(at=at(5 + 14 * 24), actor=None, status="closed"),
            **changes,
        )

    return told


def bring_in(*pasts, now=NOW):
    return actions.import_tickets(pasts=pasts, now=now)


def test_the_whole_story_is_there(solved, ada, lena):
    (ticket,) = bring_in(
        solved(
            score=5, comment="Quick", rating_asked_at=at(6), rated_at=at(7), channel="mail",
            category="defect", tags=["scanners"],
        )
    )  # fmt: skip
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee, ticket.channel, ticket.tags) == (
        "closed", lena, "mail", ["scanners"],
    )  # fmt: skip
    assert (ticket.created_at, ticket.first_replied_at) == (TUESDAY, at(1))
    assert (ticket.solved_at, ticket.closed_at) == (at(5), at(5 + 14 * 24))
    assert ticket.last_event_at == ticket.updated_at == ticket.closed_at
    assert list(ticket.events.order_by("seq").values_list("kind", "by", "at")) == [
        ("opened", "customer", TUESDAY),
        ("message", "agent", at(1)),
        ("assigned", "agent", at(1)),
        ("status", "agent", at(1)),
        ("message", "customer", at(3)),
        ("status", "customer", at(3)),
        ("message", "agent", at(4)),
        ("message", "agent", at(5)),
        ("status", "agent", at(5)),
        ("rated", "customer", at(7)),
        ("status", "system", at(5 + 14 * 24)),
    ]
    assert ticket.last_event_seq == 11
    assert list(ticket.messages.values_list("by", "is_public", "body")) == [
        ("customer", True, "Nothing is read."),
        ("agent", True, "Which one?"),
        ("customer", True, "HH-14."),
        ("agent", False, "E42 again."),
        ("agent", True, "Done."),
    ]
    assert HandleTime.objects.get().seconds == 300
    rating = SatisfactionRating.objects.get()
    assert (rating.score, rating.rated_by, rating.tier) == (5, ada, "enterprise")


def test_the_clocks_are_those_of_the_same_ticket_lived_through(solved, ada, lena, open_for):
    lived = open_for(ada, body="Nothing is read.")
    actions.assign(ticket=lived, agent=lena, by=lena, now=at(0))
    actions.reply_as_agent(
        ticket=lived, author=lena, body="Which one?", status="pending", now=at(1)
    )
    actions.reply_as_customer(ticket=lived, author=ada, body="HH-14.", now=at(3))
    actions.reply_as_agent(ticket=lived, author=lena, body="x", is_public=False, now=at(4))
    actions.reply_as_agent(ticket=lived, author=lena, body="Done.", status="solved", now=at(5))
    actions.close_solved_tickets(now=at(5 + 14 * 24))
    (imported,) = bring_in(solved())
    assert rows_of(imported) == rows_of(lived)
    assert events_of(imported) == events_of(lived)


def test_an_open_ticket_goes_on_as_if_it_had_been_here_all_the_time(past, ada, open_for):
    lived = open_for(ada, body="Nothing is read.")
    (imported,) = bring_in(past(), now=TUESDAY)
    assert rows_of(imported) == rows_of(lived)
    assert (imported.rank_at, imported.rank_metric) == (at(4), "first_reply")
    actions.sweep_clocks(now=at(9))
    assert rows_of(imported) == rows_of(lived)
    assert events_of(imported) == events_of(lived)


def rows_of(ticket):
    names = [field.attname for field in Clock._meta.concrete_fields if field.attname not in PLACED]
    rows = Clock.objects.filter(ticket=ticket).order_by("metric", "cycle")
    return [[getattr(row, name) for name in names] for row in rows]


def events_of(ticket):
    rows = ClockEvent.objects.filter(ticket=ticket).order_by("clock__metric", "step")
    return list(rows.values_list("clock__metric", "kind", "step", "at"))


def test_what_is_stored_equals_a_fresh_recompute(solved, past):
    for ticket in bring_in(solved(), past(severity=1)):
        readings = readings_of(ticket, NOW).clocks
        stored = Clock.objects.filter(ticket=ticket)
        assert {
            (row.metric, row.cycle, row.status, row.elapsed_seconds, row.breached_at)
            for row in stored
        } == {
            (
                reading.metric,
                reading.cycle,
                reading.status,
                reading.elapsed_seconds,
                reading.breached_at and clock.from_epoch(reading.breached_at),
            )
            for reading in readings
            if reading.started_at is not None
        }


def test_breaches_of_the_past_are_recorded_and_nobody_is_told(past, lena):
    (ticket,) = bring_in(past(), now=NOW)
    breaches = ClockEvent.objects.filter(ticket=ticket, kind="breach")
    assert breaches.count() == 2  # first answer and resolution
    assert not ClockEvent.objects.unannounced().exists()
    assert actions.sweep_clocks(now=NOW) == 0
    assert actions.announce_clock_events(now=NOW) == 0
    assert actions.ask_for_ratings(now=NOW) == 0
    assert not Notice.objects.exists()


def test_what_is_still_to_come_is_told_as_ever(past, lena):
    bring_in(past(), now=at(3.5))
    actions.sweep_clocks(now=at(4.5))
    assert actions.announce_clock_events(now=at(4.5)) == 2  # 90 % and the breach
    actions.send_alerts(now=at(4.6))
    assert Notice.objects.filter(kind="clock_breach", recipient=lena).count() == 1


def test_a_correction_of_severity_counts_from_its_moment(past, lena):
    (ticket,) = bring_in(
        past(
            actions.PastEvent(
                at=at(0.5), actor=lena, body="Looking.", status="open", severity=2, reason="All."
            )
        ),
        now=at(1),
    )
    resolution = Clock.objects.get(ticket=ticket, metric="resolution")
    assert (ticket.severity, resolution.calendar) == (2, "around-the-clock@1")
    event = TicketEvent.objects.get(kind="severity")
    assert (event.old, event.new, event.reason, event.detail) == ("3", "2", "All.", {"severity": 2})


def test_a_follow_up_and_the_closed_ticket_name_each_other(solved, past, ada):
    earlier = solved()
    later = past(
        follow_up_of=earlier,
        events=[actions.PastEvent(at=at(400), actor=ada, body="It is back.")],
    )
    first, second = bring_in(earlier, later)
    assert Ticket.objects.get(pk=second.pk).follow_up_of == first
    seen = TicketEvent.objects.filter(kind="follow_up").order_by("ticket")
    assert [(event.ticket, event.old, event.new) for event in seen] == [
        (first, "", second.reference),
        (second, first.reference, ""),
    ]
    first.refresh_from_db()
    assert (first.last_event_seq, first.last_event_at) == (11, at(400))


def test_the_same_history_is_stored_in_few_statements(solved, django_assert_max_num_queries):
    pasts = [solved(rating_asked_at=at(6)) for _ in range(40)]
    # SQLite takes a thousand values at once, so some statements come in parts.
    with django_assert_max_num_queries(60):
        bring_in(*pasts)
    assert Ticket.objects.count() == 40
    assert Message.objects.count() == 200


IMPOSSIBLE = {
    "an event before the one before": {"at": (5, 4)},
    "an event still to come": {"at": (5, 24 * 61)},
    "a move the table does not have": {"status": ("solved", "new")},
    "closed by an agent": {"status": ("solved", "closed")},
    "a severity that is none": {"severity": 5},
    "a rating nobody asked for": {"score": 4, "rated_at": at(6)},
    "a score without a time": {"score": 4, "rating_asked_at": at(6)},
    "a time without a score": {"rated_at": at(7), "rating_asked_at": at(6)},
    "rated before it was asked": {"score": 4, "rated_at": at(6), "rating_asked_at": at(7)},
    "rated in the future": {"score": 4, "rated_at": at(24 * 61), "rating_asked_at": at(7)},
    "a score of nine": {"score": 9, "rated_at": at(7), "rating_asked_at": at(6)},
    "no event at all": {"events": []},
}


@pytest.mark.parametrize("changes", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_history_that_could_not_have_happened_is_refused_whole(past, solved, lena, changes):
    changes = dict(changes)
    hours, status = changes.pop("at", (5, 6)), changes.pop("status", ("open", "solved"))
    events = [
        actions.PastEvent(at=at(hour), actor=lena, body="Hm.", status=move)
        for hour, move in zip(hours, status, strict=True)
    ]
    with pytest.raises(InvalidInput):
        bring_in(solved(), past(*events, **changes))
    assert not Ticket.objects.exists()
    assert not Message.objects.exists()


def test_only_a_closed_ticket_of_the_same_import_is_followed_up(solved, past):
    earlier = solved()
    with pytest.raises(InvalidInput):
        bring_in(past(follow_up_of=earlier))
    with pytest.raises(InvalidInput):
        bring_in(earlier, past(follow_up_of=earlier))  # opened before the other was closed
    still_open = past()
    with pytest.raises(InvalidInput):
        bring_in(still_open, past(follow_up_of=still_open))
