"""What machines ask: alive, ready, and how it is going."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client, override_settings

from conftest import TUESDAY
from integrations.tests.smtp_kit import Sink, listening
from people.actions import queue_notice
from people.models import Notice
from portal import health
from tickets.models import Clock

pytestmark = pytest.mark.django_db

TOKEN = "a-token-for-the-machines-that-ask"


@pytest.fixture(autouse=True)
def fresh_memory() -> Iterator[None]:
    """Forget what other tests found out about broker and SMTP."""
    health._memory.clear()
    yield
    health._memory.clear()


@pytest.fixture
def everything_works(settings: Any) -> Iterator[None]:
    """Let SMTP answer; broker, database and folder do anyway."""
    with listening(Sink()) as smtp:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.port
        yield


def ready() -> tuple[int, str, dict[str, str]]:
    """Ask /readyz; return status code, state, and each check."""
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["status"], answer.json()["checks"]


def test_alive_asks_nobody(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_everything_works(everything_works: None) -> None:
    assert ready() == (
        200,
        "ready",
        {"database": "ok", "migrations": "ok", "data_dir": "ok", "broker": "ok", "smtp": "ok"},
    )


def test_without_smtp_or_broker_work_goes_on(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    status, state, checks = ready()
    assert (status, state, checks["smtp"]) == (200, "degraded", "degraded")


def test_a_broker_that_is_away_is_mentioned(
    everything_works: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import Celery

    away = Celery(broker="redis://127.0.0.1:1/0")
    away.conf.broker_transport_options = {"socket_connect_timeout": 1}
    monkeypatch.setattr(health, "celery_app", away)
    status, state, checks = ready()
    assert (status, state, checks["broker"]) == (200, "degraded", "degraded")


def test_the_remote_probes_are_not_repeated_at_every_question(
    monkeypatch: pytest.MonkeyPatch, everything_works: None
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(health, "_reach_smtp", lambda: asked.append("smtp"))
    for _question in range(5):
        ready()
    assert asked == ["smtp"]


@pytest.mark.parametrize(
    ("probe", "check"),
    [
        ("_write_database", "database"),
        ("_check_migrations", "migrations"),
        ("_write_data_dir", "data_dir"),
    ],
)
def test_without_what_every_request_needs_it_is_not_ready(
    probe: str, check: str, monkeypatch: pytest.MonkeyPatch, everything_works: None
) -> None:
    def fail() -> None:
        raise OperationalError("secret details")

    fail.__name__ = probe
    monkeypatch.setattr(health, probe, fail)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unready"
    assert answer.json()["checks"][check] == "failed"
    assert b"secret" not in answer.content


def test_a_folder_that_is_gone_makes_it_unready(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "gone"
    assert ready()[0] == 503


def test_asking_leaves_nothing_in_the_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "own"
    settings.DATA_DIR.mkdir()
    assert ready()[2]["data_dir"] == "ok"
    assert not list(settings.DATA_DIR.iterdir())


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_is_missing_makes_it_unready() -> None:
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="people").order_by("-name").first()
    assert last is not None
    recorder.record_unapplied("people", last.name)
    try:
        assert ready()[2]["migrations"] == "failed"
    finally:
        recorder.record_applied("people", last.name)
    assert ready()[2]["migrations"] == "ok"


# --- figures -------------------------------------------------------------------------------


def figures(**headers: str) -> Any:
    """Ask /metrics."""
    return Client().get("/metrics", headers=headers or {"Authorization": f"Bearer {TOKEN}"})


def figure(name: str) -> float:
    """Return one figure of /metrics."""
    text = figures().content.decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found.group(1))


@pytest.fixture
def with_token(settings: Any) -> None:
    """Have a token to ask with."""
    settings.METRICS_TOKEN = TOKEN


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer ü",
     f"bearer {TOKEN}", f"Basic {TOKEN}"],
)  # fmt: skip
def test_figures_are_for_whoever_has_the_token(given: str, with_token: None) -> None:
    answer = figures(Authorization=given)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert b"kept_" not in answer.content


@override_settings(METRICS_TOKEN="")
def test_without_a_token_in_the_settings_nobody_reads_them() -> None:
    for given in ("Bearer ", "Bearer", "Bearer None"):
        assert figures(Authorization=given).status_code == 401


def test_a_quiet_portal_has_figures_too(with_token: None) -> None:
    assert figures().status_code == 200
    assert figures().headers["Content-Type"].startswith("text/plain; version=")
    for name in ("kept_oldest_overdue_clock_seconds", "kept_faulty_clocks", "kept_dead_notices"):
        assert figure(name) == 0


def test_the_age_of_what_waits_is_told(with_token: None) -> None:
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        for key in ("old", "new", "dead"):
            queue_notice(
                kind="test", recipient=None, address="a@b.example", dedupe_key=key, subject="s",
                body_text="t", now=TUESDAY,
            )  # fmt: skip
        Notice.objects.filter(dedupe_key="dead").update(dead_at=TUESDAY)
        traveller.shift(timedelta(seconds=90))
        assert figure('kept_outbox_notices{transport="mail"}') == 2
        assert figure('kept_outbox_oldest_seconds{transport="mail"}') == 90
        assert figure("kept_dead_notices") == 1


def test_the_clock_that_waited_longest_for_the_sweep_is_told(
    with_token: None, ada: Any, open_for: Any
) -> None:
    open_for(ada, severity=1)
    due = Clock.objects.exclude(next_check_at=None).order_by("next_check_at").first()
    assert due is not None
    assert due.next_check_at is not None
    with time_machine.travel(due.next_check_at, tick=False) as traveller:
        assert figure("kept_oldest_overdue_clock_seconds") == 0
        traveller.shift(timedelta(seconds=45))
        assert figure("kept_oldest_overdue_clock_seconds") == 45
    Clock.objects.filter(pk=due.pk).update(fault="division by zero")
    assert figure("kept_faulty_clocks") == 1


def test_active_tickets_are_counted_by_tier_and_status(
    with_token: None, ada: Any, stella: Any, open_for: Any
) -> None:
    open_for(ada)
    open_for(ada)
    open_for(stella)
    assert figure('kept_active_tickets{status="new",tier="enterprise"}') == 2
    assert figure('kept_active_tickets{status="new",tier="starter"}') == 1


def test_asking_costs_the_same_whatever_there_is(
    with_token: None, ada: Any, open_for: Any, django_assert_max_num_queries: Any
) -> None:
    for _ticket in range(3):
        open_for(ada)
    with django_assert_max_num_queries(13):
        figures()


@pytest.mark.parametrize("page", ["/healthz", "/readyz", "/metrics"])
def test_machines_only_ask(page: str, with_token: None) -> None:
    assert Client().post(page).status_code == 405
