"""Take in facts that a program reports: strict, in any order, any number of times."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput
from tiers.actions.evaluating import evaluate_organization
from tiers.actions.facts import canonical_fact, record_facts
from tiers.models import AccountFact, TierAssignment
from tiers.program import live_policy_at

Fact = AccountFact.Name
# What the portal itself writes; a program that says it is one of these would be believed.
OUR_SOURCES = frozenset({"ops", "reports", "demo", "import"})
MOST_SKEW = timedelta(minutes=5)
# Nothing was observed before; the first days of the calendar cannot be shown in every zone.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_source = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_plain_amount = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A reported fact that was not recorded, because ``known`` says it already or later."""

    fact: str
    why: Literal["older", "repeated"]
    known: AccountFact


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report did: the tier in force afterwards, what was recorded, what was not."""

    assignment: TierAssignment
    recorded: tuple[str, ...]
    set_aside: tuple[SetAside, ...]


@transaction.atomic
def report_facts(
    *,
    organization: Organization,
    values: Mapping[str, object],
    source: str,
    now: datetime,
    observed_at: datetime | None = None,
    by: User | None = None,
    currency: str = "",
    note: str = "",
) -> Reported:
    """Record what a program reports; all of it or, with an error for each field, nothing.

    ``observed_at`` is when the program saw it, by default now. A fact that is known
    from a later observation stays as it is, and the same report again records nothing,
    so that reports may come late, twice and in any order. Raises InvalidInput whose
    fields are named as in the body of a request: "facts.acv", "observed_at".
    """
    at = observed_at or now
    readable = _checked(values, source, currency, at, now)
    lock(Organization.objects.filter(pk=organization.pk)).get()
    known = {
        row.fact: row
        for row in AccountFact.objects.filter(organization=organization, fact__in=readable)
        .current()
        .order_by("pk")
    }
    aside = {
        name: found
        for name, value in readable.items()
        if (found := _set_aside(known.get(name), value, source, at)) is not None
    }
    kept = {name: value for name, value in readable.items() if name not in aside}
    if kept:
        assignment = record_facts(
            organization=organization, values=kept, source=source, now=now, observed_at=at,
            by=by, currency=currency, note=note,
        )  # fmt: skip
    else:
        assignment = evaluate_organization(organization=organization, now=now)
    return Reported(assignment, tuple(kept), tuple(aside.values()))


def _set_aside(known: AccountFact | None, value: str, source: str, at: datetime) -> SetAside | None:
    if known is None or known.observed_at < at:
        return None
    if known.observed_at > at:
        return SetAside(known.fact, "older", known)
    if (known.value, known.source) == (value, source):
        return SetAside(known.fact, "repeated", known)
    return None


def _checked(
    values: Mapping[str, object], source: str, currency: str, at: datetime, now: datetime
) -> dict[str, str]:
    """Return the facts in their stored form; InvalidInput says what is wrong with each."""
    problems: dict[str, str] = {}
    readable: dict[str, str] = {}
    policy = live_policy_at(now)
    for name, value in values.items():
        try:
            readable[name] = _read(name, value, policy.tier_order)
        except ValueError as error:
            problems[f"facts.{name}"] = str(error)
    if not values:
        problems["facts"] = _("Send at least one fact.")
    if not _source.fullmatch(source) or source in OUR_SOURCES:
        problems["source"] = _(
            "A source is a short name in small letters, for example erp. "
            "The portal's own names cannot be used."
        )
    if currency and currency != policy.currency:
        problems["currency"] = _("Amounts are kept in %(currency)s. Convert the amount first.") % {
            "currency": policy.currency
        }
    if at > now + MOST_SKEW:
        problems["observed_at"] = _("This moment has not come yet.")
    elif at < EARLIEST:
        problems["observed_at"] = _("Too far away.")
    if problems:
        raise InvalidInput(
            "facts_invalid",
            _("Some of it cannot be read; nothing was recorded."),
            fields=problems,
        )
    return readable


def _read(name: str, value: object, tiers: list[str]) -> str:
    if isinstance(value, Mapping | list):
        raise ValueError(_("Send one value: text, a number, true, false or null."))
    text = value.strip() if isinstance(value, str) else ""
    # 31,000 is thirty-one to some and thirty-one thousand to others: programs say it plain.
    if name == Fact.ACV and text and not _plain_amount.fullmatch(text):
        raise ValueError(_("Send an amount as 25000 or 25000.50, without thousands marks."))
    read = canonical_fact(name, value)
    check_tier_exists(name, read, tiers)
    return read


def check_tier_exists(name: str, value: str, tiers: list[str]) -> None:
    """Raise ValueError for a contract's tier that the live policy does not have."""
    if name == Fact.CONTRACT_FLOOR and value and value not in tiers:
        raise ValueError(
            _("There is no such tier. Write one of these: %(tiers)s.")
            % {"tiers": ", ".join(reversed(tiers))}
        )
