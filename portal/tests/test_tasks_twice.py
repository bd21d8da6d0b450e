"""Every Celery task may run twice, and twice at once, with the effect of once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connections

from conftest import TUESDAY
from people.actions import answer_once, queue_notice
from portal.celery import app
from tickets import actions
from tickets.models import ClockEvent, SatisfactionRating, Ticket
from tiers.actions import choose_columns, upload_facts
from tiers.models import TierAssignment

ROOMS = ("people", "tiers", "kb", "tickets", "integrations", "reports")
NOW = TUESDAY + timedelta(hours=2)


def our_tasks() -> list[str]:
    """Return the names of the tasks that our rooms define."""
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if name.split(".")[0] in ROOMS)


def row_counts() -> dict[str, int]:
    """Return how many rows each of our tables has."""
    return {
        model._meta.label: model._default_manager.count()
        for room in (*ROOMS, "crm")
        for model in apps.get_app_config(room).get_models()
    }


@pytest.fixture
def busy_house(ada, stella, lena, oscar, open_for, mailoutbox: list[Any]) -> list[Any]:
    """A portal in which every task finds something to do."""
    open_for(ada, severity=1)
    solved = open_for(stella)
    actions.reply_as_agent(ticket=solved, author=lena, body="Done", now=TUESDAY, status="solved")
    old = open_for(stella)
    actions.reply_as_agent(ticket=old, author=lena, body="Done", now=TUESDAY, status="solved")
    Ticket.objects.filter(pk=old.pk).update(solved_at=NOW - timedelta(days=20))
    actions.sweep_clocks(now=TUESDAY + timedelta(minutes=31))
    queue_notice(
        kind="ticket_status", recipient=ada, dedupe_key="twice", subject="s", body_text="b",
        now=TUESDAY,
    )  # fmt: skip
    answer_once(
        user=ada, key="old", request_digest="d", now=NOW - timedelta(days=3),
        work=lambda: (201, {}),
    )  # fmt: skip
    TierAssignment.objects.filter(organization__memberships__user=stella).delete()
    brought = upload_facts(
        content=b"Name,ACV\nAnalytical Engines,70000\n", file_name="f.csv", by=oscar, now=TUESDAY
    )
    choose_columns(
        fact_import=brought, columns=brought.columns, decimal_sign=".", creates=False, by=oscar,
        now=TUESDAY,
    )  # fmt: skip
    return mailoutbox


def test_the_timetable_names_tasks_that_exist():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(our_tasks())


def test_every_task_is_on_the_timetable():
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert set(our_tasks()) <= scheduled


def test_no_tick_outlives_its_interval():
    """Ticks that no worker took must not pile up and storm when one comes back."""
    timetable: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
    for name, entry in timetable.items():
        assert entry["options"]["expires"] <= max(2 * entry["schedule"], 2), name


@pytest.mark.django_db
@pytest.mark.parametrize("name", our_tasks())
def test_a_task_that_runs_twice_does_its_work_once(name, busy_house):
    with time_machine.travel(NOW, tick=False):
        app.tasks[name]()
        after_one, mails = row_counts(), len(busy_house)
        app.tasks[name]()
        assert row_counts() == after_one
        assert len(busy_house) == mails


@pytest.mark.django_db
@pytest.mark.parametrize("name", our_tasks())
def test_a_task_tolerates_arguments_of_another_version(name, busy_house):
    with time_machine.travel(NOW, tick=False):
        app.tasks[name](sent_by_a_newer_version=True)


def at_once(work: Callable[[], object]) -> None:
    def one() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(one), pool.submit(one)]:
            future.result()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.USES_SQLITE, reason="an in-memory SQLite is one connection's own")
@pytest.mark.parametrize("name", our_tasks())
def test_a_task_that_runs_twice_at_once_does_its_work_once(name, busy_house):
    with time_machine.travel(NOW, tick=False):
        at_once(app.tasks[name].run)  # past the rule that one process runs it once
        app.tasks[name]()
    assert len({mail.extra_headers["Message-ID"] for mail in busy_house}) == len(busy_house)
    assert SatisfactionRating.objects.count() <= 1
    assert ClockEvent.objects.filter(kind="breach").count() <= 1
    closed = Ticket.objects.filter(status="closed")
    assert all(ticket.events.filter(kind="status", new="closed").count() == 1 for ticket in closed)
