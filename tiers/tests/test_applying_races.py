"""A run beside other workers, beside facts that come in, and beside whoever holds an account."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction

from conftest import TUESDAY
from people.models import Notice, Organization, User
from people.tests.test_races import at_once, meeting
from portal.kit.claims import claim, lock
from tiers.actions import applying, applying_sql, continue_applying, draft_from_live, record_facts
from tiers.actions.applying import apply_batch, start_run
from tiers.kept_decisions import decision_of
from tiers.models import AccountStanding, PolicyRun, TierAssignment, TierEvaluation, TierPolicy
from tiers.tests.policy_kit import accounts_with, asking_more, put_in_force

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LATER = TUESDAY + timedelta(days=1)
SOON = LATER + timedelta(seconds=5)
VALUES = ("100", "4100", "4500.50", "9000", "26000", "54999.99", "60000", "90000")
Accounts = dict[str, Organization]


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


@pytest.fixture
def accounts(program: None) -> Accounts:
    """Two go up, two begin their grace, the others stay."""
    return dict(zip(VALUES, accounts_with(VALUES, TUESDAY), strict=True))


@pytest.fixture
def run(accounts: Accounts, oscar: User) -> PolicyRun:
    """The run of a version that was just published; nothing of it is done."""
    put_in_force(asking_more(draft_from_live(author=oscar, now=TUESDAY)), LATER)
    started = start_run(LATER)
    assert started is not None
    return started


def batch(run: PolicyRun, limit: int = 100) -> int | None:
    return apply_batch(run_id=run.pk, now=SOON, limit=limit)


def finish(run: PolicyRun) -> None:
    """Let a worker come who finds no lease any more."""
    continue_applying(now=LATER + timedelta(minutes=5))
    run.refresh_from_db()
    assert run.finished_at is not None
    assert (run.held, run.failed) == ([], 0)


def is_in_order(run: PolicyRun, moved: int = 2) -> None:
    """Check that everybody was judged and every change was kept and told once."""
    assert run.done == len(VALUES)
    assert run.moved == moved
    assert sum(one.judged for one in run.batches.all()) == len(VALUES)
    for standing in AccountStanding.objects.all():
        rows = list(TierAssignment.objects.filter(organization=standing.pk).order_by("id"))
        assert [row.valid_to for row in rows[:-1]] == [row.valid_from for row in rows[1:]]
        assert rows[-1].valid_to is None
        said = {(row.tier, row.source, row.below_since) for row in rows}
        assert len(said) == len(rows), "the same answer was kept twice"
        assert (standing.tier, standing.source) == (rows[-1].tier, rows[-1].source)
        assert decision_of(rows[-1].evaluation)["tier"] == standing.tier
    kept = TierEvaluation.objects.count()
    assert kept == TierAssignment.objects.values("evaluation").distinct().count()
    told = list(Notice.objects.filter(kind="policy_applied").values_list("recipient", flat=True))
    assert told
    assert len(told) == len(set(told)), "somebody was told twice"


@contextmanager
def beside(act: Callable[[], Any]) -> Iterator[list[Any]]:
    """Do something in a thread of its own; it is over when this is left."""
    results: list[Any] = []

    def do() -> None:
        try:
            results.append(act())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    try:
        yield results
    finally:
        thread.join(timeout=30)
        assert not thread.is_alive()


def somebody_waits() -> None:
    """Return as soon as a transaction waits for another one."""
    never = threading.Event()
    for _attempt in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.datname ="
                " current_database() JOIN pg_stat_activity a ON a.pid = l.pid"
                " AND a.datid = d.oid WHERE NOT l.granted"
            )
            if cursor.fetchone()[0]:
                return
        never.wait(0.02)
    raise AssertionError("nobody waits")


def test_without_the_claim_only_the_constraint_keeps_a_batch_from_being_done_twice(run) -> None:
    def unclaimed(rows: Any, limit: int) -> Any:
        return rows[:limit]

    with mock.patch.object(applying, "claim", unclaimed), meeting(applying, "_end_of_batch"):
        results = at_once(*[lambda: batch(run, 3)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["IntegrityError", "int"]


def test_two_workers_at_the_same_batch_do_it_once(run) -> None:
    with meeting(applying, "_judge"):
        results = at_once(*[lambda: batch(run, 3)] * 2)
    assert sorted(results, key=str) == [3, None]
    finish(run)
    is_in_order(run)


def test_two_workers_who_go_on_with_the_same_run_do_every_account_once(run) -> None:
    results = at_once(*[lambda: continue_applying(now=SOON, batch=2)] * 2)
    assert sorted(results) == [0, len(VALUES)]
    finish(run)
    is_in_order(run)


def test_two_workers_past_the_lease_take_turns_batch_by_batch(run) -> None:
    def work() -> int:
        return sum(batch(run, 1) or 0 for _turn in range(len(VALUES) + 2))

    at_once(work, work, work)
    finish(run)
    is_in_order(run)


def test_a_fact_that_is_being_recorded_when_its_batch_comes_is_judged_once(run, accounts) -> None:
    organization = accounts["4100"]
    recorded, go_on = threading.Event(), threading.Event()

    def record() -> None:
        with transaction.atomic():
            record_facts(
                organization=organization, values={"acv": "70000"}, source="hubspot", now=SOON
            )
            recorded.set()
            go_on.wait(20)

    with beside(record) as results:
        assert recorded.wait(20)
        assert batch(run) == len(VALUES)
        run.refresh_from_db()
        assert run.held == [organization.pk]
        go_on.set()
    assert results == [None]
    finish(run)
    is_in_order(run, moved=1)
    assert AccountStanding.objects.get(pk=organization.pk).tier == "enterprise"
    assert TierAssignment.objects.filter(organization=organization).count() == 2


def test_a_fact_that_comes_while_its_batch_runs_waits_and_is_judged_after_it(run, accounts) -> None:
    organization = accounts["4100"]

    def record() -> None:
        record_facts(organization=organization, values={"acv": "70000"}, source="ops", now=SOON)

    with ExitStack() as later, transaction.atomic():
        assert batch(run) == len(VALUES)
        results = later.enter_context(beside(record))
        somebody_waits()
        assert results == []
    assert results == [None]
    finish(run)
    is_in_order(run)
    rows = TierAssignment.objects.filter(organization=organization).order_by("id")
    assert [row.tier for row in rows][-2:] == ["professional", "enterprise"]


def test_a_fact_that_comes_between_looking_and_locking_is_what_counts(run, accounts) -> None:
    organization = accounts["4100"]

    def claim_late(rows: Any, limit: int) -> Any:
        values = {"acv": "70000"}
        with beside(
            lambda: record_facts(
                organization=organization, values=values, source="hubspot", now=SOON
            )
        ):
            pass
        return claim(rows, limit)

    with mock.patch.object(applying_sql, "claim", claim_late):
        batch(run)
    finish(run)
    is_in_order(run, moved=1)
    rows = TierAssignment.objects.filter(organization=organization).order_by("id")
    assert [row.tier for row in rows][-2:] == ["starter", "enterprise"]


def test_who_is_held_by_somebody_else_is_not_waited_for_and_judged_at_the_end(
    run, accounts
) -> None:
    held = [accounts["4100"].pk, accounts["26000"].pk]
    free = AccountStanding.objects.exclude(pk__in=held)
    with ExitStack() as later, transaction.atomic():
        list(lock(Organization.objects.filter(pk__in=held)))
        results = later.enter_context(beside(lambda: continue_applying(now=SOON)))
        somebody_waits()
        run.refresh_from_db()
        assert (run.done, sorted(run.held)) == (len(VALUES), held)
        assert run.finished_at is None
        live = TierPolicy.objects.live().get()
        assert free.filter(judged_policy=live).count() == 2
        assert not TierEvaluation.objects.filter(organization__in=held, policy=live).exists()
    assert results == [len(VALUES)]
    finish(run)
    is_in_order(run)
    assert AccountStanding.objects.get(pk=held[0]).tier == "professional"
    assert AccountStanding.objects.get(pk=held[1]).source == "grace"
