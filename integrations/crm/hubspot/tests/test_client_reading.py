"""Reading companies over real HTTP, with the vendor's own library."""

from datetime import timedelta

import pytest

from integrations.crm.hubspot.client import HubSpotClient
from integrations.crm.hubspot.contract.companies import Companies, Company
from integrations.crm.hubspot.contract.server import ContractServer
from integrations.crm.hubspot.tests.conftest import FIELDS, NOON
from integrations.crm.vendor import FieldType, Rejected

SEARCH = "/crm/v3/objects/companies/search"
BATCH = "/crm/v3/objects/companies/batch/read"


def many(server: ContractServer, count: int, *, step_ms: int = 1000) -> list[Company]:
    """Create companies that were changed one after the other, without a call each."""
    companies: Companies = server.account.companies
    made = []
    for n in range(count):
        made.append(companies.create({"name": f"Company {n}", "acv": str(n)}))
        server.account.clock.advance(step_ms / 1000)
    return made


def changed(client: HubSpotClient, cursor: str) -> tuple[list[str], str]:
    """Return the ids that a poll brings, and the cursor behind them."""
    ids = []
    for page in client.changed_since(cursor, FIELDS):
        ids += [record.id for record in page.records]
        cursor = page.cursor
    return ids, cursor


def test_a_record_has_the_fields_that_were_asked_for_as_text(server, client):
    made = server.account.companies.create(
        {
            "name": "Acme Robotics",
            "domain": "Acme.Example",
            "acv": "31000.50",
            "is_strategic": "true",
            "renewal_date": "2027-03-31",
        }
    )

    [record] = client.read([str(made.id)], ["acv", "seats", "is_strategic", "renewal_date", "gone"])

    assert record.id == str(made.id)
    assert dict(record.properties) == {
        "acv": "31000.50",
        "seats": None,
        "is_strategic": "true",
        "renewal_date": "2027-03-31",
    }
    assert (record.name, record.domain) == ("Acme Robotics", "acme.example")
    assert record.updated_at == NOON
    assert not record.archived


@pytest.mark.parametrize(
    ("name", "stored", "read"),
    [
        ("acv", "3.1E4", "31000"),
        ("acv", "-1e-2", "-0.01"),
        ("note", "1e5", "1e5"),
        ("note", "1806364800000", "1806364800000"),
        ("note", "2027-03-31T00:00:00Z", "2027-03-31T00:00:00Z"),
        ("note", "True", "True"),
        ("acv", "999999999", "999999999"),
        ("note", "   ", None),
        ("renewal_date", "1806364800000", "2027-03-30"),
        ("renewal_date", "2027-03-31T00:00:00Z", "2027-03-31"),
        ("renewal_date", "soon", "soon"),
        ("is_strategic", "TRUE", "true"),
    ],
)
def test_a_value_is_brought_into_the_form_of_its_type(server, client, name, stored, read):
    made = server.account.companies.create({"name": "Acme"})
    made.properties[name] = stored

    [record] = client.read([str(made.id)], [name])

    assert record.properties[name] == read


def test_250_records_are_read_in_three_calls_of_at_most_a_hundred(server, client):
    ids = [str(one.id) for one in many(server, 250)]

    records = client.read([*ids, *ids], FIELDS)

    assert [record.id for record in records] == ids
    # And nothing else was asked: no value needed the type of its field.
    assert [path for _, path, _ in server.account.log] == [BATCH] * 3


def test_reading_nothing_calls_nobody(server, client):
    assert client.read([], FIELDS) == []
    assert client.read(["", "x", "٣"], FIELDS) == []
    assert server.account.log == []


def test_of_a_batch_that_succeeds_in_part_everything_that_is_there_is_read(server, client):
    here, deleted = many(server, 2)
    server.account.companies.archive(deleted.id)

    records = client.read([str(here.id), str(deleted.id), "99999"], FIELDS)

    assert [(record.id, record.archived) for record in records] == [
        (str(here.id), False),
        (str(deleted.id), True),
    ]
    assert records[1].updated_at >= NOON + timedelta(seconds=1)
    assert 207 in [status for _, path, status in server.account.log if path == BATCH]


@pytest.mark.parametrize("into_new", [False, True])
def test_a_merged_record_says_where_it_went(server, client, into_new):
    first, second = many(server, 2)
    survivor = server.account.companies.merge(first.id, second.id, into_new=into_new)

    records = {one.id: one for one in client.read([str(first.id), str(second.id)], FIELDS)}

    assert records[str(second.id)].merged_into == str(survivor.id)
    assert records[str(second.id)].archived
    if into_new:
        assert records[str(first.id)].merged_into == str(survivor.id)
    [left] = client.read([str(survivor.id)], FIELDS)
    assert str(second.id) in left.absorbed
    assert left.merged_into is None


def test_a_chain_of_merges_ends_at_the_last_survivor(server, client):
    first, second, third = many(server, 3)
    server.account.companies.merge(second.id, third.id)
    server.account.companies.merge(first.id, second.id)

    records = client.read([str(second.id), str(third.id)], FIELDS)

    assert {record.merged_into for record in records} == {str(first.id)}


