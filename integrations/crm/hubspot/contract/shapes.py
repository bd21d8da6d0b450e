"""Refusing what a request may not contain."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.crm.hubspot.contract.answers import invalid


def only(body: object, allowed: Sequence[str]) -> None:
    """Refuse what is not an object, and every field that is not documented."""
    if not isinstance(body, Mapping):
        raise invalid("Invalid input JSON: an object is expected.")
    unknown = sorted(set(map(str, body)) - set(allowed))
    if unknown:
        raise invalid(f"Invalid input JSON: unknown field {', '.join(unknown)}.")


def integer(value: object, name: str, *, low: int, high: int | None = None) -> int:
    """Return a whole number between limits, given as a number or as its digits."""
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not text.isascii():
        raise invalid(f"{name} must be a whole number.")
    if int(text) < low or (high is not None and int(text) > high):
        raise invalid(f"{name} must be from {low} to {high}.")
    return int(text)


def names(value: object, name: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(f"{name} must be a list of texts.")
    return tuple(value)


def choice(value: object, name: str, allowed: Sequence[str]) -> Any:
    """Return one of several texts."""
    if value not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}.")
    return value
