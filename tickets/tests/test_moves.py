"""Which status a ticket may move to, and who may move it."""

from datetime import UTC, datetime, timedelta

import pytest

from tickets.rules.moves import (
    ACTOR_KINDS,
    FOLLOW_UP,
    MOVES,
    STATUSES,
    allowed_moves,
    closes_at,
    may_close,
    may_move,
    status_after_agent_reply,
    status_after_customer_reply,
    why_not,
)

SOLVED_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_the_table_names_every_actor_and_every_status():
    assert tuple(MOVES) == ACTOR_KINDS
    assert all(tuple(table) == STATUSES for table in MOVES.values())


def test_nothing_leaves_closed_returns_to_new_or_stays_where_it_is():
    for actor in ACTOR_KINDS:
        assert allowed_moves(actor, "closed") == ()
        for old in STATUSES:
            assert "new" not in allowed_moves(actor, old)
            assert old not in allowed_moves(actor, old)


def test_moves_are_listed_in_the_order_of_a_tickets_life():
    for actor in ACTOR_KINDS:
        for old in STATUSES:
            moves = allowed_moves(actor, old)
            assert list(moves) == sorted(moves, key=STATUSES.index)


def test_customers_say_solved_and_reopen_and_nothing_else():
    moves = {(old, new) for old in STATUSES for new in allowed_moves("customer", old)}

    assert moves == {
        ("new", "solved"),
        ("open", "solved"),
        ("pending", "open"),
        ("pending", "solved"),
        ("on_hold", "solved"),
        ("solved", "open"),
    }


def test_agents_never_close():
    assert not any(may_move("agent", old, "closed") for old in STATUSES)
    assert may_move("system", "solved", "closed")


@pytest.mark.parametrize("old", ["new", "open", "pending", "on_hold"])
def test_agents_may_solve_everything_that_is_not_solved(old):
    assert may_move("agent", old, "solved")


@pytest.mark.parametrize("old", ["new", "open", "pending", "on_hold", "solved"])
def test_the_system_may_close_what_is_merged(old):
    assert may_move("system", old, "closed")


def test_an_allowed_move_is_not_explained_and_every_refused_one_is():
    for actor in (*ACTOR_KINDS, "robot"):
        for old in (*STATUSES, "lost"):
            for new in (*STATUSES, "lost"):
                reason = why_not(actor, old, new)
                assert (reason is None) == may_move(actor, old, new)
                assert reason is None or "{" not in reason.text


@pytest.mark.parametrize(
    ("actor", "old", "new", "words"),
    [
        ("agent", "open", "lost", "“lost” is not a ticket status."),
        ("robot", "open", "solved", "“robot” is not someone who moves tickets."),
        ("agent", "on_hold", "on_hold", "The ticket is already on hold."),
        (
            "customer",
            "closed",
            "open",
            "A closed ticket stays closed; a reply opens a follow-up ticket.",
        ),
        ("agent", "open", "new", "No ticket becomes new again."),
        (
            "agent",
            "open",
            "closed",
            "Solve the ticket instead: solved tickets are closed by themselves after some days.",
        ),
        (
            "customer",
            "open",
            "on_hold",
            "Only the support team may set this ticket to on hold.",
        ),
        ("system", "open", "solved", "Only a person may move a ticket from open to solved."),
    ],
)
def test_refusals_are_told_in_words(actor, old, new, words):
    reason = why_not(actor, old, new)

    assert reason is not None
    assert reason.text == words


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("new", "new"),
        ("open", "open"),
        ("pending", "open"),
        ("on_hold", "on_hold"),
        ("solved", "open"),
        ("closed", FOLLOW_UP),
    ],
)
def test_a_customers_reply_reopens_or_opens_a_follow_up(old, new):
    assert status_after_customer_reply(old) == new
    assert new in {old, FOLLOW_UP} or may_move("customer", old, new)


@pytest.mark.parametrize("old", STATUSES)
def test_the_first_public_reply_of_an_agent_opens_a_new_ticket(old):
    expected = "open" if old == "new" else old

    assert status_after_agent_reply(old, public=True) == expected
    assert status_after_agent_reply(old, public=False) == old


def test_a_solved_ticket_may_be_closed_after_its_days_and_not_a_second_before():
    end = SOLVED_AT + timedelta(days=3)

    assert closes_at(SOLVED_AT, days=3) == end
    assert not may_close("solved", SOLVED_AT, end - timedelta(seconds=1), days=3)
    assert may_close("solved", SOLVED_AT, end, days=3)


def test_only_solved_tickets_are_closed_by_time():
    late = SOLVED_AT + timedelta(days=365)

    assert not may_close("open", SOLVED_AT, late)
    assert not may_close("solved", None, late)
