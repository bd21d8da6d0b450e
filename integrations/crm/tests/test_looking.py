"""Polls, comparisons and what happens when the CRM does not play along."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.crm import actions
from integrations.crm.models import (
    CrmConnection,
    CrmEvent,
    CrmRecord,
    DirtyRecord,
    FieldMapping,
    SyncDifference,
    SyncRun,
)
from integrations.crm.tasks import compare_crms, poll_crms
from integrations.crm.tests.conftest import fact, tier
from people.models import Notice, Organization

pytestmark = pytest.mark.django_db
SEARCH = "/crm/v3/objects/companies/search"
BATCH_READ = "/crm/v3/objects/companies/batch/read"


def lose(crm):
    """Lose the webhooks that wait."""
    crm.account.webhooks.waiting.clear()


def test_a_poll_brings_what_webhooks_lost(crm, customer):
    company, organization = customer(acv="4000")
    crm.change(company, acv="31000")
    lose(crm)
    run = crm.poll()
    assert (run.outcome, tier(organization)) == ("done", "enterprise")
    event = CrmEvent.objects.get(new="31000")
    assert (event.origin, event.run, event.outcome) == ("poll", run, "applied")
    assert crm.fresh.next_poll_at == pytest.approx(crm.now, abs=timedelta(minutes=6))
    assert crm.fresh.next_poll_at > crm.now


def test_the_cursor_moves_only_when_the_whole_run_went_through(crm, customer):
    company, organization = customer(acv="4000")
    before = crm.fresh.cursor
    crm.tick(3600)
    for number in range(250):
        crm.account.companies.create({"name": f"Company {number}"})
    crm.change(company, acv="31000")
    lose(crm)
    crm.account.faults.add({"path": SEARCH, "skip": 1, "status": 500, "times": 50})
    run = crm.poll()
    assert (run.outcome, crm.fresh.cursor) == ("failed", before)
    assert run.counts["seen"] == 200
    assert "31000" not in run.error
    crm.account.faults.clear()
    crm.tick(3600)
    assert crm.poll().outcome == "done"
    assert crm.fresh.cursor != before
    assert fact(organization) == "31000"


def test_a_cursor_that_the_crm_takes_no_more_is_good_again_after_the_night(crm, customer):
    company, organization = customer(acv="4000")
    CrmConnection.objects.update(cursor="what nobody understands")
    assert crm.poll().outcome == "failed"
    crm.tick(3600)
    assert crm.compare().outcome == "done"
    crm.change(company, acv="31000")
    lose(crm)
    assert crm.poll().outcome == "done"
    assert fact(organization) == "31000"


def test_a_comparison_takes_over_what_everything_else_missed_and_reports_it(crm, customer):
    company, organization = customer(acv="4000")
    crm.change(company, acv="31000")
    lose(crm)
    crm.tick(3600)
    run = crm.compare()
    assert (run.kind, run.outcome, run.drift) == ("reconcile", "done", 1)
    assert tier(organization) == "enterprise"
    difference = SyncDifference.objects.get()
    assert (difference.kind, difference.fact, difference.ours, difference.theirs) == (
        "missed", "acv", "4000", "31000",
    )  # fmt: skip
    again = crm.compare()
    assert (again.drift, again.counts["changed"], again.counts["seen"]) == (0, 0, 1)
    assert SyncRun.objects.latest_report(crm.fresh) == again


def test_a_change_that_is_still_on_its_way_is_no_drift(crm, customer):
    company, organization = customer(acv="4000")
    crm.change(company, acv="31000")
    lose(crm)
    run = crm.compare()
    assert (run.drift, fact(organization)) == (0, "31000")


def test_a_company_that_the_list_leaves_out_is_asked_for_before_anything_is_concluded(
    crm, customer
):
    company, _organization = customer(acv="31000")
    crm.account.faults.add(
        {"path": "/crm/v3/objects/companies", "method": "GET", "times": 2,
         "status": 200, "body": {"results": []}}
    )  # fmt: skip
    run = crm.compare()
    assert run.outcome == "done"
    assert run.counts.get("gone", 0) == 0
    assert crm.record(company).state == "linked"


def test_revoked_access_is_shown_and_ops_are_told_once(crm, customer, oscar, root):
    company, organization = customer(acv="31000")
    crm.account.access.revoke_all()
    crm.change(company, acv="1")
    crm.deliver()
    for _again in range(3):
        crm.work()
        crm.poll()
    row = crm.fresh
    assert (row.state, row.stale_since is not None) == ("revoked", True)
    told = Notice.objects.filter(kind="crm_revoked")
    assert sorted(told.values_list("recipient__email", flat=True)) == sorted(
        [oscar.email, root.email]
    )
    assert "withdrawn" in told[0].subject
    assert tier(organization) == "enterprise"
    calls = len(crm.account.log)
    crm.tick(7200)
    poll_crms()
    compare_crms()
    crm.work()
    assert len(crm.account.log) == calls  # nobody knocks at a door that was shut
    actions.change_connection(
        connection=crm.connection, by=oscar,
        credentials={"access_token": crm.account.access.private_app("second")},
    )  # fmt: skip
    actions.test_connection(connection=crm.fresh, by=oscar, now=crm.tick())
    assert crm.fresh.state == "active"
    crm.work()
    assert fact(organization) == "1"


def test_a_missing_scope_is_named_and_is_no_revocation(crm, customer):
    company, _organization = customer(acv="31000")
    token = crm.account.access.tokens[crm.fresh.secrets["access_token"]]
    token.scopes = frozenset(it for it in token.scopes if "companies.read" not in it)
    crm.change(company, acv="1")
    crm.deliver()
    crm.work()
    row = crm.fresh
    assert row.state == "failing"
    assert row.missing_scopes == ["crm.objects.companies.read"]


def test_a_limit_is_kept_for_as_long_as_the_crm_asks_and_nothing_is_lost(crm, customer):
    company, organization = customer(acv="4000")
    daily = {
        "status": "error", "message": "You have reached your daily limit.",
        "errorType": "RATE_LIMIT", "policyName": "DAILY",
    }  # fmt: skip
    crm.account.faults.add({"path": BATCH_READ, "status": 429, "times": 50, "body": daily})
    crm.change(company, acv="31000")
    crm.deliver()
    crm.work()
    row = crm.fresh
    assert row.blocked_until >= crm.now + timedelta(hours=1)
    assert row.state == "active"
    calls = len(crm.account.log)
    crm.work()
    assert len(crm.account.log) == calls
    assert DirtyRecord.objects.count() == 1
    crm.account.faults.clear()
    crm.tick(86_400)
    crm.work()
    assert fact(organization) == "31000"


def test_a_field_that_is_gone_from_the_crm_says_nothing_about_anybody(crm, customer):
    company, organization = customer(acv="31000", seats="40")
    del crm.account.companies.known["seats"]
    run = crm.compare()
    assert run.outcome == "done"
    assert fact(organization, "seats") == "40"
    assert FieldMapping.objects.get(fact="seats").missing_since is not None
    crm.change(company, acv="32000")
    crm.deliver()
    crm.work()
    assert (fact(organization), fact(organization, "seats")) == ("32000", "40")


def test_a_run_whose_worker_died_is_taken_over_and_one_that_goes_on_is_left_alone(crm):
    now = crm.tick()
    run = SyncRun.objects.create(
        connection=crm.connection, kind="poll", started_at=now,
        lease_until=now + timedelta(minutes=3),
    )  # fmt: skip
    assert crm.poll() is None
    crm.tick(600)
    assert crm.poll().outcome == "done"
    run.refresh_from_db()
    assert run.outcome == "failed"


def test_a_long_silence_is_told_once(crm, oscar):
    crm.account.faults.add({"status": 503, "times": 10_000})
    for _hour in range(30):
        crm.tick(3600)
        poll_crms()
    assert Notice.objects.filter(kind="crm_silent", recipient=oscar).count() == 1


def test_what_is_due_decides_when_a_connection_is_looked_at(crm):
    assert poll_crms() == 1  # the first one, right behind the backfill
    runs = SyncRun.objects.count()
    assert poll_crms() == 0
    assert SyncRun.objects.count() == runs
    crm.tick(301)
    assert poll_crms() == 1
    assert poll_crms() == 0
    crm.tick(86_400)
    assert compare_crms() == 1
    assert compare_crms() == 0
    later = CrmConnection.objects.get().next_reconcile_at
    assert later is not None
    assert later.hour == 2


def test_a_comparison_that_finds_nothing_new_asks_the_database_per_page_and_not_per_company(
    crm,
):
    def statements() -> int:
        crm.tick(86_400)
        with CaptureQueriesContext(connection) as asked:
            assert crm.compare().outcome == "done"
        return len(asked)

    def more(count: int) -> None:
        for number in range(count):
            company = crm.company(name=f"Company {number}", acv="6000")
            Organization.objects.create(name=f"Company {number}", external_id=company)
        lose(crm)
        crm.compare()

    more(20)
    few = statements()
    more(60)
    assert CrmRecord.objects.linked().count() == 80
    # SQLite takes so many values at once, and writes the standings of eighty in three statements.
    assert statements() <= few + 2
