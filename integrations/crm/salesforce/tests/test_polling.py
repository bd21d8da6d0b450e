"""Incremental polls: nothing is left out, whatever clocks, pages and merges do."""

from datetime import timedelta
from decimal import Decimal

import pytest

from integrations.crm.salesforce.contract import Fault
from integrations.crm.salesforce.tests.conftest import NOON
from integrations.crm.salesforce.translation import instant_literal
from integrations.crm.vendor import LookingRests, Rejected, Unavailable


def poll(client, cursor, fields=("ACV__c",)):
    """Return the records of a completed run by id (the last reading of each), and its cursor."""
    pages = list(client.changed_since(cursor, fields))
    records = {record.id: record for page in pages for record in page.records}
    assert all(page.cursor == cursor for page in pages[:-1])
    return records, pages[-1].cursor


def test_a_poll_finds_what_changed_and_moves_the_cursor(client, org, clock):
    old = org.records.create(Name="Old")
    clock.advance(hours=1)
    cursor = instant_literal(clock())
    clock.advance(minutes=3)
    changed = org.records.create(Name="Acme", ACV__c=Decimal("31000"))
    clock.advance(minutes=3)

    records, moved = poll(client, cursor)

    assert set(records) == {changed}
    assert old not in records
    assert records[changed].properties == {"ACV__c": "31000.0"}
    assert moved > cursor


def test_the_next_poll_starts_where_the_index_was_complete_and_not_at_our_clock(client, org, clock):
    org.index_lag = timedelta(minutes=20)
    cursor = instant_literal(clock())
    clock.advance(minutes=30)

    _records, moved = poll(client, cursor)

    assert moved == "2026-11-02T12:10:00Z"


def test_a_cursor_never_goes_back(client, org, clock):
    org.index_lag = timedelta(hours=5)
    cursor = instant_literal(clock())
    clock.advance(minutes=30)

    _records, moved = poll(client, cursor)

    assert moved == cursor


def test_cut_off_seconds_lose_no_record(client, org, clock):
    """Poll every 45 seconds and a bit, with a change at every odd moment: each is found."""
    cursor = instant_literal(clock())
    expected, found = set(), set()
    for number in range(40):
        clock.advance(seconds=7.3)
        expected.add(org.records.create(Name=f"Account {number}"))
        clock.advance(seconds=38.4)
        records, cursor = poll(client, cursor)
        found |= set(records)

    assert found == expected


def test_a_transaction_that_took_long_is_found_although_its_stamp_is_old(client, org, clock):
    late = org.records.create(Name="Late")
    clock.advance(hours=1)
    cursor = instant_literal(clock())
    clock.advance(minutes=10)
    began = clock()
    # Others poll meanwhile; the index waits for what still runs.
    clock.advance(seconds=90)
    org.index_lag = timedelta(seconds=90)
    records, cursor = poll(client, cursor)
    assert late not in records

    org.records.update(late, at=began, ACV__c=Decimal("9000"))
    org.index_lag = timedelta(0)
    clock.advance(minutes=5)
    records, cursor = poll(client, cursor)

    assert records[late].properties == {"ACV__c": "9000.0"}


def test_what_only_the_index_knows_is_read_by_id(client, org, clock, server):
    account = org.records.create(Name="Acme", ACV__c=Decimal("100"))
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)
    empty = {"totalSize": 0, "done": True, "records": []}
    server.org.faults.append(Fault(path="/queryAll", status=200, body=empty))

    records, _cursor = poll(client, cursor)

    assert records[account].properties == {"ACV__c": "100.0"}


def test_deleted_and_merged_accounts_are_reported(client, org, clock):
    gone, loser, winner = (org.records.create(Name=name) for name in "ABC")
    clock.advance(hours=1)
    cursor = instant_literal(clock())
    org.records.delete(gone)
    org.records.merge(winner, [loser])
    clock.advance(minutes=5)

    records, _cursor = poll(client, cursor)

    assert records[gone].archived
    assert records[gone].merged_into is None
    assert records[loser].merged_into == winner
    assert not records[winner].archived


def test_an_account_that_has_left_the_recycle_bin_is_archived_all_the_same(client, org, clock):
    account = org.records.create(Name="Acme")
    cursor = instant_literal(clock())
    deleted_at = clock.advance(minutes=1)
    org.records.delete(account)
    clock.advance(days=20)

    records, _cursor = poll(client, cursor)

    assert records[account].archived
    assert records[account].updated_at == deleted_at
    assert records[account].properties == {}


