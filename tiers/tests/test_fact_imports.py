"""A file of facts: uploaded, checked line by line, looked at, applied exactly so."""

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from conftest import TUESDAY
from people.actions import create_organization
from people.models import Organization, User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import (
    apply_import,
    cancel_import,
    choose_columns,
    continue_fact_imports,
    draft_from_live,
    publish_policy,
    record_facts,
    upload_facts,
)
from tiers.actions.evaluating import open_assignment
from tiers.actions.importing.applying import apply_lines
from tiers.models import (
    AccountFact,
    FactImport,
    FactImportFile,
    FactImportLine,
    TierAssignment,
)
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
NOW = TUESDAY + timedelta(hours=3)
LATER = NOW + timedelta(hours=1)


def upload(content: str | bytes, by: User, **changes: Any) -> FactImport:
    data = content.encode() if isinstance(content, str) else content
    given: dict[str, Any] = {"file_name": "accounts.csv", "by": by, "now": NOW} | changes
    return upload_facts(content=data, **given)


def check(row: FactImport, by: User, **changes: Any) -> FactImport:
    chosen = {
        "columns": row.columns, "decimal_sign": row.decimal_sign, "creates": False,
        "by": by, "now": NOW,
    }  # fmt: skip
    choose_columns(fact_import=row, **(chosen | changes))
    continue_fact_imports(now=NOW)
    row.refresh_from_db()
    return row


def checked(content: str | bytes, by: User, **changes: Any) -> FactImport:
    return check(upload(content, by), by, **changes)


def apply(row: FactImport, by: User) -> FactImport:
    apply_import(fact_import=row, fingerprint=row.fingerprint, by=by, now=LATER)
    continue_fact_imports(now=LATER)
    row.refresh_from_db()
    return row


def lines(row: FactImport) -> list[FactImportLine]:
    return list(row.lines.order_by("number"))


def wrong(row: FactImport) -> list[tuple[int, str, str]]:
    return [
        (line.number, problem["column"], problem["say"])
        for line in lines(row)
        for problem in line.problems
    ]


@pytest.fixture
def accounts(starter, professional, enterprise) -> list[Organization]:
    for number, organization in enumerate([starter, professional, enterprise], start=1):
        organization.external_id = f"crm-{number}"
        organization.save(update_fields=["external_id"])
    return [starter, professional, enterprise]


FILE = """CRM id,Company,ACV (USD),Currency,Seats,Contract renewal
crm-1,Stella Storage,31000,USD,40,2027-01-31
crm-2,Paul's Pallets,12000,USD,,
crm-3,Analytical Engines,"61,500.50",USD,,unknown
"""


def test_headings_say_what_the_columns_are(oscar):
    row = upload(FILE, oscar)
    assert row.columns == ["external_id", "name", "acv", "currency", "seats", "contract_renewal"]
    assert (row.kind, row.encoding, row.separator, row.decimal_sign) == ("csv", "utf-8", ",", ".")
    assert len(row.samples) == 3
    assert len(row.sha256) == 64


def test_the_preview_shows_what_each_line_would_do_and_writes_nothing(accounts, oscar):
    before = AccountFact.objects.count()
    row = checked(FILE, oscar)
    assert row.status == "ready"
    stella, paul, ada = lines(row)
    assert (stella.outcome, stella.tier_before, stella.tier_after) == (
        "change", "starter", "enterprise",
    )  # fmt: skip
    assert stella.changes["acv"]["old"] == "900"
    assert stella.changes["acv"]["new"] == "31000"
    assert (paul.outcome, paul.changes) == ("same", {})
    assert ada.changes["acv"]["new"] == "61500.5"
    assert "contract_renewal" not in ada.changes
    assert AccountFact.objects.count() == before


