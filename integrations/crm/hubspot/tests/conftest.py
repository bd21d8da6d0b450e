"""The contract server on a port of this machine, and clients that speak with it over HTTP."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest

from integrations.crm.hubspot.client import HubSpotClient
from integrations.crm.hubspot.contract.account import Account
from integrations.crm.hubspot.contract.companies import Property
from integrations.crm.hubspot.contract.server import ContractServer, running
from integrations.crm.vendor import Renew, Secrets

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
PROPERTIES = (
    Property("acv", "Annual contract value", "number", "number", shows_currency=True),
    Property("seats", "Seats", "number", "number"),
    Property("support_tier", "Support tier", "enumeration", "select", ("starter", "enterprise")),
    Property("is_strategic", "Strategic", "bool", "booleancheckbox"),
    Property("renewal_date", "Renewal date", "date", "date"),
    Property("note", "Note"),
)
FIELDS = [one.name for one in PROPERTIES]

MakeClient = Callable[..., HubSpotClient]


@pytest.fixture
def account() -> Account:
    """An account at noon, whose clock moves a quarter of a second with each call."""
    account = Account.standing_at(NOON)
    for one in PROPERTIES:
        account.companies.add_property(one)
    return account


@pytest.fixture
def server(account: Account) -> Iterator[ContractServer]:
    """The account, reachable over HTTP."""
    with running(account) as server:
        yield server


@pytest.fixture
def make_client(server: ContractServer) -> Iterator[MakeClient]:
    """Makes clients; waiting moves the server's clock instead of ours."""
    made: list[HubSpotClient] = []

    def make(
        secrets: Mapping[str, str] | None = None,
        renew: Renew | None = None,
        settings: Mapping[str, str] | None = None,
        timeouts: tuple[float, float] = (3.0, 10.0),
    ) -> HubSpotClient:
        given = secrets or {"access_token": server.account.access.private_app()}
        client = HubSpotClient(
            Secrets(given),
            settings or {"account_id": "4242"},
            renew,
            host=server.url,
            now=server.account.clock.now,
            pause=server.account.clock.advance,
            timeouts=timeouts,
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> HubSpotClient:
    """A client with a private app's token, with every permission."""
    return make_client()
