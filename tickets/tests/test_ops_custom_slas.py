"""Custom SLAs on their pages: agreed, told, ended, and what that does to open tickets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from portal.kit.refused import InvalidInput
from tickets.actions import agree_custom_sla, continue_runs, end_custom_sla
from tickets.models import Clock, RecomputeRun
from tiers.models import OrganizationTarget
from tiers.promises import promise_for
from tiers.tests.ops_kit import main_of, words_of

pytestmark = pytest.mark.django_db
Door = Callable[..., Client]
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def typed(**changes: Any) -> dict[str, Any]:
    """Return what a person types for an answer to critical tickets within half an hour."""
    return {
        "severity": "1",
        "metric": "first_reply",
        "target": "30 min",
        "floor": "1 h",
        "calendar": "around-the-clock",
        "reason": "Contract 2026-17, annex 2",
        "valid_from": "",
        "valid_to": "",
        "treatment": "next_ticket",
        "ladder-TOTAL_FORMS": "0",
        "ladder-INITIAL_FORMS": "0",
        **changes,
    }


def new_page(organization: Organization) -> str:
    return reverse("ops_custom_sla_new", args=[organization.public_id])


def promised(organization: Organization, at: Any = TUESDAY) -> Any:
    return promise_for(organization, at).target(1, "first_reply")


def test_it_is_agreed_on_a_page_and_told_with_reason_and_approver(
    ops: Client, enterprise: Organization
) -> None:
    assert ops.get(new_page(enterprise)).status_code == 200
    page = ops.post(new_page(enterprise), typed(), follow=True)
    assert page.redirect_chain[-1][0] == reverse("ops_custom_targets", args=[enterprise.public_id])
    shown = main_of(page)
    assert "Critical First reply: 30 min counts now" in shown
    assert "Contract 2026-17, annex 2" in shown
    assert "The tier itself 1 h Approved by Oscar Ops" in shown
    assert "less than the tier" not in shown
    assert (promised(enterprise).seconds, promised(enterprise).by) == (1800, "contract")
    assert OrganizationTarget.objects.get().warn_at is None


def test_one_to_come_counts_from_its_instant_and_ends_at_its_instant_without_any_task(
    ops: Client, enterprise: Organization, ada: User, open_for: Any, tuesday: Any
) -> None:
    # Typed on a clock in Berlin.
    sent = typed(valid_from="2026-03-11T10:00", valid_to="2026-03-12T10:00")
    page = ops.post(new_page(enterprise), sent, follow=True)
    assert "First reply: 30 min to come" in main_of(page)
    dues = []
    for at in (TUESDAY + DAY - MINUTE, TUESDAY + DAY, TUESDAY + 2 * DAY):
        ticket = open_for(ada, severity=1, now=at)
        clock = Clock.objects.get(ticket=ticket, metric="first_reply")
        assert clock.due_at is not None
        dues.append(clock.due_at - at)
    assert dues == [60 * MINUTE, 30 * MINUTE, 60 * MINUTE]
    tuesday.move_to(TUESDAY + 3 * DAY)
    page = ops.get(reverse("ops_custom_targets", args=[enterprise.public_id]))
    assert "First reply: 30 min ended" in main_of(page)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": "30"}, "Say whether “30” is hours or minutes"),
        ({"floor": "20 min"}, "The floor must be later than the target"),
        ({"reason": ""}, "This field is required"),
        ({"calendar": "moon"}, "Select a valid choice"),
        ({"treatment": ""}, "Say what happens to tickets that are open."),
        ({"valid_to": "2026-03-10T09:00"}, "The end must be after the start."),
        ({"valid_from": "2026-01-01T09:00", "valid_to": "2026-02-01T09:00"}, "is over already"),
        (
            {"valid_from": "2026-04-01T09:00", "treatment": "retarget"},
            "It counts only from a later moment, so open tickets cannot get it now.",
        ),
        ({"has_own_ladder": "on"}, "Say who is told when the promise is broken."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_agreed(
    ops: Client, enterprise: Organization, changes: dict[str, str], said: str
) -> None:
    page = ops.post(new_page(enterprise), typed(**changes))
    assert page.status_code == 422
    assert said in words_of(page)
    assert "Contract 2026-17, annex 2" in words_of(page) or "reason" in changes
    assert not OrganizationTarget.objects.exists()
    assert not RecomputeRun.objects.exists()


def test_what_was_agreed_for_later_is_not_overrun(ops: Client, enterprise: Organization) -> None:
    ops.post(new_page(enterprise), typed(valid_from="2026-04-01T09:00"))
    page = ops.post(new_page(enterprise), typed())
    assert "Something else was agreed for a later time. End that first." in words_of(page)
    assert OrganizationTarget.objects.count() == 1


def test_less_than_the_tier_promises_has_to_be_meant(ops: Client, enterprise: Organization) -> None:
    slower = typed(target="2 h", floor="4 h")
    page = ops.post(new_page(enterprise), slower)
    assert "The tier itself promises 1 h." in words_of(page)
    assert not OrganizationTarget.objects.exists()
    page = ops.post(new_page(enterprise), slower | {"is_meant": "on"}, follow=True)
    assert "less than the tier" in main_of(page)


def test_it_can_have_a_ladder_of_its_own(ops: Client, enterprise: Organization) -> None:
    ladder = {
        "has_own_ladder": "on", "breach": ["account_team"], "ladder-TOTAL_FORMS": "1",
        "ladder-0-step": "10 min before", "ladder-0-roles": ["lead"],
    }  # fmt: skip
    assert ops.post(new_page(enterprise), typed(**ladder)).status_code == 302
    assert promised(enterprise).warn_at == (-10,)
    assert promised(enterprise).tell == {"-10": ("lead",), "100": ("account_team",)}


@pytest.mark.parametrize(
    ("treatment", "minutes"), [("retarget", 30), ("keep", 60), ("next_ticket", 60)]
)
def test_open_tickets_get_what_was_chosen(
    ops: Client, enterprise: Organization, ada: User, paul: User, open_for: Any,
    treatment: str, minutes: int,
) -> None:  # fmt: skip
    ticket, other = open_for(ada, severity=1), open_for(paul, severity=1)
    answer = ops.post(new_page(enterprise), typed(treatment=treatment))
    assert answer.status_code == 302
    continue_runs(now=TUESDAY + MINUTE)
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert clock.due_at == TUESDAY + minutes * MINUTE
    elsewhere = Clock.objects.get(ticket=other, metric="first_reply")
    assert elsewhere.target_seconds == 2 * 3600
    assert RecomputeRun.objects.count() == (treatment != "next_ticket")


def test_it_is_ended_on_a_page_and_open_tickets_get_what_was_chosen(
    ops: Client, enterprise: Organization, ada: User, open_for: Any
) -> None:
    ops.post(new_page(enterprise), typed())
    ticket = open_for(ada, severity=1)
    target = OrganizationTarget.objects.get()
    where = reverse("ops_custom_sla_end", args=[enterprise.public_id, target.pk])
    assert "then gets what its tier promises: 1 h." in main_of(ops.get(where))
    assert ops.post(where, {"ends": ""}).status_code == 422
    later = ops.post(where, {"ends": "2026-04-01T09:00", "treatment": "retarget"})
    assert "open tickets cannot get it now" in words_of(later)
    assert OrganizationTarget.objects.get().valid_to is None
    assert ops.post(where, {"ends": "", "treatment": "retarget"}).status_code == 302
    continue_runs(now=TUESDAY + MINUTE)
    assert promised(enterprise).by == "tier"
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert clock.due_at == TUESDAY + 60 * MINUTE


def test_nobody_elses_custom_sla_can_be_ended_from_here(
    ops: Client, enterprise: Organization, outside: Organization
) -> None:
    ops.post(new_page(enterprise), typed())
    target = OrganizationTarget.objects.get()
    where = reverse("ops_custom_sla_end", args=[outside.public_id, target.pk])
    assert ops.post(where, {"treatment": "next_ticket"}).status_code == 404


def test_agents_and_customers_cannot_come_here(
    enterprise: Organization, agnes: User, ada: User, at_door: Door
) -> None:
    for person in (agnes, ada):
        at_door(person).post(new_page(enterprise), typed())
    assert not OrganizationTarget.objects.exists()


def test_an_action_that_is_refused_leaves_neither_contract_nor_run(
    enterprise: Organization, oscar: User
) -> None:
    values: dict[str, Any] = {
        "organization": enterprise, "severity": 1, "metric": "first_reply", "target_seconds": 900,
        "floor_seconds": 1800, "calendar_key": "around-the-clock", "reason": "Annex 2",
        "valid_from": TUESDAY, "valid_to": None, "warn_at": None, "tell": None, "by": oscar,
        "now": TUESDAY,
    }  # fmt: skip
    with pytest.raises(InvalidInput):
        agree_custom_sla(**values, treatment="whatever")
    assert not OrganizationTarget.objects.exists()
    target, run = agree_custom_sla(**values, treatment="retarget")
    assert run is not None
    with pytest.raises(InvalidInput):
        end_custom_sla(target=target, ends=TUESDAY, treatment="whatever", by=oscar, now=TUESDAY)
    assert promised(enterprise).seconds == 900


def test_a_customer_reads_that_it_is_their_contract(
    ops: Client, enterprise: Organization, ada: User, paul: User, at_door: Door
) -> None:
    ops.post(new_page(enterprise), typed())
    shown = words_of(at_door(ada).get("/"))
    assert "Answer in 30 minutes" in shown
    assert "annex 2" not in shown
    mark = '<span class="quiet">your contract</span>'
    assert mark in at_door(ada).get("/").content.decode()
    assert mark not in at_door(paul).get("/").content.decode()
