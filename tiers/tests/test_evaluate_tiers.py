"""The command that asks the evaluator: JSON lines in, JSON lines out, bad lines by name."""

import io
import json
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conftest import TUESDAY
from tiers.models import TierPolicy
from tiers.tests.evaluation_kit import shipped

POLICY = shipped().to_json()
FIRST = "policy.rules[0].criteria[0]"
DAY = "2026-01-05"


def case(**parts: Any) -> dict[str, Any]:
    """A case with the reference's policy and an ACV of 10,000, changed in parts."""
    usual: dict[str, Any] = {"id": "c", "policy": POLICY, "facts": acv("10000"), "today": DAY}
    return {name: part for name, part in {**usual, **parts}.items() if part is not ...}


def acv(value: Any, observed_on: str = DAY) -> dict[str, Any]:
    return {"acv": {"value": value, "observed_on": observed_on}}


def ruled(*criteria: dict[str, Any], **options: Any) -> dict[str, Any]:
    """A policy with one rule to Enterprise."""
    rule = {"tier": "enterprise", "precedence": 1, "criteria": list(criteria), **options}
    return {"order": ["starter", "enterprise"], "default_tier": "starter", "rules": [rule]}


class Answers:
    """What a run printed, said on standard error, and ended with."""

    def __init__(self, folder: Path, content: bytes) -> None:
        path = folder / "cases.jsonl"
        path.write_bytes(content)
        out, err = io.StringIO(), io.StringIO()
        self.failed = ""
        try:
            call_command("evaluate_tiers", str(path), stdout=out, stderr=err)
        except CommandError as error:
            self.failed = str(error)
        self.printed = [json.loads(line) for line in out.getvalue().splitlines()]
        self.said = err.getvalue().splitlines()


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    """Run the command over cases (dicts, or lines as they are)."""

    def run(*lines: dict[str, Any] | str | bytes) -> Answers:
        raw = [
            line if isinstance(line, bytes)
            else line.encode() if isinstance(line, str)
            else json.dumps(line).encode()
            for line in lines
        ]  # fmt: skip
        return Answers(tmp_path, b"\n".join(raw) + b"\n")

    return run


@pytest.fixture
def one(ask: Any) -> Any:
    """The decision for one good case."""

    def run(**parts: Any) -> dict[str, Any]:
        answers = ask(case(**parts))
        assert not answers.failed, answers.said
        decision: dict[str, Any] = answers.printed[0]
        return decision

    return run


@pytest.mark.parametrize(
    ("value", "held", "below", "expected"),
    [
        ("24999.99", "professional", None, ("professional", "criteria", None)),
        ("25000", "professional", None, ("enterprise", "promote", None)),
        ("23500", "enterprise", None, ("enterprise", "criteria", None)),
        ("22999", "enterprise", None, ("enterprise", "grace", "2026-01-05")),
        (None, "enterprise", None, ("enterprise", "hold", None)),
        ("1000", "enterprise", "2025-10-01", ("professional", "demote", "2026-01-05")),
        ("4999", None, None, ("starter", "criteria", None)),
    ],
)
def test_the_acceptance_vectors_of_the_reference_hold(
    value: str | None, held: str | None, below: str | None, expected: tuple[Any, ...], one: Any
) -> None:
    previous = None if held is None else {"tier": held, "below_since": below}
    decision = one(facts=acv(value), previous=previous)
    assert (decision["tier"], decision["source"], decision["below_since"]) == expected


def test_the_grace_of_the_reference_is_told_with_its_end(one: Any) -> None:
    decision = one(facts=acv("22999"), previous={"tier": "enterprise"})
    assert "Enterprise is kept until 2026-03-06." in decision["reasons"][0]


def test_a_decision_has_the_fields_of_the_contract_and_nothing_else(one: Any) -> None:
    decision = one(id="org-7")
    assert list(decision) == ["id", "tier", "source", "below_since", "reasons", "counterfactuals"]
    assert decision["id"] == "org-7"
    assert decision["reasons"] == ["ACV is 10,000; Professional needs at least 5,000."]
    assert decision["counterfactuals"][0]["text"] == (
        "ACV of at least 25,000 would make it Enterprise."
    )