def test_what_was_previewed_is_applied_with_file_and_line(accounts, oscar):
    starter = accounts[0]
    row = apply(checked(FILE, oscar), oscar)
    assert row.status == "done"
    held = open_assignment(starter)
    assert held is not None
    assert held.tier == "enterprise"
    fact = AccountFact.objects.filter(organization=starter, fact="acv").current().get()
    assert (fact.value, fact.source, fact.note, fact.recorded_by) == (
        "31000", "import", "accounts.csv, line 2", oscar,
    )  # fmt: skip
    assert [line.result for line in lines(row)] == ["applied", "", "applied"]
    assert not FactImportFile.objects.exists()


def test_applying_twice_records_once(accounts, oscar):
    row = apply(checked(FILE, oscar), oscar)
    after = AccountFact.objects.count()
    apply_import(fact_import=row, fingerprint=row.fingerprint, by=oscar, now=LATER)
    continue_fact_imports(now=LATER)
    assert AccountFact.objects.count() == after
    again = checked(FILE, oscar)
    assert {line.outcome for line in lines(again)} == {"same"}
    with pytest.raises(Refused, match="No line changes anything"):
        apply_import(fact_import=again, fingerprint=again.fingerprint, by=oscar, now=LATER)


def test_what_became_newer_meanwhile_is_left_out_and_said(accounts, oscar):
    starter = accounts[0]
    row = checked(FILE, oscar)
    record_facts(
        organization=starter, values={"acv": "7000"}, source="hubspot",
        now=NOW + timedelta(minutes=5),
    )  # fmt: skip
    row = apply(row, oscar)
    line = lines(row)[0]
    assert line.result == "partly"
    assert line.said == [
        "Annual contract value became USD 7,000 meanwhile (HubSpot); USD 31,000 was left out."
    ]
    known = AccountFact.objects.filter(organization=starter).current()
    assert known.get(fact="acv").value == "7000"
    assert known.get(fact="seats").value == "40"


def test_a_fact_that_came_to_the_same_meanwhile_is_no_conflict(accounts, oscar):
    row = checked("CRM id,ACV\ncrm-1,31000\n", oscar)
    record_facts(organization=accounts[0], values={"acv": "31000"}, source="ops", now=NOW)
    count = AccountFact.objects.count()
    assert lines(apply(row, oscar))[0].result == "applied"
    assert AccountFact.objects.count() == count


def test_a_worker_that_is_stopped_goes_on_where_it_was(accounts, oscar):
    row = checked(FILE, oscar)
    apply_import(fact_import=row, fingerprint=row.fingerprint, by=oscar, now=LATER)
    assert continue_fact_imports(now=LATER, budget_seconds=0) == 1
    row.refresh_from_db()
    assert (row.status, row.applied_until, row.lease_until) == ("applying", 2, None)
    continue_fact_imports(now=LATER)
    row.refresh_from_db()
    assert row.status == "done"
    assert AccountFact.objects.filter(source="import", fact="acv").count() == 2


def test_an_organization_that_went_in_the_middle_stops_nobody_else(accounts, oscar):
    row = checked(FILE, oscar)
    apply_import(fact_import=row, fingerprint=row.fingerprint, by=oscar, now=LATER)
    steps = apply_lines(fact_import=row, now=LATER)
    assert next(steps) == 1
    TierAssignment.objects.filter(organization=accounts[2]).delete()
    accounts[2].delete()
    assert list(steps) == [1]
    assert [line.result for line in lines(row)] == ["applied", "", "skipped"]
    assert lines(row)[2].said == ["The organization is gone."]


def test_an_import_under_way_can_be_stopped_and_what_was_applied_stays(accounts, oscar):
    row = checked(FILE, oscar)
    apply_import(fact_import=row, fingerprint=row.fingerprint, by=oscar, now=LATER)
    continue_fact_imports(now=LATER, budget_seconds=0)
    cancel_import(fact_import=row, by=oscar, now=LATER)
    continue_fact_imports(now=LATER)
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert [line.result for line in lines(row)] == ["applied", "", ""]


def test_a_preview_that_was_made_anew_is_not_applied_by_the_old_page(accounts, oscar):
    row = checked(FILE, oscar)
    seen = row.fingerprint
    record_facts(organization=accounts[0], values={"acv": "5000"}, source="ops", now=NOW)
    row = check(row, oscar)
    assert row.fingerprint != seen
    with pytest.raises(Refused, match="checked this file anew"):
        apply_import(fact_import=row, fingerprint=seen, by=oscar, now=LATER)


