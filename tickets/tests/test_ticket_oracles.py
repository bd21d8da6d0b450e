"""The clocks against other engines' scenarios; schema in reference/sla.md, section C.

Those engines start next reply at the first customer message and owe a first update from the
opening; both are `Options`. A pausing state pauses every metric there, so each target says so.
"""

from typing import Any

import pytest

from tickets.rules.clocks import Event, Options, Reading, Target, Terms, evaluate, worst_reading
from tickets.rules.clocks.facts import METRICS
from tiers.rules.business_time import BusinessCalendar, CalendarDefinition
from tiers.tests.oracle_files import entries, instant, judged

pytestmark = pytest.mark.oracle

THEIR_RULES = Options(next_reply_from_first_message=True, periodic_update_from_opening=True)
NORMAL = 3

Scenario = dict[str, Any]


def status_of(state: str) -> str:
    if state.startswith("pending"):
        return "pending"
    return {"hold": "on_hold", "on-hold": "on_hold", "resolved": "solved"}.get(state, state)


def terms_of(policy: dict[str, Any] | None, key: str) -> Terms | None:
    if policy is None:
        return None
    pause_on = frozenset(status_of(state) for state in policy.get("pause_on") or ())
    targets = {
        (NORMAL, metric): Target(seconds=minutes * 60, calendar="only", pause_on=pause_on)
        for metric, minutes in policy["targets_min"].items()
        if minutes is not None
    }
    return Terms(key=key, tier="any", policy_version=1, targets=targets)


def events_of(scenario: Scenario) -> list[Event]:
    events: list[Event] = []

    def add(at: int, kind: Any, **more: Any) -> None:
        events.append(Event(at, len(events), kind, **more))

    for entry in scenario["events"]:
        at, by, kind = instant(entry["at"]), entry.get("by", "system"), entry["type"]
        automatic = bool(entry.get("automatic"))
        if kind == "created":
            terms = terms_of(scenario["policy"], "first")
            status = status_of(entry.get("state") or "new")
            add(at, "opened", by=by, status=status, severity=NORMAL, terms=terms)
            if entry.get("message"):
                add(at, "message", by=by, automatic=automatic)
        elif kind in ("reply", "note"):
            public = entry.get("public", kind == "reply")
            add(at, "message", by=by, public=public, automatic=automatic)
        elif kind == "state" and entry["to"] == "merged":
            add(at, "merged")
        elif kind == "state":
            add(at, "status", status=status_of(entry["to"]))
        elif kind == "policy":
            add(at, "terms", terms=terms_of(entry["to"], f"since {entry['at']}"))
        else:
            raise ValueError(f"Unknown event {kind!r}.")
    return events


def readings_of(scenario: Scenario) -> tuple[Reading, ...]:
    calendar = BusinessCalendar([(None, CalendarDefinition.from_json(scenario["calendar"]))])
    now = instant(scenario["as_of"])
    return evaluate(events_of(scenario), {"only": calendar}, now, THEIR_RULES)


def dues_of(reading: Reading | None, boundary: str | None) -> set[int | None]:
    """Return what the source would show as due; nothing on a clock that does not run.

    Where a scenario names a boundary convention, only that one has to agree.
    """
    if reading is None or reading.is_over or reading.paused_reason:
        return {None}
    if boundary:
        return {reading.due_at if boundary == "closing" else reading.breaches_after}
    return {reading.due_at, reading.breaches_after}


def check_metric(
    readings: tuple[Reading, ...], metric: str, expected: dict[str, Any], boundary: str | None
) -> None:
    reading = [reading for reading in readings if reading.metric == metric][-1]
    worst = worst_reading(readings, metric)
    shown: dict[str, Any] = {
        "elapsed_min": reading.elapsed_seconds // 60,
        "diff_min": reading.target_seconds // 60 - reading.elapsed_seconds // 60,
        "stopped": reading.is_over,
        "paused": reading.paused_reason is not None,
        "breached": reading.elapsed_seconds > reading.target_seconds,
        "worst_elapsed_min": worst and worst.elapsed_seconds // 60,
        "worst_diff_min": worst and worst.target_seconds // 60 - worst.elapsed_seconds // 60,
    }
    if "due" in expected:
        due = expected["due"]
        assert dues_of(reading, boundary) == {due and instant(due)}
    assert set(expected) - {"due"} <= set(shown)
    assert {field: shown[field] for field in expected if field != "due"} == {
        field: value for field, value in expected.items() if field != "due"
    }
    assert sum(segment.counted_seconds for segment in reading.ledger) == reading.elapsed_seconds


@pytest.mark.parametrize("scenario", entries("events"))
def test_clocks_agree_with_the_scenario(scenario: Scenario) -> None:
    with judged(scenario):
        check_scenario(scenario)


def check_scenario(scenario: Scenario) -> None:
    boundary = scenario.get("boundary")
    readings = readings_of(scenario)
    for metric, expected in scenario["expected"].items():
        if metric == "next_escalation_at":
            live = [reading for reading in readings if dues_of(reading, boundary) != {None}]
            nearest = {
                min((due for due in dues if due is not None), default=None)
                for dues in zip(*(sorted_dues(reading, boundary) for reading in live), strict=True)
            }
            assert (nearest or {None}) == {expected and instant(expected)}
        elif expected is None:
            assert all(
                reading.status in ("not_started", "cancelled")
                for reading in readings
                if reading.metric == metric
            )
        else:
            assert metric in METRICS
            check_metric(readings, metric, expected, boundary)


def sorted_dues(reading: Reading, boundary: str | None) -> list[int | None]:
    if boundary:
        return [reading.due_at if boundary == "closing" else reading.breaches_after]
    return [reading.due_at, reading.breaches_after]