def test_fields_are_offered_with_their_types_sorted_by_label(client):
    fields = {field.name: field for field in client.fields()}

    assert [one.label for one in fields.values()] == sorted(
        (one.label for one in fields.values()), key=str.casefold
    )
    assert fields["acv"].type == FieldType.NUMBER
    assert fields["acv"].is_money
    assert fields["renewal_date"].type == FieldType.DAY
    assert fields["is_strategic"].type == FieldType.YES_NO
    assert fields["support_tier"].type == FieldType.CHOICE
    assert fields["support_tier"].options == ("starter", "enterprise")
    assert fields["hs_lastmodifieddate"].type == FieldType.INSTANT
    assert not fields["hs_lastmodifieddate"].is_writable
    assert fields["support_tier"].is_writable


# -- what changed --------------------------------------------------------------


def test_a_poll_brings_what_changed_since_ten_minutes_before_the_cursor(server, client):
    rows = many(server, 40, step_ms=60_000)
    cursor = client.cursor_at(NOON + timedelta(minutes=30))

    ids, behind = changed(client, cursor)

    assert ids == [str(row.id) for row in rows[20:]]
    assert behind == client.cursor_at(NOON + timedelta(minutes=39))
    # And again from there: only the overlap comes once more.
    again, same = changed(client, behind)
    assert again == [str(row.id) for row in rows[29:]]
    assert same == behind


def test_a_poll_that_finds_nothing_keeps_its_cursor(server, client):
    many(server, 3)
    cursor = client.cursor_at(NOON + timedelta(days=1))

    assert changed(client, cursor) == ([], cursor)
    assert changed(client, "0")[0] != []


def test_a_poll_of_many_pages_brings_every_record_once(server, client):
    rows = many(server, 1_050)

    ids, _ = changed(client, "0")

    assert ids == [str(row.id) for row in rows]


def test_a_change_in_the_middle_of_a_poll_hides_no_other_record(server, client):
    rows = many(server, 450)
    pages = client.changed_since("0", FIELDS)
    ids = [record.id for record in next(pages).records]
    # The first of the list moves to its end; with plain paging the 201st would be skipped.
    server.account.companies.update(rows[0].id, {"acv": "77"})
    for page in pages:
        ids += [record.id for record in page.records]

    assert set(ids) == {str(row.id) for row in rows}
    assert ids.count(str(rows[0].id)) == 2


def test_past_ten_thousand_results_nothing_is_left_out(server, client):
    rows = many(server, 10_450, step_ms=1)

    ids, _ = changed(client, "0")

    assert ids == [str(row.id) for row in rows]
    assert all(status == 200 for _, path, status in server.account.log if path == SEARCH)


@pytest.mark.slow
def test_more_than_ten_thousand_records_of_one_instant_are_read_by_id(server, client):
    before = many(server, 3)
    at_once = many(server, 10_300, step_ms=0)
    server.account.clock.advance(1)
    after = many(server, 5)

    ids, behind = changed(client, "0")

    assert sorted(ids, key=int) == [str(row.id) for row in [*before, *at_once, *after]]
    assert len(ids) == len(set(ids))
    assert behind == str(after[-1].updated)
    assert all(status == 200 for _, path, status in server.account.log if path == SEARCH)


def test_a_change_that_the_search_does_not_know_yet_comes_with_a_later_poll(server, client):
    server.account.index_delay_ms = 30_000
    many(server, 1, step_ms=60_000)
    late = server.account.companies.create({"name": "Late"})
    ids, cursor = changed(client, client.cursor_at(NOON))
    assert str(late.id) not in ids
    # Another record moves the cursor past the late one before the search knows it.
    server.account.clock.advance(20)
    server.account.companies.create({"name": "Later"})
    server.account.index_delay_ms = 0

    again, _ = changed(client, str(int(cursor) + 60_000))

    assert str(late.id) in again


def test_a_cursor_that_is_no_number_is_refused(client):
    for cursor in ("", "soon", "-1", "1.5"):
        with pytest.raises(Rejected):
            list(client.changed_since(cursor, FIELDS))


def test_everything_brings_the_archived_ones_too(server, client):
    rows = many(server, 230)
    for row in rows[:110]:
        server.account.companies.archive(row.id)

    records = list(client.everything(FIELDS))

    assert len(records) == 230
    assert {one.id for one in records if one.archived} == {str(row.id) for row in rows[:110]}
    assert server.account.calls_to("/crm/v3/objects/companies", "GET") == 4


# -- writing -------------------------------------------------------------------


def test_a_value_is_written_and_read_back(server, client):
    [row] = many(server, 1)

    client.write(str(row.id), {"support_tier": "enterprise"})

    [record] = client.read([str(row.id)], ["support_tier"])
    assert record.properties["support_tier"] == "enterprise"


@pytest.mark.parametrize(
    "values",
    [
        {"support_tier": "platinum"},
        {"no_such_property": "x"},
        {"hs_object_id": "1"},
        {"acv": "abc"},
    ],
)
def test_a_value_that_the_crm_refuses_is_rejected_in_its_own_words(server, client, values):
    [row] = many(server, 1)

    with pytest.raises(Rejected) as refusal:
        client.write(str(row.id), values)

    assert "400" in refusal.value.message
    assert len(refusal.value.message) > 40


def test_writing_to_a_record_that_is_gone_is_rejected(client):
    with pytest.raises(Rejected):
        client.write("99999", {"support_tier": "starter"})
