"""What a ticket inherits from one that is merged into it, or that it was split from."""

from typing import Any

import pytest

from tickets.rules.clocks import Event, Reading, Taken, Target, Terms, Turn, evaluate, handed_on
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

PROMISED = terms(first_reply=2 * HOUR, next_reply=4 * HOUR, resolution=8 * HOUR)
PAUSABLE = terms(resolution=Target(8 * HOUR, "always", pause_on=frozenset({"pending"})))


def minute(number: int) -> int:
    return MONDAY + number * MINUTE


def opened_at(number: int, promised: Terms = PROMISED, **more: Any) -> Story:
    """Return a ticket that is opened so many minutes after Monday morning."""
    story = Story(promised, **more)
    story.events[0] = story.events[0]._replace(at=minute(number))
    return story


def merged(target: Story, source: Story, at: int, **more: Any) -> Story:
    """Let the target take the source in."""
    more = {"with_opening": True, **more}
    return target.then(at, "took_in", taken=handed_on(source.events, **more))


def of(story: Story, metric: str, at: int) -> Reading:
    return [r for r in evaluate(story.events, CALENDARS, minute(at)) if r.metric == metric][-1]


def sums(reading: Reading) -> bool:
    return sum(s.counted_seconds for s in reading.ledger) == reading.elapsed_seconds


class TestWhatIsHandedOn:
    def test_an_unanswered_ticket_hands_on_its_opening_and_its_turns(self) -> None:
        story = Story(PROMISED).status(10, "open").then(20, "severity", severity=CRITICAL)
        assert handed_on(story.events, with_opening=True) == Taken(
            opened_at=MONDAY,
            waiting_since=MONDAY,
            turns=(
                Turn(MONDAY, "new", NORMAL),
                Turn(minute(10), "open"),
                Turn(minute(20), severity=CRITICAL),
            ),
        )

    @pytest.mark.parametrize(
        ("happened", "waiting", "updated"),
        [
            (lambda s: s.agent(10), None, 10),
            (lambda s: s.agent(10).customer(20).customer(30), 20, 10),
            (lambda s: s.agent(10, public=False), 0, None),
            (lambda s: s.agent(10, automatic=True), 0, None),
            (lambda s: s.agent(10).customer(20).then(30, "no_reply_needed"), None, 10),
            (lambda s: s.then(30, "no_reply_needed"), 0, None),
            (lambda s: s.status(30, "solved"), None, None),
            (lambda s: s.status(30, "solved").status(40, "open"), 0, None),
            (lambda s: s.agent(5).customer(20).status(30, "solved").status(40, "open"), None, None),
        ],
    )
    def test_what_waits_for_an_answer_is_what_nobody_answered(
        self, happened: Any, waiting: int | None, updated: int | None
    ) -> None:
        taken = handed_on(happened(Story(PROMISED)).events, with_opening=False)
        assert taken.opened_at is None
        assert taken.waiting_since == (None if waiting is None else minute(waiting))
        assert taken.updated_at == (None if updated is None else minute(updated))

    def test_what_was_taken_in_before_is_handed_on_as_well(self) -> None:
        first, second, third = opened_at(0), opened_at(60), opened_at(120)
        merged(second, first, 90)
        taken = handed_on(second.events, with_opening=True)
        assert (taken.opened_at, taken.waiting_since) == (MONDAY, MONDAY)
        reading = of(merged(third, second, 150), "resolution", 180)
        assert (reading.started_at, reading.elapsed_seconds) == (MONDAY, 3 * HOUR)


