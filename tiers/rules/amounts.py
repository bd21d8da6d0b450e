"""How long, as an editor types it: "4 h", "30 min", "2 working days", "1 h 30 min".

An amount is business time. A day is a working day of the calendar that the promise counts
in, so it can only be read together with that calendar. German forms are read as well, and
what `tiers.calendar_words.amount_words` writes can be typed back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from tiers.rules.evaluation.reasons import Reason, gettext_noop

MOST_HOURS = 5000
"""More than two years of business hours: beyond any promise, so rather a slip of the pen."""

_part = re.compile(
    r"(?P<number>\d{1,3}(?:[.,\u2019' ]\d{3})+|\d+(?:[.,]\d{1,2})?)\s*"
    r"(?P<unit>minutes?|minuten?|mins?\.?|m|"
    r"hours?|hrs?\.?|stunden?|std\.?|h|"
    r"(?:working|business|work)?\s*days?|(?:arbeits|werk)?tage?n?|wd|d)(?![^\W\d_])"
)
_clock = re.compile(r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d)(?:\s*(?:h|std\.?))?")
_joint = re.compile(r"\s*(?:,|and|und|\+)?\s*")


class AmountReason(Reason):
    """A sentence about an amount that cannot be read."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "empty": gettext_noop("Say how long, for example 4 h or 30 min."),
        "no_unit": gettext_noop("Say whether “{text}” is hours or minutes, for example {text} h."),
        "unreadable": gettext_noop(
            "“{text}” is not a length of time. Write it like 4 h, 30 min or 2 working days."
        ),
        "uneven_days": gettext_noop(
            "The days of this calendar differ in length, so “{text}” is not clear. Write hours."
        ),
        "nothing": gettext_noop("The time must be longer than nothing."),
        "too_long": gettext_noop("At most {most} h."),
    }


class AmountError(ValueError):
    """An amount that cannot be read; `reason` says why and what to write instead."""

    def __init__(self, reason: AmountReason) -> None:
        super().__init__(reason.text)
        self.reason = reason


def parse_amount(text: str, day_seconds: int | None = None) -> int:
    """Return the business seconds of what was typed; AmountError says what is wrong.

    `day_seconds` is the length of a working day, None where working days differ.
    """
    typed = " ".join(text.split()).strip()
    if not typed:
        raise _error("empty")
    if re.fullmatch(r"\d+(?:[.,]\d+)?", typed):
        raise _error("no_unit", typed)
    seconds = _seconds(typed.casefold(), typed, day_seconds)
    if seconds < 1:
        raise _error("nothing")
    if seconds > MOST_HOURS * 3600:
        raise AmountError(AmountReason("too_long", {"most": MOST_HOURS}))
    return int(seconds)


def _seconds(plain: str, typed: str, day_seconds: int | None) -> Decimal:
    if clock := _clock.fullmatch(plain):
        return Decimal(int(clock["hours"]) * 3600 + int(clock["minutes"]) * 60)
    total, place, units = Decimal(0), 0, set()
    while place < len(plain):
        found = _part.match(plain, place)
        if found is None:
            raise _error("unreadable", typed)
        unit = _unit(found["unit"])
        if unit in units:
            raise _error("unreadable", typed)
        units.add(unit)
        if unit == "day" and day_seconds is None:
            raise _error("uneven_days", typed)
        length = {"minute": 60, "hour": 3600, "day": day_seconds or 0}[unit]
        total += _number(found["number"]) * length
        joint = _joint.match(plain, found.end())
        place = joint.end() if joint else found.end()
    return total.to_integral_value()


def _unit(word: str) -> str:
    if word.startswith("m"):
        return "minute"
    return "hour" if word.startswith(("h", "st")) else "day"


def _number(text: str) -> Decimal:
    """Read 1.5, 1,5, 1,000 and 1.000: three digits behind a mark are thousands."""
    if found := re.fullmatch(r"(\d+)[.,](\d{1,2})", text):
        return Decimal(f"{found[1]}.{found[2]}")
    return Decimal(re.sub(r"\D", "", text))


def _error(code: str, text: str = "") -> AmountError:
    return AmountError(AmountReason(code, {"text": text} if text else {}))
