"""The pages of an import: upload, columns, preview, result, and the file of what was not used."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.models import Organization
from tiers.actions import continue_fact_imports, record_facts
from tiers.models import AccountFact, FactImport
from tiers.tests.ops_kit import main_of

pytestmark = pytest.mark.django_db
NOW = TUESDAY + timedelta(hours=3)
PAGE = "/ops/imports/"
FILE = "CRM id,ACV,Seats\ncrm-1,31000,4\ncrm-2,abc,\n=cmd|'/c calc'!A0,5,\ncrm-3,61000,\n"


@pytest.fixture(autouse=True)
def afternoon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ops(oscar, at_door, starter, professional, enterprise) -> Any:
    for number, organization in enumerate([starter, professional, enterprise], start=1):
        Organization.objects.filter(pk=organization.pk).update(external_id=f"crm-{number}")
    return at_door(oscar)


def upload(ops: Any, content: str | bytes = FILE, name: str = "accounts.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return ops.post(PAGE, {"file": SimpleUploadedFile(name, data)})


def choose(ops: Any, **changes: Any) -> FactImport:
    row = FactImport.objects.get()
    chosen = {f"column_{place}": target for place, target in enumerate(row.columns)}
    sent = chosen | {"decimal_sign": row.decimal_sign, "creates": ""} | changes
    answer = ops.post(f"{PAGE}{row.pk}/columns/", sent)
    assert answer.status_code == 302, main_of(answer)
    row.refresh_from_db()
    return row


def test_the_whole_way_from_upload_to_result(ops, starter):
    assert "No file was brought in yet" in main_of(ops.get(PAGE))
    answer = upload(ops)
    row = FactImport.objects.get()
    assert answer.url == f"{PAGE}{row.pk}/"
    said = main_of(ops.get(f"{PAGE}{row.pk}/", follow=True))
    assert "Say what each column is." in said
    assert "text in UTF-8, commas between columns" in said
    choose(ops)
    assert "Waiting for a worker" in main_of(ops.get(f"{PAGE}{row.pk}/"))
    continue_fact_imports(now=NOW)

    said = main_of(ops.get(f"{PAGE}{row.pk}/"))
    assert "Nothing is written yet." in said
    assert "Apply 2 lines" in said
    assert "Stella Storage crm-1" in said
    assert "USD 900" in said
    assert AccountFact.objects.filter(source="import").count() == 0
    said = main_of(ops.get(f"{PAGE}{row.pk}/?show=wrong"))
    assert "3 ACV abc Write an amount like 25000.50." in said

    row.refresh_from_db()
    ops.post(f"{PAGE}{row.pk}/apply/", {"fingerprint": row.fingerprint})
    assert "Waiting for a worker" in main_of(ops.get(f"{PAGE}{row.pk}/"))
    continue_fact_imports(now=NOW)
    said = main_of(ops.get(f"{PAGE}{row.pk}/"))
    assert "This is what the file changed." in said
    assert AccountFact.objects.filter(organization=starter, source="import").count() == 2
    assert "Oscar Ops" in main_of(ops.get(PAGE))


def test_a_file_that_cannot_be_read_is_refused_at_its_field(ops):
    answer = upload(ops, b"\x00\x01\x02" * 20, "x.bin")
    assert answer.status_code == 422
    assert "neither a text file" in main_of(answer)
    assert not FactImport.objects.exists()
    assert ops.post(PAGE, {}).status_code == 422


def test_the_problems_come_as_a_file_that_no_spreadsheet_runs(ops):
    upload(ops)
    row = choose(ops)
    continue_fact_imports(now=NOW)
    answer = ops.get(f"{PAGE}{row.pk}/problems.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="import-{row.pk}-problems.csv"'
    text = answer.getvalue().decode("utf-8-sig")
    head, first, second = csv.reader(io.StringIO(text))
    assert head == ["Line", "Column", "Value", "What to do", "CRM id", "ACV", "Seats"]
    assert first[:3] == ["3", "ACV", "abc"]
    assert first[4:] == ["crm-2", "abc", ""]
    assert second[4].startswith("'=cmd")


def test_the_sample_can_be_brought_back_as_it_is(ops):
    sample = ops.get(f"{PAGE}sample.csv").content
    upload(ops, sample)
    row = choose(ops, creates="yes")
    continue_fact_imports(now=NOW)
    row.refresh_from_db()
    assert [line.outcome for line in row.lines.all()] == ["create", "create"]
    assert "" not in row.columns


def test_progress_is_a_fragment_and_ends_by_showing_the_page(ops):
    upload(ops)
    row = choose(ops)
    htmx = {"HTTP_HX_REQUEST": "true"}
    fragment = ops.get(f"{PAGE}{row.pk}/", **htmx)
    assert b"<html" not in fragment.content
    assert b'id="progress"' in fragment.content
    continue_fact_imports(now=NOW)
    assert ops.get(f"{PAGE}{row.pk}/", **htmx)["HX-Refresh"] == "true"


def test_an_old_page_does_not_apply_a_new_preview(ops, starter):
    upload(ops)
    row = choose(ops)
    continue_fact_imports(now=NOW)
    row.refresh_from_db()
    seen = row.fingerprint
    record_facts(organization=starter, values={"acv": "1"}, source="ops", now=NOW)
    choose(ops)
    continue_fact_imports(now=NOW)
    answer = ops.post(f"{PAGE}{row.pk}/apply/", {"fingerprint": seen}, follow=True)
    assert "Somebody checked this file anew." in answer.content.decode()
    row.refresh_from_db()
    assert row.status == "ready"


def test_columns_that_make_no_sense_are_refused_above_the_form(ops):
    upload(ops)
    row = FactImport.objects.get()
    sent = {"column_0": "acv", "column_1": "acv", "column_2": "", "decimal_sign": "."}
    answer = ops.post(f"{PAGE}{row.pk}/columns/", sent)
    assert answer.status_code == 422
    assert "Two columns are said to be the same." in main_of(answer)


def test_a_file_can_be_thrown_away_and_what_is_over_stays_over(ops):
    upload(ops)
    row = FactImport.objects.get()
    ops.post(f"{PAGE}{row.pk}/cancel/")
    assert "Nothing was written." in main_of(ops.get(f"{PAGE}{row.pk}/"))
    assert "This import is over." in main_of(ops.get(f"{PAGE}{row.pk}/columns/"))


def test_the_same_bytes_applied_before_are_pointed_out(ops):
    upload(ops)
    row = choose(ops)
    continue_fact_imports(now=NOW)
    row.refresh_from_db()
    ops.post(f"{PAGE}{row.pk}/apply/", {"fingerprint": row.fingerprint})
    continue_fact_imports(now=NOW)
    upload(ops)
    again = FactImport.objects.latest("pk")
    said = main_of(ops.get(f"{PAGE}{again.pk}/columns/"))
    assert "The very same file was applied already" in said


@pytest.mark.parametrize("page", ["", "sample.csv", "1/", "1/columns/", "1/problems.csv"])
def test_only_operations_come_in(ada, agnes, at_door, page):
    assert at_door(ada).get(f"{PAGE}{page}").status_code in {302, 403}
    assert at_door(agnes).get(f"{PAGE}{page}").status_code in {302, 403}


def test_odd_places_in_the_address_are_no_errors(ops):
    upload(ops)
    row = choose(ops)
    continue_fact_imports(now=NOW)
    for query in ("show=nothing", "after=x", "after=99999999999999", "show=moves&after=2"):
        assert ops.get(f"{PAGE}{row.pk}/?{query}").status_code == 200
    assert ops.get(f"{PAGE}?before=abc").status_code == 200
    assert ops.get(f"{PAGE}999999/").status_code == 404
