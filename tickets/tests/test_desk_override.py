"""Agents ask for another tier from beside a ticket; they never decide."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from tickets.models import Ticket
from tickets.tests.pages_kit import words_of
from tiers.models import OverrideRequest, TierOverride

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tuesday(time_machine: Any) -> None:
    time_machine.move_to(TUESDAY, tick=False)


@pytest.fixture
def ticket(stella: User, open_for: Any) -> Ticket:
    found: Ticket = open_for(stella)
    return found


@pytest.fixture
def desk(agnes: User, at_door: Any) -> Client:
    """Agnes's browser."""
    client: Client = at_door(agnes)
    return client


def ask(client: Client, ticket: Ticket, **changes: str) -> Any:
    values = {
        "tier": "enterprise",
        "starts": "2026-03-10",
        "expires": "2026-04-30",
        "reason": "Their launch is in April",
        **changes,
    }
    return client.post(reverse("desk_override", args=[ticket.reference]), values, follow=True)


def test_an_agent_asks_and_the_account_beside_the_ticket_says_so(
    ticket: Ticket, desk: Client, agnes: User
) -> None:
    address = reverse("desk_ticket", args=[ticket.reference])
    assert "Ask for another tier" in words_of(desk.get(address))
    response = ask(desk, ticket)
    assert "Enterprise was asked for." in words_of(response)
    assert "Another tier is asked for" in words_of(desk.get(address))
    request = OverrideRequest.objects.get()
    assert (request.organization, request.requested_by) == (ticket.organization, agnes)
    assert not TierOverride.objects.exists()


def test_what_is_wrong_is_told_at_its_field(ticket: Ticket, desk: Client) -> None:
    response = ask(desk, ticket, expires="2026-03-01", reason="")
    assert response.status_code == 422
    assert {"reason"} <= set(response.context["form"].errors)
    response = ask(desk, ticket, expires="2026-03-01")
    assert "expires" in response.context["form"].errors
    assert not OverrideRequest.objects.exists()


def test_what_waits_is_shown_instead_of_a_second_form_and_its_owner_takes_it_back(
    ticket: Ticket, desk: Client, lena: User, at_door: Any
) -> None:
    ask(desk, ticket)
    address = reverse("desk_override", args=[ticket.reference])
    colleague = at_door(lena)
    shown = words_of(colleague.get(address))
    assert "Agnes Agent asked on 10 Mar 2026, for 10 Mar 2026 until 30 Apr 2026." in shown
    assert "Take my request back" not in shown
    assert "has asked for Stella Storage already" in words_of(ask(colleague, ticket))
    request = OverrideRequest.objects.get()
    back = reverse("desk_override_withdraw", args=[ticket.reference, request.pk])
    assert "Only who asked" in words_of(colleague.post(back, follow=True))
    assert "Your request was taken back." in words_of(desk.post(back, follow=True))
    request.refresh_from_db()
    assert request.status == "withdrawn"


def test_a_request_is_only_touched_from_a_ticket_of_its_organization(
    ticket: Ticket, desk: Client, paul: User, open_for: Any
) -> None:
    ask(desk, ticket)
    request = OverrideRequest.objects.get()
    other = open_for(paul)
    back = reverse("desk_override_withdraw", args=[other.reference, request.pk])
    assert desk.post(back).status_code == 404
    request.refresh_from_db()
    assert request.is_pending


@pytest.mark.parametrize("person", ["stella", "ada"])
def test_customers_do_not_ask(
    person: str, ticket: Ticket, at_door: Any, request: pytest.FixtureRequest
) -> None:
    client = at_door(request.getfixturevalue(person))
    address = reverse("desk_override", args=[ticket.reference])
    assert {client.get(address).status_code, client.post(address, {}).status_code} == {403}
    assert not OverrideRequest.objects.exists()


def test_only_ops_are_led_to_every_rule_and_fact(
    ticket: Ticket, desk: Client, oscar: User, at_door: Any
) -> None:
    address = reverse("desk_ticket", args=[ticket.reference])
    assert "Every rule and fact" not in words_of(desk.get(address))
    assert "Every rule and fact" in words_of(at_door(oscar).get(address))


def test_a_request_from_the_desk_counts_for_as_long_as_was_asked(
    ticket: Ticket, desk: Client
) -> None:
    ask(desk, ticket, reminder_on="2026-04-20")
    request = OverrideRequest.objects.get()
    assert request.expires - request.starts == timedelta(days=51)
    assert request.reminder_on.isoformat() == "2026-04-20"