def test_the_same_file_checked_again_has_the_same_fingerprint(accounts, oscar):
    row = checked(FILE, oscar)
    first = row.fingerprint
    assert check(row, oscar).fingerprint == first


def test_a_preview_under_another_policy_is_not_applied(accounts, oscar, root):
    row = checked(FILE, oscar)
    draft = draft_from_live(author=root, now=NOW)
    signed_off(draft, by=oscar, now=NOW)
    publish_policy(
        policy=draft, treatment="keep", change_note="Again", published_by=oscar,
        now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    with pytest.raises(Refused, match="Another tier policy counts"):
        apply_import(fact_import=row, fingerprint=row.fingerprint, by=oscar, now=LATER)


def test_errors_name_line_column_value_and_what_to_do(accounts, oscar):
    row = checked(
        "CRM id;Company;ACV;Currency;Seats;Contract renewal;Tier fixed by contract\n"
        "crm-1;;31.000,50;USD;viele;2027-13-01;\n"
        "crm-2;;12000;EUR;;12/31/2026;platinum\n"
        "crm-9;;12000;;;;\n"
        ";;5;;;;\n"
        "crm-3;;=1+1;;;;Enterprise\n"
        "crm-1;;40000;;;;\n",
        oscar,
    )
    assert row.decimal_sign == ","
    found = wrong(row)
    assert (2, "Seats", "Write a whole number from 0 to 999999999.") in found
    assert (2, "Contract renewal", "Write a day like 2026-12-31.") in found
    assert (2, "ACV") not in {(number, column) for number, column, _say in found}
    assert (3, "Currency", "Amounts are kept in USD. Convert the amount first.") in found
    assert (3, "Contract renewal", "Write a day like 2026-12-31.") in found
    assert (
        3,
        "Tier fixed by contract",
        "There is no such tier. Write one of these: enterprise, professional, starter.",
    ) in found
    assert (4, "CRM id") in {(number, column) for number, column, _say in found}
    assert (5, "", "This line does not say which organization it is about.") in found
    assert any(number == 6 and column == "ACV" for number, column, _say in found)
    assert 7 not in {number for number, _column, _say in found}


def test_two_lines_about_one_organization_are_refused(accounts, oscar):
    row = checked("CRM id,ACV\ncrm-1,31000\ncrm-2,1\ncrm-1,900\n", oscar)
    assert wrong(row) == [(4, "", "Line 2 is about the same organization. Keep one of the two.")]


def test_a_name_that_two_organizations_have_is_refused_and_never_guessed(accounts, oscar):
    create_organization(name="Twin")
    create_organization(name="Twin")
    row = checked("Company,ACV\nTwin,5\nstella storage,5\nStella Storage,5\n", oscar)
    first, second = wrong(row)
    assert first[2].startswith("2 organizations have this name")
    assert second[:2] == (3, "Company")
    assert lines(row)[2].organization == accounts[0]


def test_a_comma_inside_a_number_without_quotes_is_noticed(accounts, oscar):
    row = checked("CRM id,ACV\ncrm-1,31,000\n", oscar)
    assert "more columns than there are headings" in wrong(row)[0][2]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("31000", "31000"),
        ("31,000.5", "31000.5"),
        ("USD 31,000", "31000"),
        ("31000 USD", "31000"),
        ("$31,000.00", "31000"),
        ("31 000", "31000"),
        ("31,00", None),
        ("31.000.00", None),
        ("EUR 5", None),
        ("5 €", None),
        ("about 5", None),
        ("-5", None),
        ("1e5", None),
    ],
)
def test_an_amount_is_read_in_one_way_or_refused(accounts, oscar, written, read):
    row = checked(f'CRM id;ACV\ncrm-1;"{written}"\n', oscar, decimal_sign=".")
    line = lines(row)[0]
    assert line.changes.get("acv", {}).get("new") == read
    assert (line.outcome == "wrong") == (read is None)


