"""What a run of a published version kept of an account is told wherever its tier is shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.actions import issue_token
from people.models import Organization, User
from tickets.models import Ticket
from tiers.actions import continue_applying, draft_from_live, record_facts
from tiers.kept_decisions import decision_of
from tiers.models import TierEvaluation
from tiers.program import program_of
from tiers.rules.evaluation import Inputs, decide
from tiers.tests.ops_kit import main_of
from tiers.tests.policy_kit import asking_more, put_in_force, with_rules

pytestmark = pytest.mark.django_db
Door = Callable[..., Client]
DAY = timedelta(days=1)
RAISED = "Raised from Starter to Professional at once."
REASON = "ACV is USD 4,200; Professional needs at least USD 4,000."


@pytest.fixture
def moved(starter: Organization, oscar: User, time_machine: Any) -> Organization:
    """Stella's company, raised by the run of a version that asks for less."""
    facts = {"acv": "4200"}
    record_facts(organization=starter, values=facts, source="hubspot", now=TUESDAY)
    put_in_force(asking_more(draft_from_live(author=oscar, now=TUESDAY)), TUESDAY + DAY)
    time_machine.move_to(TUESDAY + DAY, tick=False)
    continue_applying(now=TUESDAY + DAY)
    return starter


@pytest.fixture
def in_grace(professional: Organization, oscar: User, time_machine: Any) -> Organization:
    """Paul's company, which a run finds below what a version asks for."""
    rules = [
        ("enterprise", [("acv", "gte", "60000", "55000")]),
        ("professional", [("acv", "gte", "14000", "13000")]),
    ]
    put_in_force(with_rules(draft_from_live(author=oscar, now=TUESDAY), rules), TUESDAY + DAY)
    time_machine.move_to(TUESDAY + DAY, tick=False)
    continue_applying(now=TUESDAY + DAY)
    return professional


def kept_of(organization: Organization) -> TierEvaluation:
    return TierEvaluation.objects.filter(organization=organization).latest("id")


def test_on_postgresql_the_run_keeps_the_answer_and_its_trace_is_made_again(moved):
    kept = kept_of(moved)
    assert ("trace" in kept.decision) is (connection.vendor != "postgresql")

    whole = decision_of(kept)
    inputs = Inputs.from_json(kept.snapshot)
    assert whole == decide(program_of(kept.policy).rules, inputs).to_json()
    assert Inputs.from_json(whole["trace"]["inputs"]) == inputs
    assert {name: whole[name] for name in kept.decision} == kept.decision


def test_the_account_page_and_its_history_say_why(moved, oscar, at_door):
    door = at_door(oscar)
    page = main_of(door.get(reverse("ops_organization", args=[moved.public_id])))
    history = main_of(door.get(reverse("ops_organization_history", args=[moved.public_id])))

    assert "policy version 2" in page
    assert RAISED in page
    assert RAISED in history


def test_the_facts_api_says_why(moved, oscar):
    Organization.objects.filter(pk=moved.pk).update(external_id="crm-7")
    _row, token = issue_token(user=oscar, name="sync", now=TUESDAY)
    door = Client(headers={"Authorization": f"Bearer {token}"})

    said = door.get("/api/v1/organizations/crm-7/facts").json()

    assert (said["tier"], said["source"]) == ("professional", "promote")
    assert said["reasons"][0] == RAISED
    assert REASON in said["reasons"]


def test_the_desk_says_why(moved, stella, lena, open_for, at_door):
    ticket: Ticket = open_for(stella)
    page = at_door(lena).get(reverse("desk_ticket", args=[ticket.reference]))
    assert RAISED in page.content.decode()


def test_the_customer_reads_why_on_the_home_page(moved, stella, at_door):
    page = at_door(stella).get(reverse("home")).content.decode()
    assert "Professional is the plan that goes with the size of your contract." in page


def test_ops_home_and_the_customers_home_say_what_grace_leads_to(in_grace, paul, oscar, at_door):
    home = main_of(at_door(oscar).get(reverse("wagtailadmin_home")))
    assert in_grace.name in home
    assert "Professional is kept until 10 May 2026" in home

    hers = at_door(paul).get(reverse("home")).content.decode()
    assert "As things stand, your plan is Starter after that." in hers