def test_a_cursor_of_months_ago_is_too_old_for_the_index_and_still_loses_nothing(
    client, org, clock
):
    cursor = instant_literal(clock())
    clock.advance(days=3)
    early = org.records.create(Name="Early")
    clock.advance(days=60)
    late = org.records.create(Name="Late")

    records, moved = poll(client, cursor)

    assert set(records) == {early, late}
    assert moved == instant_literal(clock())
    assert not [one for one in org.log if "/updated" in one.path]


def test_more_ids_than_the_index_lists_leave_it_to_the_query(client, org, clock):
    accounts = {org.records.create(Name=f"Account {n}") for n in range(12)}
    org.updated_limit = 10
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)

    records, moved = poll(client, cursor)

    assert set(records) == accounts
    assert moved == instant_literal(clock())


def test_three_pages_come_as_three_and_only_the_last_moves_the_cursor(client, org, clock):
    accounts = {org.records.create(Name=f"Account {n}") for n in range(500)}
    org.page_size = 200
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)

    pages = list(client.changed_since(cursor, []))

    assert [len(page.records) for page in pages] == [200, 200, 100, 0]
    assert {record.id for page in pages for record in page.records} == accounts
    assert [page.cursor == cursor for page in pages] == [True, True, True, False]


def test_many_accounts_of_one_second_are_read_in_rounds_without_a_gap(client, org, clock):
    accounts = {org.records.create(Name=f"Account {n}") for n in range(4_500)}
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)

    records, _cursor = poll(client, cursor, [])

    assert set(records) == accounts


def test_a_locator_that_expires_in_the_middle_of_one_second_loses_nothing(client, org, clock):
    accounts = {org.records.create(Name=f"Account {n}") for n in range(900)}
    org.page_size = 200
    clock.advance(minutes=10)
    found = set()
    for page in client.changed_since(instant_literal(NOON), []):
        found |= {record.id for record in page.records}
        org.expire_locators()

    assert found == accounts


def test_a_change_in_the_middle_of_a_poll_is_found_by_this_one_or_the_next(client, org, clock):
    accounts = [org.records.create(Name=f"Account {n}") for n in range(700)]
    org.page_size = 200
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)
    pages = client.changed_since(cursor, ["ACV__c"])
    next(pages)

    org.records.update(accounts[650], ACV__c=Decimal("77"))
    org.records.update(accounts[3], ACV__c=Decimal("88"))
    org.expire_locators()
    seen = {r.id: r for page in pages for r in page.records}
    clock.advance(minutes=1)
    again, _cursor = poll(client, cursor)

    assert (seen | again)[accounts[650]].properties == {"ACV__c": "77.0"}
    assert (seen | again)[accounts[3]].properties == {"ACV__c": "88.0"}


@pytest.mark.parametrize("where", ["/queryAll/01g", "/updated", "/deleted"])
def test_a_poll_that_breaks_off_gives_no_new_cursor(client, org, clock, server, where):
    for number in range(300):
        org.records.create(Name=f"Account {number}")
    org.page_size = 200
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)
    server.org.faults.append(Fault(path=where, drop=True, times=3))

    pages = client.changed_since(cursor, [])
    assert next(pages).cursor == cursor
    came = []
    with pytest.raises(Unavailable):
        came.extend(pages)

    assert {page.cursor for page in came} <= {cursor}


def test_polling_rests_above_the_share_without_moving_the_cursor(client, org, clock):
    account = org.records.create(Name="Acme")
    cursor = instant_literal(NOON)
    clock.advance(minutes=10)
    org.use_up(12_000)

    pages = client.changed_since(cursor, [])
    first = next(pages)
    assert [record.id for record in first.records] == [account]
    with pytest.raises(LookingRests) as reached:
        next(pages)

    assert first.cursor == cursor
    assert reached.value.retry_after == 900.0


def test_a_nonsense_cursor_is_refused(client):
    with pytest.raises(Rejected):
        client.changed_since("yesterday", [])


def test_an_answer_that_never_ends_is_given_up(client, org, clock, server):
    account = org.records.create(Name="Acme")
    row = {
        "Id": account,
        "SystemModstamp": "2026-11-02T12:00:00.000+0000",
        "IsDeleted": False,
        "MasterRecordId": None,
    }
    page = {"totalSize": 2000, "done": True, "records": [row] * 2000}
    server.org.faults.append(Fault(path="/queryAll", status=200, body=page, times=20))

    with pytest.raises(Unavailable, match="again and again"):
        list(client.changed_since(instant_literal(NOON), []))
