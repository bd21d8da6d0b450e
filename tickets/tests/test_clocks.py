"""The clocks of a ticket: what starts, pauses and stops each metric, and what is refused."""

from typing import Any

import pytest

from tickets.rules.clocks import Event, Options, Target, Terms, evaluate, worst_reading
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


class TestFirstReply:
    def test_it_runs_from_the_opening_to_the_first_public_reply(self) -> None:
        story = Story(terms(first_reply=HOUR)).agent(30).agent(50)
        assert story.told("first_reply", 29) == [("running", 29)]
        assert story.told("first_reply", 500) == [("met", 30)]

    def test_a_reply_exactly_on_the_target_is_met_and_a_second_later_is_not(self) -> None:
        story = Story(terms(first_reply=HOUR)).agent(60)
        assert story.told("first_reply", 60) == [("met", 60)]
        late = Story(terms(first_reply=HOUR - 1)).agent(60)
        assert late.told("first_reply", 60) == [("met_late", 60)]

    @pytest.mark.parametrize(
        "message",
        [
            {"by": "agent", "public": False},
            {"by": "agent", "automatic": True},
            {"by": "system"},
            {"by": "customer"},
        ],
    )
    def test_only_a_public_human_agent_stops_it(self, message: Any) -> None:
        story = Story(terms(first_reply=HOUR)).then(10, "message", **message)
        assert story.told("first_reply", 30) == [("running", 30)]

    def test_on_an_agents_ticket_it_waits_for_the_customers_first_public_message(self) -> None:
        story = Story(terms(first_reply=HOUR), by="agent").agent(5)
        assert story.told("first_reply", 10) == [("not_started", 0)]
        story.customer(15, public=False).customer(16, automatic=True).customer(20).agent(45)
        assert story.told("first_reply", 60) == [("met", 25)]

    def test_pending_before_the_reply_buys_no_time(self) -> None:
        story = Story(terms(first_reply=HOUR)).status(10, "pending")
        assert story.told("first_reply", 61) == [("breached", 61)]

    def test_it_pauses_where_the_contract_says_so(self) -> None:
        target = Target(HOUR, "always", pause_on=frozenset({"pending"}))
        story = Story(terms(first_reply=target)).status(10, "pending").status(40, "open")
        reading = story.reading("first_reply", 20)
        assert (reading.status, reading.paused_reason) == ("paused", "status:pending")
        assert (reading.due_at, reading.breaches_after) == (None, None)
        assert story.told("first_reply", 50) == [("running", 20)]

    def test_a_ticket_solved_in_silence_stops_it_until_the_ticket_is_reopened(self) -> None:
        story = Story(terms(first_reply=HOUR)).status(20, "solved")
        silent = story.reading("first_reply", 500)
        assert (silent.status, silent.elapsed_seconds) == ("cancelled", 20 * MINUTE)
        assert silent.stopped_at == MONDAY + 20 * MINUTE
        story.status(500, "open").agent(510)
        assert story.told("first_reply", 600) == [("met", 30)]

    def test_solving_late_in_silence_stays_a_broken_promise(self) -> None:
        reading = Story(terms(first_reply=HOUR)).status(90, "solved").reading("first_reply", 500)
        assert reading.status == "breached"
        assert reading.is_over

    def test_a_reply_after_a_silent_solve_still_counts(self) -> None:
        story = Story(terms(first_reply=HOUR)).status(20, "solved").agent(25).status(30, "open")
        assert story.told("first_reply", 500) == [("met", 20)]


