"""The two instants, the warning ladder, and promises that change while the clock runs."""

from typing import Any

import pytest

from tickets.rules.clocks import Alarm, Breach, Target, Terms, evaluate, next_alarm_at
from tickets.tests.clock_stories import (
    CALENDARS,
    CRITICAL,
    HOUR,
    MINUTE,
    MONDAY,
    NORMAL,
    Story,
    at,
    terms,
)
from tiers.rules.business_time import BusinessCalendar


class TestTheTwoInstants:
    DAY = terms(first_reply=Target(8 * HOUR, "office"))

    def test_due_at_closing_and_broken_after_the_next_opening(self) -> None:
        reading = Story(self.DAY).reading("first_reply", 10)
        assert reading.due_at == at("03-04T16:00")
        assert reading.breaches_after == at("03-05T08:00")

    def test_nobody_is_late_before_more_than_the_target_has_elapsed(self) -> None:
        story = Story(self.DAY)
        (tuesday,) = evaluate(story.events, CALENDARS, at("03-05T08:00"))
        assert (tuesday.status, tuesday.remaining_seconds) == ("running", 0)
        (late,) = evaluate(story.events, CALENDARS, at("03-05T08:00") + 1)
        assert (late.status, late.remaining_seconds) == ("breached", -1)
        assert late.breached_at == at("03-05T08:00") + 1
        assert late.due_at == tuesday.due_at

    def test_the_ladder_names_every_step_and_the_first_broken_second(self) -> None:
        reading = Story(self.DAY).reading("first_reply", 10)
        assert reading.alarms == (
            Alarm(50, at("03-04T12:00")),
            Alarm(75, at("03-04T14:00")),
            Alarm(90, at("03-04T15:12")),
            Alarm(100, at("03-05T08:00") + 1),
        )
        assert next_alarm_at([reading], at("03-04T12:00")) == at("03-04T14:00")
        assert next_alarm_at([reading], at("03-05T09:00")) is None

    def test_a_stopped_clock_keeps_the_steps_it_reached_and_rings_no_more(self) -> None:
        reading = Story(terms(first_reply=HOUR)).agent(50).reading("first_reply", 500)
        assert reading.alarms == (
            Alarm(50, MONDAY + 30 * MINUTE),
            Alarm(75, MONDAY + 45 * MINUTE),
        )
        assert next_alarm_at([reading], MONDAY) is None
        assert reading.due_at == MONDAY + HOUR

    def test_a_pause_moves_the_steps_that_are_not_reached_yet(self) -> None:
        target = Target(HOUR, "always", pause_on=frozenset({"pending"}), warn_at=(50, 90))
        story = Story(terms(resolution=target)).status(40, "pending").status(100, "open")
        assert story.reading("resolution", 60).alarms == (Alarm(50, MONDAY + 30 * MINUTE),)
        assert story.reading("resolution", 110).alarms == (
            Alarm(50, MONDAY + 30 * MINUTE),
            Alarm(90, MONDAY + 114 * MINUTE),
            Alarm(100, MONDAY + 120 * MINUTE + 1),
        )

    def test_a_target_full_at_the_pause_is_due_then_and_broken_after_the_resume(self) -> None:
        target = Target(HOUR, "always", pause_on=frozenset({"pending"}))
        story = Story(terms(resolution=target)).status(60, "pending").status(100, "open")
        paused = story.reading("resolution", 80)
        assert (paused.status, paused.remaining_seconds) == ("paused", 0)
        assert (paused.due_at, paused.breaches_after) == (MONDAY + HOUR, None)
        running = story.reading("resolution", 100)
        assert running.due_at == MONDAY + HOUR
        assert running.breaches_after == MONDAY + 100 * MINUTE
        assert story.reading("resolution", 101).breached_at == MONDAY + 100 * MINUTE + 1

    def test_late_on_hold_stays_late(self) -> None:
        target = Target(HOUR, "always", pause_on=frozenset({"pending"}))
        reading = Story(terms(resolution=target)).status(70, "pending").reading("resolution", 99)
        assert (reading.status, reading.paused_reason) == ("breached", "status:pending")

    def test_a_calendar_that_runs_out_leaves_the_due_moment_open(self) -> None:
        few = {"few": BusinessCalendar.from_intervals([(MONDAY, MONDAY + HOUR)])}
        promised = terms(first_reply=Target(2 * HOUR, "few"), resolution=Target(HOUR, "few"))
        first, resolution = evaluate(Story(promised).events, few, MONDAY + 60)
        assert (first.due_at, first.breaches_after) == (None, None)
        assert first.alarms == (Alarm(50, MONDAY + HOUR),)
        assert (resolution.due_at, resolution.breaches_after) == (MONDAY + HOUR, None)


