"""Needs repair: notices nobody got are sent again, faulty clocks are computed anew."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.actions import deliver_due_notices, queue_notice
from people.actions.delivery import DeliveryError
from people.actions.retrying import retry_dead_notices, retry_notice
from people.models import Notice, User
from portal.kit.refused import NotPermitted, Refused
from tickets.actions import sweep_clocks
from tickets.actions.repairing import recompute_clocks
from tickets.models import Clock, ClockEvent, Ticket, TicketEvent
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def dead_notice(to: User, number: int = 1, *, is_secret: bool = False) -> Notice:
    """Return a notice that was given up."""
    queue_notice(
        kind="ticket_replied", recipient=to, dedupe_key=f"n{number}", subject=f"Subject {number}",
        body_text="Hello", is_secret=is_secret, now=TUESDAY,
    )  # fmt: skip
    Notice.objects.filter(dedupe_key=f"n{number}").update(
        dead_at=TUESDAY + number * HOUR, attempts=7, last_error="550 unknown user",
        **({"body_text": ""} if is_secret else {}),
    )  # fmt: skip
    return Notice.objects.get(dedupe_key=f"n{number}")


def faulty(ticket: Ticket) -> Clock:
    """Return a clock of a ticket whose ladder nobody can read, set aside by the sweep."""
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    Clock.objects.filter(pk=clock.pk).update(ladder=[["x"]], next_check_at=TUESDAY)
    sweep_clocks(now=TUESDAY)
    clock.refresh_from_db()
    assert clock.fault
    return clock


def test_the_page_shows_who_was_not_told_of_what_and_why(stella: User, ops: Client) -> None:
    dead_notice(stella)
    shown = main_of(ops.get(reverse("ops_repairs")))
    assert "Undelivered notices 1" in shown
    assert "Stella Shelf stella@storage.example Subject 1 ticket_replied 550 unknown user" in shown
    assert "7 attempts" in shown


def test_trying_again_delivers_the_same_mail_once_more(
    stella: User, ops: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = dead_notice(stella)
    sent: list[tuple[str, str]] = []

    def transport(row: Notice) -> None:
        sent.append((row.message_id, row.body_text))

    monkeypatch.setattr("people.actions.delivery.import_string", lambda _path: transport)
    response = ops.post(reverse("ops_notice_retry", args=[notice.pk]), follow=True)
    assert "The notice to stella@storage.example is tried again now." in words_of(response)
    notice.refresh_from_db()
    assert (notice.dead_at, notice.attempts, notice.sent_at) == (None, 0, None)
    deliver_due_notices(now=notice.next_try_at)
    assert sent == [(notice.message_id, "Hello")]


def test_a_notice_that_fails_again_gets_all_its_attempts_anew(
    stella: User, oscar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = dead_notice(stella)

    def refuse(row: Notice) -> None:
        raise DeliveryError("greylisted")

    monkeypatch.setattr("people.actions.delivery.import_string", lambda _path: refuse)
    retry_notice(notice=notice, by=oscar, now=TUESDAY)
    deliver_due_notices(now=TUESDAY)
    notice.refresh_from_db()
    assert (notice.dead_at, notice.attempts) == (None, 1)


def test_a_notice_whose_code_was_wiped_is_not_sent_as_an_empty_mail(
    stella: User, oscar: User, ops: Client
) -> None:
    notice = dead_notice(stella, is_secret=True)
    with pytest.raises(Refused) as refused:
        retry_notice(notice=notice, by=oscar, now=TUESDAY)
    assert refused.value.code == "notice_wiped"
    assert "held a code that was wiped" in main_of(ops.get(reverse("ops_repairs")))


def test_trying_again_twice_is_harmless_and_a_live_notice_is_left_alone(
    stella: User, oscar: User
) -> None:
    notice = dead_notice(stella)
    retry_notice(notice=notice, by=oscar, now=TUESDAY)
    Notice.objects.filter(pk=notice.pk).update(attempts=2)
    with pytest.raises(Refused) as refused:
        retry_notice(notice=notice, by=oscar, now=TUESDAY)
    assert refused.value.code == "not_dead"
    assert Notice.objects.get(pk=notice.pk).attempts == 2


def test_after_an_outage_all_are_tried_again_the_oldest_first(
    stella: User, oscar: User, ops: Client
) -> None:
    for number in range(4):
        dead_notice(stella, number)
    secret = dead_notice(stella, 9, is_secret=True)
    assert retry_dead_notices(by=oscar, now=TUESDAY, limit=1) == 1
    assert Notice.objects.get(dedupe_key="n0").dead_at is None
    response = ops.post(reverse("ops_notices_retry"), follow=True)
    assert "3 notices are tried again now." in words_of(response)
    assert list(Notice.objects.dead()) == [secret]


def test_a_clock_that_cannot_be_read_is_shown_and_computed_anew(
    stella: User, ops: Client, open_for: Opened, time_machine: Any
) -> None:
    time_machine.move_to(TUESDAY + HOUR, tick=False)
    ticket = open_for(stella)
    sound = Clock.objects.values_list("ladder", "next_check_at").get(metric="first_reply")
    clock = faulty(ticket)
    shown = main_of(ops.get(reverse("ops_repairs")))
    assert "Faulty clocks 1" in shown
    assert f"{ticket.reference} The scanner shows E42" in shown
    response = ops.post(reverse("ops_clocks_recompute", args=[ticket.reference]), follow=True)
    assert f"The clocks of {ticket.reference} are right again." in words_of(response)
    clock.refresh_from_db()
    assert (clock.fault, (clock.ladder, clock.next_check_at)) == ("", sound)
    assert "Every clock can be read." in main_of(response)


def test_what_came_due_while_a_clock_was_faulty_is_recorded_at_its_true_instant(
    stella: User, oscar: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    healthy = Clock.objects.get(ticket=ticket, metric="first_reply")
    due = healthy.breaches_after
    assert due
    faulty(ticket)
    assert recompute_clocks(ticket=ticket, by=oscar, now=due + 3 * HOUR) == 1
    breach = ClockEvent.objects.get(clock=healthy, kind="breach")
    assert breach.at == due + timedelta(seconds=1)
    assert Clock.objects.get(pk=healthy.pk).status == Clock.Status.BREACHED


def test_events_that_cannot_be_read_are_refused_and_the_fault_stays_in_sight(
    stella: User, oscar: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    clock = faulty(ticket)
    content = ticket.terms.content
    content["targets"][0]["calendar"] = "no such calendar"
    # Another digest: terms never change, so those once read are kept in memory.
    type(ticket.terms).objects.update(content=content, digest="f" * 64)
    TicketEvent.objects.filter(ticket=ticket).update(detail={"severity": 1})
    with pytest.raises(Refused) as refused:
        recompute_clocks(ticket=ticket, by=oscar, now=TUESDAY)
    assert refused.value.code == "events_unreadable"
    clock.refresh_from_db()
    assert clock.fault


def test_a_clock_that_belongs_to_nothing_any_more_stays_in_sight(
    stella: User, oscar: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    clock = faulty(ticket)
    Clock.objects.filter(pk=clock.pk).update(cycle=7)
    with pytest.raises(Refused) as refused:
        recompute_clocks(ticket=ticket, by=oscar, now=TUESDAY)
    assert refused.value.code == "clock_unknown"


@pytest.mark.parametrize("actor", ["agnes", "lena", "stella"])
def test_only_operations_repair(
    actor: str, stella: User, open_for: Opened, request: pytest.FixtureRequest
) -> None:
    somebody = request.getfixturevalue(actor)
    notice, ticket = dead_notice(stella), open_for(stella)
    acts: tuple[Callable[[], Any], ...] = (
        lambda: retry_notice(notice=notice, by=somebody, now=TUESDAY),
        lambda: retry_dead_notices(by=somebody, now=TUESDAY),
        lambda: recompute_clocks(ticket=ticket, by=somebody, now=TUESDAY),
    )
    for act in acts:
        with pytest.raises(NotPermitted):
            act()
    assert Notice.objects.dead().count() == 1


def test_while_all_is_well_the_page_says_so(ops: Client, db: None) -> None:
    shown = main_of(ops.get(reverse("ops_repairs")))
    assert "Everybody was told." in shown
    assert "Every clock can be read." in shown


def test_an_error_is_shown_as_text_never_as_markup(stella: User, ops: Client) -> None:
    notice = dead_notice(stella)
    Notice.objects.filter(pk=notice.pk).update(last_error="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in ops.get(reverse("ops_repairs")).content.decode()


@pytest.mark.parametrize("name", ["ops_notice_retry", "ops_clocks_recompute"])
def test_what_does_not_exist_is_not_found(name: str, ops: Client, db: None) -> None:
    argument = 999 if "notice" in name else "T-999"
    assert ops.post(reverse(name, args=[argument])).status_code == 404