class TestNextReply:
    TERMS = terms(first_reply=HOUR, next_reply=HOUR)

    def test_messages_before_the_first_reply_start_nothing(self) -> None:
        story = Story(self.TERMS).customer(10).agent(30)
        assert story.told("next_reply", 40) == [("not_started", 0)]

    def test_it_runs_from_the_oldest_unanswered_message(self) -> None:
        story = Story(self.TERMS).agent(10).customer(20).customer(50)
        assert story.told("next_reply", 60) == [("running", 40)]
        story.agent(70).customer(80).agent(200)
        assert story.told("next_reply", 300) == [("met", 50), ("met_late", 120)]
        worst = worst_reading(story.readings(300), "next_reply")
        assert worst is not None
        assert worst.cycle == 2

    @pytest.mark.parametrize("status", ["solved", "closed"])
    def test_it_does_not_go_on_after_the_ticket_is_solved(self, status: str) -> None:
        story = Story(self.TERMS).agent(10).customer(20).status(40, status)
        assert story.told("next_reply", 900) == [("met", 20)]

    def test_a_message_on_a_solved_ticket_counts_from_the_reopening(self) -> None:
        story = Story(self.TERMS).agent(10).status(20, "solved").customer(100)
        assert story.reading("next_reply", 110).paused_reason == "status:solved"
        story.status(120, "open")
        assert story.told("next_reply", 150) == [("running", 30)]

    def test_thanks_need_no_reply(self) -> None:
        story = Story(self.TERMS).agent(10).customer(20).then(30, "no_reply_needed", by="agent")
        thanks = story.reading("next_reply", 500)
        assert (thanks.status, thanks.stop_cause) == ("cancelled", "no_reply_needed")
        story.customer(600).agent(610)
        assert story.told("next_reply", 700) == [("cancelled", 10), ("met", 10)]

    def test_it_works_where_no_first_reply_is_promised(self) -> None:
        story = Story(terms(next_reply=HOUR)).customer(5).agent(10).customer(20)
        assert story.told("next_reply", 30) == [("running", 10)]
        assert {reading.metric for reading in story.readings(30)} == {"next_reply"}

    def test_other_engines_start_it_with_the_first_message(self) -> None:
        story = Story(self.TERMS).customer(0)
        early = Options(next_reply_from_first_message=True)
        assert story.reading("next_reply", 30, options=early).elapsed_seconds == 30 * MINUTE
        phoned = Story(self.TERMS, by="agent").customer(5)
        assert phoned.reading("next_reply", 30, options=early).elapsed_seconds == 25 * MINUTE


class TestPeriodicUpdate:
    TERMS = terms(periodic_update=2 * HOUR)

    def test_every_public_reply_ends_one_wait_and_begins_the_next(self) -> None:
        story = Story(self.TERMS).agent(10).agent(60).agent(70, public=False).customer(80)
        assert story.told("periodic_update", 5) == [("not_started", 0)]
        assert story.told("periodic_update", 200) == [("met", 50), ("breached", 140)]

    def test_a_solve_ends_it_and_the_next_reply_begins_anew(self) -> None:
        story = Story(self.TERMS).agent(10).status(60, "solved").agent(70).status(90, "open")
        assert story.told("periodic_update", 500) == [("met", 50)]
        story.agent(500)
        assert story.told("periodic_update", 510) == [("met", 50), ("running", 10)]

    def test_solving_with_the_reply_itself_owes_no_update(self) -> None:
        story = Story(self.TERMS).agent(10).status(10, "solved")
        assert story.told("periodic_update", 500) == [("cancelled", 0)]

    def test_a_wait_solved_in_the_instant_of_another_change_was_owed_all_the_same(self) -> None:
        story = Story(self.TERMS).agent(10).then(60, "terms", terms=self.TERMS)
        story.status(60, "solved")
        assert story.told("periodic_update", 500) == [("met", 50)]
        changed = terms("v2", periodic_update=HOUR)
        story = Story(self.TERMS).agent(10).then(60, "terms", terms=changed).status(60, "solved")
        assert story.told("periodic_update", 500) == [("met", 50)]

    def test_a_contract_may_owe_it_from_the_opening(self) -> None:
        early = Options(periodic_update_from_opening=True)
        reading = Story(self.TERMS).reading("periodic_update", 30, options=early)
        assert reading.elapsed_seconds == 30 * MINUTE


