"""When a notice is tried again, when given up, and how its mail is called."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.rules.delivery import is_given_up, message_id, next_try, retry_delay

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [
        (0, MINUTE), (1, MINUTE), (2, 2 * MINUTE), (3, 4 * MINUTE), (9, 256 * MINUTE),
        (10, 6 * HOUR), (1000, 6 * HOUR), (32767, 6 * HOUR),
    ],
)  # fmt: skip
def test_the_wait_doubles_from_a_minute_to_six_hours(attempts: int, wait: timedelta) -> None:
    assert retry_delay(attempts, chance=0) == wait


def test_chance_adds_a_fifth_at_most() -> None:
    assert retry_delay(1, chance=1) == timedelta(seconds=72)


def test_the_last_try_is_a_day_after_the_notice_was_written() -> None:
    written = datetime(2026, 3, 10, 9, tzinfo=UTC)
    evening = written + 20 * HOUR
    assert next_try(now=evening, written=written, attempts=12, chance=0) == written + 24 * HOUR
    too_late = written + 30 * HOUR
    assert next_try(now=too_late, written=written, attempts=12, chance=0) == too_late + MINUTE


@pytest.mark.parametrize(
    ("attempts", "age", "is_permanent", "over"),
    [
        (1, timedelta(), True, True),
        (1, timedelta(), False, False),
        (12, 23 * HOUR, False, False),
        (12, 24 * HOUR, False, True),
        # The worker was down for two days: nothing has failed yet but this one attempt.
        (1, 48 * HOUR, False, False),
        (4, 48 * HOUR, False, True),
    ],
)
def test_a_notice_is_given_up_after_a_day_of_trying(
    attempts: int, age: timedelta, is_permanent: bool, over: bool
) -> None:
    assert is_given_up(attempts=attempts, age=age, is_permanent=is_permanent) is over


@given(st.text(max_size=300))
def test_any_key_makes_a_valid_message_id(key: str) -> None:
    """RFC 5322: a dot-atom on both sides, and short enough not to be folded."""
    found = message_id(key, "support.example.com")
    assert re.fullmatch(r"<[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*@support\.example\.com>", found)
    assert len(f"Message-ID: {found}") <= 78


@given(st.text(max_size=50), st.text(max_size=50))
def test_two_keys_never_share_an_id(one: str, other: str) -> None:
    assert (message_id(one, "x") == message_id(other, "x")) == (one == other)


def test_an_id_can_be_read() -> None:
    assert message_id("ticket_replied:12:7", "h").startswith("<ticket.replied.12.7.")


def test_an_address_of_numbers_is_written_as_mail_wants_it() -> None:
    assert message_id("a", "::1").endswith("@[IPv6:::1]>")
