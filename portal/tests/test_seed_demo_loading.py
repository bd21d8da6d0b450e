"""Loading the demo company: at any hour, twice, interrupted, and where it does not belong."""

import io
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from people.actions import create_organization
from people.models import Organization, User
from portal.demo import logins, seeding
from portal.demo.history import Historian
from portal.demo.open_work import open_tickets
from portal.kit import clock
from tickets.actions import import_tickets
from tickets.models import Clock, ClockEvent, Message, Ticket
from tiers.calendars import calendars_by_key

TUESDAY_TEN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
STARTS = {
    "a weekday at ten": TUESDAY_TEN,
    "shortly before closing": datetime(2026, 3, 10, 15, 50, tzinfo=UTC),
    "at night": datetime(2026, 6, 17, 1, 12, tzinfo=UTC),
    "on a Sunday": datetime(2026, 9, 13, 14, 30, tzinfo=UTC),
    "on 25 December": datetime(2026, 12, 25, 9, 0, tzinfo=UTC),
    "on the first of January": datetime(2027, 1, 1, 11, 0, tzinfo=UTC),
    "in the hour that does not exist": datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    "in the hour that comes twice": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    "on the Monday after the clocks changed": datetime(2026, 3, 30, 7, 5, tzinfo=UTC),
}
DUE_SOON = timedelta(minutes=60)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_there_is_work_due_soon_whenever_the_demo_starts(db, start):
    with time_machine.travel(start, tick=False):
        casting = seeding.set_the_stage(clock.now(), seeding.Progress(lambda line: None))
        import_tickets(pasts=open_tickets(casting, random.Random(42)), now=clock.now())
    now = clock.to_epoch(start)
    active = Ticket.objects.active()
    assert 60 <= active.count() <= 90
    assert not Message.objects.filter(created_at__gt=start).exists()
    running = Clock.objects.filter(ticket__in=active, status="running", due_at__gt=start)
    always = running.filter(calendar="around-the-clock@1", due_at__lte=start + DUE_SOON)
    assert always.count() >= 5
    assert always.filter(due_at__lte=start + timedelta(minutes=15)).count() >= 2
    # For the others an hour of the office counts, from now or from its next opening.
    office = calendars_by_key()["business-hours"]
    in_office_hours = [
        clock.to_epoch(row.due_at)
        for row in running.filter(calendar="business-hours@1")
        if row.due_at
    ]
    assert sum(office.elapsed(now, due) <= DUE_SOON.seconds for due in in_office_hours) >= 8
    if office.is_open(now) and (office.closing(now) or now) - now >= DUE_SOON.seconds:
        assert sum(due - now <= DUE_SOON.seconds for due in in_office_hours) >= 8
    broken = Clock.objects.filter(ticket__in=active, status="breached").count()
    assert 5 <= broken <= 12
    warned = ClockEvent.objects.filter(ticket__in=active, kind="warning")
    assert {50, 75, 90} <= set(warned.values_list("step", flat=True))
    statuses = Counter(active.values_list("status", flat=True))
    assert statuses["pending"] >= 10
    assert statuses["on_hold"] >= 5
    waiting = Counter(active.filter(assignee=None).values_list("queue__key", flat=True))
    assert min(waiting[key] for key in ("enterprise", "professional", "general")) >= 5
    fresh = Ticket.objects.filter(status="solved", solved_at__gt=start - timedelta(minutes=15))
    assert fresh.filter(rating=None).count() >= 4


def test_the_same_seed_tells_the_same_story(db):
    casting = seeding.set_the_stage(TUESDAY_TEN, seeding.Progress(lambda line: None))

    def told(seed):
        return [
            (past.subject, past.requester, past.score, past.comment, past.events)
            for past in Historian(casting, random.Random(seed)).write()
        ]

    assert told(42) == told(42)
    assert told(42) != told(43)


def test_an_interrupted_run_leaves_nothing_behind(db, monkeypatch):
    monkeypatch.setattr(seeding, "Historian", interrupted)
    with pytest.raises(KeyboardInterrupt):
        seeding.load_demo(now=TUESDAY_TEN, say=lambda line: None)
    assert not Organization.objects.exists()
    assert not User.objects.exists()
    assert not seeding.is_loaded()


def interrupted(casting, rng):
    raise KeyboardInterrupt


def test_it_stays_away_from_somebody_s_real_customers(db, settings):
    settings.DEMO = True
    create_organization(name="A real customer")
    with pytest.raises(CommandError, match="not the demo's"):
        call_command("seed_demo", stdout=io.StringIO())
    assert not User.objects.exists()


def test_a_production_system_is_asked_twice(db, settings, monkeypatch):
    asked = []

    def ask(**how):
        asked.append(how)
        return {}

    monkeypatch.setattr("portal.management.commands.seed_demo.load_demo", ask)
    with pytest.raises(CommandError, match="--force"):
        call_command("seed_demo", stdout=io.StringIO())
    assert not asked
    call_command("seed_demo", force=True, stdout=io.StringIO())
    settings.DEBUG = True
    call_command("seed_demo", stdout=io.StringIO())
    assert len(asked) == 2


def test_the_terminal_gets_the_logins_as_json_lines():
    answer = io.StringIO()
    call_command("seed_demo", logins=True, stdout=answer)
    lines = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert lines == list(logins.DEMO_LOGINS)
    assert {"label", "email", "password", "role", "door", "who"} == set(lines[0])
    assert Counter(line["door"] for line in lines) == {"Customers": 4, "Agents": 3, "Ops": 2}


@pytest.mark.parametrize("demo", [True, False])
def test_the_login_page_hints_at_logins_in_the_demo_alone(db, settings, demo):
    settings.DEMO = demo
    page = Client().get("/accounts/login/").content.decode()
    assert (logins.DEMO_PASSWORD in page) is demo
    assert all((login["email"] in page) is demo for login in logins.DEMO_LOGINS)
