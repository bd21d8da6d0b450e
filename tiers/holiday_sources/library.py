"""Public holidays by country and state, from the library that knows their rules."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

import holidays
from django.utils.translation import gettext as _
from holidays.registry import COUNTRIES

from portal.kit.refused import InvalidInput

WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
# One name per holiday, whoever loads it: the names are kept with the calendar.
LANGUAGE = "en_US"


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Return code and English name of every country the library knows, by name."""
    found = (
        (codes[1], WORD.sub(" ", codes[0])) for codes in COUNTRIES.values() if len(codes[1]) == 2
    )
    return tuple(sorted(found, key=lambda pair: pair[1]))


@cache
def subdivisions(country: str) -> tuple[tuple[str, str], ...]:
    """Return code and name of the states or provinces with holidays of their own."""
    if country not in dict(countries()):
        return ()
    known: Any = type(holidays.country_holidays(country))
    names = {code: name for name, code in known.subdivisions_aliases.items()}
    return tuple((code, names.get(code, code)) for code in known.subdivisions)


def public_holidays(country: str, subdivision: str, years: Iterable[int]) -> dict[date, str]:
    """Return the public holidays of these years, observed ones included.

    Raises InvalidInput naming ``country`` or ``subdivision``.
    """
    if country not in dict(countries()):
        message = _("Choose a country.")
        raise InvalidInput("country_unknown", message, fields={"country": message})
    known = dict(subdivisions(country))
    if subdivision and subdivision not in known:
        message = (
            _("%(country)s has these: %(codes)s.")
            % {"country": dict(countries())[country], "codes": ", ".join(known)}
            if known
            else _("This country has no holidays by state: leave it empty.")
        )
        raise InvalidInput("subdivision_unknown", message, fields={"subdivision": message})
    found = holidays.country_holidays(
        country, subdiv=subdivision or None, years=list(years), language=LANGUAGE
    )
    return dict(sorted(found.items()))
