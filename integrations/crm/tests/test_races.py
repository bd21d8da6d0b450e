"""Two of everything at once: on PostgreSQL, where workers really run side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections

from integrations.crm import actions
from integrations.crm.actions.applying import apply_record
from integrations.crm.actions.calling import renewed
from integrations.crm.actions.look import look_at
from integrations.crm.models import (
    CrmEvent,
    CrmRecord,
    DirtyRecord,
    SyncRun,
    TierWrite,
    WebhookDelivery,
)
from integrations.crm.tests.conftest import fact, tier
from integrations.crm.vendor import Record
from people.models import Organization
from tiers.models import AccountFact

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.USES_SQLITE, reason="SQLite has one writer at a time"),
]


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run works in threads that begin together."""
    ready = Barrier(len(works))

    def one(work: Callable[[], object]) -> object:
        try:
            ready.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(one, work) for work in works]]


def refresh_one(crm, now) -> Callable[[], object]:
    """Return the work of reading one record that is due."""
    return lambda: actions.refresh_dirty(connection=crm.fresh, now=now, limit=1)


def test_two_workers_read_deliveries_and_records_at_once_with_the_effect_of_one(crm, customer):
    made = [customer(f"Company {number}", acv="4000") for number in range(12)]
    facts = AccountFact.objects.count()
    for company, _organization in made:
        crm.change(company, acv="31000")
        crm.deliver()
    now = crm.tick()
    at_once(*[lambda: actions.read_deliveries(now=now)] * 4)
    assert not WebhookDelivery.objects.backlog().exists()
    at_once(*[lambda: actions.refresh_dirty(connection=crm.fresh, now=now, limit=4)] * 4)
    for _rest in range(3):
        actions.refresh_dirty(connection=crm.fresh, now=now)
    assert not DirtyRecord.objects.exists()
    assert AccountFact.objects.count() == facts + 12
    assert {fact(organization) for _company, organization in made} == {"31000"}
    assert CrmEvent.objects.filter(new="31000", outcome="applied").count() == 12


def test_the_same_delivery_twice_at_once_is_one_row(crm):
    def store() -> bool:
        return actions.store_delivery(
            connection=crm.connection, body=b"[]", headers={}, verified_by="test", now=crm.now
        )

    assert sorted(at_once(*[store] * 6)) == [False] * 5 + [True]  # type: ignore[type-var]


def test_the_same_events_in_two_deliveries_at_once_are_one_row_each(crm):
    for number in range(30):
        crm.company(name=f"Company {number}")
    told = list(crm.account.webhooks.waiting)
    crm.deliver()
    crm.account.webhooks.waiting = told[::-1]
    crm.deliver()
    now = crm.tick()
    assert WebhookDelivery.objects.count() == 2
    at_once(*[lambda: actions.read_deliveries(now=now, limit=1)] * 2)
    assert CrmEvent.objects.filter(origin="webhook").count() == len(told)
    assert DirtyRecord.objects.count() == 30


def test_of_two_readings_the_newer_wins_whichever_is_applied_last(crm, customer):
    company, organization = customer(acv="4000")
    look = look_at(crm.fresh, origin="webhook", now=crm.tick())
    version = crm.record(company).remote_version

    def reading(acv: str, seconds: int) -> Callable[[], object]:
        at = version + timedelta(seconds=seconds)
        record = Record(company, {"acv": acv}, updated_at=at, name="Wharf & Sons")
        return lambda: apply_record(look=look, record=record)

    for round_number in range(6):
        base = 10 * (round_number + 1)
        at_once(*[reading(str(9000 + base + step), base + step) for step in range(4)])
        assert fact(organization) == str(9000 + base + 3)


def test_a_new_company_that_two_workers_meet_at_once_is_one_record_and_one_organization(crm, oscar):
    actions.change_connection(connection=crm.connection, by=oscar, unknown_companies="create")
    look = look_at(crm.fresh, origin="poll", now=crm.tick())
    record = Record("777", {"acv": "31000"}, updated_at=crm.now, name="Newcomers")
    at_once(*[lambda: apply_record(look=look, record=record)] * 5)
    assert CrmRecord.objects.filter(external_id="777").count() == 1
    organization = Organization.objects.get(external_id="777")
    assert tier(organization) == "enterprise"
    assert AccountFact.objects.filter(organization=organization).count() == 1
    assert CrmEvent.objects.filter(external_id="777", kind="created").count() == 1


def test_a_merge_that_both_companies_tell_of_at_once_ends_in_one_state(crm, customer):
    for number in range(4):
        company, organization = customer(f"Small {number}", acv="4000")
        other = crm.company(name=f"Big {number}", acv="31000")
        crm.deliver()
        crm.work()
        crm.tick()
        crm.account.companies.merge(int(other), int(company))
        crm.deliver()
        now = crm.tick()
        actions.read_deliveries(now=now)
        at_once(
            *[lambda now=now: actions.refresh_dirty(connection=crm.fresh, now=now, limit=1)] * 2
        )
        for _rest in range(3):
            crm.tick(3)
            crm.work()
        assert crm.record(company).merged_into == crm.record(other)
        assert crm.record(other).organization == organization
        assert fact(organization) == "31000"


def test_two_polls_at_once_are_one_run(crm):
    now = crm.tick(600)
    found = at_once(*[lambda: actions.poll(connection=crm.fresh, now=now)] * 4)
    runs = [run for run in found if run is not None]
    assert SyncRun.objects.unfinished().count() == 0
    assert all(run.outcome == "done" for run in runs)  # type: ignore[attr-defined]


def test_a_token_that_two_workers_find_too_old_is_fetched_once(crm):
    stale = dict(crm.fresh.secrets.values)
    fetched: list[int] = []

    def fetch(present: object) -> dict[str, str]:
        fetched.append(1)
        return {**stale, "access_token": f"new-{len(fetched)}"}

    found = at_once(*[lambda: renewed(crm.connection, stale, fetch)] * 4)
    assert len(fetched) == 1
    assert {it["access_token"] for it in found} == {"new-1"}  # type: ignore[index]


def test_a_tier_is_written_once_by_two_workers(crm, customer, oscar):
    company, _organization = customer(acv="31000")
    actions.set_write_back(
        connection=crm.connection, field="support_tier", values={"enterprise": "Platinum"},
        by=oscar, now=crm.now,
    )  # fmt: skip
    now = crm.tick()
    at_once(*[lambda: actions.queue_tier_writes(connection=crm.fresh, now=now)] * 4)
    assert TierWrite.objects.count() == 1
    at_once(*[lambda: actions.write_tiers(connection=crm.fresh, now=now)] * 4)
    assert crm.account.calls_to(f"/crm/v3/objects/companies/{company}", "PATCH") == 1
    assert TierWrite.objects.get().outcome == "written"
