"""What the columns of a file of facts mean: guessed from headings, and how its numbers are written.

Pure. A guess is a proposal that a person confirms; an organization is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

EXTERNAL_ID, PUBLIC_ID, NAME, CURRENCY, NOTHING = "external_id", "public_id", "name", "currency", ""
IDENTIFIERS = (EXTERNAL_ID, PUBLIC_ID, NAME)

# How headings of usual exports begin to say what they are; compared without case and marks.
_known: Mapping[str, tuple[str, ...]] = {
    EXTERNAL_ID: (
        "external id", "crm id", "account id", "company id", "record id", "hubspot id",
        "salesforce id", "id", "kundennummer", "customer number", "customer id", "konto id",
    ),
    PUBLIC_ID: ("public id", "portal id"),
    NAME: (
        "name", "organization", "organisation", "company", "company name", "account",
        "account name", "customer", "firma", "kunde", "unternehmen", "organization name",
    ),
    CURRENCY: ("currency", "currency code", "wahrung", "waehrung", "currencyisocode"),
    "acv": (
        "acv", "arr", "annual contract value", "contract value", "annual value",
        "annual recurring revenue", "vertragswert", "jahreswert", "jahresvertragswert",
    ),
    "seats": ("seats", "licenses", "licences", "users", "number of seats", "platze", "lizenzen"),
    "usage_criticality": (
        "usage criticality", "criticality", "usage criticality 1 5", "kritikalitat",
    ),
    "strategic": ("strategic", "strategic account", "strategisch"),
    "region": ("region", "territory", "gebiet"),
    "contract_start": ("contract start", "start date", "contract start date", "vertragsbeginn"),
    "contract_renewal": (
        "contract renewal", "renewal", "renewal date", "contract end", "contract renewal date",
        "vertragsende", "verlangerung",
    ),
    "contract_floor": ("contract floor", "tier fixed by contract", "contractual tier", "floor"),
    "severity_mix_90d": ("severity mix 90d", "severity mix"),
    "health": ("health", "health score", "gesundheit"),
}  # fmt: skip
_target_of = {words: target for target, headings in _known.items() for words in headings}
_foreign = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})


def plain_heading(heading: str) -> str:
    """Return a heading as it is compared: small letters, single spaces, no marks."""
    words = re.sub(r"[\W_]+", " ", heading.casefold().translate(_foreign))
    return re.sub(r"\b(usd|eur|gbp|chf)$", "", words.strip()).strip()


def guess_columns(
    headings: Sequence[str], targets: Iterable[str], remembered: Mapping[str, str] | None = None
) -> list[str]:
    """Return a target for each heading, "" for none; no target twice, the first one counts.

    ``remembered`` maps plain headings to what a person chose for them before, which wins.
    """
    allowed, taken, guessed = set(targets), set(), []
    for heading in headings:
        plain = plain_heading(heading)
        target = (remembered or {}).get(plain, _target_of.get(plain, NOTHING))
        if target not in allowed or target in taken:
            target = NOTHING
        taken.add(target)
        guessed.append(target)
    return guessed


def guess_decimal_sign(samples: Iterable[str], *, separated_by: str) -> str:
    """Return "." or ",": what stands before the cents in these amounts.

    Where no sample tells (1.234 may be both), a file separated by semicolons comes from
    a place that writes a decimal comma, for it is why its separator is none.
    """
    for sample in samples:
        marks = [mark for mark in sample if mark in ".,"]
        if not marks:
            continue
        last, behind = marks[-1], len(sample) - sample.rindex(marks[-1]) - 1
        if len(set(marks)) == 2:
            return last
        if len(marks) > 1:  # 1.234.567: the marks stand between thousands
            return "," if last == "." else "."
        if behind != 3:
            return last
    return "," if separated_by == ";" else "."


def plain_amount(text: str, decimal_sign: str) -> str | None:
    """Return an amount without thousands marks and with a point; None when it is not one.

    Strict: 31,000 is thirty-one thousand where the point is the decimal sign, and
    refused where the comma is, for 31,000 as a fraction is nobody's contract.
    """
    thousands = "," if decimal_sign == "." else "."
    mark, sign = re.escape(thousands), re.escape(decimal_sign)
    spaces = "[ \u00a0\u202f']"
    number = (
        rf"(?:\d+|\d{{1,3}}(?:{mark}\d{{3}})+|\d{{1,3}}(?:{spaces}\d{{3}})+)(?:{sign}\d{{1,2}})?"
    )
    if not re.fullmatch(number, text):
        return None
    return re.sub(rf"{mark}|{spaces}", "", text).replace(decimal_sign, ".")