class TestReplies:
    def test_a_first_reply_still_owed_counts_from_the_older_message(self) -> None:
        target = merged(opened_at(60), opened_at(0), 90)
        reading = of(target, "first_reply", 100)
        assert (reading.started_at, reading.elapsed_seconds) == (MONDAY, 100 * MINUTE)
        assert reading.due_at == minute(120)
        assert of(target.agent(110), "first_reply", 200).status == "met"

    def test_a_younger_message_changes_nothing(self) -> None:
        target, alone = opened_at(0), opened_at(0)
        merged(target, opened_at(60), 90)
        assert of(target, "first_reply", 100) == of(alone, "first_reply", 100)

    def test_an_answered_ticket_owes_its_next_reply_since_that_message(self) -> None:
        target = merged(opened_at(0).agent(10), opened_at(30), 90)
        reading = of(target, "next_reply", 100)
        assert (reading.status, reading.started_at) == ("running", minute(30))
        assert reading.elapsed_seconds == 70 * MINUTE
        target.agent(120).customer(130).agent(140)
        readings = evaluate(target.events, CALENDARS, minute(200))
        assert [
            (r.cycle, r.elapsed_seconds // MINUTE) for r in readings if r.metric == "next_reply"
        ] == [(1, 90), (2, 10)]

    def test_a_next_reply_that_runs_already_counts_from_the_older_of_both(self) -> None:
        target = opened_at(0).agent(10).customer(60)
        reading = of(merged(target, opened_at(30), 90), "next_reply", 100)
        assert (reading.cycle, reading.started_at) == (1, minute(30))

    def test_the_wait_is_counted_as_it_was_spent_on_the_other_ticket(self) -> None:
        target = opened_at(0).agent(10).status(20, "solved")
        source = opened_at(60)
        target.status(120, "open")
        reading = of(merged(target, source, 120), "next_reply", 130)
        assert reading.elapsed_seconds == 70 * MINUTE
        assert sums(reading)

    def test_an_answered_source_hands_on_no_wait(self) -> None:
        target = merged(opened_at(0).agent(10), opened_at(30).agent(40), 90)
        assert of(target, "next_reply", 100).status == "not_started"

    def test_an_agents_ticket_owes_its_first_reply_to_the_customer_it_takes_in(self) -> None:
        target = merged(opened_at(30, by="agent"), opened_at(0), 60)
        assert of(target, "first_reply", 90).elapsed_seconds == 90 * MINUTE

    def test_a_sooner_promise_of_the_source_goes_on(self) -> None:
        theirs = terms("theirs", first_reply=HOUR)
        taken = handed_on(opened_at(30, theirs).events, with_opening=True)
        taken = taken._replace(holds=(("next_reply", "first_reply"),))
        target = opened_at(0).agent(10).then(60, "took_in", taken=taken, terms=theirs)
        reading = of(target, "next_reply", 70)
        assert (reading.target_seconds, reading.terms_key) == (HOUR, "theirs")
        assert reading.due_at == minute(90)
        assert of(target.then(80, "severity", severity=NORMAL), "next_reply", 85).terms_key == "v1"

    def test_a_promise_can_be_held_without_an_older_start(self) -> None:
        theirs = terms("theirs", resolution=HOUR)
        taken = Taken(holds=(("resolution", "resolution"),))
        target = opened_at(0).then(30, "took_in", taken=taken, terms=theirs)
        reading = of(target, "resolution", 40)
        assert (reading.started_at, reading.due_at) == (MONDAY, minute(60))


class TestAge:
    def test_the_whole_ticket_counts_from_the_earlier_opening(self) -> None:
        reading = of(merged(opened_at(60), opened_at(0), 90), "resolution", 120)
        assert (reading.started_at, reading.elapsed_seconds) == (MONDAY, 2 * HOUR)
        assert reading.due_at == minute(8 * 60)

    def test_unless_the_agent_says_otherwise(self) -> None:
        target = merged(opened_at(60), opened_at(0), 90, with_opening=False)
        assert of(target, "resolution", 120).started_at == minute(60)

    def test_pauses_of_the_other_ticket_stay_pauses(self) -> None:
        source = opened_at(0, PAUSABLE).status(10, "pending")
        reading = of(merged(opened_at(60, PAUSABLE), source, 90), "resolution", 120)
        assert reading.elapsed_seconds == 70 * MINUTE
        assert [s.state for s in reading.ledger] == ["running", "paused", "running"]

    def test_two_tickets_taken_in_count_from_the_earliest(self) -> None:
        target = opened_at(120)
        merged(target, opened_at(60).status(70, "on_hold"), 130)
        merged(target, opened_at(0), 140)
        reading = of(target, "resolution", 180)
        assert (reading.started_at, reading.elapsed_seconds) == (MONDAY, 3 * HOUR)
        assert [(s.cause, s.counted_seconds) for s in reading.ledger] == [("opened", 3 * HOUR)]

    def test_nothing_breaks_before_the_merge(self) -> None:
        target = merged(opened_at(600), opened_at(0), 630)
        reading = of(target, "resolution", 640)
        assert reading.status == "breached"
        assert [breach.at for breach in reading.breaches] == [minute(630)]
        assert {alarm.at for alarm in reading.alarms} == {minute(630)}

    def test_a_breach_on_record_stays_as_it_was(self) -> None:
        target = opened_at(60)
        before = of(target, "first_reply", 250).breaches
        after = of(merged(target, opened_at(0), 250), "first_reply", 260)
        assert (after.breaches, after.status) == (before, "breached")

    def test_what_is_over_stays_judged(self) -> None:
        target = opened_at(60).status(70, "solved")
        before = of(target, "resolution", 80)
        assert of(merged(target, opened_at(0), 80), "resolution", 90) == before

    def test_a_later_correction_counts_the_inherited_time_again(self) -> None:
        target = merged(opened_at(60), opened_at(0), 90)
        office = terms("v2", resolution=Target(8 * HOUR, "office"))
        target.then(10 * 60, "terms", terms=office, mode="correct")
        reading = of(target, "resolution", 11 * 60)
        assert (reading.started_at, reading.elapsed_seconds) == (MONDAY, 8 * HOUR)
        assert reading.breaches[0].at == minute(8 * 60) + 1


class TestUpdates:
    PROMISED = terms(periodic_update=2 * HOUR)

    def test_an_update_that_is_owed_goes_on(self) -> None:
        source = opened_at(0, self.PROMISED).agent(10)
        target = merged(opened_at(30, self.PROMISED), source, 60)
        reading = of(target, "periodic_update", 70)
        assert (reading.started_at, reading.elapsed_seconds) == (minute(10), HOUR)

    def test_one_that_runs_already_is_left_alone(self) -> None:
        source = opened_at(0, self.PROMISED).agent(10)
        target = opened_at(30, self.PROMISED).agent(40)
        assert of(merged(target, source, 60), "periodic_update", 70).started_at == minute(40)


def test_taking_in_nothing_changes_nothing() -> None:
    target, alone = opened_at(0).agent(10).customer(20), opened_at(0).agent(10).customer(20)
    target.then(30, "took_in", taken=Taken())
    now = minute(60)
    assert evaluate(target.events, CALENDARS, now) == evaluate(alone.events, CALENDARS, now)


def test_what_was_taken_comes_back_from_json_as_it_was() -> None:
    source = Story(PROMISED).status(10, "open").then(20, "severity", severity=CRITICAL)
    taken = handed_on(source.events, with_opening=True)
    taken = taken._replace(holds=(("next_reply", "first_reply"),))
    assert Taken.from_json(taken.to_json()) == taken


def test_taking_in_needs_to_say_what() -> None:
    with pytest.raises(ValueError, match="needs a taken"):
        evaluate([*Story(PROMISED).events, Event(MONDAY, 9, "took_in")], CALENDARS, MONDAY)
