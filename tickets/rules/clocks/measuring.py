"""Counting a run: its ledger, the two instants, the warning ladder, the breaches, the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tickets.rules.clocks.facts import Target
from tickets.rules.clocks.reading import Alarm, Breach, Reading, Segment, Status
from tickets.rules.clocks.run import Run, Stretch
from tiers.rules.business_time import BusinessCalendar, NoOpeningError

Calendars = Mapping[str, BusinessCalendar]
# A running stretch: its start, the seconds counted before it and by its end, and by what.
Lap = tuple[int, int, int, BusinessCalendar]
# Time under one promise: since when, which, and the seconds counted by the end of it.
Period = tuple[int, Target, str, int]

NO_STRETCH: Stretch = (0, 0, "cancelled", "", None, "")


def not_started(metric: str, target: Target, terms_key: str) -> Reading:
    """Return the reading of a promise whose clock nothing has started yet."""
    return Reading(
        metric=metric,
        cycle=1,
        status="not_started",
        started_at=None,
        target_seconds=target.seconds,
        elapsed_seconds=0,
        remaining_seconds=target.seconds,
        due_at=None,
        breaches_after=None,
        alarms=(),
        breached_at=None,
        stopped_at=None,
        paused_reason=None,
        terms_key=terms_key,
        calendar=target.calendar,
        ledger=(),
    )


def reading_of(run: Run, calendars: Calendars, now: int) -> Reading | None:
    """Return the reading of a run as of `now`; None when it was never promised anything."""
    stretches, over_since = promised(run, now)
    since, _, _, _, promise, promise_key = stretches[0] if stretches else NO_STRETCH
    if promise is None:
        return None
    ledger: list[Segment] = []
    laps: list[Lap] = []
    past: list[Period] = []
    elapsed = 0
    ladder_since = rung_before = since
    forerunner, corrected_at = None, None
    if run.corrected is not None:
        # What was promised before the correction is the forerunner's; this run was only counted.
        forerun, corrected_at = run.corrected
        forerunner = reading_of(forerun, calendars, corrected_at) if forerun else None
        since = ladder_since = rung_before = max(since, corrected_at)
    for start, end, state, cause, target, terms_key in stretches:
        if target is not None and corrected_at is not None and start <= corrected_at:
            promise, promise_key = target, terms_key
        elif target is not None and (target is not promise or terms_key != promise_key):
            past.append((since, promise, promise_key, elapsed))
            if target.seconds != promise.seconds:
                ladder_since = rung_before = start
            elif terms_key != promise_key:
                rung_before = start
            since, promise, promise_key = start, target, terms_key
        counted = 0
        if state == "running" and target is not None:
            calendar = calendar_of(target, calendars)
            counted = calendar.elapsed(start, end)
            laps.append((start, elapsed, elapsed + counted, calendar))
            elapsed += counted
        if end > start:
            name = target.calendar if target else ""
            ledger.append(Segment(start, end, state, cause, name, terms_key, counted))
    periods = [*past, (since, promise, promise_key, elapsed)]
    ladder = (ladder_since, rung_before)
    return judged(run, over_since, stretches, ledger, laps, periods, ladder, forerunner)


def calendar_of(target: Target, calendars: Calendars) -> BusinessCalendar:
    calendar = calendars.get(target.calendar)
    if calendar is None:
        raise ValueError(f"No calendar {target.calendar!r} was given.")
    return calendar


def promised(run: Run, now: int) -> tuple[list[Stretch], int | None]:
    """Return the stretches from the first to the last promise, and since when the run is over."""
    target = run.target
    if run.ending is None and target is not None:
        stretches = [
            *run.stretches,
            (run.since, now, run.state, run.cause, target, run.terms_key),
        ]
        over_since = None
    else:
        stretches, over_since = list(run.stretches), run.since
    while stretches and stretches[0][4] is None:
        del stretches[0]
    if target is None:
        while stretches and stretches[-1][4] is None:
            del stretches[-1]
        over_since = stretches[-1][1] if stretches else over_since
    elif not stretches or stretches[-1][4] is not target or stretches[-1][5] != run.terms_key:
        # Over within the instant in which this was promised: no time lies in it.
        stretches.append((run.since, run.since, "running", run.cause, target, run.terms_key))
    return stretches, over_since


def judged(
    run: Run,
    over_since: int | None,
    stretches: list[Stretch],
    ledger: list[Segment],
    laps: list[Lap],
    periods: list[Period],
    ladder: tuple[int, int],
    forerunner: Reading | None,
) -> Reading:
    """Put the counted parts of a run together and judge them by the present promise.

    `ladder` says since when this length is promised, as no step is reached before, and before
    when the steps have rung under earlier terms of the same length: they do not ring again.
    `forerunner` is the clock as it stood when it was corrected: what has rung then for the same
    length does not ring again either, and its breaches stay on record.
    """
    ladder_since, rung_before = ladder
    _, target, terms_key, elapsed = periods[-1]
    state = stretches[-1][2]
    goal = target.seconds
    # Whether the clock was running in the end: only then does it point at instants to come.
    onward = state == "running"
    to_come = onward and over_since is None
    late = elapsed > goal
    due_at, breaches_after = crossing(laps, goal, onward)
    breaches: tuple[Breach, ...] = ()
    broken_at = None
    if late or len(periods) > 1 or forerunner is not None:
        breaches, broken_at = breaches_of(periods, laps, forerunner)
    alarms: list[Alarm] = []
    if target.warn_at and (to_come or elapsed >= target.warn_seconds[0]):
        instants = warnings(laps, target.warn_seconds, to_come)
        # strict=False: a step that is not reached, as things stand, has no instant.
        rung = forerunner.elapsed_seconds if forerunner and forerunner.target_seconds == goal else 0
        for step, seconds, at in zip(target.warn_at, target.warn_seconds, instants, strict=False):
            rings_at = at if at > ladder_since else ladder_since
            if rings_at >= rung_before and (at > ladder_since or seconds > rung):
                alarms.append(Alarm(step, rings_at))
    if late:
        if broken_at is not None:
            alarms.append(Alarm(100, broken_at))
    elif to_come and breaches_after is not None:
        alarms.append(Alarm(100, breaches_after + 1))
    return Reading(
        run.metric,
        run.cycle,
        verdict(run, late),
        stretches[0][0],
        goal,
        elapsed,
        goal - elapsed,
        due_at,
        breaches_after,
        tuple(alarms),
        breaches[0].at if breaches else None,
        over_since,
        run.cause if over_since is None and state == "paused" else None,
        terms_key,
        target.calendar,
        tuple(ledger),
        breaches,
        None if over_since is None else run.cause,
        lost_terms(run, periods, forerunner) if breaches else "",
    )


def lost_terms(run: Run, periods: list[Period], forerunner: Reading | None) -> str:
    """Return the key of the first terms that were broken when others took their place.

    A severity that is corrected is judged anew under the same terms; new terms are not: what was
    broken under the old ones stays so.
    """
    if forerunner is not None and (forerunner.lost_key or forerunner.status == "breached"):
        return forerunner.lost_key or forerunner.terms_key
    following = [*(key for _, _, key, _ in periods[1:]), key_after(run, periods[-1][2])]
    for (_, target, key, counted), next_key in zip(periods, following, strict=True):
        if next_key != key and counted > target.seconds:
            return key
    return ""


def key_after(run: Run, last_key: str) -> str:
    """Return which terms took the place of a run's last ones; the last ones, where none did."""
    if run.ending == "cancelled" and run.cause.startswith("restart:terms:"):
        return run.cause.removeprefix("restart:terms:")
    if run.target is not None:
        return last_key
    key = run.terms_key
    for stretch in reversed(run.stretches):
        if stretch[4] is not None:
            break
        key = stretch[5]
    return key


