"""The contract server on a port of this machine, and clients that speak with it over HTTP."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.crm.salesforce.contract import ContractServer, Org
from integrations.crm.salesforce.vendor import SalesforceVendor
from integrations.crm.vendor import Client, Renew, Secrets

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
FIELDS = ["ACV__c", "Seats__c", "Strategic__c", "Renewal_Date__c", "Support_Tier__c"]
MakeClient = Callable[..., Client]


class Clock:
    """The vendor's clock: stands still until somebody moves it."""

    def __init__(self) -> None:
        self.instant = NOON

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, **by: float) -> datetime:
        self.instant += timedelta(**by)
        return self.instant


@pytest.fixture
def clock() -> Clock:
    """Noon of a Monday."""
    return Clock()


@pytest.fixture
def org(clock: Clock) -> Org:
    """An org without accounts."""
    return Org(now=clock)


@pytest.fixture
def server(org: Org, settings: Any) -> Iterator[ContractServer]:
    """The org, reachable over HTTP, and the only Salesforce that there is."""
    with ContractServer(org) as server:
        settings.SALESFORCE_CONTRACT_URL = server.address
        yield server


@pytest.fixture
def make_client(server: ContractServer) -> Iterator[MakeClient]:
    """Makes clients as the core does."""
    made: list[Client] = []

    def make(
        secrets: Mapping[str, str] | None = None,
        renew: Renew | None = None,
        **changed: str,
    ) -> Client:
        org = server.org
        given = secrets or {
            "consumer_key": org.consumer_key,
            "consumer_secret": org.consumer_secret,
        }
        settings = {
            "my_domain": f"https://{org.host}",
            "login_flow": "client_credentials",
            "account_id": org.org_id,
            **changed,
        }
        client = SalesforceVendor().client(Secrets(given), settings, renew)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    """A client with the right consumer key and secret."""
    return make_client()
