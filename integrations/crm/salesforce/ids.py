"""Salesforce ids: fifteen characters where case matters, or eighteen where it does not.

The three last characters of the long form say which of the fifteen are capitals,
five at a time. Both forms name the same record, so they are compared in the long one.
"""

import re

_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Za-z0-5]{3})?")
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def canonical_id(value: str) -> str:
    """Return the form of eighteen characters; an empty string when it is no Salesforce id.

    A long form whose check characters do not fit is no id either: it was mistyped.
    Where a tool has changed the case of a long form, the check characters tell
    how it was.
    """
    value = value.strip()
    if not _SHAPE.fullmatch(value):
        return ""
    short = value[:15]
    if len(value) == 15:
        return short + _check(short)
    check = value[15:].upper()
    restored = _with_case(short, check)
    return restored + check if _check(restored) == check else ""


def same_id(one: str, other: str) -> bool:
    """Whether two ids name the same record; what is no id equals nothing."""
    first = canonical_id(one)
    return bool(first) and first == canonical_id(other)


def _check(short: str) -> str:
    return "".join(
        _CHECK[sum(1 << place for place, letter in enumerate(five) if letter.isupper())]
        for five in (short[0:5], short[5:10], short[10:15])
    )


def _with_case(short: str, check: str) -> str:
    """Give fifteen letters the case that the check characters tell."""
    letters = []
    for place, letter in enumerate(short):
        capitals = _CHECK.index(check[place // 5])
        letters.append(letter.upper() if capitals >> (place % 5) & 1 else letter.lower())
    return "".join(letters)