@pytest.mark.django_db
def test_without_a_policy_the_live_one_counts(ask: Any) -> None:
    today = TUESDAY.date().isoformat()
    answers = ask(
        case(policy=..., facts=acv("25000", today), today=today),
        case(policy=None, facts=acv("24999", today), today=today),
    )
    assert [answer["tier"] for answer in answers.printed] == ["enterprise", "professional"]


@pytest.mark.django_db
def test_without_any_live_policy_the_field_is_named_and_own_policies_still_answer(ask: Any) -> None:
    TierPolicy.objects.update(status="retired", retired_at=TUESDAY - timedelta(days=1))
    answers = ask(case(policy=...), case(id=2))
    assert answers.said == ["line 1: policy: is missing, and no policy is live"]
    assert [answer["id"] for answer in answers.printed] == [2]


@pytest.mark.parametrize(
    "absent", [{}, {"previous": None, "overrides": None, "contract_floor": None}, {"overrides": []}]
)
def test_the_optional_parts_may_be_absent_or_null(absent: dict[str, Any], one: Any) -> None:
    assert one(**absent)["tier"] == "professional"


def test_previous_may_leave_out_below_since(one: Any) -> None:
    assert one(previous={"tier": "professional"})["source"] == "criteria"


@pytest.mark.parametrize(
    ("written", "tier"),
    [
        ('"25000"', "enterprise"),
        ("25000", "enterprise"),
        ("25000.0", "enterprise"),
        ("2.5e4", "enterprise"),
        ('" 25000.00 "', "enterprise"),
        ("24999.999999999999999999999999999999999999999999", "professional"),
        ('"24999.999999999999999999999999999999999999999999"', "professional"),
        ('"99999999999999999999999999999.01"', "enterprise"),
        ("1e-30", "starter"),
        ("0e-999999999", "starter"),
        ("-5", "starter"),
    ],
)
def test_a_number_is_read_exactly_as_a_number_or_as_text(written: str, tier: str, ask: Any) -> None:
    line = json.dumps(case(facts=acv("HERE"))).replace('"HERE"', written)
    answers = ask(line)
    assert [answer["tier"] for answer in answers.printed] == [tier], answers.said


@pytest.mark.parametrize(
    ("criterion", "passes", "fails"),
    [
        ({"op": "gte", "value": "10"}, [10, "10.00", "10.01"], ["9.99", 0, -1]),
        ({"op": "gt", "value": 10}, ["10.01"], [10, 9]),
        ({"op": "lte", "value": "10"}, [10, 9], ["10.01"]),
        ({"op": "lt", "value": "10"}, ["9.99"], [10, 11]),
        ({"op": "gte", "value": "2026-03-01"}, ["2026-03-01"], ["2026-02-28"]),
        ({"op": "eq", "value": "EU"}, ["EU", "eu"], ["US", True, 1]),
        ({"op": "eq", "value": True}, [True, "true"], [False, "yes"]),
        ({"op": "eq", "value": 4}, [4, "4.0"], [5]),
        ({"op": "in", "value": ["EU", "UK"]}, ["UK"], ["US"]),
        ({"op": "in", "value": [1, "2"]}, [2, "1"], [3]),
        ({"op": "between", "value": ["10", "20"]}, [10, "19.99"], [20, "9.99"]),
        ({"op": "between", "value": ["2026-01-01", "2026-02-01"]}, ["2026-01-01"], ["2026-02-01"]),
    ],
)
def test_every_comparison_has_its_bounds(
    criterion: dict[str, Any], passes: list[Any], fails: list[Any], one: Any
) -> None:
    policy = ruled({"fact": "x", **criterion})
    for value, tier in [(v, "enterprise") for v in passes] + [(v, "starter") for v in fails]:
        facts = {"x": {"value": value, "observed_on": DAY}}
        assert one(policy=policy, facts=facts)["tier"] == tier, value


@pytest.mark.parametrize(
    ("observed", "tier"),
    [("2026-01-05", "enterprise"), ("2025-12-31", "enterprise"), ("2025-12-30", "starter")],
)
def test_changed_within_counts_days_and_includes_the_last(
    observed: str, tier: str, one: Any
) -> None:
    policy = ruled({"fact": "x", "op": "changed_within", "value": 5})
    facts = {"x": {"value": "anything", "observed_on": observed}}
    assert one(policy=policy, facts=facts)["tier"] == tier