def verdict(run: Run, late: bool) -> Status:
    if run.target is None or run.ending == "cancelled":
        return "cancelled"
    if run.ending == "unanswered":
        return "breached" if late else "cancelled"
    if run.ending == "stopped":
        return "met_late" if late else "met"
    if late:
        return "breached"
    return "paused" if run.state == "paused" else "running"


def warnings(laps: list[Lap], amounts: tuple[int, ...], to_come: bool) -> list[int]:
    """Return when ascending amounts are counted, up to the first that is not."""
    start, before, _, calendar = laps[-1]
    if to_come and before < amounts[0]:  # the usual case: all of them lie in the lap that runs
        try:
            return calendar.dues(start, [seconds - before for seconds in amounts])
        except NoOpeningError:
            pass  # not all of them: find those that are
    found: list[int] = []
    for seconds in amounts:
        at, _ = crossing(laps, seconds, to_come)
        if at is None:
            break
        found.append(at)
    return found


def crossing(laps: list[Lap], seconds: int, onward: bool) -> tuple[int | None, int | None]:
    """Return the earliest instant with so many seconds counted and the last with no more.

    `onward` looks past the end of the last lap. They may lie in different laps, when the seconds
    are full exactly at a pause, and are None where no lap gets that far.
    """
    due = None
    for start, before, after, calendar in laps:
        if after > seconds:
            if due is None:
                return calendar.instants(start, seconds - before)
            return due, calendar.last_moment(start, seconds - before)
        if after == seconds and due is None:
            due = calendar.due(start, seconds - before)
    if not onward:
        return due, None
    start, before, _, calendar = laps[-1]
    try:
        if due is None:
            return calendar.instants(start, seconds - before)
        return due, calendar.last_moment(start, seconds - before)
    except NoOpeningError:
        pass  # open for the last time: there may be an end of the time, but no opening after it
    if due is None:
        with suppress(NoOpeningError):
            due = calendar.due(start, seconds - before)
    return due, None


def counted_by(at: int, laps: list[Lap]) -> int:
    """Return the seconds counted up to an instant."""
    found = 0
    for start, before, _, calendar in laps:
        if start < at:
            found = before + calendar.elapsed(start, at)
    return found


def breaches_of(
    periods: list[Period], laps: list[Lap], forerunner: Reading | None
) -> tuple[tuple[Breach, ...], int | None]:
    """Return the breaches on record, and since when the clock is late under its present terms.

    None is earlier than its promise. A clock that is late already when the promise changes, and
    still is under the new one, breaks no second promise; neither does one promised the same
    length again under the same terms. The same goes for one that was late before a correction.
    """
    found: dict[tuple[str, int], Breach] = {}
    late_since, late_under, counted_before = None, "", 0
    if forerunner is not None:
        found = {
            (breach.terms_key, breach.target_seconds): breach for breach in forerunner.breaches
        }
        if forerunner.remaining_seconds < 0:
            late_since, late_under = forerunner.breached_at, forerunner.terms_key
            counted_before = counted_by(periods[0][0], laps)
    for since, target, terms_key, counted in periods:
        goal = target.seconds
        if counted <= goal:
            late_since = None
        elif late_since is None or counted_before <= goal:
            _, last = crossing(laps, goal, onward=False)
            late_since, late_under = since if last is None else max(last + 1, since), terms_key
            found.setdefault((terms_key, goal), Breach(late_since, terms_key, goal))
        counted_before = counted
    if late_under != periods[-1][2]:
        late_since = None
    return tuple(found.values()), late_since
