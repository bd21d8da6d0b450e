"""From a change in Salesforce to the tier, through the door, the worker and the poll."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client

from integrations.crm import actions
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord, WebhookDelivery
from integrations.crm.salesforce.contract import ContractServer, Fault, Org, Outbound
from integrations.crm.tasks import follow_crms, poll_crms
from integrations.crm.views import hook_address
from people.models import Organization, User
from portal.kit import clock as our_clock
from tiers.models import AccountFact, TierAssignment

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
MAPPED = {
    "acv": "ACV__c",
    "seats": "Seats__c",
    "strategic": "Strategic__c",
    "contract_renewal": "Renewal_Date__c",
}


@dataclass
class Rig:
    """The org, our connection to it, and its messages, at one and the same time of day."""

    org: Org
    outbound: Outbound
    connection: CrmConnection
    traveller: Any
    door: Client
    by: User

    def tick(self, **by: float) -> datetime:
        """Let time go on for everybody."""
        self.traveller.shift(timedelta(**(by or {"seconds": 1})))
        return our_clock.now()

    def send(self, address: str, body: bytes) -> tuple[int, str, bytes]:
        """Bring a message to our door."""
        answer = self.door.post(
            urlsplit(address).path, body, content_type="text/xml; charset=utf-8"
        )
        return answer.status_code, answer.headers["Content-Type"], answer.content

    def deliver(self) -> int:
        """Have Salesforce send what is due; return how many it got acknowledged."""
        self.tick()
        return self.outbound.deliver()

    def work(self) -> None:
        """Let the worker do what waits."""
        self.tick()
        follow_crms()

    def poll(self) -> Any:
        """Ask Salesforce what changed."""
        return actions.poll(connection=self.fresh, now=self.tick())

    @property
    def fresh(self) -> CrmConnection:
        """The connection as it is stored now."""
        return CrmConnection.objects.get(pk=self.connection.pk)

    def account(self, name: str, **values: Any) -> tuple[str, Organization]:
        """Have an account in Salesforce that is an organization here."""
        self.tick()
        record = self.org.records.create(Name=name, **values)
        organization = Organization.objects.create(name=name, external_id=record)
        self.deliver()
        self.work()
        return record, organization

    def ledger(self, record: str) -> list[tuple[str, str, str]]:
        """What the ledger says of an account, oldest first."""
        rows = CrmEvent.objects.filter(external_id=record).order_by("pk")
        return list(rows.values_list("kind", "outcome", "reason"))


def fact(organization: Organization, name: str = "acv") -> str | None:
    row = AccountFact.objects.filter(organization=organization, fact=name).current().first()
    return row.value if row else None


def tier(organization: Organization) -> str:
    return TierAssignment.objects.open().get(organization=organization).tier


@pytest.fixture
def rig(oscar: User, settings: Any, program: None) -> Iterator[Rig]:
    """A tested, mapped and running connection to an org without accounts."""
    org = Org(now=our_clock.now)
    with ContractServer(org) as server, time_machine.travel(NOON, tick=False) as traveller:
        settings.SALESFORCE_CONTRACT_URL = server.address
        made, token = actions.create_connection(
            vendor="salesforce",
            name="Salesforce",
            credentials={"consumer_key": org.consumer_key, "consumer_secret": org.consumer_secret},
            settings={"my_domain": f"https://{org.host}", "currency": "USD"},
            by=oscar,
            now=NOON,
        )
        outbound = Outbound(org.records, hook_address(made, token))
        rig = Rig(org, outbound, made, traveller, Client(raise_request_exception=False), oscar)
        outbound.send = rig.send
        actions.test_connection(connection=made, by=oscar, now=rig.tick())
        found = actions.fields_of(connection=made, by=oscar, now=rig.tick())
        fields = {field.name: field for field in found}
        for name, field in MAPPED.items():
            actions.map_field(
                connection=made,
                fact=name,
                field=fields[field],
                by=oscar,
                now=rig.tick(),
                currency="USD" if name == "acv" else "",
            )
        actions.resume_connection(connection=made, by=oscar, now=rig.tick())
        assert rig.poll().outcome == "done"
        yield rig


def test_a_changed_contract_value_reaches_the_tier_and_the_ledger_names_the_event(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    assert (fact(organization), tier(organization)) == ("4000", "starter")

    rig.tick(minutes=1)
    rig.org.records.update(record, ACV__c=Decimal("31000.50"))
    assert rig.deliver() == 1
    rig.work()

    assert fact(organization) == "31000.5"
    assert tier(organization) == "enterprise"
    applied = CrmEvent.objects.filter(external_id=record, outcome="applied").last()
    assert applied is not None
    assert applied.assignment is not None


def test_every_mapped_field_is_read_in_its_own_way(rig):
    record, organization = rig.account(
        "Wharf & Sons",
        ACV__c=Decimal("12500000"),
        Seats__c=Decimal("120"),
        Strategic__c=True,
        Renewal_Date__c=datetime(2027, 3, 31).date(),
    )

    found = {name: fact(organization, name) for name in MAPPED}
    assert found == {
        "acv": "12500000",
        "seats": "120",
        "strategic": "true",
        "contract_renewal": "2027-03-31",
    }
    assert CrmRecord.objects.get(external_id=record).problems == {}


def test_no_session_id_is_stored(rig):
    rig.outbound.with_session = True
    rig.org.records.create(Name="Acme")
    rig.deliver()

    stored = WebhookDelivery.objects.get()
    assert b"session.of.the.sender" in rig.outbound.sent[-1].body
    assert b"session.of.the.sender" not in bytes(stored.raw_body)
    assert stored.connection == rig.connection


def test_the_acknowledgement_comes_only_when_the_message_is_stored(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    rig.org.records.update(record, ACV__c=Decimal("31000"))

    def broken(execute, sql, params, many, context):
        if sql.startswith("INSERT") and WebhookDelivery._meta.db_table in sql:
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken):
        assert rig.deliver() == 0
    assert rig.outbound.sent[-1].status >= 500
    assert not rig.outbound.sent[-1].acknowledged

    rig.tick(minutes=1)
    assert rig.deliver() == 1
    rig.work()
    assert fact(organization) == "31000"


@pytest.mark.django_db(transaction=True)
def test_what_was_acknowledged_over_http_is_committed(rig, live_server):
    rig.outbound.send = None
    rig.outbound.address = live_server.url + urlsplit(rig.outbound.address).path
    rig.org.records.create(Name="Acme")

    assert rig.deliver() == 1

    # Another connection than the one of the server's thread: it sees only what is committed.
    assert WebhookDelivery.objects.count() == 1


def test_messages_of_another_org_are_refused_and_leave_no_trace(rig):
    rig.org.records.create(Name="Acme")
    rig.outbound.org_id = "00D2w000003xOTHEA2"

    assert rig.deliver() == 0
    assert rig.outbound.sent[-1].status in (400, 401)
    assert WebhookDelivery.objects.count() == 0


def test_a_wrong_address_says_nothing_about_connections(rig):
    rig.org.records.create(Name="Acme")
    rig.outbound.address = rig.outbound.address[:-5] + "xxxx/"

    rig.deliver()
    wrong_token = rig.outbound.sent[-1]
    rig.outbound.address = rig.outbound.address.replace("salesforce", "hubspot")
    rig.tick(hours=1)
    rig.deliver()

    assert wrong_token.status == rig.outbound.sent[-1].status == 404
    assert wrong_token.answer == rig.outbound.sent[-1].answer


def test_what_a_message_says_is_not_believed_but_read_again(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    rig.org.records.update(record, ACV__c=Decimal("4500"))
    forged = rig.outbound.envelope(rig.outbound.queue).replace(b"4500.0", b"99999999.0")

    assert rig.send(rig.outbound.address, forged)[0] == 200
    rig.work()

    assert fact(organization) == "4500"
    assert tier(organization) == "starter"


def test_a_hundred_notifications_are_read_in_few_calls(rig):
    records = [rig.org.records.create(Name=f"Account {n}") for n in range(100)]
    before = len(rig.org.log)

    rig.deliver()
    rig.work()

    assert CrmRecord.objects.filter(external_id__in=records).count() == 100
    assert len(rig.org.log) - before <= 3


def test_a_repeated_message_is_known_and_costs_no_call(rig):
    rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    body = rig.outbound.sent[-1].body
    before = len(rig.org.log)

    assert rig.send(rig.outbound.address, body)[0] == 200
    rig.work()

    assert len(rig.org.log) == before


def test_a_merged_account_hands_its_organization_to_the_one_that_remains(rig):
    loser, organization = rig.account("Wharf & Sons", ACV__c=Decimal("31000"))
    winner = rig.org.records.create(Name="Wharf Group", ACV__c=Decimal("40000"))
    rig.org.records.merge(winner, [loser])
    rig.tick(minutes=5)

    assert rig.poll().outcome == "done"
    rig.deliver()
    rig.work()

    assert CrmRecord.objects.get(external_id=loser).state == "merged"
    assert CrmRecord.objects.get(external_id=winner).organization == organization
    assert fact(organization) == "40000"


def test_a_deleted_account_is_detached_and_nobody_is_demoted(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("31000"))
    rig.org.records.delete(record)
    rig.tick(minutes=5)

    rig.poll()

    assert CrmRecord.objects.get(external_id=record).state == "archived"
    assert tier(organization) == "enterprise"
    assert Organization.objects.filter(pk=organization.pk).exists()


def test_ended_sessions_and_lost_calls_only_delay(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    rig.org.expire_sessions()
    rig.org.faults += [
        Fault(path="/queryAll", status=503, body="later"),
        Fault(path="/queryAll", drop=True),
    ]
    rig.org.records.update(record, ACV__c=Decimal("31000"))
    rig.deliver()

    for _ in range(6):
        rig.tick(minutes=2)
        rig.work()

    assert fact(organization) == "31000"
    assert rig.fresh.state == "active"
    assert rig.fresh.stale_since is None


def test_one_login_serves_many_pieces_of_work(rig):
    before = rig.org.logins
    for number in range(5):
        rig.account(f"Account {number}", ACV__c=Decimal("4000"))

    assert rig.org.logins == before == 1


def test_revoked_access_is_shown_and_demotes_nobody(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("31000"))
    rig.org.consumer_secret = "rotated"
    rig.org.expire_sessions()
    rig.tick(minutes=5)

    rig.poll()

    assert rig.fresh.state == "revoked"
    assert "invalid client credentials" in rig.fresh.last_error
    assert rig.org.consumer_key not in rig.fresh.last_error
    assert tier(organization) == "enterprise"

    actions.change_connection(
        connection=rig.fresh, by=rig.by, credentials={"consumer_secret": "rotated"}
    )
    actions.test_connection(connection=rig.fresh, by=rig.by, now=rig.tick())
    rig.org.records.update(record, ACV__c=Decimal("4000"))
    rig.deliver()
    rig.work()
    assert rig.fresh.state == "active"
    assert fact(organization) == "4000"


@pytest.mark.parametrize("what", ["credentials", "settings"])
def test_after_a_change_nothing_is_called_before_the_test(rig, what):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    given: dict[str, Any] = {
        "credentials": {"consumer_secret": rig.org.consumer_secret},
        "settings": {**rig.fresh.settings, "poll_share": "70"},
    }
    actions.change_connection(connection=rig.fresh, by=rig.by, **{what: given[what]})
    rig.org.records.update(record, ACV__c=Decimal("31000"))
    assert rig.deliver() == 1
    before = len(rig.org.log)

    rig.tick(minutes=30)
    rig.work()
    poll_crms()
    assert len(rig.org.log) == before
    assert fact(organization) == "4000"

    actions.test_connection(connection=rig.fresh, by=rig.by, now=rig.tick())
    rig.work()
    assert fact(organization) == "31000"


def test_above_its_share_polling_rests_and_messages_are_still_followed(rig):
    record, organization = rig.account("Wharf & Sons", ACV__c=Decimal("4000"))
    rig.org.use_up(12_000)
    rig.tick(minutes=5)
    run = rig.poll()
    assert run.outcome == "failed"
    assert "Polling rests" in rig.fresh.last_error
    assert rig.fresh.next_poll_at > our_clock.now() + timedelta(minutes=10)

    rig.org.records.update(record, ACV__c=Decimal("31000"))
    rig.deliver()
    rig.work()

    assert fact(organization) == "31000"
    assert rig.fresh.stale_since is None


def test_an_account_with_a_currency_of_its_own_waits_for_a_rate(rig):
    rig.org.records.corporate_currency = "USD"
    found = actions.fields_of(connection=rig.fresh, by=rig.by, now=rig.tick())
    acv = next(field for field in found if field.name == "ACV__c")
    actions.map_field(connection=rig.fresh, fact="acv", field=acv, by=rig.by, now=rig.tick())
    record, organization = rig.account(
        "Wharf & Sons", ACV__c=Decimal("25000"), CurrencyIsoCode="GBP"
    )
    assert fact(organization) is None
    assert "acv" in CrmRecord.objects.get(external_id=record).problems

    actions.set_rate(connection=rig.fresh, currency="GBP", rate="1.25", by=rig.by, now=rig.tick())
    rig.org.records.update(record, Name="Wharf and Sons")
    rig.deliver()
    rig.work()

    assert Decimal(str(fact(organization))) == Decimal("31250")


def test_the_tier_is_written_back_and_the_echo_ends_there(rig):
    actions.set_write_back(
        connection=rig.fresh, field="Support_Tier__c", values={}, by=rig.by, now=rig.tick()
    )
    record, _organization = rig.account("Wharf & Sons", ACV__c=Decimal("31000"))
    actions.queue_tier_writes(connection=rig.fresh, now=rig.tick())
    actions.write_tiers(connection=rig.fresh, now=rig.tick())
    assert rig.org.records.living(record)["Support_Tier__c"] == "enterprise"
    stamp = rig.org.records.living(record)["SystemModstamp"]

    for _round in range(3):
        rig.deliver()
        rig.work()
        actions.queue_tier_writes(connection=rig.fresh, now=rig.tick())
        actions.write_tiers(connection=rig.fresh, now=rig.tick())

    assert rig.org.records.living(record)["SystemModstamp"] == stamp


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_shuffled_doubled_and_half_failed_messages_end_where_the_ordered_run_ends(rig, seed):
    chance = random.Random(seed)
    accounts = [rig.account(f"Account {n}", ACV__c=Decimal("1000")) for n in range(8)]
    rig.outbound.shuffle = chance
    stored_but_lost = rig.send

    def send(address: str, body: bytes) -> tuple[int, str, bytes]:
        rig.outbound.repeat = chance.random() < 0.3
        what = chance.random()
        if what < 0.15:
            return 0, "", b""
        answer = stored_but_lost(address, body)
        return (0, "", b"") if what < 0.3 else answer

    rig.outbound.send = send
    script = random.Random(99)
    for _step in range(120):
        record, _organization = script.choice(accounts)
        rig.org.records.update(record, ACV__c=Decimal(script.randrange(100, 6_000_000)) / 100)
        rig.tick()
        if chance.random() < 0.4:
            rig.outbound.deliver(most=chance.choice([1, 3, 100]))
        if chance.random() < 0.3:
            if chance.random() < 0.3:
                rig.org.faults.append(Fault(path="/queryAll", status=503, body="later"))
            rig.work()
    rig.org.faults.clear()
    for _round in range(40):
        rig.tick(minutes=15)
        rig.outbound.deliver()
        rig.work()

    assert not rig.outbound.queue
    assert not rig.outbound.given_up
    for record, organization in accounts:
        expected = rig.org.records.living(record)["ACV__c"]
        assert Decimal(str(fact(organization))) == expected
    # The ordered run: the same changes, read one by one.
    assert rig.poll().counts.get("changed", 0) == 0
