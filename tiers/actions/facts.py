"""Record what is known about a customer."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput
from tiers.actions.evaluating import evaluate_organization
from tiers.actions.standings import keep_facts
from tiers.models import AccountFact, TierAssignment
from tiers.program import live_policy_at

Fact = AccountFact.Name
NOTE_LENGTH = 300


@transaction.atomic
def record_facts(
    *,
    organization: Organization,
    values: Mapping[str, object],
    source: str,
    now: datetime,
    observed_at: datetime | None = None,
    by: User | None = None,
    currency: str = "",
    note: str = "",
) -> TierAssignment:
    """Append facts, then evaluate the organization; return its assignment.

    ``values`` maps fact names to what the source says; None or an empty string
    says that the source no longer knows. Raises InvalidInput naming every value
    that cannot be read, and then records nothing. Money must be in the currency
    of the live policy. A fact that says what is already known is appended too:
    that it was seen again is what keeps it from going stale. A source that looks
    all the time says so with ``confirm_facts`` instead.
    """
    problems: dict[str, str] = {}
    readable: dict[str, str] = {}
    for name, value in values.items():
        try:
            readable[name] = canonical_fact(name, value)
        except ValueError as error:
            problems[name] = str(error)
    policy = live_policy_at(now)
    money = currency or policy.currency
    if "acv" in readable and money != policy.currency:
        problems["currency"] = _("Amounts are kept in %(currency)s. Convert the amount first.") % {
            "currency": policy.currency
        }
    if len(note) > NOTE_LENGTH:
        problems["note"] = _("At most %(count)s characters.") % {"count": NOTE_LENGTH}
    if problems:
        raise InvalidInput(
            "facts_invalid", _("Some facts cannot be read; nothing was recorded."), fields=problems
        )
    AccountFact.objects.bulk_create(
        AccountFact(
            organization=organization,
            fact=name,
            value=value,
            currency=money if name == Fact.ACV else "",
            source=source,
            observed_at=observed_at or now,
            recorded_at=now,
            recorded_by=by,
            note=note,
        )
        for name, value in readable.items()
    )
    return evaluate_organization(organization=organization, now=now)


@transaction.atomic
def confirm_facts(
    *,
    organizations: Iterable[int],
    facts: Iterable[str],
    source: str,
    seen_at: datetime,
    now: datetime,
) -> int:
    """Note that a source looked again and says the same; return how many facts it confirmed.

    ``organizations`` are ids. One statement for all of them: a CRM that is asked all the time
    adds no row for what it repeats, and its facts do not go stale. Only facts that count now and
    came from this very source are confirmed; an older instant never replaces a newer one. An
    account that was held for lack of fresh facts is evaluated again.
    """
    ids = list(organizations)
    # Locked, because an evaluation that read the facts before must not keep them after.
    list(lock(Organization.objects.filter(pk__in=ids).order_by("pk")).values_list("pk"))
    rows = AccountFact.objects.current().filter(
        organization_id__in=ids, fact__in=list(facts), source=source
    )
    # By their ids: the condition reads the table that is written.
    older = list(rows.last_seen_before(seen_at).values_list("pk", flat=True))
    confirmed = AccountFact.objects.filter(pk__in=older).last_seen_before(seen_at)
    count = confirmed.update(seen_again_at=seen_at)
    if count:
        keep_facts(organization_ids=ids)
    held = TierAssignment.objects.open().filter(
        organization_id__in=ids, source=TierAssignment.Source.HOLD
    )
    for assignment in held.select_related("organization").order_by("organization_id"):
        evaluate_organization(organization=assignment.organization, now=now)
    return count


def canonical_fact(name: str, value: object) -> str:
    """Return a fact's value in its one stored form; ValueError says what is wrong."""
    if name not in _readers:
        raise ValueError(_("There is no such fact."))
    text = "" if value is None else str(value).strip()
    return _readers[name](text) if text else ""


def _decimal(text: str) -> Decimal:
    """Read a number in the digits 0 to 9; Decimal itself takes those of every script."""
    if not text.isascii():
        raise InvalidOperation
    return Decimal(text)


def _amount(text: str) -> str:
    plain = text.replace(",", "").replace("_", "").replace(" ", "")
    try:
        number = _decimal(plain)
    except InvalidOperation as error:
        raise ValueError(_("Write an amount like 25000 or 25,000.50.")) from error
    if not number.is_finite() or number < 0 or number >= Decimal("1e12"):
        raise ValueError(_("An amount is zero or more and below a trillion."))
    return format(number.quantize(Decimal("0.01")).normalize(), "f")


def _whole(low: int, high: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(
                _("Write a whole number from %(low)s to %(high)s.") % {"low": low, "high": high}
            )
        return str(int(text))

    return read


def _share(text: str) -> str:
    try:
        number = _decimal(text)
    except InvalidOperation as error:
        raise ValueError(_("Write a share from 0 to 1.")) from error
    if not number.is_finite() or not 0 <= number <= 1:
        raise ValueError(_("Write a share from 0 to 1."))
    return format(number.quantize(Decimal("0.0001")).normalize(), "f")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(_("Write a day like 2026-12-31.")) from error


def _yes_no(text: str) -> str:
    known = {
        "true": "true",
        "yes": "true",
        "1": "true",
        "false": "false",
        "no": "false",
        "0": "false",
    }
    if text.lower() not in known:
        raise ValueError(_("Write yes or no."))
    return known[text.lower()]


def _word(text: str) -> str:
    if len(text) > 80 or not text.isprintable():
        raise ValueError(_("At most 80 characters, in one line."))
    return text


_readers: dict[str, Callable[[str], str]] = {
    Fact.ACV: _amount,
    Fact.SEATS: _whole(0, 999_999_999),
    Fact.USAGE_CRITICALITY: _whole(1, 5),
    Fact.STRATEGIC: _yes_no,
    Fact.REGION: _word,
    Fact.CONTRACT_START: _day,
    Fact.CONTRACT_RENEWAL: _day,
    Fact.CONTRACT_FLOOR: _word,
    Fact.SEVERITY_MIX_90D: _share,
    Fact.HEALTH: _whole(0, 100),
}
