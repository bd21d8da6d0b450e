"""Five hundred clocks come due in one minute: one digest per person, nothing critical missed."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from conftest import TUESDAY
from people.actions import name_account_team_member
from people.models import Notice, User
from tickets import actions, tasks
from tickets.models import ClockAlert, ClockEvent, Ticket
from tickets.tests.alert_kit import SECOND, beat, mails_to, storm

COUNT, CRITICAL = 500, 25
DUE = TUESDAY + timedelta(hours=1)


@pytest.fixture
def critical(ada: User, lena: User, root: User, open_for: Callable[..., Ticket]) -> list[int]:
    """Let a storm gather over a customer whose account manager is an admin."""
    ticket = open_for(ada, severity=1)
    name_account_team_member(
        organization=ticket.organization, user=root, duty="tam", now=TUESDAY - timedelta(days=1)
    )
    return storm(ticket, count=COUNT, critical=CRITICAL, starts=DUE)


def check_told_once(people: list[User], critical: list[int]) -> None:
    """Every alert settled once, one digest each, and every critical ticket named."""
    assert not ClockEvent.objects.unannounced().exists()
    assert not ClockAlert.objects.filter(settled_at=None).exists()
    for person in people:
        alerts = ClockAlert.objects.filter(recipient=person, event__step=100)
        assert alerts.count() == COUNT + 1
        digests = mails_to(person, "clock_digest")
        assert len(digests) == 1, [mail.subject for mail in digests]
        singles = mails_to(person, "clock_breach", "clock_warning")
        assert len(singles) <= 3 + 3  # those that ring, and the original ticket's warnings
        said = " ".join(mail.body_text for mail in (*digests, *singles))
        assert set(critical) <= {int(found) for found in re.findall(r"T-(\d+)\b", said)}
    keys = Notice.objects.values_list("dedupe_key", flat=True)
    assert len(keys) == len(set(keys))


@pytest.mark.django_db
def test_a_storm_is_one_digest_per_person_and_names_everything_critical(critical, lena, root):
    beat(DUE, 150)
    check_told_once([lena, root], critical)
    [digest] = mails_to(lena, "clock_digest")
    assert "promises at risk or broken, 2" in digest.subject
    place = digest.body_text.index
    last = max(place(f"T-{pk} ") for pk in critical if f"T-{pk} " in digest.body_text)
    first_other = min(
        place(f"T-{pk} ")
        for pk in Ticket.objects.filter(subject="S3").values_list("pk", flat=True)
        if f"T-{pk} " in digest.body_text
    )
    assert last < first_other
    assert "more, none of them critical" in digest.body_text


@pytest.mark.django_db
def test_running_every_task_twice_changes_nothing(critical, lena, root):
    for passed in range(0, 150, 10):
        with time_machine.travel(DUE + passed * SECOND, tick=False):
            for _twice in range(2):
                for task in (tasks.sweep_clocks, tasks.announce_clock_events, tasks.send_alerts):
                    task()
    check_told_once([lena, root], critical)


@pytest.mark.django_db
def test_announcing_five_hundred_events_takes_few_queries(critical):
    actions.sweep_clocks(now=DUE + 60 * SECOND)
    waiting = ClockEvent.objects.unannounced().count()
    with CaptureQueriesContext(connection) as queries:
        assert actions.announce_clock_events(now=DUE + 60 * SECOND) == min(waiting, 500)
    assert len(queries) <= 30, [one["sql"][:90] for one in queries]


@pytest.mark.django_db
def test_sending_a_digest_of_many_takes_as_few_queries_as_one_of_five(ada, lena, open_for):
    def cost(count: int) -> int:
        ticket = open_for(ada, severity=3)
        storm(ticket, count=count, critical=0, starts=DUE)
        actions.sweep_clocks(now=DUE + 60 * SECOND)
        actions.announce_clock_events(now=DUE + 60 * SECOND)
        with CaptureQueriesContext(connection) as queries:
            assert actions.send_alerts(now=DUE + 150 * SECOND) == count
        return len(queries)

    cost(5)
    assert cost(5) == cost(200)


def at_once(*works: Callable[[], Any]) -> None:
    def one(work: Callable[[], Any]) -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(one, work) for work in works]:
            future.result()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.USES_SQLITE, reason="an in-memory SQLite is one connection's own")
def test_two_workers_at_once_settle_every_alert_exactly_once(critical, lena, root):
    for passed in range(0, 150, 10):
        now = DUE + passed * SECOND
        for work in (actions.sweep_clocks, actions.announce_clock_events, actions.send_alerts):
            at_once(partial(work, now=now), partial(work, now=now))
    check_told_once([lena, root], critical)
