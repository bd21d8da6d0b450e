"""Laws that hold for any ticket whatever, and a naive counter that must agree."""

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tickets.rules.clocks import METRICS, Event, Reading, Target, Terms, evaluate
from tickets.rules.clocks.facts import DONE, STATUSES
from tickets.tests.clock_stories import (
    CALENDARS,
    CRITICAL,
    HOUR,
    MINUTE,
    MONDAY,
    NORMAL,
    Story,
    terms,
)

quick = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
targets = st.builds(
    Target,
    seconds=st.integers(1, 40 * 60).map(lambda minutes: minutes * MINUTE),
    calendar=st.sampled_from(["always", "office"]),
    pause_on=st.frozensets(st.sampled_from(["pending", "on_hold"])),
)
agreements = st.builds(
    Terms,
    key=st.sampled_from(["v1", "v2", "v3"]),
    tier=st.just("any"),
    policy_version=st.just(1),
    targets=st.dictionaries(
        st.tuples(st.sampled_from([CRITICAL, NORMAL]), st.sampled_from(METRICS)),
        targets,
        min_size=8,
    ),
)
happenings = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("message"),
            "by": st.sampled_from(["customer", "agent"]),
            "public": st.sampled_from([True, True, True, False]),
            "automatic": st.sampled_from([False, False, False, True]),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("status"), "status": st.sampled_from(STATUSES)}),
    st.fixed_dictionaries(
        {
            "kind": st.just("severity"),
            "severity": st.sampled_from([CRITICAL, NORMAL]),
            "mode": st.sampled_from(["retarget", "restart"]),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("terms"), "terms": st.none() | agreements}),
    st.just({"kind": "no_reply_needed"}),
)
happenings_of_a_ticket: st.SearchStrategy[list[dict[str, Any]]] = st.lists(happenings, max_size=12)
gaps = st.sampled_from([0, 1, 5, 30, 61, 240, 1440, 3000])


@st.composite
def tickets(draw: st.DrawFn) -> list[Event]:
    opened: dict[str, Any] = {
        "kind": "opened",
        "by": draw(st.sampled_from(["customer", "agent"])),
        "severity": NORMAL,
        "terms": draw(agreements),
    }
    events, now = [Event(MONDAY, 0, **opened)], MONDAY
    for more in draw(happenings_of_a_ticket):
        now += draw(gaps) * MINUTE
        events.append(Event(now, len(events), **more))
    return events


def key(reading: Reading) -> tuple[str, int]:
    return reading.metric, reading.cycle


