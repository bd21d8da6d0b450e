"""Laws that hold for any ticket whatever, and a naive counter that must agree."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tickets.rules.clocks import METRICS, Event, Reading, Taken, Target, Terms, Turn, evaluate
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
gaps = st.sampled_from([0, 1, 5, 30, 61, 240, 1440, 3000])
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


@st.composite
def inheritances(draw: st.DrawFn) -> Taken:
    """Draw what some other ticket might hand on; it opened up to two days before ours."""
    opened = MONDAY - draw(st.integers(-600, 2 * 24 * 60)) * MINUTE
    turns, at = [Turn(opened, "new", NORMAL)], opened
    for status in draw(st.lists(st.sampled_from(STATUSES), max_size=3)):
        at += draw(gaps) * MINUTE
        turns.append(Turn(at, status, draw(st.sampled_from([None, CRITICAL, NORMAL]))))
    return Taken(
        opened_at=draw(st.sampled_from([None, opened])),
        waiting_since=draw(st.sampled_from([None, opened, at])),
        updated_at=draw(st.sampled_from([None, at])),
        turns=tuple(turns),
        holds=draw(st.sampled_from([(), (("next_reply", "first_reply"),)])),
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
    st.fixed_dictionaries(
        {
            "kind": st.just("terms"),
            "terms": st.none() | agreements,
            "mode": st.sampled_from(["retarget", "restart", "keep", "correct"]),
        }
    ),
    st.just({"kind": "no_reply_needed"}),
    st.fixed_dictionaries({"kind": st.just("took_in"), "taken": inheritances()}),
)
happenings_of_a_ticket: st.SearchStrategy[list[dict[str, Any]]] = st.lists(happenings, max_size=12)


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
        taken = more.get("taken")
        if taken is not None:  # nobody hands on what is still to come
            since, waiting, updated = (at and min(at, now) for at in taken[:3])
            turns = tuple(turn for turn in taken.turns if turn.at <= now)
            more = {**more, "taken": Taken(since, waiting, updated, turns, taken.holds)}
        events.append(Event(now, len(events), **more))
    return events


# What is over stays over, however often the ticket is reopened.
FINAL = {"next_reply", "periodic_update", "first_resolution"}


def key(reading: Reading) -> tuple[str, int]:
    return reading.metric, reading.cycle


# The others began with the ticket, promised by then or not, and hold on to what they have.
STARTING_LATER = {"next_reply", "periodic_update"}


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
            if not any(e.mode == "correct" or e.taken for e in events[count:]):
                assert then.elapsed_seconds >= reading.elapsed_seconds
            if reading.metric in FINAL and reading.status in ("met", "met_late"):
                assert then == reading
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

    @quick
    @given(tickets(), agreements, st.integers(1, 12))
    def test_kept_promises_are_as_if_nothing_had_been_published(
        self, events: list[Event], new: Terms, place: int
    ) -> None:
        head = [event for event in events[:place] if event.kind != "terms"]
        now = head[-1].at
        if len(events) > place and events[place].at == now:
            return  # one instant is one act
        kept = Event(now, 100, "terms", terms=replace(new, key="new"), mode="keep")
        quiet = [
            event._replace(seq=event.seq + 200)
            for event in events[place:]
            if event.kind in ("message", "status", "no_reply_needed")
        ]
        last = events[-1].at + HOUR
        before = {key(r) for r in evaluate(head, CALENDARS, now) if r.status != "not_started"}
        plainly = {key(r): r for r in evaluate([*head, *quiet], CALENDARS, last)}
        for reading in evaluate([*head, kept, *quiet], CALENDARS, last):
            if key(reading) in before:
                assert reading == plainly[key(reading)]
            elif reading.status != "not_started" and reading.metric in STARTING_LATER:
                assert reading.terms_key == "new"

    @quick
    @given(tickets(), agreements, gaps)
    def test_a_correction_counts_as_if_the_new_terms_had_always_been_there(
        self, events: list[Event], new: Terms, more: int
    ) -> None:
        told = [event for event in events if event.kind not in ("terms", "took_in")]
        told = [event._replace(mode="retarget") for event in told]
        now = told[-1].at + more * MINUTE
        live = {
            key(r)
            for r in evaluate(told, CALENDARS, now)
            if not r.is_over and r.status != "not_started"
        }
        corrected = [*told, Event(now, 100, "terms", terms=new, mode="correct")]
        always = [told[0]._replace(terms=new), *told[1:]]
        expected = {key(r): r for r in evaluate(always, CALENDARS, now + HOUR)}
        for reading in evaluate(corrected, CALENDARS, now + HOUR):
            if key(reading) not in live or reading.status == "cancelled":
                continue
            then = expected[key(reading)]
            assert reading.ledger == then.ledger
            for field in ("elapsed_seconds", "due_at", "breaches_after", "status", "started_at"):
                assert getattr(reading, field) == getattr(then, field)


def plain(readings: tuple[Reading, ...]) -> list[Reading]:
    """Drop the causes: they name the last of several changes in one instant."""
    return [
        reading._replace(
            ledger=tuple(s._replace(cause="") for s in reading.ledger), stop_cause=None
        )
        for reading in readings
    ]


class Minutes:
    """Counts a whole-life metric minute by minute; every event lies on a full minute."""

    NEVER: ClassVar[dict[str, set[str]]] = {
        "requester_wait": {"pending"},
        "agent_work": {"pending", "on_hold"},
    }

    def __init__(self, events: list[Event], metric: str) -> None:
        self.events: dict[int, list[Event]] = {}
        for event in sorted(events, key=lambda event: (event.at, event.seq)):
            self.events.setdefault(event.at, []).append(event)
        self.metric = metric
        self.over, self.began = 0, MONDAY
        self.counted: list[int] = []
        self.was_promised = False
        self.status, self.severity = "new", NORMAL
        self.agreed: Terms | None = None
        self.target: Target | None = None

    def total(self, now: int) -> int:
        for minute in range(MONDAY, now + MINUTE, MINUTE):
            for event in self.events.get(minute, ()):
                self._take(event)
            if minute < now:
                self.was_promised |= self.target is not None
                self.counted.append(self._counts(self.target, self.status, minute))
        return self.over + sum(self.counted)

    def _take(self, event: Event) -> None:
        self.status, self.severity = event.status or self.status, event.severity or self.severity
        if event.kind in ("opened", "terms"):
            self.agreed = event.terms
        elif event.kind != "severity":
            return
        if event.mode == "keep":
            return
        target = self._promised(self.agreed, self.severity)
        if self.status in DONE:
            self.target = target
            return
        if event.mode == "correct" and target is not None:
            self._recount(event.at)
        elif event.mode == "restart" and target is not None and self._was_promised():
            self.over += sum(self.counted)
            self.began, self.counted, self.was_promised = event.at, [], False
        self.target = target

    def _was_promised(self) -> bool:
        return self.was_promised or self.target is not None

    def _recount(self, until: int) -> None:
        self.counted, status, severity = [], "new", NORMAL
        for minute in range(MONDAY, until, MINUTE):
            for event in self.events.get(minute, ()):
                status, severity = event.status or status, event.severity or severity
            if minute >= self.began:
                target = self._promised(self.agreed, severity)
                self.counted.append(self._counts(target, status, minute))
                self.was_promised |= target is not None

    def _promised(self, agreed: Terms | None, severity: int) -> Target | None:
        return agreed.targets.get((severity, self.metric)) if agreed else None

    def _counts(self, target: Target | None, status: str, minute: int) -> int:
        pauses = self.NEVER.get(self.metric, set())
        if target is None or status in DONE or status in target.pause_on | pauses:
            return 0
        return MINUTE * CALENDARS[target.calendar].is_open(minute)


@settings(quick, max_examples=60)
@given(tickets(), st.sampled_from(["requester_wait", "agent_work", "resolution"]))
def test_whole_life_metrics_agree_with_counting_by_the_minute(
    events: list[Event], metric: str
) -> None:
    events = [event for event in events if event.taken is None]
    now = events[-1].at + 100 * MINUTE
    elapsed = sum(r.elapsed_seconds for r in evaluate(events, CALENDARS, now) if r.metric == metric)
    assert elapsed == Minutes(events, metric).total(now)