def test_an_empty_cell_leaves_the_fact_and_unknown_forgets_it(accounts, oscar):
    row = checked("CRM id,ACV,Seats\ncrm-1,,5\ncrm-2,unknown,\n", oscar)
    first, second = lines(row)
    assert set(first.changes) == {"seats"}
    assert second.changes["acv"]["new"] == ""
    assert (second.tier_before, second.tier_after, second.source_after) == (
        "professional", "professional", "hold",
    )  # fmt: skip


def test_unknown_organizations_are_created_when_asked_for(accounts, oscar):
    content = "CRM id,Company,ACV\ncrm-7,New Co,26000\n,Newer Co,\ncrm-8,,1\ncrm-9,Newer Co,2\n"
    refused = checked(content, oscar)
    assert {line.outcome for line in lines(refused)} == {"wrong"}
    row = check(refused, oscar, creates=True)
    assert [line.outcome for line in lines(row)] == ["create", "create", "wrong", "wrong"]
    assert lines(row)[0].tier_after == "enterprise"
    apply(row, oscar)
    made = Organization.objects.get(external_id="crm-7")
    assert made.name == "New Co"
    held = open_assignment(made)
    assert held is not None
    assert held.tier == "enterprise"
    other = open_assignment(Organization.objects.get(name="Newer Co"))
    assert other is not None
    assert other.tier == "starter"


def test_an_organization_that_was_added_meanwhile_is_not_added_twice(accounts, oscar):
    row = checked("CRM id,Company,ACV\ncrm-7,New Co,26000\n", oscar, creates=True)
    create_organization(name="New Co", external_id="crm-7")
    row = apply(row, oscar)
    assert lines(row)[0].result == "skipped"
    assert Organization.objects.filter(name="New Co").count() == 1


def test_a_new_name_that_somebody_has_under_another_id_is_not_made_a_twin(accounts, oscar):
    row = checked("CRM id,Company,ACV\nwrong-id,Stella Storage,5\n", oscar, creates=True)
    assert "one is called Stella Storage (crm-1)" in wrong(row)[0][2]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_characters_and_separators_are_told_apart(oscar, encoding, shown, separator):
    made = create_organization(name="Größenwahn – “Bär”")
    text = f"Firma{separator}ACV\nGrößenwahn – “Bär”{separator}5000\n"
    row = checked(text.encode(encoding), oscar)
    assert (row.encoding, row.separator) == (shown, separator)
    assert lines(row)[0].organization == made


def test_a_quoted_line_break_keeps_the_line_numbers_right(accounts, oscar):
    row = checked('CRM id,Remark,ACV\ncrm-1,"two\nlines",5\nnobody,x,5\n', oscar)
    assert [line.number for line in lines(row)] == [2, 4]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"   \n ", "The file is empty."),
        (b"only one column\nx\n", "There are no columns"),
        (b"CRM id,ACV\n", "There are no lines below the headings."),
        (b"\xd0\xcf\x11\xe0" + b"x" * 50, "old Excel file"),
        (b"PK\x03\x04 rubbish", "not an Excel file"),
        (b"\x00\x01\x02" * 50, "neither a text file"),
        (b"a,b\nc,\x81\x8d\n", "cannot be read"),
        (b'a,b\n"c,d\n', "Line 2 cannot be read"),
        (b"a,b\n" + b"x" * (10 * 1024 * 1024), "larger than 10 MB"),
    ],
)
def test_what_is_no_file_of_facts_is_refused_in_words(oscar, content, said):
    with pytest.raises(InvalidInput, match=said):
        upload(content, oscar)
    assert not FactImport.objects.exists()


