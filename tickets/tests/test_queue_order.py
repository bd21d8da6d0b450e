"""Which ticket is next, and the words for its place."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tickets.rules.queue_order import (
    NO_PROMISE_AT,
    NextPromise,
    next_promise,
    order_key,
    span,
)

DUE = int(datetime(2026, 1, 5, 14, 20, tzinfo=UTC).timestamp())
HOUR = 3600


@dataclass(frozen=True)
class Clock:
    metric: str
    status: str
    due_at: int | None
    breaches_after: int | None
    stopped_at: int | None = None


def clock(metric: str = "first_reply", status: str = "running", due: int | None = DUE) -> Clock:
    return Clock(metric, status, due, None if due is None else due + 60)


def test_the_earliest_running_promise_ranks_the_ticket():
    found = next_promise(
        [clock("resolution", due=DUE + 9), clock(), clock("next_reply", due=DUE + 1)]
    )

    assert (found.rank_at, found.metric, found.breaches_after) == (DUE, "first_reply", DUE + 60)
    assert found.reason.code == "promise_due"
    assert found.reason.params == {"metric": "first_reply", "at": DUE}
    assert found.reason.text == "First reply due 2026-01-05 14:20 UTC"


@pytest.mark.parametrize("status", ["not_started", "paused", "met", "met_late", "cancelled"])
def test_only_what_is_still_owed_counts(status):
    found = next_promise([clock(status=status, due=DUE - 999), clock("resolution")])

    assert found.metric == "resolution"


def test_a_broken_promise_is_owed_until_it_is_answered():
    found = next_promise([clock("resolution", "breached", DUE - 2 * HOUR), clock()])

    assert (found.metric, found.broken, found.reason.code) == ("resolution", True, "promise_broken")
    assert found.reason_at(DUE).text == "Resolution was due 2 h ago"


def test_a_promise_broken_and_over_ranks_nobody():
    over = Clock("first_reply", "breached", DUE, DUE, stopped_at=DUE + 1)

    assert next_promise([over]).rank_at is None


def test_a_clock_without_an_instant_ranks_nobody():
    assert next_promise([clock(due=None)]).rank_at is None


def test_of_promises_due_together_the_one_noticed_first_is_told():
    for order in (["resolution", "first_reply"], ["first_reply", "resolution"]):
        assert next_promise([clock(metric) for metric in order]).metric == "first_reply"
    assert next_promise([clock("own_metric"), clock("resolution")]).metric == "resolution"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("pending", "waiting_for_customer", "Waiting for the customer, no clock running"),
        ("on_hold", "waiting_for_third_party", "Waiting for a third party, no clock running"),
        ("solved", "done", "Done, no clock running"),
        ("open", "no_clock", "No clock running"),
    ],
)
def test_without_a_running_promise_the_status_gives_the_words(status, code, words):
    found = next_promise([clock(status="paused")], status)

    assert (found.rank_at, found.metric, found.sort_at) == (None, "", NO_PROMISE_AT)
    assert (found.reason.code, found.reason.text) == (code, words)
    assert found.reason_at(DUE) == found.reason


def test_the_words_follow_the_hour():
    found = next_promise([clock()])

    assert found.reason_at(DUE - 1).code == "promise_due"
    assert found.reason_at(DUE).code == "promise_due"
    waiting = found.reason_at(DUE + 60)
    assert waiting.code == "promise_due_at_opening"
    assert waiting.text.endswith("in time until 2026-01-05 14:21 UTC")
    late = found.reason_at(DUE + 61)
    assert (late.code, late.params["late"]) == ("promise_was_due", 61)
    assert late.text == "First reply was due 1 min ago"


def test_a_queue_goes_by_promise_then_severity_then_age():
    soon, later = next_promise([clock()]), next_promise([clock(due=DUE + 1)])
    idle = next_promise([])
    rows: list[tuple[NextPromise, int, int]] = [
        (idle, 1, 1),
        (later, 1, 2),
        (soon, 3, 3),
        (soon, 2, 5),
        (soon, 2, 4),
    ]

    assert [row[2] for row in sorted(rows, key=lambda row: order_key(*row))] == [4, 5, 3, 2, 1]


def test_the_sentinel_is_behind_every_promise_and_fits_a_date():
    assert datetime.fromtimestamp(NO_PROMISE_AT, tz=UTC) == datetime(9999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (2 * 86400 - 1, "47 h"),
        (3 * 86400, "3 days"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds, words):
    assert span(seconds) == words
