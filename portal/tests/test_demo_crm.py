"""The demo's own CRM: connected without drift, kept over restarts, on this machine alone."""

import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from integrations.crm.actions import compare
from integrations.crm.hubspot.contract.demo import pages as demo_pages
from integrations.crm.hubspot.contract.demo.keeping import Keeper
from integrations.crm.hubspot.contract.demo.pages import DemoPages
from integrations.crm.hubspot.contract.server import ContractServer, running
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord, DirtyRecord
from integrations.crm.tasks import follow_crms, write_tiers_back
from people.actions import create_user
from people.models import Organization, User
from portal.demo.crm import connect_demo_crm, demo_crm_file
from portal.demo.logins import OPS
from portal.kit import clock
from tiers.actions import record_facts
from tiers.models import AccountFact, TierAssignment

Ask = Callable[..., tuple[int, str, dict[str, str]]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def vendor_ops(transactional_db: None) -> User:
    """The colleague in whose name the demo is connected."""
    return create_user(email=OPS, name="Petra Vogel", staff_role="ops")


@pytest.fixture
def stella_co(transactional_db: None, program: None) -> Organization:
    """A Starter customer, whose facts ops entered a week ago."""
    row = Organization.objects.create(name="Sparrow & <Candles>", external_id="tidewater-demo-x")
    record_facts(
        organization=row,
        values={"acv": "1900", "seats": "9", "strategic": "no", "contract_start": "2025-09-28"},
        source="ops",
        now=clock.now() - timedelta(days=7),
    )
    return row


@pytest.fixture
def connected(settings: Any, vendor_ops: User, stella_co: Organization) -> CrmConnection:
    settings.DEMO_CRM_PORT = free_port()
    settings.HUBSPOT_API_URL = f"http://127.0.0.1:{settings.DEMO_CRM_PORT}"
    assert connect_demo_crm(now=clock.now()) is True
    return CrmConnection.objects.get()


@pytest.fixture
def demo_crm(
    settings: Any, connected: CrmConnection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ContractServer]:
    """The Demo CRM as its own process runs it, telling the portal over its real address."""
    keeper = Keeper(demo_crm_file())
    account = keeper.account()
    account.webhooks.target = settings.BASE_URL + keeper.state["webhook_path"]
    port = settings.DEMO_CRM_PORT
    with running(account, port=port) as server:
        names = {f"127.0.0.1:{port}", f"localhost:{port}"}
        pages = DemoPages(account, keeper, portal=settings.BASE_URL, names=names)
        server.page = pages
        client = Client()

        def post(url: str, headers: dict[str, str], body: bytes) -> int:
            sent = {key: value for key, value in headers.items() if key != "Content-Type"}
            path = urllib.parse.urlsplit(url).path
            try:
                return client.post(
                    path, body, content_type=headers["Content-Type"], headers=sent
                ).status_code
            finally:  # a thread of the Demo CRM, with a connection of its own
                connection.close()

        monkeypatch.setattr(demo_pages, "post_over_http", post)
        server.pages = pages  # type: ignore[attr-defined]
        yield server


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


@pytest.fixture
def ask(demo_crm: ContractServer) -> Ask:
    opener = urllib.request.build_opener(_Stay)

    def ask(
        path: str, form: dict[str, str] | None = None, *, origin: str | None = "", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        data = None if form is None else urllib.parse.urlencode(form).encode()
        if data is not None and origin is not None:
            headers["Origin"] = origin or demo_crm.url
        request = urllib.request.Request(demo_crm.url + path, data, headers)  # noqa: S310
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, problem.read().decode(), dict(problem.headers)

    return ask


def tier(organization: Organization) -> str:
    return TierAssignment.objects.open().get(organization=organization).tier


def test_connecting_links_everybody_and_changes_no_tier_and_leaves_no_drift(
    settings, stella_co, connected
):
    assert connected.state == "active"
    record = CrmRecord.objects.get(organization=stella_co)
    assert record.state == "linked"
    assert tier(stella_co) == "starter"
    assert set(AccountFact.objects.current().values_list("source", flat=True)) == {"hubspot"}
    with running(Keeper(demo_crm_file()).account(), port=settings.DEMO_CRM_PORT):
        follow_crms()
        run = compare(connection=connected, now=clock.now())
    assert run is not None
    assert (run.outcome, run.drift) == ("done", 0)
    assert not DirtyRecord.objects.exists()


def test_connecting_twice_changes_nothing(connected):
    before = demo_crm_file().read_bytes()

    assert connect_demo_crm(now=clock.now()) is False

    assert CrmConnection.objects.count() == 1
    assert demo_crm_file().read_bytes() == before
    assert demo_crm_file().stat().st_mode & 0o077 == 0


def test_a_lost_file_is_written_anew_with_the_same_companies_and_a_new_address(
    settings, connected, stella_co
):
    old = Keeper(demo_crm_file()).state
    demo_crm_file().unlink()

    assert connect_demo_crm(now=clock.now()) is True

    new = Keeper(demo_crm_file()).state
    assert new["webhook_path"] != old["webhook_path"]
    assert new["access_token"] == old["access_token"]
    assert [(one["id"], one["properties"]["acv"]) for one in new["companies"]] == [(9001, "1900")]
    with running(Keeper(demo_crm_file()).account(), port=settings.DEMO_CRM_PORT):
        run = compare(connection=connected, now=clock.now())
    assert run is not None
    assert run.drift == 0


def test_a_saved_contract_value_reaches_the_tier_and_comes_back_into_the_crm(
    demo_crm, ask, stella_co
):
    follow_crms()
    page = ask("/contacts/4242/record/0-2/9001")[1]
    assert "Sparrow &amp; &lt;Candles&gt;" in page
    assert "<Candles>" not in page
    status, _, headers = ask(
        "/contacts/4242/record/0-2/9001",
        {"acv": "31,000", "name": "Sparrow & <Candles>", "seats": "9"},
    )
    assert status == 303
    assert headers["Location"].startswith("/contacts/4242/record/0-2/9001?wait=")
    assert "took the signed webhook" in urllib.parse.unquote(headers["Location"])

    follow_crms()

    assert tier(stella_co) == "enterprise"
    event = CrmEvent.objects.get(field="acv", outcome="applied", new="31000")
    assert event.old == "1900"
    write_tiers_back()
    # What was written comes back as an event, and ends there.
    demo_crm.pages.send()
    follow_crms()
    assert "Enterprise" in ask("/")[1]
    assert CrmEvent.objects.get(field="support_tier").reason == "own_write"
    # And it is in the file: the next start shows the same.
    [company] = Keeper(demo_crm_file()).state["companies"]
    assert company["properties"]["acv"] == "31000"
    assert company["properties"]["support_tier"] == "enterprise"


def test_while_a_page_waits_for_the_tier_it_loads_itself_again_a_few_times(ask):
    _, _, headers = ask("/contacts/4242/record/0-2/9001?wait=2&told=Saved.")
    assert headers["Refresh"] == "1; url=/contacts/4242/record/0-2/9001?wait=1&told=Saved."
    assert "Refresh" not in ask("/contacts/4242/record/0-2/9001?wait=0")[2]
    assert "Refresh" not in ask("/contacts/4242/record/0-2/9001?wait=99999")[2]


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_a_form_of_another_page_changes_nothing(demo_crm, ask, origin):
    status, _, _ = ask("/contacts/4242/record/0-2/9001", {"acv": "1"}, origin=origin)

    assert status == 403
    assert demo_crm.account.companies.rows[9001].properties["acv"] == "1900"


def test_another_name_for_this_machine_is_not_served(ask):
    for path in ("/", "/__log", "/style.css"):
        assert ask(path, Host="evil.example")[0] == 421


def test_nobody_reads_through_the_api_without_the_token(ask):
    assert ask("/crm/v3/objects/companies")[0] == 401


def test_what_cannot_be_saved_says_why(ask):
    status, page, _ = ask("/contacts/4242/record/0-2/9001", {"acv": "a lot"})
    assert status == 400
    assert "alot was not a valid number" in page
    assert ask("/contacts/4242/record/0-2/77")[0] == 404
    assert ask("/contacts/4242/record/0-2/77", {"acv": "1"})[0] == 404
    assert ask("/contacts/4242/record/0-2/9001/merge", {"other": "x"})[0] == 400
    assert ask("/nothing", {"a": "b"})[0] == 404


def test_companies_are_added_deleted_restored_and_merged(demo_crm, ask):
    where = ask("/companies", {"name": "New & Co", "domain": "new.example", "acv": "6000"})[2]
    assert where["Location"].startswith("/contacts/4242/record/0-2/9002")
    follow_crms()
    assert CrmRecord.objects.get(external_id="9002").state == "unlinked"
    assert ask("/contacts/4242/record/0-2/9002/delete", {})[2]["Location"] == "/"
    assert "Restore" in ask("/")[1]
    ask("/contacts/4242/record/0-2/9002/restore", {})
    assert "Restore" not in ask("/")[1]
    ask("/contacts/4242/record/0-2/9001/merge", {"other": "9002"})
    follow_crms()
    assert CrmRecord.objects.get(external_id="9002").state == "merged"


def test_a_crm_that_plays_dead_moves_nobody_down(demo_crm, ask, stella_co, connected):
    follow_crms()
    ask("/trouble", {"mode": "down", "duplicate": "on"})
    assert "playing dead" in ask("/")[1]
    ask("/contacts/4242/record/0-2/9001", {"acv": "31000"})
    follow_crms()
    assert tier(stella_co) == "starter"
    assert CrmConnection.objects.get().failures == 1
    assert "502" in CrmConnection.objects.get().last_error

    ask("/trouble", {"mode": "works"})
    CrmConnection.objects.update(blocked_until=None)
    follow_crms()

    assert tier(stella_co) == "enterprise"
