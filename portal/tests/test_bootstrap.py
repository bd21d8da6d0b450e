"""What make run needs before anything is installed, and the lists it installs from."""

import importlib.util
import itertools
import json
import re
import sys
from pathlib import Path

import pytest

from portal import bootstrap

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
MEASURING = ROOT / "requirements-bench.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(\[[a-z,]+\])?==[0-9][^\s;]*( ; [^#]+?)?(  # .+)?$")


def requirement_lines(path: Path) -> list[str]:
    """Return the lines that name a package."""
    return [
        line for line in path.read_text().splitlines() if line and not line.startswith(("#", "-r"))
    ]


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT, MEASURING], ids=lambda path: path.name)
def test_every_package_is_pinned_to_one_version_and_no_address_is_named(path: Path) -> None:
    assert [line for line in requirement_lines(path) if not PIN.match(line)] == []
    assert "://" not in path.read_text()


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT, MEASURING], ids=lambda path: path.name)
def test_every_package_that_we_chose_says_what_for(path: Path) -> None:
    chosen, _ = path.read_text().split("# -- Brought along")
    lines = chosen.splitlines()
    silent = [
        line
        for before, line in itertools.pairwise(lines)
        if "==" in line and not before.startswith("# ")
    ]
    assert silent == []


def test_an_included_file_counts_for_the_fingerprint(tmp_path: Path) -> None:
    runtime, development = tmp_path / "runtime.txt", tmp_path / "development.txt"
    runtime.write_text("one==1\n")
    development.write_text("-r runtime.txt\ntwo==1\n")
    before = bootstrap.fingerprint(development)
    assert bootstrap.count_packages(development) == 2
    runtime.write_text("one==2\n")
    assert bootstrap.fingerprint(development) != before


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with one requirements file, as if make had been called."""
    (tmp_path / "requirements.txt").write_text("one==1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "requirements.txt"])
    return tmp_path


def test_nothing_is_installed_when_nothing_changed(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed: list[Path] = []
    (in_folder / ".venv").mkdir()
    monkeypatch.setattr(bootstrap, "create_environment", lambda folder: folder / "bin" / "python")
    monkeypatch.setattr(bootstrap, "install", lambda python, path, folder: installed.append(path))
    assert bootstrap.main() == 0
    assert bootstrap.main() == 0
    assert installed == [Path("requirements.txt")]
    (in_folder / "requirements.txt").write_text("one==2\n")
    assert bootstrap.main() == 0
    assert len(installed) == 2
    assert json.loads((in_folder / ".venv" / bootstrap.STAMP_NAME).read_text())
    assert capsys.readouterr().out == ""


def test_a_python_that_cannot_make_environments_is_told_what_to_install(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "ensurepip" else find_spec(name),
    )
    assert bootstrap.main() == 1
    said = capsys.readouterr().err
    assert "its module ensurepip is missing" in said
    assert "apt install python3-venv" in said
    assert not (in_folder / ".venv").exists()


def test_what_pip_says_is_turned_into_progress() -> None:
    log = "Collecting amqp==5.4.2 (from -r requirements.txt)\n  Using cached amqp.whl\n"
    assert bootstrap.state_of("", 3) == "0 of 3 found  "
    assert bootstrap.state_of(log, 3) == "1 of 3 found  amqp"
    assert "unpacking" in bootstrap.state_of(f"{log}Installing collected packages: amqp\n", 3)