class TestLaws:
    @quick
    @given(tickets(), gaps)
    def test_every_ledger_is_seamless_and_sums_to_the_elapsed_time(
        self, events: list[Event], more: int
    ) -> None:
        for reading in evaluate(events, CALENDARS, events[-1].at + more * MINUTE):
            ledger = reading.ledger
            assert sum(segment.counted_seconds for segment in ledger) == reading.elapsed_seconds
            assert all(one.end == other.start for one, other in pairwise(ledger))
            assert all(s.start < s.end for s in ledger)
            assert all(not s.counted_seconds for s in ledger if s.state != "running")
            assert not ledger or ledger[0].start == reading.started_at
            assert reading.remaining_seconds == reading.target_seconds - reading.elapsed_seconds

    @quick
    @given(tickets(), gaps, gaps)
    def test_as_time_goes_by_nothing_elapsed_is_lost_and_nothing_over_changes(
        self, events: list[Event], sooner: int, later: int
    ) -> None:
        now = events[-1].at + sooner * MINUTE
        after = {key(r): r for r in evaluate(events, CALENDARS, now + later * MINUTE)}
        for reading in evaluate(events, CALENDARS, now):
            then = after[key(reading)]
            assert then.elapsed_seconds >= reading.elapsed_seconds
            assert then.breaches[: len(reading.breaches)] == reading.breaches
            if reading.is_over:
                assert then == reading
            elif reading.paused_reason is None:
                assert then.due_at == reading.due_at
                assert then.breaches_after == reading.breaches_after
                assert then.alarms == reading.alarms

    @quick
    @given(tickets(), st.integers(1, 12))
    def test_later_events_leave_earlier_cycles_and_breaches_as_they_were(
        self, events: list[Event], count: int
    ) -> None:
        known = events[:count]
        now = known[-1].at
        if count < len(events) and events[count].at == now:
            return  # one instant is one act; it is looked at when it is complete
        before = evaluate(known, CALENDARS, now)
        after = {key(r): r for r in evaluate(events, CALENDARS, events[-1].at)}
        last = {reading.metric: reading.cycle for reading in before}
        for reading in before:
            if reading.status == "not_started":
                continue
            then = after[key(reading)]
            assert then.breaches[: len(reading.breaches)] == reading.breaches
            assert then.elapsed_seconds >= reading.elapsed_seconds
            if reading.cycle < last[reading.metric]:
                assert then == reading

    @quick
    @given(tickets(), gaps)
    def test_each_alarm_rings_at_the_first_second_it_is_true(
        self, events: list[Event], more: int
    ) -> None:
        now = events[-1].at + more * MINUTE
        for reading in evaluate(events, CALENDARS, now):
            if reading.due_at is not None and reading.breaches_after is not None:
                assert reading.due_at <= reading.breaches_after
            for step, instant in reading.alarms:
                if instant <= now or reading.is_over:
                    continue
                for moment in (instant - 1, instant):
                    then = {key(r): r for r in evaluate(events, CALENDARS, moment)}[key(reading)]
                    share = then.elapsed_seconds * 100 >= step * then.target_seconds
                    rings = then.status == "breached" if step == 100 else share
                    assert rings == (moment == instant)

    @quick
    @given(tickets(), st.integers(1, 12), st.sampled_from(["pending", "on_hold"]))
    def test_a_pause_without_length_is_no_pause(
        self, events: list[Event], place: int, status: str
    ) -> None:
        head, tail = events[:place], events[place:]
        present = next((e.status for e in reversed(head) if e.status), "new")
        if present in DONE or (tail and tail[0].at == head[-1].at):
            return
        now, last = head[-1].at, events[-1].at + HOUR
        blink = [
            Event(now, 100, "status", status=status),
            Event(now, 101, "status", status=present),
        ]
        later = [event._replace(seq=event.seq + 200) for event in tail]
        assert plain(evaluate([*head, *blink, *later], CALENDARS, last)) == plain(
            evaluate(events, CALENDARS, last)
        )

    def test_a_pause_wholly_outside_hours_changes_nothing(self) -> None:
        target = Target(12 * HOUR, "office", pause_on=frozenset({"pending"}))
        story = Story(terms(resolution=target))
        quiet = story.reading("resolution", 26 * 60)
        paused = Story(terms(resolution=target)).status(9 * 60, "pending").status(20 * 60, "open")
        night = paused.reading("resolution", 26 * 60)
        assert night._replace(ledger=()) == quiet._replace(ledger=())


def plain(readings: tuple[Reading, ...]) -> list[Reading]:
    """Drop the causes: they name the last of several changes in one instant."""
    return [
        reading._replace(
            ledger=tuple(s._replace(cause="") for s in reading.ledger), stop_cause=None
        )
        for reading in readings
    ]


def counted_by_the_minute(events: list[Event], metric: str, now: int) -> int:
    """Count a whole-life metric minute by minute; every event lies on a full minute."""
    total = 0
    status, severity, agreed = "new", NORMAL, events[0].terms
    pending = sorted(events, key=lambda event: (event.at, event.seq))
    never = {"requester_wait": {"pending"}, "agent_work": {"pending", "on_hold"}}
    for minute in range(MONDAY, now, MINUTE):
        while pending and pending[0].at <= minute:
            event = pending.pop(0)
            status, severity = event.status or status, event.severity or severity
            agreed = event.terms if event.kind == "terms" else agreed
        target = agreed.targets.get((severity, metric)) if agreed else None
        if target is None or status in DONE or status in target.pause_on | never.get(metric, set()):
            continue
        total += MINUTE * CALENDARS[target.calendar].is_open(minute)
    return total


@settings(quick, max_examples=60)
@given(tickets(), st.sampled_from(["requester_wait", "agent_work", "resolution"]))
def test_whole_life_metrics_agree_with_counting_by_the_minute(
    events: list[Event], metric: str
) -> None:
    now = events[-1].at + 100 * MINUTE
    elapsed = sum(r.elapsed_seconds for r in evaluate(events, CALENDARS, now) if r.metric == metric)
    assert elapsed == counted_by_the_minute(events, metric, now)
