"""Many companies gone at once, runs that ops interrupt, and ids that two CRMs both use."""

from datetime import timedelta

import pytest
from django.urls import reverse

from integrations.crm import actions
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord
from integrations.crm.rules.gone import is_too_many
from integrations.crm.tasks import compare_crms
from integrations.crm.tests.conftest import fact, tier
from integrations.crm.tests.test_looking import lose
from people.models import Notice
from portal.kit.refused import NotPermitted, Refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("gone", "linked", "confirmed", "held"),
    [
        (0, 0, 0, False),
        (1, 1, 0, False),
        (2, 2, 0, False),
        (3, 3, 0, True),
        (3, 12, 0, False),
        (4, 12, 0, True),
        (900, 1000, 0, True),
        (900, 1000, 900, False),
        (901, 1000, 900, True),
    ],
)
def test_more_than_a_quarter_is_too_many_unless_ops_have_confirmed_as_many(
    gone, linked, confirmed, held
):
    assert is_too_many(gone, linked, confirmed) is held


@pytest.fixture
def ten(crm, customer):
    """Ten linked customers, by company."""
    return dict(customer(f"Company {number}", acv="31000") for number in range(10))


def vanish(crm, companies):
    """Have the CRM delete companies without a word."""
    crm.tick()
    for company in companies:
        crm.account.companies.archive(int(company))
    lose(crm)


def states(crm):
    return list(CrmRecord.objects.filter(connection=crm.connection).values_list("state", flat=True))


def test_nine_of_ten_companies_gone_in_one_night_detach_nobody_before_ops_confirm(
    crm, ten, oscar, agnes
):
    names = list(ten)
    vanish(crm, names[:9])
    crm.change(names[9], acv="4000")
    lose(crm)
    run = crm.compare()
    assert (run.outcome, run.counts["held"], run.counts.get("gone", 0)) == ("done", 9, 0)
    assert states(crm) == ["linked"] * 10
    assert fact(ten[names[9]]) == "4000"  # what is there is compared all the same
    assert {tier(ten[name]) for name in names[:9]} == {"enterprise"}
    crm.compare()
    assert Notice.objects.filter(kind="crm_gone", recipient=oscar).count() == 1
    assert "9" in Notice.objects.get(kind="crm_gone", recipient=oscar).body_text

    with pytest.raises(NotPermitted):
        actions.confirm_gone(connection=crm.connection, count=9, by=agnes, now=crm.now)
    with pytest.raises(Refused, match="another by now"):
        actions.confirm_gone(connection=crm.connection, count=8, by=oscar, now=crm.now)
    actions.confirm_gone(connection=crm.connection, count=9, by=oscar, now=crm.now)
    crm.tick()
    compare_crms()
    assert sorted(states(crm)) == ["archived"] * 9 + ["linked"]
    assert crm.record(names[0]).attention == "deleted"
    assert (crm.fresh.gone_held, crm.fresh.gone_confirmed) == (0, 0)
    assert {tier(ten[name]) for name in names[:9]} == {"enterprise"}


def test_companies_that_cannot_be_found_by_their_id_are_held_as_well(crm, ten):
    crm.tick(3600)
    for company in list(ten)[:9]:
        del crm.account.companies.rows[int(company)]
    lose(crm)
    run = crm.compare()
    assert (run.counts["held"], states(crm)) == (9, ["linked"] * 10)


def test_what_was_held_is_forgotten_when_the_crm_shows_the_companies_again(crm, ten):
    rows = dict(crm.account.companies.rows)
    crm.tick(3600)
    for company in list(ten)[:9]:
        del crm.account.companies.rows[int(company)]
    lose(crm)
    crm.compare()
    assert crm.fresh.gone_held == 9
    crm.account.companies.rows.update(rows)
    run = crm.compare()
    assert (run.counts["held"], crm.fresh.gone_held, crm.fresh.gone_held_at) == (0, 0, None)
    assert states(crm) == ["linked"] * 10


def test_one_company_of_ten_is_believed(crm, ten):
    name = next(iter(ten))
    vanish(crm, [name])
    run = crm.compare()
    assert (run.counts["held"], run.counts["gone"]) == (0, 1)
    assert crm.record(name).state == "archived"


def test_ops_see_the_number_on_the_page_and_confirm_it_there(crm, ten, oscar, at_door):
    ops = at_door(oscar)
    vanish(crm, list(ten)[:9])
    crm.compare()
    page = reverse("ops_crm_connection", args=[crm.connection.public_id])
    assert "9 of 10 linked companies" in ops.get(page).text
    act = reverse("ops_crm_act", args=[crm.connection.public_id, "gone"])
    ops.post(act, {"count": "٩"})
    assert crm.fresh.gone_confirmed == 0
    ops.post(act, {"count": "9"})
    assert crm.fresh.gone_confirmed == 9
    assert crm.fresh.next_reconcile_at <= crm.now


@pytest.mark.parametrize("change", ["pause", "disconnect"])
def test_a_run_ends_when_ops_pause_or_disconnect_meanwhile(
    crm, customer, oscar, change, monkeypatch
):
    customer(acv="4000")
    crm.tick(3600)
    for number in range(450):
        crm.account.companies.create({"name": f"Company {number}"})
    lose(crm)
    from integrations.crm.hubspot.client import HubSpotClient

    everything = HubSpotClient.everything

    def interrupted(self, fields):
        for place, record in enumerate(everything(self, fields)):
            if place == 150:
                act = actions.pause_connection if change == "pause" else actions.disconnect
                act(connection=crm.connection, by=oscar)
            yield record

    monkeypatch.setattr(HubSpotClient, "everything", interrupted)
    run = crm.compare()
    assert (run.outcome, run.counts["seen"]) == ("failed", 200)
    assert "paused" in run.error
    after = crm.fresh
    assert (after.state, after.failures, after.blocked_until) == ("paused", 0, None)


def test_a_mapping_that_changes_while_everything_is_compared_is_compared_again(
    crm, customer, monkeypatch
):
    from integrations.crm.hubspot.client import HubSpotClient

    customer(acv="4000")
    everything = HubSpotClient.everything

    def mapped_meanwhile(self, fields):
        yield from everything(self, fields)
        crm.tick()
        actions.set_rate(
            connection=crm.connection, currency="GBP", rate="1.2", by=crm.by, now=crm.now
        )

    monkeypatch.setattr(HubSpotClient, "everything", mapped_meanwhile)
    assert crm.compare().outcome == "done"
    assert CrmConnection.objects.due_for_reconciling(crm.now).exists()
    monkeypatch.setattr(HubSpotClient, "everything", everything)
    assert crm.compare().outcome == "done"
    assert crm.fresh.next_reconcile_at > crm.now + timedelta(hours=1)
    assert CrmEvent.objects.exists()
