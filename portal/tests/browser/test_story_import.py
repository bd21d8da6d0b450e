"""Operations bring in a spreadsheet of facts: look first, then apply."""

import re
from pathlib import Path

import pytest

from people.actions import create_organization
from people.models import Organization, User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in_by_two_steps
from tiers.actions.evaluating import open_assignment
from tiers.tasks import go_on_with_imports

pytestmark = pytest.mark.browser

FILE = """Kundennummer;Firma;Vertragswert;Plätze;Verlängerung
crm-1;Stella Storage;31.000,00;40;31.01.2027
crm-2;Paul's Pallets;zwölf;;
crm-3;Analytical Engines;60.000,00;;
crm-9;New Horizons;6.500,00;12;2027-06-30
"""


@pytest.mark.parametrize("by_phone", [False, True], ids=["wide", "phone"])
def test_a_spreadsheet_is_looked_at_and_applied(
    stage: Stage, oscar: User, starter: Organization, professional: Organization,
    enterprise: Organization, tmp_path: Path, by_phone: bool,
) -> None:  # fmt: skip
    for number, organization in enumerate([starter, professional, enterprise], start=1):
        Organization.objects.filter(pk=organization.pk).update(external_id=f"crm-{number}")
    create_organization(name="Somebody Else")
    file = tmp_path / "Konten März.csv"
    file.write_bytes(FILE.encode("cp1252"))
    secret = give_totp(oscar)
    his = stage.comes(by_phone=by_phone)
    his.opens("/ops/imports/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Import facts")
    his.field("File").set_input_files(file)
    his.presses("Upload and choose columns")

    his.arrives("Konten März.csv")
    his.sees("text in Windows-1252", "semicolons between columns")
    his.chooses("Create them")
    his.presses("Check and preview")
    his.arrives("Konten März.csv")
    his.sees("Waiting for a worker")
    go_on_with_imports()
    his.sees("This is what the file would change.", "Apply 2 lines")
    his.looks_around()
    his.sees("Starter", "Enterprise", "1 account")
    his.presses(re.compile("^Cannot be used"))
    his.sees("Write an amount like 25000,50. The decimal sign of this file is “,”.")
    his.looks_around()
    his.presses(re.compile("^All changes"))
    his.sees("New Horizons", "new")
    his.looks_around()

    his.presses("Apply 2 lines")
    his.arrives("Konten März.csv")
    go_on_with_imports()
    his.sees("This is what the file changed.")
    his.looks_around()
    held = open_assignment(starter)
    assert held is not None
    assert held.tier == "enterprise"
    assert Organization.objects.filter(external_id="crm-9").exists()
