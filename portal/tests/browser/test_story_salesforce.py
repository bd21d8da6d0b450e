"""Operations connect Salesforce by what the page tells them, and a message moves a tier."""

import re
from decimal import Decimal
from typing import Any

import pytest

from integrations.crm.salesforce.contract import ContractServer, Org, Outbound
from integrations.crm.tasks import follow_crms, poll_crms
from people.actions import create_organization
from people.models import User
from people.tests.login_kit import give_totp
from portal.kit import clock
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in_by_two_steps
from tiers.actions import evaluate_organization
from tiers.actions.evaluating import open_assignment

pytestmark = pytest.mark.browser


def test_salesforce_is_connected_and_a_message_moves_the_tier(
    stage: Stage, oscar: User, settings: Any
) -> None:
    org = Org(now=clock.now)
    account = org.records.create(Name="Wharf & Sons", ACV__c=Decimal("4000"))
    customer = create_organization(name="Wharf & Sons", external_id=account)
    evaluate_organization(organization=customer, now=stage.now())
    secret = give_totp(oscar)
    his = stage.comes()

    with ContractServer(org) as server:
        settings.SALESFORCE_CONTRACT_URL = server.address
        his.opens("/ops/crm/new/salesforce/")
        signs_in_by_two_steps(his, oscar, secret)
        his.arrives("Connect Salesforce")
        his.sees("Create an outbound message", "Create a record-triggered flow")
        his.writes("Consumer key", org.consumer_key)
        his.writes("Consumer secret", org.consumer_secret)
        his.writes("My Domain address", "https://meridian.lightning.force.com")
        with his.is_refused(422):
            his.presses("Save and show the webhook address")
            his.sees(re.compile("Enter the My Domain address, like"))
        his.looks_around()
        his.writes("Consumer key", org.consumer_key)
        his.writes("Consumer secret", "mistyped")
        his.writes("My Domain address", f"https://{org.host}")
        his.writes("Currency of amounts", "USD")
        his.presses("Save and show the webhook address")
        his.arrives("Webhook address of Salesforce")
        address = his.field("Webhook address").input_value()
        his.presses("I have copied it")

        his.presses("Test the connection")
        his.sees(re.compile("Copy consumer key and consumer secret"))
        his.presses("Settings and secrets")
        his.sees("Currency of amounts")
        his.looks_around()
        his.writes("Consumer secret", org.consumer_secret)
        his.presses("Save")
        his.presses("Test the connection")
        his.sees("The CRM let us in", re.compile("of 15000 API calls of the last 24 hours"))
        his.looks_around()

        his.presses("Map fields, dry run")
        his.presses("Load the CRM's fields")
        his.picks(re.compile("^Annual contract value: CRM field"), "Annual Contract Value (ACV__c)")
        his.presses("Save Annual contract value")
        his.sees("Annual contract value is read from Annual Contract Value.")
        his.looks_around()
        his.presses("Dry run on ten companies")
        his.sees("Wharf & Sons")
        his.looks_around()
        his.opens("/ops/crm/")
        his.looks_around()
        his.presses("Salesforce", within=his.page.locator("main"))
        his.presses("Let it run")
        his.sees("It is running.")
        poll_crms()

        outbound = Outbound(org.records, address)
        stage.passes(seconds=30)
        org.records.update(account, ACV__c=Decimal("31000"))
        assert outbound.deliver() == 1
        assert outbound.sent[-1].acknowledged
        follow_crms()
        held = open_assignment(customer)
        assert held is not None
        assert held.tier == "enterprise"
        his.presses("The whole ledger")
        his.arrives("CRM ledger")
        his.sees("USD 4,000 → USD 31,000", "Enterprise", "applied")
        his.looks_around()
