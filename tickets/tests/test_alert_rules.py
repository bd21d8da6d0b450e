"""When somebody is told, in how many mails, and when no longer: the pure decisions."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.rules.alerts import GATHER, MOST_SINGLE, Waiting, Wishes, is_critical, sort_out

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Wishes(quiet_from=time(22), quiet_until=time(7), zone=BERLIN)
ALL_EARS = Wishes()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def warning(key: int, **changes: object) -> Waiting:
    """An alert that has waited for company and is due at noon."""
    values = {
        "key": key, "clock": key, "at": NOON - GATHER, "due_at": NOON + timedelta(minutes=key),
        "is_breach": False, "is_critical": False, "created_at": NOON - GATHER, "hold_until": NOON,
        **changes,
    }  # fmt: skip
    return Waiting(**values)  # type: ignore[arg-type]


def ring(key: int, **changes: object) -> Waiting:
    """A critical alert of this moment."""
    return warning(key, is_critical=True, created_at=NOON, **changes)


def plan(*waiting: Waiting, wishes: Wishes = ALL_EARS, rung: tuple = (), now: datetime = NOON):
    return sort_out(waiting, wishes=wishes, rung=rung, now=now)


# --- Quiet hours --------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "ends"),
    [
        (utc(2026, 3, 10, 20, 59, 59), None),
        (utc(2026, 3, 10, 21, 0), utc(2026, 3, 11, 6, 0)),
        (utc(2026, 3, 11, 5, 59, 59), utc(2026, 3, 11, 6, 0)),
        (utc(2026, 3, 11, 6, 0), None),
        # The night of 28 March loses an hour, that of 25 October wins one.
        (utc(2026, 3, 28, 23, 0), utc(2026, 3, 29, 5, 0)),
        (utc(2026, 10, 24, 23, 0), utc(2026, 10, 25, 6, 0)),
    ],
)
def test_quiet_hours_run_over_midnight_in_the_persons_own_time(instant, ends):
    assert NIGHT.quiet_ends(instant) == ends


def test_quiet_hours_that_end_in_the_hour_that_daylight_saving_skips_end_after_the_gap():
    wishes = replace(NIGHT, quiet_until=time(2, 30))
    assert wishes.quiet_ends(utc(2026, 3, 29, 0, 0)) == utc(2026, 3, 29, 1, 30)


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_the_first_time():
    wishes = replace(NIGHT, quiet_until=time(2, 30))
    assert wishes.quiet_ends(utc(2026, 10, 25, 0, 15)) == utc(2026, 10, 25, 0, 30)
    assert wishes.quiet_ends(utc(2026, 10, 25, 1, 15)) is None


def test_quiet_hours_within_one_day():
    wishes = replace(NIGHT, quiet_from=time(12), quiet_until=time(13))
    assert wishes.quiet_ends(utc(2026, 3, 10, 11, 30)) == utc(2026, 3, 10, 12, 0)
    assert wishes.quiet_ends(utc(2026, 3, 10, 12, 30)) is None


@given(
    st.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2027, 1, 1)),
    st.times().map(lambda t: t.replace(microsecond=0)),
    st.times().map(lambda t: t.replace(microsecond=0)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "Africa/Casablanca"]),
)
def test_quiet_hours_end_within_a_day_and_are_over_then(naive, begin, end, zone):
    instant = naive.replace(tzinfo=UTC)
    ends = Wishes(quiet_from=begin, quiet_until=end, zone=ZoneInfo(zone)).quiet_ends(instant)
    if ends is not None:
        assert instant < ends <= instant + timedelta(hours=26)


def test_what_is_critical_goes_through_quiet_hours_unless_the_person_wants_none():
    late = utc(2026, 3, 10, 22, 0)
    morning = utc(2026, 3, 11, 6, 0)
    assert NIGHT.held_until(late, critical=True) == late
    assert NIGHT.held_until(late, critical=False) == morning
    assert replace(NIGHT, critical_when_quiet=False).held_until(late, critical=True) == morning


def test_what_would_come_due_in_the_quiet_hours_waits_for_their_end():
    before = utc(2026, 3, 10, 20, 59, 30)
    assert NIGHT.held_until(before, critical=False) == utc(2026, 3, 11, 6, 0)


def test_what_was_due_before_the_quiet_hours_and_sent_late_waits_for_their_end():
    late = utc(2026, 3, 10, 22, 0)
    old = {"created_at": late - timedelta(hours=2), "hold_until": late - timedelta(hours=1)}
    found = plan(warning(1, **old), warning(2, is_critical=True, **old), wishes=NIGHT, now=late)
    assert found.later == {1: utc(2026, 3, 11, 6, 0)}
    assert found.single == (2,)


# --- One mail or many ---------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "is_breach", "critical"),
    [(1, False, True), (1, True, True), (2, False, False), (2, True, True), (3, True, False)],
)
def test_critical_is_all_about_critical_tickets_and_a_broken_urgent_promise(
    severity, is_breach, critical
):
    assert is_critical(severity, is_breach=is_breach) is critical


def test_up_to_three_are_mails_of_their_own_and_more_are_one_digest():
    three = [warning(key) for key in (1, 2, 3)]
    assert plan(*three).single == (1, 2, 3)
    assert plan(*three, warning(4)).digest == (1, 2, 3, 4)


def test_what_came_up_a_moment_ago_goes_along_with_what_is_due():
    fresh = warning(9, created_at=NOON - SECOND, hold_until=NOON + GATHER - SECOND)
    assert plan(warning(1), fresh).single == (1, 9)
    assert plan(fresh) == plan()


def test_a_digest_has_the_critical_ones_first_and_broken_before_at_risk():
    found = plan(
        warning(1),
        warning(2, is_breach=True),
        warning(3, is_critical=True),
        warning(4, is_critical=True, is_breach=True, due_at=NOON + timedelta(days=1)),
    )
    assert found.digest == (4, 3, 2, 1)


def test_a_critical_one_rings_at_once_and_leaves_the_others_gathering():
    gathering = warning(1, created_at=NOON, hold_until=NOON + GATHER)
    found = plan(gathering, ring(2))
    assert (found.single, found.digest, found.later) == ((2,), (), {})


def test_no_more_than_three_ring_in_a_row_and_the_rest_comes_in_the_digest():
    found = plan(*(ring(key) for key in range(1, 6)))
    assert found.single == (1, 2, 3)
    assert found.later == {4: NOON + GATHER, 5: NOON + GATHER}
    rung = (NOON - 20 * SECOND,) * MOST_SINGLE
    assert plan(ring(6), rung=rung).later == {6: NOON + GATHER - 20 * SECOND}


def test_what_was_held_overnight_is_one_digest_even_when_it_is_little():
    held = {"created_at": NOON - timedelta(hours=5)}
    assert plan(warning(1, **held), warning(2, **held)).digest == (1, 2)
    assert plan(warning(1, **held)).single == (1,)


# --- Still true? --------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"is_over": True}, False),
        ({"is_seen": True}, False),
        ({"is_known": True}, False),
        ({"is_breach": True, "is_over": True}, True),
        ({"is_breach": True, "is_seen": True}, False),
        ({"is_breach": True, "is_seen": True, "created_at": NOON - timedelta(hours=8)}, True),
        ({"is_breach": True, "is_known": True, "created_at": NOON - timedelta(hours=8)}, False),
        ({"is_seen": True, "created_at": NOON - timedelta(hours=8)}, False),
    ],
)
def test_a_warning_is_told_while_true_and_a_breach_unless_somebody_has_seen_it(changes, told):
    found = plan(warning(1, **changes))
    assert found.single == ((1,) if told else ())
    assert found.not_needed == (() if told else (1,))


def test_who_wants_no_mails_about_promises_still_hears_of_a_critical_breach():
    silent = Wishes(wants_mail=False)
    found = plan(
        warning(1), warning(2, is_breach=True), warning(3, is_critical=True),
        warning(4, is_critical=True, is_breach=True), wishes=silent,
    )  # fmt: skip
    assert found.single == (4,)
    assert found.not_wanted == (1, 2, 3)


def test_of_several_steps_of_one_clock_only_the_last_is_told():
    steps = [
        warning(1, clock=5, at=NOON - 3 * GATHER),
        warning(2, clock=5, at=NOON - 2 * GATHER),
        warning(3, clock=5, at=NOON - GATHER, is_breach=True),
    ]
    found = plan(*steps)
    assert (found.single, found.covers) == ((3,), {3: (1, 2)})


# --- Nothing is lost and nothing told twice -----------------------------------

alerts = st.builds(
    lambda key, clock, age, hold, **flags: Waiting(
        key=key, clock=clock, at=NOON - age * SECOND, due_at=None,
        created_at=NOON - age * SECOND, hold_until=NOON - age * SECOND + hold * SECOND, **flags,
    ),
    key=st.integers(1, 10_000), clock=st.integers(1, 6), age=st.integers(0, 40_000),
    hold=st.sampled_from([0, 75, 30_000]), is_breach=st.booleans(), is_critical=st.booleans(),
    is_over=st.booleans(), is_seen=st.booleans(), is_known=st.booleans(),
)  # fmt: skip


@given(
    st.lists(alerts, max_size=12, unique_by=lambda one: one.key),
    st.integers(0, 4),
    st.booleans(),
    st.booleans(),
)
def test_every_alert_that_is_due_has_exactly_one_fate(waiting, rung, wants_mail, is_night):
    wishes = replace(NIGHT, wants_mail=wants_mail, quiet_from=time(12) if is_night else time(1))
    found = plan(*waiting, wishes=wishes, rung=(NOON - SECOND,) * rung)
    covered = [key for keys in found.covers.values() for key in keys]
    settled = [*found.single, *found.digest, *found.not_needed, *found.not_wanted, *covered]
    assert len(settled) == len(set(settled))
    assert not set(settled) & set(found.later)
    due = {one.key for one in waiting if one.hold_until <= NOON}
    assert due <= set(settled) | set(found.later)
    assert all(until > NOON for until in found.later.values())
    assert not (found.single and found.digest)
