"""The direction of imports and foreign keys, and proof that a wrong one is seen."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
}
FLOORS = {"people": 0, "tiers": 1, "kb": 2, "tickets": 3, "integrations": 4, "reports": 4}
FURNITURE = ("urls", "views", "api", "tasks", "admin", "forms", "actions", "models", "rules")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of our pyproject.toml on the packages in ``folder``."""
    program = "from importlinter.cli import lint_imports_command as main; main()"
    options = ["--no-logo", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [sys.executable, "-c", program, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a house with every room and all its furniture, and no import at all."""
    house = tmp_path_factory.mktemp("house")
    modules = [f"{room}/{piece}" for room in FLOORS for piece in FURNITURE]
    modules += [f"integrations/mail/{piece}" for piece in FURNITURE]
    modules += [f"integrations/crm/{piece}" for piece in (*FURNITURE, "vendor", "registry")]
    modules += ["integrations/crm/hubspot/vendor"]
    modules += ["portal/urls", "portal/settings", "portal/kit/clock", "portal/kit/refused"]
    modules += ["bench/floors"]
    for module in modules:
        path = house / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        for package in path.relative_to(house).parents:
            if package != Path():
                (house / package / "__init__.py").touch()
    return house


def test_the_real_house_keeps_every_import_rule() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_an_empty_house_keeps_every_import_rule(empty_house: Path) -> None:
    answer = lint_imports(empty_house)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [
        ("rooms", "portal/kit/refused.py", "import people.models"),
        ("rooms", "people/actions.py", "import tiers.models"),
        ("rooms", "tiers/models.py", "from kb import rules"),
        ("rooms", "kb/views.py", "import tickets.models"),
        ("rooms", "tickets/actions.py", "from integrations.mail import actions"),
        ("rooms", "tickets/tasks.py", "import reports.actions"),
        ("rooms", "integrations/mail/tasks.py", "import reports.models"),
        ("wiring", "people/models.py", "import portal.settings"),
        ("wiring", "portal/kit/refused.py", "from portal import urls"),
        ("bench", "portal/urls.py", "import bench.floors"),
        ("bench", "reports/actions.py", "from bench import floors"),
        ("furniture", "tickets/rules.py", "import tickets.models"),
        ("furniture", "tickets/models.py", "import tickets.actions"),
        ("furniture", "tickets/actions.py", "from tickets import forms"),
        ("furniture", "tickets/forms.py", "from tickets import views"),
        ("furniture", "tickets/views.py", "from tickets import tasks"),
        ("furniture", "people/api.py", "import people.urls"),
        ("furniture", "integrations/mail/models.py", "import integrations.mail.tasks"),
        ("furniture", "integrations/crm/models.py", "import integrations.crm.actions"),
        ("vendors", "integrations/crm/registry.py", "import integrations.crm.hubspot.vendor"),
        ("vendors", "integrations/crm/vendor.py", "import integrations.crm.models"),
        ("rules", "integrations/crm/rules.py", "import django"),
        ("rules", "tiers/rules.py", "from django.db import models"),
        ("rules", "tickets/rules.py", "import portal.kit.clock"),
    ],
)
def test_an_import_against_the_rules_is_caught(
    contract: str, module: str, line: str, empty_house: Path
) -> None:
    path = empty_house / module
    path.write_text(f"{line}\n")
    try:
        answer = lint_imports(empty_house)
    finally:
        path.write_text("")
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert f"{CONTRACTS[contract]} BROKEN" in answer.stdout


def upward_relations(candidates: Iterable[type[models.Model]]) -> list[str]:
    """Return the relations that point to a room above, or to the other room of the top floor."""
    found = []
    for model in candidates:
        room = model._meta.app_label
        for column in (*model._meta.fields, *model._meta.many_to_many):
            target = column.related_model
            if room not in FLOORS or not isinstance(target, type):
                continue
            other = target._meta.app_label
            if other in FLOORS and other != room and FLOORS[other] >= FLOORS[room]:
                found.append(f"{model._meta.label}.{column.name} -> {target._meta.label}")
    return found


def test_every_room_has_a_floor() -> None:
    own = {config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert own - {"portal"} == set(FLOORS)


def test_no_relation_points_to_a_room_above() -> None:
    assert upward_relations(apps.get_models(include_auto_created=True)) == []


@isolate_apps("people", "tickets", "integrations")
def test_a_relation_to_a_room_above_is_caught() -> None:
    class Errand(models.Model):
        class Meta:
            app_label = "tickets"

    class Visitor(models.Model):
        first = models.OneToOneField(Errand, on_delete=models.CASCADE, related_name="+")
        last = models.ForeignKey(Errand, on_delete=models.CASCADE, related_name="+")
        all = models.ManyToManyField(Errand, related_name="+")

        class Meta:
            app_label = "people"

    class Letter(models.Model):
        errand = models.ForeignKey(Errand, on_delete=models.CASCADE)

        class Meta:
            app_label = "integrations"

    assert upward_relations([Errand, Letter]) == []
    assert upward_relations([Visitor]) == [
        "people.Visitor.first -> tickets.Errand",
        "people.Visitor.last -> tickets.Errand",
        "people.Visitor.all -> tickets.Errand",
    ]