@pytest.mark.parametrize(
    ("options", "known", "tier", "source"),
    [
        ({"match": "all"}, {"a": 1, "b": 1}, "enterprise", "criteria"),
        ({"match": "all"}, {"a": 1, "b": 0}, "starter", "criteria"),
        ({"match": "any"}, {"a": 1, "b": 0}, "enterprise", "criteria"),
        ({"match": "any"}, {"a": 0, "b": 0}, "starter", "criteria"),
        ({}, {"a": 1}, "starter", "hold"),
        ({"missing": "hold"}, {"a": 1}, "starter", "hold"),
        ({"missing": "fail"}, {"a": 1}, "starter", "criteria"),
        ({"match": "any", "missing": "hold"}, {"a": 1}, "enterprise", "criteria"),
        ({"match": "any", "missing": "hold"}, {"a": 0}, "starter", "hold"),
        ({"match": "all", "missing": "hold"}, {"a": 0}, "starter", "criteria"),
        ({"missing": "fail"}, {"a": 1, "b": None}, "starter", "criteria"),
    ],
)
def test_all_any_and_what_is_missing(
    options: dict[str, str], known: dict[str, Any], tier: str, source: str, one: Any
) -> None:
    policy = ruled(*({"fact": fact, "op": "eq", "value": 1} for fact in "ab"), **options)
    facts = {fact: {"value": value, "observed_on": DAY} for fact, value in known.items()}
    decision = one(policy=policy, facts=facts)
    assert (decision["tier"], decision["source"]) == (tier, source)


@pytest.mark.parametrize(
    ("observed", "stale_days", "source"),
    [
        ("2025-12-22", 14, "grace"),
        ("2025-12-21", 14, "hold"),
        ("2026-01-04", 0, "hold"),
        ("2026-01-05", 0, "grace"),
        ("2026-01-06", 14, "hold"),
    ],
)
def test_a_stale_fact_or_one_from_later_lowers_nobody(
    observed: str, stale_days: int, source: str, one: Any
) -> None:
    decision = one(
        policy={**POLICY, "stale_days": stale_days},
        facts=acv("1000", observed),
        previous={"tier": "enterprise", "below_since": None},
    )
    assert (decision["tier"], decision["source"]) == ("enterprise", source)


@pytest.mark.parametrize(
    ("grace", "steps", "below", "expected"),
    [
        (60, 1, "2025-11-07", ("enterprise", "grace", "2025-11-07")),
        (60, 1, "2025-11-06", ("professional", "demote", "2026-01-05")),
        (60, 2, "2001-01-01", ("starter", "demote", None)),
        (60, 9, "2001-01-01", ("starter", "demote", None)),
        (0, 1, None, ("professional", "demote", "2026-01-05")),
        (60, 1, "2030-01-01", ("enterprise", "grace", "2026-01-05")),
        (10**15, 1, "2001-01-01", ("enterprise", "grace", "2001-01-01")),
    ],
)
def test_grace_and_steps(
    grace: int, steps: int, below: str | None, expected: tuple[Any, ...], one: Any
) -> None:
    decision = one(
        policy={**POLICY, "demote_grace_days": grace, "max_step_down": steps},
        facts=acv("1000"),
        previous={"tier": "enterprise", "below_since": below},
    )
    assert (decision["tier"], decision["source"], decision["below_since"]) == expected


def test_the_last_day_of_the_calendar_is_a_day_like_any_other(one: Any) -> None:
    policy = ruled({"fact": "end", "op": "lte", "value": "9999-12-31", "exit_value": "0001-01-01"})
    facts = {"end": {"value": "2026-01-01", "observed_on": "9999-12-31"}}
    previous = {"tier": "enterprise", "below_since": "9999-12-30"}
    decision = one(policy=policy, facts=facts, previous=previous, today="9999-12-31")
    assert decision["tier"] in {"enterprise", "starter"}


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-01-04", ("professional", "criteria")),
        ("2026-01-05", ("enterprise", "override")),
        ("2026-01-09", ("enterprise", "override")),
        ("2026-01-10", ("professional", "criteria")),
    ],
)
def test_an_override_counts_from_its_start_to_the_day_before_its_end(
    today: str, expected: tuple[str, str], one: Any
) -> None:
    lent = {"tier": "enterprise", "starts": "2026-01-05", "expires": "2026-01-10"}
    decision = one(overrides=[lent], facts=acv("10000", "2026-01-04"), today=today)
    assert (decision["tier"], decision["source"]) == expected


