"""How make test decides what to run on, and that it counts truthfully."""

import os
import socket
from pathlib import Path

import pytest

import conftest
from portal import suite

OUTCOMES = """
import pytest

def test_good(): pass

def test_bad(): assert 1 == 2

@pytest.fixture
def broken(): raise RuntimeError

def test_broken(broken): pass

@pytest.mark.skip(reason="not today")
def test_left_out(): pass
"""


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a machine without servers and without a word about any."""
    for name in suite.SERVER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()
    monkeypatch.setattr(suite, "POSTGRESQL", closed)
    monkeypatch.setattr(suite, "REDIS", closed)


def run_pytest(path: Path) -> suite.Run:
    """Carry out a run on one file, without this project's configuration."""
    run = suite.Run("a run", dict(os.environ))
    suite.carry_out(run, ["-q", "-c", os.devnull, "-p", "no:django", "-p", "no:xdist", str(path)])
    return run


def test_without_servers_only_the_embedded_default_runs_and_it_says_why() -> None:
    plan = suite.make_plan()
    assert [run.title for run in plan.runs] == ["embedded default (SQLite, no broker server)"]
    assert [sentence.split(":")[0] for sentence in plan.left_out] == ["PostgreSQL", "Redis"]


def test_named_servers_get_a_run_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@db/kept")
    monkeypatch.setenv("REDIS_URL", "redis://cache/3")
    plan = suite.make_plan()
    embedded, servers = plan.runs
    assert not {"DATABASE_URL", "REDIS_URL"} & set(embedded.environment)
    assert servers.environment["DATABASE_URL"] == "postgres://somebody@db/kept"
    assert servers.environment["REDIS_URL"] == "redis://cache/3"
    assert servers.environment[conftest.SERVERS_ONLY]
    assert conftest.SERVERS_ONLY not in embedded.environment
    assert plan.left_out == []


def test_every_outcome_is_counted_and_a_broken_fixture_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "test_outcomes.py"
    path.write_text(OUTCOMES)
    run = run_pytest(path)
    assert (run.passed, run.failed, run.skipped) == (1, 2, 1)
    assert run.code == 1


def test_a_run_without_any_test_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "test_nothing.py"
    path.write_text("")
    run = run_pytest(path)
    assert (run.passed, run.failed) == (0, 1)
    assert run.code != 0


def test_a_pass_on_servers_takes_every_test_that_uses_a_database(
    request: pytest.FixtureRequest, db: None
) -> None:
    assert conftest.is_about_servers(request.node)


@pytest.mark.django_db
def test_also_one_that_only_says_so_by_its_marker(request: pytest.FixtureRequest) -> None:
    assert conftest.is_about_servers(request.node)


def test_and_leaves_out_what_would_answer_the_same(request: pytest.FixtureRequest) -> None:
    assert not conftest.is_about_servers(request.node)
