"""Every door explains a clock by the same numbers, in words that fit who reads them."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from conftest import TUESDAY
from people.models import Organization, User
from tickets.actions import (
    reply_as_agent,
    reply_as_customer,
    set_severity,
    set_status,
    sweep_clocks,
)
from tickets.explaining import Cause, ClockAccount, explain
from tickets.explaining.cause_words import DESK, Audience, cause_words
from tickets.explaining.documents import document
from tickets.explaining.sentences import notes, sentence
from tickets.models import Clock, Ticket, TicketEvent
from tickets.terms import content_of
from tickets.tests.api_kit import TICKETS, Program
from tickets.tests.pages_kit import words_of
from tiers.actions import agree_custom_target
from tiers.calendars import pinned_names
from tiers.models import Calendar, CalendarVersion
from tiers.promises import promise_for

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Opened = Callable[..., Ticket]


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    with timezone.override("Europe/Berlin"):
        yield


def of(ticket: Ticket, metric: str, now: datetime, cycle: int = 1) -> ClockAccount:
    account = explain(ticket, now)
    assert not account.fault
    return next(one for one in account.clocks if (one.metric, one.cycle) == (metric, cycle))


def eventful(customer: User, agent: User, open_for: Opened) -> Ticket:
    """Return a ticket with a pause, a change of severity, a breach, a solve and a reopening."""
    ticket = open_for(customer)
    reply_as_agent(ticket=ticket, author=agent, body="?", status="pending", now=TUESDAY + HOUR)
    reply_as_customer(ticket=ticket, author=customer, body="!", now=TUESDAY + DAY)
    set_severity(ticket=ticket, severity=2, by=agent, reason="Worse", now=TUESDAY + DAY + HOUR)
    set_status(ticket=ticket, status="solved", by=agent, now=TUESDAY + 9 * DAY)
    reply_as_customer(ticket=ticket, author=customer, body="No.", now=TUESDAY + 10 * DAY)
    return ticket


def numbers_of(clock: dict[str, Any]) -> tuple[Any, ...]:
    """Return what must be the same wherever it is read."""
    return (
        clock["metric"], clock["cycle"], clock["status"], clock["due_at"],
        clock["breaches_after"], clock["breached_at"], clock["stopped_at"],
        clock["target_seconds"], clock["elapsed_seconds"], clock["remaining_seconds"],
        [
            (part["start"], part["end"], part["state"], part["counted_seconds"])
            for part in clock["ledger"]
        ],
    )  # fmt: skip


def shown_on(answer: Any) -> list[tuple[str, ...]]:
    """Return, per card of a page, every moment and every length that stands in it."""
    cards = re.findall(
        r'<article class="card evidence".*?</article>', answer.content.decode(), re.S
    )
    found = []
    for card in cards:
        card = card.partition('<section class="evidence__ladder">')[0]
        card = re.sub(r'<div class="evidence__who">.*?</div>', "", card, flags=re.S)
        moments = re.findall(r'<time datetime="([^"]+)"', card)
        lengths = re.findall(r"<dd(?: class=\"bad\")?>([^<]*\d[^<]*)</dd>", card)
        lengths += re.findall(r'<td class="num nowrap"[^>]*>([^<]*)</td>', card)
        says = re.findall(r'class="evidence__sentence">([^<]*)<', card)
        found.append((*moments, *lengths, *says))
    return found


def test_customer_agent_api_and_command_say_the_same_numbers(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    tickets = [eventful(paul, lena, open_for), open_for(paul, severity=1), open_for(paul)]
    set_status(ticket=tickets[2], status="solved", by=lena, now=TUESDAY + HOUR)
    now = TUESDAY + 12 * DAY
    with time_machine.travel(now, tick=False):
        for ticket in tickets:
            at_desk = at_door(lena).get(f"/desk/tickets/{ticket.reference}/clocks/")
            for_paul = at_door(paul).get(f"/tickets/{ticket.reference}/promises/")
            assert len(shown_on(at_desk)) == len(explain(ticket, now).clocks) > 0
            assert shown_on(at_desk) == shown_on(for_paul)
            out = StringIO()
            call_command("explain_ticket", ticket.reference, "--json", stdout=out)
            printed = [numbers_of(one) for one in json.loads(out.getvalue())["clocks"]]
            for person in (paul, lena):
                address = f"{TICKETS}/{ticket.reference}/clocks"
                answer = Program(person).get(address, ledger="1").json()
                assert [numbers_of(one) for one in answer["clocks"]] == printed
            # And what the sweep has stored judges by the same instants.
            sweep_clocks(now=now)
            for row in Clock.objects.filter(ticket=ticket):
                one = of(ticket, row.metric, now, row.cycle)
                assert (row.status, row.due_at, row.breaches_after, row.breached_at) == (
                    one.status, one.due_at, one.breaches_after, one.breached_at,
                )  # fmt: skip


def test_the_cards_of_both_ticket_pages_count_down_to_the_moment_of_the_account(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = open_for(paul)
    with time_machine.travel(TUESDAY + HOUR, tick=False):
        due = of(ticket, "first_reply", TUESDAY + HOUR).due_at
        assert due is not None
        for person, page in ((lena, "/desk/tickets/"), (paul, "/tickets/")):
            content = at_door(person).get(f"{page}{ticket.reference}/").content.decode()
            assert f'data-due="{due.isoformat()}"' in content


def test_a_breach_that_no_sweep_has_seen_yet_is_broken_on_every_page(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = open_for(paul)
    with time_machine.travel(TUESDAY + 26 * HOUR, tick=False):
        assert Clock.objects.get(ticket=ticket, metric="first_reply").status == "running"
        for person, page in ((lena, "/desk/tickets/"), (paul, "/tickets/")):
            content = at_door(person).get(f"{page}{ticket.reference}/").content.decode()
            assert 'data-state="broken"' in content


def test_the_ledger_says_who_did_what(paul: User, lena: User, open_for: Opened) -> None:
    ticket = eventful(paul, lena, open_for)
    one = of(ticket, "resolution", TUESDAY + 12 * DAY)
    assert [(part.state, cause_words(part.cause)) for part in one.segments] == [
        ("running", "Paul Pallet opened the ticket"),
        ("paused", "Lena Lead set the ticket to waiting for the customer"),
        ("running", "Paul Pallet wrote, so the ticket is open again"),
        ("running", "Lena Lead changed the severity to High"),
        ("stopped", "Lena Lead marked the ticket as solved"),
        ("running", "Paul Pallet wrote, so the ticket is open again"),
    ]
    assert sum(part.counted_seconds for part in one.segments) == one.elapsed_seconds
    assert one.segments[-1].so_far_seconds == one.elapsed_seconds


def test_customers_read_we_for_our_people_and_names_for_their_own(
    ada: User, colin: User, lena: User, open_for: Opened
) -> None:
    ticket = eventful(colin, lena, open_for)
    one = of(ticket, "resolution", TUESDAY + 12 * DAY)
    for_ada = [cause_words(part.cause, Audience(False, ada.pk)) for part in one.segments]
    assert for_ada == [
        "Colin Babbage opened the ticket",
        "We began to wait for your reply",
        "Colin Babbage came back to it",
        "The severity changed to High",
        "We marked the ticket as solved",
        "Colin Babbage came back to it",
    ]
    assert cause_words(one.segments[0].cause, Audience(False, colin.pk)) == "You opened the ticket"
    # Who answered them in public is no secret.
    first = of(ticket, "first_reply", TUESDAY + 12 * DAY)
    assert first.stop is not None
    assert cause_words(first.stop, Audience(False, ada.pk)) == "Lena Lead answered"


@pytest.mark.parametrize("audience", [DESK, Audience(False, 1)])
def test_a_cause_that_nobody_has_words_for_is_shown_as_it_is_recorded(audience: Audience) -> None:
    assert cause_words(Cause("split:T-9"), audience) == "Recorded as “split:T-9”"
    assert "a new clock began" in cause_words(Cause("severity:1", mode="restart"), audience)


@pytest.mark.parametrize(
    "code",
    ["opened", "customer_message", "agent_reply", "severity:2", "terms:abc", "no_terms",
     "no_reply_needed", "merged", *(f"status:{status}" for status in Ticket.Status.values)],
)  # fmt: skip
@pytest.mark.parametrize("audience", [DESK, Audience(False, 1)])
@pytest.mark.parametrize(("by", "actor"), [("customer", "Ada"), ("agent", "Lena"), ("system", "")])
def test_every_cause_of_the_engine_has_words_for_everybody(
    code: str, audience: Audience, by: str, actor: str
) -> None:
    said = cause_words(Cause(code, by=by, actor=actor, actor_id=7), audience)
    assert "Recorded as" not in said
    assert "%" not in said
    if not audience.is_staff and by == "agent" and code != "agent_reply":
        assert "Lena" not in said


def test_a_promise_is_said_in_one_sentence(paul: User, open_for: Opened) -> None:
    one = of(open_for(paul), "first_reply", TUESDAY + HOUR)
    assert sentence(one) == (
        "We answer by Wednesday 11 March, 10:00 CET: 1 working day, "
        "counted Monday to Friday 09:00–17:00, Berlin time."
    )
    assert notes(one) == []


def test_a_promise_day_and_night_names_no_working_hours(ada: User, open_for: Opened) -> None:
    one = of(open_for(ada, severity=1), "first_reply", TUESDAY)
    assert sentence(one) == (
        "We answer by Tuesday 10 March, 11:00 CET: 1 hour, counted day and night."
    )


def test_what_is_met_paused_late_or_broken_is_said_with_by_how_much(
    paul: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    assert sentence(of(ticket, "first_reply", TUESDAY + 26 * HOUR)) == (
        "We owed you an answer by Wednesday 11 March, 10:00 CET, 2 h of working time ago. "
        "We are late, and we know it."
    )
    reply_as_agent(ticket=ticket, author=lena, body="?", status="pending", now=TUESDAY + 27 * HOUR)
    now = TUESDAY + 2 * DAY
    assert sentence(of(ticket, "first_reply", now)) == (
        "We answered on Wednesday 11 March, 13:00 CET. That was 3 h of working time late; "
        "it was due Wednesday 11 March, 10:00 CET."
    )
    assert sentence(of(ticket, "resolution", now)) == (
        "The time stands still since Wednesday 11 March, 13:00 CET while we wait for you; "
        "29 h of working time are left."
    )
    swift = open_for(paul)
    reply_as_agent(ticket=swift, author=lena, body="!", now=TUESDAY + 90 * timedelta(minutes=1))
    assert sentence(of(swift, "first_reply", now)) == (
        "We answered on Tuesday 10 March, 11:30 CET, 6 h 30 min of working time before it was due."
    )


def test_due_at_closing_and_in_time_until_the_next_opening_is_explained(
    stella: User, open_for: Opened
) -> None:
    # Starter, critical: four working hours; from one o'clock they end at five, closing time.
    ticket = open_for(stella, severity=1, now=TUESDAY + 3 * HOUR)
    before = of(ticket, "first_reply", TUESDAY + 4 * HOUR)
    assert (before.due_at, before.breaches_after) == (TUESDAY + 7 * HOUR, TUESDAY + 23 * HOUR)
    (note,) = notes(before)
    assert note == (
        "No time is counted between Tuesday 10 March, 17:00 CET and Wednesday 11 March, 09:00 CET:"
        " until then it is still in time, even though we aim for the earlier moment."
    )
    assert sentence(of(ticket, "first_reply", TUESDAY + 12 * HOUR)) == (
        "Our answer was due Tuesday 10 March, 17:00 CET. It is still in time until "
        "Wednesday 11 March, 09:00 CET, because no time has been counted since."
    )
    broken = of(ticket, "first_reply", TUESDAY + 24 * HOUR)
    assert notes(broken) == [
        "It counts as broken since Wednesday 11 March, 09:00 CET, when time went on being counted."
    ]


def test_a_promise_that_changed_meanwhile_says_since_when_and_what_it_was(
    paul: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    set_severity(ticket=ticket, severity=1, by=lena, reason="Worse", now=TUESDAY + HOUR)
    (change,) = of(ticket, "first_reply", TUESDAY + 2 * HOUR).changes
    assert change.before is not None
    assert change.after is not None
    assert (change.before.severity, change.after.severity) == (3, 1)
    (note,) = notes(of(ticket, "resolution", TUESDAY + 2 * HOUR))
    assert note.startswith("Since Tuesday 10 March, 11:00 CET the severity is Critical, which is ")
    assert "before it was 40 h of working time." in note


def agreed(organization: Organization, root: User, now: datetime) -> None:
    agree_custom_target(
        organization=organization, severity=3, metric="first_reply", target_seconds=2 * 3600,
        floor_seconds=4 * 3600, calendar_key="business-hours", reason="Renewal", approved_by=root,
        valid_from=TUESDAY - DAY, now=now,
    )  # fmt: skip


def test_a_custom_sla_is_called_the_customers_contract(
    paul: User, root: User, open_for: Opened, at_door: Any
) -> None:
    agreed(paul.memberships.get().organization, root, TUESDAY)
    ticket = open_for(paul)
    one = of(ticket, "first_reply", TUESDAY)
    assert one.target is not None
    assert one.target.is_contract
    assert notes(one) == ["Your contract promises this, instead of what comes with your plan."]
    assert not any("contract" in note for note in notes(of(ticket, "resolution", TUESDAY)))
    assert document(explain(ticket, TUESDAY))["clocks"][0]["promised_by"] == "contract"


def gives_terms(ticket: Ticket, now: datetime, mode: str = "retarget") -> None:
    """Give a ticket the promise of that moment, as a publication does."""
    from tickets.actions.clocks import keep_terms, reclock
    from tickets.actions.events import record_event

    terms = keep_terms(promise_for(ticket.organization, now))
    ticket.refresh_from_db()
    record_event(
        ticket=ticket, kind=TicketEvent.Kind.TERMS, now=now, by="system", terms=terms,
        reason="Agreed with Paul", detail={"mode": mode, "source": "policy:2"},
    )  # fmt: skip
    ticket.terms = terms
    reclock(ticket, now)
    ticket.save()


def test_new_terms_on_a_running_clock_are_told_and_the_broken_promise_stays_on_record(
    paul: User, root: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    agreed(paul.memberships.get().organization, root, TUESDAY + 30 * HOUR)
    gives_terms(ticket, TUESDAY + 4 * HOUR)
    one = of(ticket, "first_reply", TUESDAY + 5 * HOUR)
    assert one.status == "breached"
    assert (
        "Since Tuesday 10 March, 14:00 CET your contract promises 2 h of working time; "
        "before it was 8 h of working time." in notes(one)
    )
    assert cause_words(one.segments[-1].cause) == "Policy version 2 was applied to open tickets"
    assert [part.target.seconds for part in one.segments if part.target] == [8 * 3600, 2 * 3600]


def test_a_clock_counted_anew_says_since_when(paul: User, root: User, open_for: Opened) -> None:
    ticket = open_for(paul)
    agreed(paul.memberships.get().organization, root, TUESDAY + 30 * HOUR)
    gives_terms(ticket, TUESDAY + HOUR, mode="correct")
    one = of(ticket, "first_reply", TUESDAY + 90 * timedelta(minutes=1))
    assert [correction.at for correction in one.corrections] == [TUESDAY + HOUR]
    assert any("everything was counted anew" in note for note in notes(one))
    assert of(ticket, "first_reply", TUESDAY + 30 * timedelta(minutes=1)).corrections == []


def test_the_ledger_is_cut_where_a_version_of_the_calendar_began_and_names_its_holiday(
    paul: User, open_for: Opened
) -> None:
    calendar = Calendar.objects.get(key="business-hours")
    newest = CalendarVersion.objects.filter(calendar=calendar).latest("number")
    definition = {**newest.definition, "holidays": ["2026-03-12"]}
    CalendarVersion.objects.create(
        calendar=calendar, number=newest.number + 1, valid_from=TUESDAY + DAY,
        definition=definition, holiday_names={"2026-03-12": "Harbour Day"}, published_at=TUESDAY,
    )  # fmt: skip
    ticket = open_for(paul)
    assert pinned_names({"business-hours"})["business-hours"].endswith(f"@{newest.number + 1}")
    one = of(ticket, "resolution", TUESDAY + 3 * DAY)
    assert [(part.calendar_version, part.counted_seconds // 3600) for part in one.segments] == [
        (newest.number, 8),
        (newest.number + 1, 8),
    ]
    out = StringIO()
    at = (TUESDAY + 3 * DAY).isoformat()
    call_command("explain_ticket", ticket.reference, "--days", "--at", at, stdout=out)
    assert "Thu 12 Mar 2026: closed, Harbour Day" in out.getvalue()
    # A later version reaches no clock of these terms, so it is not named either.
    CalendarVersion.objects.create(
        calendar=calendar, number=newest.number + 2, valid_from=TUESDAY + 2 * DAY,
        definition=newest.definition, published_at=TUESDAY,
    )  # fmt: skip
    again = of(ticket, "resolution", TUESDAY + 3 * DAY)
    assert [part.stretch for part in again.segments] == [part.stretch for part in one.segments]


def test_clocks_that_cannot_be_computed_are_admitted_everywhere_and_break_no_page(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = open_for(paul)
    TicketEvent.objects.filter(ticket=ticket, kind="opened").update(detail={})
    account = explain(ticket, TUESDAY)
    assert account.fault
    assert not account.clocks
    at_desk = at_door(lena).get(f"/desk/tickets/{ticket.reference}/clocks/")
    assert account.fault in words_of(at_desk)
    page = at_door(paul).get(f"/tickets/{ticket.reference}/promises/")
    assert page.status_code == 200
    assert "We cannot show how the time was counted at the moment." in words_of(page)
    assert account.fault not in words_of(page)
    assert at_door(paul).get(f"/tickets/{ticket.reference}/").status_code == 200
    assert Program(lena).get(f"{TICKETS}/{ticket.reference}/clocks").json()["fault"]


def test_a_moment_in_the_past_is_told_as_it_was_then(
    paul: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    then = document(explain(ticket, TUESDAY + HOUR))
    eventful_later = TUESDAY + 2 * HOUR
    reply_as_agent(ticket=ticket, author=lena, body="!", now=eventful_later)
    sweep_clocks(now=TUESDAY + 9 * DAY)
    assert document(explain(ticket, TUESDAY + HOUR)) == then
    assert explain(ticket, TUESDAY - HOUR).clocks == []


def test_the_terms_of_the_account_are_those_that_the_ticket_keeps(
    paul: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    promise = promise_for(ticket.organization, TUESDAY)
    content = content_of(promise, pinned_names({"business-hours", "around-the-clock"}))
    one = of(ticket, "first_reply", TUESDAY)
    assert one.target is not None
    assert one.target.terms_key == content.digest == ticket.terms.digest