class TestChangingThePromise:
    BOTH = Terms(
        "v1",
        "professional",
        1,
        {
            (NORMAL, "resolution"): Target(8 * HOUR, "always"),
            (CRITICAL, "resolution"): Target(2 * HOUR, "always"),
            (NORMAL, "first_reply"): Target(HOUR, "always"),
        },
    )

    def test_a_new_severity_keeps_the_start_and_what_has_elapsed(self) -> None:
        story = Story(self.BOTH).then(60, "severity", severity=CRITICAL)
        reading = story.reading("resolution", 90)
        assert (reading.target_seconds, reading.elapsed_seconds) == (2 * HOUR, 90 * MINUTE)
        assert reading.due_at == MONDAY + 2 * HOUR
        assert [segment.cause for segment in reading.ledger] == ["opened", "severity:1"]

    def test_a_shorter_target_already_passed_breaks_when_it_is_agreed_not_before(self) -> None:
        story = Story(self.BOTH).then(300, "severity", severity=CRITICAL)
        changed = MONDAY + 300 * MINUTE
        reading = story.reading("resolution", 300)
        assert reading.breaches == (Breach(changed, "v1", 2 * HOUR),)
        assert reading.due_at == MONDAY + 2 * HOUR
        assert {alarm.at for alarm in reading.alarms} == {changed}

    def test_a_breach_before_the_change_stays_on_record_while_the_clock_runs_on(self) -> None:
        story = Story(self.BOTH, severity=CRITICAL).then(180, "severity", severity=NORMAL)
        story.status(240, "solved")
        running = story.reading("resolution", 200)
        assert running.status == "running"
        assert running.breaches == (Breach(MONDAY + 2 * HOUR + 1, "v1", 2 * HOUR),)
        assert running.breached_at == MONDAY + 2 * HOUR + 1
        assert story.reading("resolution", 300).status == "met"
        assert story.reading("resolution", 300).breached_at == running.breached_at

    def test_one_breach_per_promise_however_often_the_severity_goes_to_and_fro(self) -> None:
        story = Story(self.BOTH, severity=CRITICAL).then(180, "severity", severity=NORMAL)
        story.then(190, "severity", severity=CRITICAL)
        reading = story.reading("resolution", 200)
        assert reading.breaches == (Breach(MONDAY + 2 * HOUR + 1, "v1", 2 * HOUR),)
        assert reading.alarms[-1] == Alarm(100, MONDAY + 190 * MINUTE)

    def test_new_terms_on_a_late_clock_break_no_second_promise(self) -> None:
        story = Story(self.BOTH, severity=CRITICAL)
        before = story.reading("resolution", 150)
        story.then(180, "terms", terms=terms("v2", CRITICAL, resolution=HOUR))
        after = story.reading("resolution", 200)
        assert after.breaches == before.breaches
        assert 100 in {alarm.step for alarm in before.alarms}
        assert 100 not in {alarm.step for alarm in after.alarms}
        assert (after.terms_key, after.target_seconds) == ("v2", HOUR)

    def test_the_same_length_under_new_terms_rings_no_step_again(self) -> None:
        target = Target(2 * HOUR, "always")
        story = Story(terms("v1", resolution=target))
        before = story.reading("resolution", 80).alarms
        story.then(80, "terms", terms=terms("v2", resolution=target))
        after = story.reading("resolution", 130)
        assert after.alarms == before[1:]
        assert after.breaches == (Breach(MONDAY + 2 * HOUR + 1, "v2", 2 * HOUR),)
        assert after.terms_key == "v2"

    def test_restart_closes_the_cycle_and_begins_the_next(self) -> None:
        story = Story(self.BOTH).then(60, "severity", severity=CRITICAL, mode="restart")
        old, new = (r for r in story.readings(90) if r.metric == "resolution")
        assert (old.status, old.elapsed_seconds, old.cycle) == ("cancelled", HOUR, 1)
        assert old.stop_cause == "restart:severity:1"
        assert (new.status, new.elapsed_seconds, new.cycle) == ("running", 30 * MINUTE, 2)

    def test_restart_leaves_alone_what_is_over(self) -> None:
        story = Story(self.BOTH).agent(10).then(60, "terms", terms=self.BOTH, mode="restart")
        assert story.told("first_reply", 90) == [("met", 10)]
        assert story.told("resolution", 90) == [("cancelled", 60), ("running", 30)]

    def test_a_metric_that_is_promised_no_more_is_cancelled_with_its_history(self) -> None:
        story = Story(self.BOTH).then(30, "severity", severity=CRITICAL)
        reading = story.reading("first_reply", 500)
        assert (reading.status, reading.elapsed_seconds) == ("cancelled", 30 * MINUTE)
        assert reading.stopped_at == MONDAY + 30 * MINUTE
        assert [segment.end for segment in reading.ledger] == [MONDAY + 30 * MINUTE]

    def test_promised_again_it_counts_on_from_where_it_was(self) -> None:
        story = Story(self.BOTH).then(30, "severity", severity=CRITICAL)
        story.then(90, "severity", severity=NORMAL).agent(110)
        assert story.told("first_reply", 500) == [("met", 50)]
        assert [s.state for s in story.reading("first_reply", 500).ledger] == [
            "running",
            "cancelled",
            "running",
        ]

    def test_a_metric_first_promised_later_is_owed_from_then_on(self) -> None:
        story = Story(self.BOTH, severity=CRITICAL).then(100, "severity", severity=NORMAL)
        assert not [r for r in story.readings(99) if r.metric == "first_reply"]
        reading = story.reading("first_reply", 120)
        assert (reading.started_at, reading.elapsed_seconds) == (MONDAY + 6000, 20 * MINUTE)

    @pytest.mark.parametrize("mode", ["retarget", "restart"])
    def test_no_terms_cancel_everything_and_new_terms_bring_it_back(self, mode: Any) -> None:
        story = Story(self.BOTH).then(30, "terms", terms=None)
        assert {r.status for r in story.readings(40)} == {"cancelled"}
        story.then(60, "terms", terms=terms("v2", resolution=HOUR), mode=mode)
        reading = story.reading("resolution", 70)
        expected = {"retarget": (40, 1), "restart": (10, 2)}[mode]
        assert (reading.elapsed_seconds // MINUTE, reading.cycle) == expected
        assert reading.terms_key == "v2"

    def test_a_new_calendar_counts_from_the_change_on(self) -> None:
        story = Story(terms(resolution=48 * HOUR))
        change = 10 * 60  # Monday 19:00 in Berlin
        office = terms("v2", resolution=Target(16 * HOUR, "office"))
        story.then(change, "terms", terms=office)
        reading = story.reading("resolution", 24 * 60 + 120)
        assert reading.elapsed_seconds == 12 * HOUR
        assert [(s.calendar, s.terms_key, s.counted_seconds) for s in reading.ledger] == [
            ("always", "v1", 10 * HOUR),
            ("office", "v2", 2 * HOUR),
        ]

    def test_what_is_over_is_judged_by_what_was_promised_then(self) -> None:
        story = Story(self.BOTH).status(60, "solved").then(90, "terms", terms=terms(resolution=60))
        assert story.reading("resolution", 99).target_seconds == 8 * HOUR
        story.status(100, "open")
        reopened = story.reading("resolution", 100)
        assert (reopened.status, reopened.target_seconds) == ("breached", 60)
        assert reopened.breached_at == MONDAY + 100 * MINUTE

    def test_promised_and_over_in_one_instant_leaves_no_time_but_a_verdict(self) -> None:
        story = Story(self.BOTH).then(180, "terms", terms=terms("v2", resolution=HOUR))
        story.status(180, "solved")
        reading = story.reading("resolution", 200)
        assert (reading.status, reading.terms_key) == ("met_late", "v2")
        assert reading.elapsed_seconds == 3 * HOUR

    def test_so_does_a_severity_or_the_same_target_under_new_terms(self) -> None:
        story = Story(self.BOTH).then(180, "severity", severity=CRITICAL).status(180, "solved")
        assert story.reading("resolution", 200).status == "met_late"
        target = Target(HOUR, "always")
        story = Story(terms("v1", resolution=target)).status(180, "solved")
        story.then(180, "terms", terms=terms("v2", resolution=target))
        assert story.reading("resolution", 200).terms_key == "v1"
        story = Story(terms("v1", resolution=target))
        story.then(180, "terms", terms=terms("v2", resolution=target)).status(180, "solved")
        assert story.reading("resolution", 200).terms_key == "v2"

    def test_a_restart_of_what_was_never_promised_is_its_first_cycle(self) -> None:
        story = Story(terms(first_reply=HOUR))
        story.then(30, "terms", terms=terms("v2", resolution=HOUR), mode="restart")
        assert (story.reading("resolution", 40).cycle, story.told("resolution", 40)) == (
            1,
            [("running", 10)],
        )
