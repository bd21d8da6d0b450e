"""A portal connected to the strict HubSpot stand-in: calls and webhooks go over real HTTP."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from integrations.crm import actions
from integrations.crm.hubspot.contract.account import Account
from integrations.crm.hubspot.contract.companies import Property
from integrations.crm.hubspot.contract.server import running
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord
from integrations.crm.tasks import follow_crms
from integrations.crm.views import hook_address
from people.models import Organization, User
from tiers.models import AccountFact, TierAssignment

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
PROPERTIES = (
    Property("acv", "Annual contract value", "number", "number"),
    Property("acv_text", "Contract value as written"),
    Property("seats", "Seats", "number", "number"),
    Property("support_tier", "Support tier", "enumeration", "select",
             ("starter", "professional", "Platinum")),
    Property("renewal", "Renewal date", "date", "date"),
    Property("motto", "Motto"),
)  # fmt: skip


@dataclass
class Crm:
    """The stand-in and our connection to it, at one and the same time of day."""

    account: Account
    connection: CrmConnection
    token: str
    traveller: Any
    client: Client
    by: User

    @property
    def now(self) -> datetime:
        """The instant that both sides have."""
        return self.account.clock.now()

    def tick(self, seconds: float = 1.0) -> datetime:
        """Let time go on, on both sides."""
        self.account.clock.advance(seconds)
        self.traveller.move_to(self.account.clock.now(), tick=False)
        return self.now

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Bring a webhook to our door; return the status."""
        parts = urlsplit(url)
        sent = {key: value for key, value in headers.items() if key != "Content-Type"}
        answer = self.client.post(
            parts.path, body, content_type=headers["Content-Type"], headers=sent
        )
        return answer.status_code

    def company(self, **properties: object) -> str:
        """Make a company in the CRM; return its id."""
        self.tick()
        return str(self.account.companies.create(properties).id)

    def change(self, company: str, **properties: object) -> None:
        """Change a company in the CRM."""
        self.tick()
        self.account.companies.update(int(company), properties)

    def deliver(self) -> list[int]:
        """Have the CRM send its webhooks."""
        self.tick()
        return self.account.webhooks.deliver()

    def work(self) -> None:
        """Let the worker do what waits."""
        self.tick()
        follow_crms()

    def poll(self) -> Any:
        """Ask the CRM what changed."""
        now = self.tick()
        return actions.poll(connection=self.fresh, now=now)

    def compare(self) -> Any:
        """Compare everything."""
        now = self.tick()
        return actions.compare(connection=self.fresh, now=now)

    @property
    def fresh(self) -> CrmConnection:
        """The connection as it is stored now."""
        return CrmConnection.objects.get(pk=self.connection.pk)

    def record(self, company: str) -> CrmRecord:
        """What we know of a company."""
        return CrmRecord.objects.get(connection=self.connection, external_id=company)

    def outcomes(self, company: str) -> list[tuple[str, str, str]]:
        """The ledger of a company, oldest first: what, outcome, why."""
        rows = CrmEvent.objects.filter(external_id=company).order_by("pk")
        return list(rows.values_list("kind", "outcome", "reason"))


def fact(organization: Organization, name: str = "acv") -> str | None:
    """Return the value of a fact that counts."""
    row = AccountFact.objects.filter(organization=organization, fact=name).current().first()
    return row.value if row else None


def tier(organization: Organization) -> str:
    """Return the tier that an organization has."""
    return TierAssignment.objects.open().get(organization=organization).tier


@pytest.fixture
def account() -> Account:
    """A CRM account at noon."""
    account = Account.standing_at(NOON, currency="USD")
    for one in PROPERTIES:
        account.companies.add_property(one)
    return account


@pytest.fixture
def crm(account: Account, oscar: User, settings: Any, program: None) -> Iterator[Crm]:
    """A tested, mapped and running connection that was read once; it has no company yet."""
    with running(account) as server, time_machine.travel(NOON, tick=False) as traveller:
        settings.HUBSPOT_API_URL = server.url
        connection, token = actions.create_connection(
            vendor="hubspot",
            name="HubSpot",
            credentials={
                "app_secret": account.access.client_secret,
                "access_token": account.access.private_app(),
            },
            settings={},
            by=oscar,
            now=NOON,
        )
        crm = Crm(account, connection, token, traveller, Client(), oscar)
        account.webhooks.target = hook_address(connection, token)
        account.webhooks.post = crm.post
        actions.test_connection(connection=connection, by=oscar, now=crm.now)
        fields = {
            field.name: field
            for field in actions.fields_of(connection=connection, by=oscar, now=crm.now)
        }
        for name, field in {"acv": "acv", "seats": "seats", "contract_renewal": "renewal"}.items():
            actions.map_field(
                connection=connection, fact=name, field=fields[field], by=oscar, now=crm.now,
                currency="USD" if name == "acv" else "",
            )  # fmt: skip
        actions.resume_connection(connection=connection, by=oscar, now=crm.now)
        assert crm.poll().outcome == "done"
        crm.connection = crm.fresh
        yield crm


@pytest.fixture
def customer(crm: Crm) -> Callable[..., tuple[str, Organization]]:
    """Return a way to have a company in the CRM that is linked to an organization here."""

    def made(name: str = "Wharf & Sons", **properties: object) -> tuple[str, Organization]:
        company = crm.company(name=name, **properties)
        organization = Organization.objects.create(name=name, external_id=company)
        crm.deliver()
        crm.work()
        assert crm.record(company).organization == organization
        return company, organization

    return made


DAY = timedelta(days=1)
