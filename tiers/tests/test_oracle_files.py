"""ORACLES_DIR: further cases are really run, and a wrong one is really seen."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tiers.tests.oracle_files import DEFAULT_FOLDER

ROOT = DEFAULT_FOLDER.parent
FILES = ("tiers/tests/test_business_time_oracles.py", "tickets/tests/test_ticket_oracles.py")


def run(folder: Path) -> str:
    """Run the conformance tests on a folder, in a process of their own; return what they print."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rfxs",
        "-m",
        "oracle",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, *FILES],
        cwd=ROOT,
        env={**os.environ, "ORACLES_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return done.stdout


def of_op(name: str, op: str, count: int) -> list[dict[str, Any]]:
    cases = json.loads((DEFAULT_FOLDER / name).read_text("utf-8"))["cases"]
    return [case for case in cases if case["op"] == op and not case.get("quirk")][:count]


@pytest.mark.slow
def test_a_folder_of_further_cases_is_run_instead_and_a_wrong_one_fails(tmp_path: Path) -> None:
    right, wrong, odd, dropped = of_op("business_time.json", "business_seconds_between", 4)
    wrong["expected"] += 1
    odd |= {"expected": odd["expected"] + 1, "quirk": "its own rounding"}
    dropped |= {"expected": dropped["expected"] + 1, "drop": True, "note": "off by one"}
    (tmp_path / "further.json").write_text(json.dumps({"cases": [right, wrong, odd, dropped]}))
    scenarios = json.loads((DEFAULT_FOLDER / "tickets.json").read_text("utf-8"))["scenarios"]
    known, altered = scenarios[:2]
    for metric in altered["expected"].values():
        if isinstance(metric, dict):
            metric["due"] = "2001-01-01T00:00:00Z"
    (tmp_path / "stories.json").write_text(json.dumps([known, altered]))
    (tmp_path / "other.json").write_text(json.dumps({"about": "no cases at all"}))
    said = run(tmp_path)
    assert "2 failed, 2 passed, 1 skipped, 1 xfailed" in said
    failures = [line for line in said.splitlines() if line.startswith("FAILED")]
    assert sorted(line.split("[")[1].split("]")[0] for line in failures) == [
        f"further:{wrong['id']}",
        f"stories:{altered['id']}",
    ]
    assert "off by one" in said
    assert "its own rounding" in said


@pytest.mark.slow
def test_a_folder_without_any_cases_is_an_error_and_not_a_success(tmp_path: Path) -> None:
    assert "holds no *.json" in run(tmp_path)
