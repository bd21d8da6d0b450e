"""Operations connect a CRM, map its fields, try them, and see a changed contract move a tier."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from integrations.crm.hubspot.contract.account import Account
from integrations.crm.hubspot.contract.companies import Property
from integrations.crm.hubspot.contract.server import running
from integrations.crm.tasks import follow_crms, poll_crms
from people.actions import create_organization
from people.models import User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in_by_two_steps
from tiers.actions import evaluate_organization
from tiers.actions.evaluating import open_assignment

pytestmark = pytest.mark.browser


def test_a_crm_is_connected_and_a_changed_contract_moves_the_tier(
    stage: Stage, oscar: User, settings: Any
) -> None:
    account = Account.standing_at(stage.now(), currency="USD")
    for one in (
        Property("acv", "Annual contract value", "number", "number"),
        Property("seats", "Seats", "number", "number"),
        Property("support_tier", "Support tier", "enumeration", "select", ("Gold", "Silver")),
    ):
        account.companies.add_property(one)
    company = account.companies.create({"name": "Wharf & Sons", "acv": "4000", "seats": "1.5"})
    newcomer = account.companies.create({"name": "New Horizons", "acv": "9000"})
    assert newcomer.id != company.id
    customer = create_organization(name="Wharf & Sons", external_id=str(company.id))
    evaluate_organization(organization=customer, now=stage.now())
    secret = give_totp(oscar)
    his = stage.comes()

    def at_one_time(passing: float = 0) -> None:
        """Let time pass, and give the CRM the time that it is here."""
        if passing:
            stage.passes(seconds=passing)
        account.clock.advance((stage.now() - account.clock.now()).total_seconds())

    with running(account) as server:
        settings.HUBSPOT_API_URL = server.url
        his.opens("/ops/crm/")
        signs_in_by_two_steps(his, oscar, secret)
        his.arrives("CRM")
        his.sees("No CRM is connected")
        his.presses("Connect HubSpot", within=his.page.locator("main"))
        his.arrives("Connect HubSpot")
        his.writes("App secret", account.access.client_secret)
        his.writes("Access token", account.access.private_app())
        his.presses("Save and show the webhook address")
        his.arrives("Webhook address of HubSpot")
        address = his.field("Webhook address").input_value()
        his.presses("I have copied it")

        his.arrives("HubSpot")
        his.sees("Not tested yet.")
        his.presses("Test the connection")
        his.sees("The CRM let us in")
        his.looks_around()
        his.presses("Map fields, dry run")
        his.arrives("Fields of HubSpot")
        his.presses("Load the CRM's fields")
        his.arrives("Fields of HubSpot")
        his.picks(re.compile("^Annual contract value: CRM field"), "Annual contract value (acv)")
        his.presses("Save Annual contract value")
        his.sees("Annual contract value is read from Annual contract value.")
        his.picks(re.compile("^Seats: CRM field"), "Seats (seats)")
        his.presses("Save Seats")
        his.sees("Seats is read from Seats.")
        his.looks_around()
        his.presses("Dry run on ten companies")
        his.arrives("Dry run on HubSpot")
        his.sees("Wharf & Sons", "“1.5” is not a whole number.", "Nothing was stored.")

        his.opens("/ops/crm/")
        his.presses("HubSpot", within=his.page.locator("main"))
        his.presses("Let it run")
        his.sees("It is running.")
        at_one_time()
        poll_crms()
        his.opens("/ops/crm/")
        his.presses("HubSpot", within=his.page.locator("main"))
        his.sees("It works.")
        his.looks_around()

        account.webhooks.target = address
        account.webhooks.post = deliver
        at_one_time(30)
        account.companies.update(company.id, {"acv": "31000"})
        assert set(account.webhooks.deliver()) == {200}
        at_one_time(5)
        follow_crms()
        held = open_assignment(customer)
        assert held is not None
        assert held.tier == "enterprise"
        his.presses("The whole ledger")
        his.arrives("CRM ledger")
        his.sees("USD 4,000 → USD 31,000", "Enterprise", "applied")

        his.opens("/ops/crm/")
        his.presses("HubSpot", within=his.page.locator("main"))
        his.arrives("HubSpot")
        his.presses("Not linked")
        his.arrives("Companies of HubSpot")
        his.sees("New Horizons")
        his.presses("Create New Horizons")
        his.sees("An organization was created for New Horizons.")
        his.looks_around()
        his.opens("/ops/crm/")
        his.presses("HubSpot", within=his.page.locator("main"))
        his.presses("Drift report")
        his.arrives("Comparison with HubSpot")


def deliver(url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Bring a webhook to our door; return the status."""
    sent = {key: value for key, value in headers.items() if key != "Content-Type"}
    answer = Client().post(
        urlsplit(url).path, body, content_type=headers["Content-Type"], headers=sent
    )
    return answer.status_code
