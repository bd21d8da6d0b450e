"""What new terms do to clocks that run: keep them, or count them anew from their start."""

from typing import Any

import pytest

from tickets.rules.clocks import Breach, Event, Target, Terms, evaluate
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

PAUSABLE = Target(HOUR, "always", pause_on=frozenset({"pending"}))


def both(key: str, critical: int, normal: int, metric: str = "resolution") -> Terms:
    """Return terms that promise hours for a critical and a normal ticket."""
    targets = {
        (CRITICAL, metric): Target(critical * HOUR, "always"),
        (NORMAL, metric): Target(normal * HOUR, "always"),
    }
    return Terms(key, "professional", 1, targets)


class TestKeep:
    OLD = terms("v1", first_reply=HOUR, next_reply=HOUR, resolution=8 * HOUR)
    NEW = terms("v2", first_reply=60, next_reply=2 * HOUR, resolution=60)

    def published(self, minute: int = 30, **opened: Any) -> Story:
        return Story(self.OLD, **opened).then(minute, "terms", terms=self.NEW, mode="keep")

    def test_a_running_clock_is_the_same_as_without_the_new_terms(self) -> None:
        plain = Story(self.OLD).reading("resolution", 99)
        assert self.published().reading("resolution", 99) == plain

    def test_what_starts_afterwards_is_under_the_new_terms(self) -> None:
        story = self.published().agent(40).customer(50)
        answered, awaited = story.reading("first_reply", 60), story.reading("next_reply", 60)
        assert (answered.terms_key, answered.target_seconds) == ("v1", HOUR)
        assert (awaited.terms_key, awaited.target_seconds) == ("v2", 2 * HOUR)

    def test_its_own_pauses_go_on_counting(self) -> None:
        story = Story(terms("v1", resolution=PAUSABLE))
        story.then(10, "terms", terms=terms("v2", resolution=HOUR), mode="keep")
        story.status(20, "pending").status(50, "open")
        assert story.told("resolution", 60) == [("running", 30)]
        again = Story(terms("v1", resolution=HOUR))
        again.then(10, "terms", terms=terms("v2", resolution=PAUSABLE), mode="keep")
        assert again.status(20, "pending").told("resolution", 59) == [("running", 59)]

    def test_a_later_severity_is_judged_by_the_terms_of_then(self) -> None:
        story = Story(both("v1", 2, 8)).then(30, "terms", terms=both("v2", 1, 4), mode="keep")
        assert story.reading("resolution", 40).target_seconds == 8 * HOUR
        reading = story.then(45, "severity", severity=CRITICAL).reading("resolution", 50)
        assert (reading.terms_key, reading.target_seconds) == ("v2", HOUR)
        assert reading.elapsed_seconds == 50 * MINUTE
        reading = story.then(55, "severity", severity=NORMAL).reading("resolution", 60)
        assert (reading.terms_key, reading.target_seconds) == ("v2", 4 * HOUR)

    def test_a_reopened_clock_still_keeps_its_promise(self) -> None:
        story = Story(self.OLD).status(20, "solved")
        story.then(30, "terms", terms=self.NEW, mode="keep").status(40, "open")
        reading = story.reading("resolution", 50)
        assert (reading.terms_key, reading.target_seconds) == ("v1", 8 * HOUR)
        assert reading.elapsed_seconds == 30 * MINUTE

    def test_terms_given_while_it_was_solved_are_what_a_reopened_clock_keeps(self) -> None:
        story = Story(self.OLD).status(20, "solved")
        story.then(25, "terms", terms=terms("v3", resolution=4 * HOUR))
        story.then(30, "terms", terms=self.NEW, mode="keep").status(40, "open")
        assert story.reading("resolution", 50).terms_key == "v3"

    def test_what_was_not_promised_stays_so_until_the_next_cycle(self) -> None:
        story = Story(terms("v1", first_reply=HOUR)).agent(10).customer(20)
        story.then(30, "terms", terms=self.NEW, mode="keep")
        assert {r.metric for r in story.readings(40)} == {"first_reply"}
        story.agent(50).customer(60)
        (awaited,) = (r for r in story.readings(70) if r.metric == "next_reply")
        assert (awaited.cycle, awaited.terms_key) == (2, "v2")

    def test_a_clock_keeps_what_it_has_when_nothing_is_promised_any_more(self) -> None:
        story = Story(self.OLD).then(30, "terms", terms=None, mode="keep").agent(40).customer(50)
        assert story.told("first_reply", 60) == [("met", 40)]
        assert story.told("resolution", 60) == [("running", 60)]
        assert not story.told("next_reply", 60)

    def test_twice_kept_is_still_the_first_promise(self) -> None:
        story = self.published().then(40, "terms", terms=terms("v3", resolution=5), mode="keep")
        assert story.reading("resolution", 50).terms_key == "v1"

    @pytest.mark.parametrize(
        ("modes", "expected"),
        [
            (("keep", "retarget"), [("v3", 1, 40)]),
            (("retarget", "keep"), [("v2", 1, 40)]),
            (("keep", "keep"), [("v1", 1, 40)]),
            (("keep", "restart"), [("v1", 1, 30), ("v3", 2, 10)]),
            (("restart", "keep"), [("v1", 1, 30), ("v2", 2, 10)]),
            (("keep", "correct"), [("v3", 1, 40)]),
            (("correct", "keep"), [("v2", 1, 40)]),
            (("retarget", "correct"), [("v3", 1, 40)]),
            (("correct", "retarget"), [("v3", 1, 40)]),
        ],
    )
    def test_of_several_terms_in_one_instant_each_does_its_part(
        self, modes: tuple[Any, Any], expected: list[tuple[str, int, int]]
    ) -> None:
        story = Story(terms("v1", resolution=8 * HOUR))
        for number, mode in enumerate(modes, 2):
            story.then(30, "terms", terms=terms(f"v{number}", resolution=number * HOUR), mode=mode)
        assert expected == [
            (r.terms_key, r.cycle, r.elapsed_seconds // MINUTE) for r in story.readings(40)
        ]
        for reading in story.readings(40):
            assert sum(s.counted_seconds for s in reading.ledger) == reading.elapsed_seconds


class TestCorrect:
    def test_the_whole_run_is_counted_by_the_corrected_calendar(self) -> None:
        office = Target(4 * HOUR, "office")
        story = Story(terms("v1", resolution=Target(4 * HOUR, "always")))
        story.then(12 * 60, "terms", terms=terms("v2", resolution=office), mode="correct")
        reading = story.reading("resolution", 12 * 60)
        assert reading.elapsed_seconds == 8 * HOUR
        assert [(s.calendar, s.terms_key) for s in reading.ledger] == [("office", "v2")]
        assert reading.started_at == MONDAY

    def test_a_clock_found_in_time_runs_again_and_its_breach_stays_on_record(self) -> None:
        story = Story(terms("v1", resolution=HOUR))
        before = story.reading("resolution", 90)
        assert before.status == "breached"
        story.then(90, "terms", terms=terms("v2", resolution=2 * HOUR), mode="correct")
        after = story.reading("resolution", 100)
        assert (after.status, after.breaches) == ("running", before.breaches)
        assert after.breached_at == before.breached_at
        assert [(alarm.step, alarm.at) for alarm in after.alarms][-1] == (
            100,
            MONDAY + 2 * HOUR + 1,
        )
        late = story.reading("resolution", 130)
        assert late.breaches == (*before.breaches, Breach(MONDAY + 2 * HOUR + 1, "v2", 2 * HOUR))

    def test_a_pause_found_afterwards_is_taken_out(self) -> None:
        story = Story(terms("v1", resolution=HOUR)).status(10, "pending").status(40, "open")
        story.then(70, "terms", terms=terms("v2", resolution=PAUSABLE), mode="correct")
        reading = story.reading("resolution", 80)
        assert (reading.status, reading.elapsed_seconds) == ("running", 50 * MINUTE)
        assert [(s.state, s.cause) for s in reading.ledger] == [
            ("running", "opened"),
            ("paused", "status:pending"),
            ("running", "status:open"),
        ]

    def test_a_breach_that_only_the_new_count_shows_is_broken_by_the_correction(self) -> None:
        story = Story(terms("v1", resolution=8 * HOUR))
        story.then(300, "terms", terms=terms("v2", resolution=HOUR), mode="correct")
        reading = story.reading("resolution", 310)
        changed = MONDAY + 300 * MINUTE
        assert reading.breaches == (Breach(changed, "v2", HOUR),)
        assert {alarm.at for alarm in reading.alarms} == {changed}
        assert reading.due_at == MONDAY + HOUR

    def test_a_clock_that_is_late_either_way_breaks_no_second_promise(self) -> None:
        story = Story(terms("v1", resolution=HOUR))
        before = story.reading("resolution", 90).breaches
        story.then(90, "terms", terms=terms("v2", resolution=30 * MINUTE), mode="correct")
        reading = story.reading("resolution", 100)
        assert (reading.status, reading.breaches) == ("breached", before)
        assert 100 not in {alarm.step for alarm in reading.alarms}

    def test_steps_that_have_rung_for_the_same_length_do_not_ring_again(self) -> None:
        office = Target(4 * HOUR, "office")
        story = Story(terms("v1", resolution=Target(4 * HOUR, "always")))
        before = story.reading("resolution", 130)
        assert [alarm.step for alarm in before.alarms if alarm.at <= MONDAY + 130 * MINUTE] == [50]
        story.then(130, "terms", terms=terms("v2", resolution=office), mode="correct")
        after = story.reading("resolution", 130)
        assert [alarm.step for alarm in after.alarms] == [75, 90, 100]

    def test_steps_that_only_the_new_count_has_reached_ring_at_the_correction(self) -> None:
        story = Story(terms("v1", resolution=PAUSABLE)).status(10, "pending").status(40, "open")
        story.then(40, "terms", terms=terms("v2", resolution=HOUR), mode="correct")
        alarms = {alarm.step: alarm.at - MONDAY for alarm in story.reading("resolution", 42).alarms}
        assert alarms == {50: 2400, 75: 2700, 90: 3240, 100: 3601}

    def test_time_under_another_severity_is_counted_as_that_severity_is_promised(self) -> None:
        old = both("v1", 8, 80)
        new = Terms(
            "v2",
            "professional",
            2,
            {
                (NORMAL, "resolution"): Target(80 * HOUR, "office"),
                (CRITICAL, "resolution"): Target(8 * HOUR, "always"),
            },
        )
        story = Story(old).then(14 * 60, "severity", severity=CRITICAL)
        story.then(15 * 60, "terms", terms=new, mode="correct")
        reading = story.reading("resolution", 16 * 60)
        assert [(s.calendar, s.counted_seconds // HOUR) for s in reading.ledger] == [
            ("office", 8),
            ("always", 2),
        ]
        assert reading.target_seconds == 8 * HOUR

    def test_what_is_over_stays_judged_as_it_was(self) -> None:
        story = Story(terms("v1", first_reply=HOUR, resolution=HOUR)).agent(10).status(20, "solved")
        before = story.readings(30)
        story.then(30, "terms", terms=terms("v2", first_reply=60, resolution=60), mode="correct")
        assert story.readings(40) == before

    def test_time_spent_solved_stays_out_of_the_new_count(self) -> None:
        story = Story(terms("v1", resolution=HOUR)).status(20, "solved").status(40, "open")
        story.then(50, "terms", terms=terms("v2", resolution=2 * HOUR), mode="correct")
        reading = story.reading("resolution", 60)
        assert reading.elapsed_seconds == 40 * MINUTE
        assert [s.state for s in reading.ledger] == ["running", "stopped", "running"]

    def test_it_begins_where_the_present_cycle_began(self) -> None:
        story = Story(terms("v1", next_reply=HOUR)).agent(5).customer(10).agent(20).customer(30)
        story.then(40, "terms", terms=terms("v2", next_reply=2 * HOUR), mode="correct")
        assert story.told("next_reply", 50) == [("met", 10), ("running", 20)]
        assert [r.terms_key for r in story.readings(50)] == ["v1", "v2"]

    def test_what_is_promised_no_more_is_cancelled_with_its_history(self) -> None:
        story = Story(terms("v1", first_reply=HOUR, resolution=HOUR))
        story.then(30, "terms", terms=terms("v2", first_reply=HOUR), mode="correct")
        reading = story.reading("resolution", 60)
        assert (reading.status, reading.elapsed_seconds) == ("cancelled", 30 * MINUTE)
        assert (reading.terms_key, reading.stopped_at) == ("v1", MONDAY + 30 * MINUTE)

    def test_twice_corrected_keeps_the_breaches_of_both_counts(self) -> None:
        story = Story(terms("v1", resolution=HOUR))
        story.then(90, "terms", terms=terms("v2", resolution=2 * HOUR), mode="correct")
        story.then(150, "terms", terms=terms("v3", resolution=3 * HOUR), mode="correct")
        reading = story.reading("resolution", 200)
        assert [(b.terms_key, (b.at - MONDAY) // MINUTE) for b in reading.breaches] == [
            ("v1", 60),
            ("v2", 120),
            ("v3", 180),
        ]

    def test_a_severity_changes_nothing_backwards(self) -> None:
        story = Story(both("v1", 1, 8)).then(30, "severity", severity=CRITICAL, mode="correct")
        with pytest.raises(ValueError, match="retarget or restart"):
            story.readings(40)


def test_a_restart_in_a_pause_begins_paused() -> None:
    story = Story(terms("v1", resolution=PAUSABLE)).status(10, "pending")
    story.then(20, "terms", terms=terms("v2", resolution=PAUSABLE), mode="restart")
    old, new = story.readings(30)
    assert (old.status, old.elapsed_seconds) == ("cancelled", 10 * MINUTE)
    assert (new.status, new.elapsed_seconds, new.paused_reason) == ("paused", 0, "status:pending")
    assert story.status(40, "open").told("resolution", 50) == [("cancelled", 10), ("running", 10)]


def test_a_correction_in_a_pause_stays_paused() -> None:
    story = Story(terms("v1", resolution=PAUSABLE)).status(10, "pending")
    longer = Target(2 * HOUR, "always", pause_on=frozenset({"pending"}))
    story.then(20, "terms", terms=terms("v2", resolution=longer), mode="correct")
    reading = story.reading("resolution", 30)
    assert (reading.status, reading.elapsed_seconds) == ("paused", 10 * MINUTE)
    assert story.status(40, "open").told("resolution", 50) == [("running", 20)]


def test_a_correction_and_its_answer_in_one_instant_are_judged_by_the_new_count() -> None:
    events = Story(terms("v1", resolution=HOUR)).status(90, "solved").events
    corrected = Event(MONDAY + 90 * MINUTE, 0, "terms", mode="correct")
    corrected = corrected._replace(terms=terms("v2", resolution=2 * HOUR))
    (reading,) = evaluate([*events, corrected], CALENDARS, MONDAY + 200 * MINUTE)
    assert (reading.status, reading.terms_key) == ("met", "v2")
    assert [breach.terms_key for breach in reading.breaches] == ["v1"]