def test_of_several_overrides_the_one_that_starts_last_counts(one: Any) -> None:
    decision = one(
        overrides=[
            {"tier": "starter", "starts": "2026-01-03", "expires": "2026-02-01"},
            {"tier": "enterprise", "starts": "2026-01-01", "expires": "2026-03-01"},
            {"tier": "enterprise", "starts": "2025-01-01", "expires": "2026-01-05"},
        ]
    )
    assert (decision["tier"], decision["source"]) == ("starter", "override")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"facts": acv("100")}, ("professional", "contract")),
        ({"facts": {}}, ("professional", "contract")),
        ({"facts": acv("9000")}, ("professional", "criteria")),
        ({"facts": acv("30000")}, ("enterprise", "criteria")),
        (
            {"overrides": [{"tier": "starter", "starts": DAY, "expires": "2026-02-01"}]},
            ("professional", "contract"),
        ),
        (
            {"facts": acv("100"), "previous": {"tier": "enterprise", "below_since": "2025-01-01"}},
            ("professional", "demote"),
        ),
    ],
)
def test_nobody_gets_less_than_is_signed(
    parts: dict[str, Any], expected: tuple[str, str], one: Any
) -> None:
    decision = one(contract_floor="professional", **parts)
    assert (decision["tier"], decision["source"]) == expected


def test_rules_may_stand_in_any_order(one: Any) -> None:
    turned = {**POLICY, "rules": list(reversed(POLICY["rules"]))}  # type: ignore[call-overload]
    assert one(policy=turned, facts=acv("30000"))["tier"] == "enterprise"


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"today": ...}, "today"),
        ({"today": "5.1.2026"}, "today"),
        ({"today": 20260105}, "today"),
        ({"id": [1]}, "id"),
        ({"id": 1.5}, "id"),
        ({"facts": None}, "facts"),
        ({"facts": {"acv": "25000"}}, "facts.acv"),
        ({"facts": acv({"amount": 1})}, "facts.acv.value"),
        ({"facts": acv([1])}, "facts.acv.value"),
        ({"facts": acv("lots")}, "facts.acv.value"),
        ({"facts": acv("25,000")}, "facts.acv.value"),
        ({"facts": acv(value=True)}, "facts.acv.value"),
        ({"facts": acv("2026-01-05")}, "facts.acv.value"),
        ({"facts": acv("9" * 60)}, "facts.acv.value"),
        ({"facts": {"acv": {"observed_on": DAY}}}, "facts.acv.value"),
        ({"facts": {"acv": {"value": "1"}}}, "facts.acv.observed_on"),
        ({"facts": acv("1", "2026-13-01")}, "facts.acv.observed_on"),
        ({"previous": "enterprise"}, "previous"),
        ({"previous": {"below_since": DAY}}, "previous.tier"),
        ({"previous": {"tier": "gold"}}, "previous.tier"),
        ({"previous": {"tier": "starter", "below_since": "x"}}, "previous.below_since"),
        ({"overrides": {}}, "overrides"),
        ({"overrides": ""}, "overrides"),
        ({"overrides": [{"tier": "starter", "starts": DAY}]}, "overrides[0].expires"),
        ({"overrides": [{"starts": DAY, "expires": DAY}]}, "overrides[0].tier"),
        ({"contract_floor": "gold"}, "contract_floor"),
        ({"contract_floor": 3}, "contract_floor"),
        ({"polcy": POLICY}, "polcy"),
        ({"policy": {**POLICY, "default_tier": "gold"}}, "policy.default_tier"),
        ({"policy": {**POLICY, "demote_grace_days": -1}}, "policy.demote_grace_days"),
        ({"policy": {**POLICY, "rules": {}}}, "policy.rules"),
        ({"policy": ruled({"fact": "x", "op": "is", "value": 1})}, f"{FIRST}.op"),
        ({"policy": ruled({"fact": "x", "op": "gte", "value": "x"})}, f"{FIRST}.value"),
        ({"policy": ruled(missing="guess")}, "policy.rules[0].missing"),
    ],
)  # fmt: skip
def test_bad_input_names_line_and_field_and_the_other_lines_are_answered(
    parts: dict[str, Any], field: str, ask: Any
) -> None:
    answers = ask(case(id="before"), case(**parts), case(id="after"))
    assert [answer["id"] for answer in answers.printed] == ["before", "after"]
    assert len(answers.said) == 1
    assert answers.said[0].startswith(f"line 2: {field}: ")
    assert answers.failed == "1 line is not a case and was not answered."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1: the line: is not JSON"),
        ("[]", "line 1: the line: must be an object"),
        ('{"today": NaN}', "NaN is not a number"),
        ('{"today": "2026-01-05", "today": "2026-01-06"}', "“today” stands twice"),
        (b'{"id": "\xff"}', "line 1: the line: is not UTF-8 text (byte 9)"),
        ("[" * 200_000, "nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "line 1: the line: is not JSON"),
    ],
)
def test_a_line_that_is_no_case_is_named(line: str | bytes, words: str, ask: Any) -> None:
    answers = ask(line, case())
    assert words in answers.said[0]
    assert len(answers.printed) == 1