def test_a_broken_quote_far_below_fails_the_check_with_its_line(accounts, oscar):
    row = checked("CRM id,ACV\n" + "x,1\n" * 300 + '"crm-1,5\n', oscar)
    assert row.status == "failed"
    assert row.problem == "Line 302 cannot be read: a quotation mark is missing or misplaced."


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for cells in rows:
        book.active.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_with_its_types_and_formulas_are_refused(accounts, oscar):
    content = workbook(
        [
            ["CRM id", "ACV", "Seats", "Contract renewal", "Strategic"],
            ["crm-1", 31000.5, 40.0, date(2027, 1, 31), True],
            [],
            ["crm-2", "=B2*2", None, None, None],
            ["crm-3", 0.1 + 0.2, "12", None, None],
        ]
    )
    row = check(upload(content, oscar, file_name="C:\\files\\facts.xlsx"), oscar)
    assert (row.kind, row.file_name, row.sheet) == ("xlsx", "facts.xlsx", "Sheet")
    first, second, third = lines(row)
    assert {name: one["new"] for name, one in first.changes.items()} == {
        "acv": "31000.5", "seats": "40", "contract_renewal": "2027-01-31", "strategic": "true",
    }  # fmt: skip
    assert (second.number, second.outcome) == (4, "wrong")
    assert "formula" in second.problems[0]["say"]
    assert third.changes["acv"]["new"] == "0.3"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(oscar):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/sharedStrings.xml", b" " * (60 * 1024 * 1024))
    with pytest.raises(InvalidInput, match="far too large"):
        upload(out.getvalue(), oscar)


def test_a_workbook_with_entities_is_refused(oscar):
    good = workbook([["CRM id", "ACV"], ["crm-1", 5]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename.startswith("xl/worksheets/"):
                text = data.decode()
                text = text[text.index("<worksheet") :]
                data = ('<!DOCTYPE a [<!ENTITY b "c">]>' + text).encode()
            new.writestr(part.filename, data)
    with pytest.raises(InvalidInput):
        upload(out.getvalue(), oscar)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["external_id"], "Choose what each column is."),
        (["external_id", "shoe_size"], "Choose what each column is."),
        (["acv", "acv"], "Two columns"),
        (["", "acv"], "which organization"),
        (["external_id", ""], "at least one column"),
    ],
)
def test_columns_have_to_make_sense(oscar, columns, said):
    row = upload("CRM id,ACV\ncrm-1,5\n", oscar)
    with pytest.raises(InvalidInput, match=said):
        choose_columns(
            fact_import=row, columns=columns, decimal_sign=".", creates=False, by=oscar, now=NOW
        )


def test_what_was_chosen_for_a_heading_is_remembered(accounts, oscar):
    check(upload("Kd-Nr,Umsatzwert\ncrm-1,5\n", oscar), oscar, columns=["external_id", "acv"])
    assert upload("Umsatzwert,KD Nr\n5,crm-1\n", oscar).columns == ["acv", "external_id"]


def test_only_operations_import(ada, agnes, oscar):
    for stranger in (ada, agnes):
        with pytest.raises(NotPermitted):
            upload("CRM id,ACV\ncrm-1,5\n", stranger)
    row = upload("CRM id,ACV\ncrm-1,5\n", oscar)
    with pytest.raises(NotPermitted):
        cancel_import(fact_import=row, by=agnes, now=NOW)


def test_an_upload_that_nobody_goes_on_with_is_ended_after_a_week(oscar):
    row = upload("CRM id,ACV\ncrm-1,5\n", oscar)
    continue_fact_imports(now=NOW + timedelta(days=6))
    row.refresh_from_db()
    assert row.status == "uploaded"
    continue_fact_imports(now=NOW + timedelta(days=8))
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert not FactImportFile.objects.exists()


def test_a_workbook_whose_row_claims_to_be_the_two_billionth_is_refused_at_once(oscar: User):
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["CRM id", "ACV"])
    sheet.append(["1001", 5])
    plain, far = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(far, "w") as copy:
        for name in parts.namelist():
            part = parts.read(name)
            if name.endswith("sheet1.xml"):
                assert b'<row r="2"' in part
                part = part.replace(b'<row r="2"', b'<row r="2000000000"')
            copy.writestr(name, part)
    with pytest.raises(InvalidInput) as refused:
        upload(far.getvalue(), oscar, file_name="far.xlsx")
    assert "below the last row" in refused.value.fields["file"]