class TestWorkAndWait:
    TERMS = terms(
        requester_wait=9 * HOUR, agent_work=9 * HOUR, resolution=9 * HOUR, first_resolution=9 * HOUR
    )

    def test_each_metric_counts_its_own_statuses(self) -> None:
        story = Story(self.TERMS).status(10, "open").status(30, "pending").status(70, "on_hold")
        story.status(150, "open").status(160, "solved")
        told = {r.metric: r.elapsed_seconds // MINUTE for r in story.readings(1000)}
        assert told == {
            "requester_wait": 30 + 80 + 10,
            "agent_work": 30 + 10,
            "resolution": 160,
            "first_resolution": 160,
        }
        assert {r.status for r in story.readings(1000)} == {"met"}

    def test_reopening_resumes_the_same_clock_without_the_time_spent_solved(self) -> None:
        story = Story(self.TERMS).status(100, "solved").status(110, "closed").status(9000, "open")
        story.status(9020, "solved")
        for metric in ("requester_wait", "agent_work", "resolution"):
            assert story.told(metric, 9999) == [("met", 120)]
        assert story.told("first_resolution", 9999) == [("met", 100)]
        kinds = [s.state for s in story.reading("resolution", 9999).ledger]
        assert kinds == ["running", "stopped", "running"]

    def test_solving_straight_from_a_pause_loses_nothing(self) -> None:
        target = Target(HOUR, "always", pause_on=frozenset({"pending"}))
        story = Story(terms(resolution=target)).status(30, "pending").status(500, "solved")
        assert story.told("resolution", 600) == [("met", 30)]

    def test_a_ticket_logged_as_solved_is_resolved_at_once(self) -> None:
        story = Story(self.TERMS, status="solved")
        assert story.told("resolution", 600) == [("met", 0)]
        assert story.reading("resolution", 600).ledger == ()

    def test_options_can_pause_every_metric(self) -> None:
        story = Story(self.TERMS, status="on_hold").status(60, "open")
        paused = Options(pause_every_metric_on=frozenset({"on_hold"}))
        assert story.reading("resolution", 90, options=paused).elapsed_seconds == 30 * MINUTE


class TestOneInstant:
    def test_reply_and_pending_saved_together_are_a_reply_first(self) -> None:
        target = Target(HOUR, "always", pause_on=frozenset({"pending"}))
        story = Story(terms(first_reply=target)).status(30, "pending").agent(30)
        assert story.told("first_reply", 99) == [("met", 30)]

    def test_reply_and_solve_saved_together_are_a_reply_first(self) -> None:
        story = Story(terms(first_reply=HOUR)).status(30, "solved").agent(30)
        assert story.reading("first_reply", 99).stop_cause == "agent_reply"

    def test_a_reply_is_judged_before_the_severity_saved_with_it(self) -> None:
        targets = {(NORMAL, "first_reply"): HOUR, (CRITICAL, "first_reply"): 10 * MINUTE}
        both = Terms("v1", "x", 1, {key: Target(s, "always") for key, s in targets.items()})
        story = Story(both).then(30, "severity", severity=CRITICAL).agent(30)
        assert story.told("first_reply", 99) == [("met", 30)]

    def test_a_reply_recorded_after_a_change_in_its_second_is_judged_after_it(self) -> None:
        story = Story(terms(first_reply=HOUR))
        story.then(30, "terms", terms=terms("v2", first_reply=10 * MINUTE)).agent(30)
        assert story.told("first_reply", 99) == [("met", 30)]
        recorded = [event._replace(recorded=True) for event in story.events]
        (reading,) = evaluate(recorded, CALENDARS, MONDAY + 99 * MINUTE)
        assert (reading.status, reading.breached_at) == ("met_late", MONDAY + 30 * MINUTE)

    def test_a_reply_does_not_overtake_the_message_it_answers(self) -> None:
        story = Story(terms(first_reply=HOUR, next_reply=HOUR)).agent(5)
        story.status(30, "open").customer(30).status(30, "pending").agent(30)
        assert story.told("next_reply", 99) == [("met", 0)]

    def test_the_given_order_of_events_does_not_matter(self) -> None:
        story = Story(terms(first_reply=HOUR, resolution=HOUR)).agent(30).status(40, "solved")
        assert evaluate(story.events[::-1], CALENDARS, MONDAY + 9999) == evaluate(
            story.events, CALENDARS, MONDAY + 9999
        )

    def test_the_opening_is_first_in_its_instant(self) -> None:
        story = Story(terms(first_reply=HOUR))
        early = Event(MONDAY, -1, "message", by="customer")
        assert evaluate([early, *story.events], CALENDARS, MONDAY)[0].status == "running"


class TestMerge:
    def test_a_merge_ends_every_clock_for_good(self) -> None:
        promised = terms(first_reply=HOUR, next_reply=HOUR, resolution=HOUR)
        story = Story(promised).then(30, "merged").agent(40).customer(45).status(50, "open")
        assert {r.metric: (r.status, r.stop_cause) for r in story.readings(90)} == {
            "first_reply": ("cancelled", "merged"),
            "resolution": ("cancelled", "merged"),
        }

    def test_what_was_kept_before_a_merge_stays_kept_and_nothing_begins_after_it(self) -> None:
        story = Story(terms(first_reply=HOUR, next_reply=HOUR)).agent(10).then(30, "merged")
        story.customer(40)
        assert [(r.metric, r.status) for r in story.readings(90)] == [("first_reply", "met")]


class TestRefusals:
    @pytest.mark.parametrize(
        ("events", "words"),
        [
            ([Event(0, 0, "message")], "needs its opening"),
            ([Event(0, 0, "message"), Event(1, 1, "opened", severity=1)], "is its opening"),
            ([Event(0, 0, "opened")], "needs a severity"),
            ([Event(0, 0, "opened", severity=1), Event(1, 1, "opened", severity=1)], "once"),
            ([Event(0, 0, "opened", severity=1, status="lost")], "Unknown ticket status"),
            ([Event(0, 0, "opened", severity=1), Event(1, 1, "status")], "needs a status"),
            ([Event(0, 0, "opened", severity=1), Event(1, 1, "tea")], "Unknown kind"),  # type: ignore[arg-type]
        ],
    )
    def test_what_cannot_be_a_tickets_history_is_refused(self, events: Any, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            evaluate(events, CALENDARS, 10)

    def test_a_target_needs_its_calendar(self) -> None:
        with pytest.raises(ValueError, match="No calendar 'always'"):
            evaluate(Story(terms(first_reply=HOUR)).events, {}, MONDAY)

    @pytest.mark.parametrize(
        "bad",
        [
            {"seconds": 0},
            {"pause_on": frozenset({"asleep"})},
            {"warn_at": (0,)},
            {"warn_at": (100,)},
        ],
    )
    def test_a_target_must_make_sense(self, bad: Any) -> None:
        with pytest.raises(ValueError, match=r"target|status|Warning"):
            Target(**{"seconds": 1, "calendar": "always", **bad})

    @pytest.mark.parametrize("key", [(5, "resolution"), (1, "happiness")])
    def test_terms_name_known_severities_and_metrics(self, key: Any) -> None:
        with pytest.raises(ValueError, match=r"Severity|Unknown metric"):
            Terms("v1", "x", 1, {key: Target(1, "always")})

    def test_nothing_has_happened_before_the_opening(self) -> None:
        assert evaluate(Story(terms(first_reply=HOUR)).events, CALENDARS, MONDAY - 1) == ()
        assert evaluate([], CALENDARS, MONDAY) == ()


def test_terms_come_back_from_json_as_they_were() -> None:
    promised = Terms(
        "org-7/v3",
        "enterprise",
        3,
        {
            (1, "first_reply"): Target(900, "always", 600, frozenset({"pending"}), (80, 50)),
            (3, "resolution"): Target(86_400, "office", warn_at=()),
        },
    )
    assert Terms.from_json(promised.to_json()) == promised
    assert promised.targets[1, "first_reply"].warn_at == (50, 80)
