"""Two workers at one import do every line once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections

from conftest import TUESDAY
from tiers.actions import apply_import, choose_columns, continue_fact_imports, upload_facts
from tiers.models import AccountFact, FactImport
from tiers.tests.ops_kit import organizations

NOW = TUESDAY + timedelta(hours=1)
LINES = 40

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.USES_SQLITE, reason="an in-memory SQLite is one connection's own"),
]


def at_once(work, times: int = 3) -> None:
    def one() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        for future in [pool.submit(one) for _time in range(times)]:
            future.result()


def test_several_workers_check_and_apply_each_line_once(oscar, monkeypatch):
    monkeypatch.setattr("tiers.actions.importing.checking.BATCH", 7)
    made = organizations(LINES, TUESDAY, acv="900")
    content = "Name,ACV\n" + "".join(f"{one.name},31000\n" for one in made)
    row = upload_facts(content=content.encode(), file_name="f.csv", by=oscar, now=NOW)
    choose_columns(
        fact_import=row, columns=row.columns, decimal_sign=".", creates=False, by=oscar, now=NOW
    )
    # A lease that ended lets the others in while one is still at it.
    monkeypatch.setattr("tiers.actions.importing.working.LEASE", timedelta(seconds=-1))
    monkeypatch.setattr("tiers.actions.importing.checking.LEASE", timedelta(seconds=-1))
    monkeypatch.setattr("tiers.actions.importing.applying.LEASE", timedelta(seconds=-1))
    at_once(lambda: continue_fact_imports(now=NOW))
    row.refresh_from_db()
    assert (row.status, row.lines.count()) == ("ready", LINES)
    apply_import(fact_import=row, fingerprint=row.fingerprint, by=oscar, now=NOW)
    at_once(lambda: continue_fact_imports(now=NOW))
    row.refresh_from_db()
    assert row.status == FactImport.Status.DONE
    assert AccountFact.objects.filter(source="import").count() == LINES
