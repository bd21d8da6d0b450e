"""Lengths of time as editors type them."""

import pytest

from tiers.calendar_words import amount_words
from tiers.promise_words import say_amount
from tiers.rules.amounts import AmountError, parse_amount

MINUTE, HOUR = 60, 3600
EIGHT_HOURS = 8 * HOUR


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("4 h", 4 * HOUR),
        ("4h", 4 * HOUR),
        (" 4  hours ", 4 * HOUR),
        ("1 hour", HOUR),
        ("30 min", 30 * MINUTE),
        ("30m", 30 * MINUTE),
        ("90 Minutes", 90 * MINUTE),
        ("1 h 30 min", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1 hour and 30 minutes", 90 * MINUTE),
        ("1.5 h", 90 * MINUTE),
        ("1,5 h", 90 * MINUTE),
        ("1:30", 90 * MINUTE),
        ("0:45 h", 45 * MINUTE),
        ("1,000 h", 1000 * HOUR),
        ("1.000 h", 1000 * HOUR),
        ("1\u202f000 h", 1000 * HOUR),
        ("2 working days", 2 * EIGHT_HOURS),
        ("2 business days", 2 * EIGHT_HOURS),
        ("1 day", EIGHT_HOURS),
        ("2d", 2 * EIGHT_HOURS),
        ("1 day 2 h", 10 * HOUR),
        ("0.5 days", 4 * HOUR),
        ("4 Stunden", 4 * HOUR),
        ("1 Std. 30 Min.", 90 * MINUTE),
        ("2 Arbeitstage", 2 * EIGHT_HOURS),
        ("1 Tag", EIGHT_HOURS),
    ],
)
def test_what_people_write_is_read(typed: str, seconds: int) -> None:
    assert parse_amount(typed, EIGHT_HOURS) == seconds


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Say how long, for example 4 h or 30 min."),
        ("   ", "Say how long, for example 4 h or 30 min."),
        ("4", "Say whether “4” is hours or minutes, for example 4 h."),
        ("0 h", "The time must be longer than nothing."),
        ("5001 h", "At most 5000 h."),
        ("soon", "“soon” is not a length of time. Write it like 4 h, 30 min or 2 working days."),
        ("4 h 5 h", "“4 h 5 h” is not a length of time."),
        ("-4 h", "“-4 h” is not a length of time."),
        ("4 hippos", "“4 hippos” is not a length of time."),
        ("4 h <b>", "“4 h <b>” is not a length of time."),
        ("1.5.2 h", "“1.5.2 h” is not a length of time."),
    ],
)
def test_what_cannot_be_read_is_said_with_what_to_write_instead(typed: str, said: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(typed, EIGHT_HOURS)
    assert refused.value.reason.text.startswith(said)
    assert say_amount(refused.value.reason).startswith(said)


def test_a_day_means_nothing_where_days_differ() -> None:
    with pytest.raises(AmountError, match="differ in length, so “2 days” is not clear"):
        parse_amount("2 days", None)


@pytest.mark.parametrize("seconds", [60, 1800, 3600, 5400, 86_400, 1234 * HOUR])
def test_what_a_page_shows_can_be_typed_back(seconds: int) -> None:
    assert parse_amount(amount_words(seconds), None) == seconds