def test_blank_lines_count_in_the_numbers_and_are_not_answered(ask: Any) -> None:
    answers = ask("", json.dumps(case()), "   ", "{", "")
    assert len(answers.printed) == 1
    assert answers.said[0].startswith("line 4: ")


def test_files_of_other_systems_are_read(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(case(id=n)).encode() for n in (1, 2))
    answers = Answers(tmp_path, content)
    assert [answer["id"] for answer in answers.printed] == [1, 2]
    assert not answers.failed


def test_the_same_id_twice_is_answered_twice_and_none_stays_none(ask: Any) -> None:
    answers = ask(case(id="same"), case(id="same"), case(id=...))
    assert [answer["id"] for answer in answers.printed] == ["same", "same", None]


def test_an_empty_file_is_no_error(ask: Any) -> None:
    answers = ask("")
    assert (answers.printed, answers.failed) == ([], "")


def test_ids_in_any_script_and_broken_halves_of_characters_come_back(ask: Any) -> None:
    answers = ask(case(id="Zoë 日本"), '{"id": "\\ud800", ' + json.dumps(case(id=...))[1:])
    assert [answer["id"] for answer in answers.printed] == ["Zoë 日本", "\ud800"]


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("evaluate_tiers", str(tmp_path / "nothing.jsonl"))
    with pytest.raises(CommandError, match="is a folder"):
        call_command("evaluate_tiers", str(tmp_path))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", "evaluate_tiers", *arguments]


ALONE = {
    "DJANGO_SETTINGS_MODULE": "portal.tests.settings",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "PATH": "",
}


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_read_without_any_database_and_the_exit_code_says_how_it_went(
    arguments: tuple[str, ...],
) -> None:
    lines = json.dumps(case(id=1)) + "\n" + json.dumps(case(policy=...)) + "\n"
    done = subprocess.run(
        command(*arguments), input=lines, env=ALONE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["tier"] == "professional"
    assert done.stderr.startswith("line 2: policy: is missing, and the live one cannot be read: ")
    assert "Traceback" not in done.stderr


def test_each_line_is_answered_as_it_comes_and_a_closed_pipe_is_no_error() -> None:
    line = json.dumps(case()).encode() + b"\n"
    with subprocess.Popen(
        command(), env=ALONE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdin.write(line)
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["tier"] == "professional"
        running.stdout.close()
        running.stdin.write(line * 50)
        running.stdin.close()
        assert running.stderr.read() == b""


def test_a_long_file_takes_the_memory_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes((json.dumps(case()).encode() + b"\n") * 2000)

    class Counting(io.StringIO):
        lines = 0

        def write(self, text: str) -> int:
            self.lines += text.count("\n")
            return len(text)

    out = Counting()
    call_command("evaluate_tiers", str(path), stdout=out)  # what is loaded once is loaded now
    tracemalloc.start()
    call_command("evaluate_tiers", str(path), stdout=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert out.lines == 4000
    assert peak < path.stat().st_size / 2
