"""The account beside the ticket: tier and why, contract, custom promises, other work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.viewer import Viewer
from portal.kit.words import Words, metric_label, severity_label
from tickets.models import Ticket, TicketQuerySet
from tickets.views.desk.promises import time_words
from tiers.kept_decisions import whole_decision
from tiers.models import AccountFact, OrganizationTarget, OverrideRequest
from tiers.reason_words import params_words, sentence
from tiers.rules.evaluation import TierReason

Fact = AccountFact.Name
# Bands of annual contract value, in whole units of the policy's currency: from, up to.
ACV_BANDS = ((0, 5_000), (5_000, 25_000), (25_000, None))
OTHERS_SHOWN = 5


def with_account(tickets: TicketQuerySet) -> "QuerySet[Ticket, Ticket]":
    """Fetch along what is known of the organization: facts, the tier in force and why."""
    return tickets.annotate(
        acv=_newest(Fact.ACV, "value"),
        acv_currency=_newest(Fact.ACV, "currency"),
        contract_start=_newest(Fact.CONTRACT_START, "value"),
        contract_renewal=_newest(Fact.CONTRACT_RENEWAL, "value"),
        held=FilteredRelation(
            "organization__tier_assignments",
            condition=Q(organization__tier_assignments__valid_to=None),
        ),
        held_tier=F("held__tier"),
        held_since=F("held__valid_from"),
        held_evaluation=F("held__evaluation_id"),
        held_decision=F("held__evaluation__decision"),
        asked_tier=Subquery(
            OverrideRequest.objects.pending()
            .filter(organization=OuterRef("organization_id"))
            .values("tier")[:1]
        ),
    )


def _newest(fact: str, column: str) -> Subquery:
    """Return the newest observation of a fact, as ``AccountFact.objects.current`` means it."""
    rows = AccountFact.objects.filter(organization=OuterRef("organization_id"), fact=fact)
    return Subquery(rows.order_by("-observed_at", "-id").values(column)[:1])


@dataclass(frozen=True, slots=True)
class Account:
    """What the panel shows."""

    tier: str
    since: datetime | None
    why: str
    more_reasons: Sequence[str]
    asked_tier: str
    acv: str
    contract_start: date | None
    contract_renewal: date | None
    renewal_words: str
    custom_targets: Sequence["CustomTarget"]
    others: Sequence[Ticket]
    has_more_others: bool


@dataclass(frozen=True, slots=True)
class CustomTarget:
    """One promise of this organization's contract, in words."""

    severity: Words
    metric: Words
    target_seconds: int
    calendar: str
    reason: str

    @property
    def words(self) -> str:
        """How soon."""
        return time_words(self.target_seconds)


def account_of(ticket: Any, viewer: Viewer, now: datetime) -> Account:
    """Return the account panel of a ticket read by ``with_account``; three queries at most."""
    stored = ticket.held_decision
    decision = whole_decision(ticket.held_evaluation, stored) if stored else {}
    sees_money = viewer.sees_every_queue
    reasons = [
        _reason(reason, ticket.acv_currency or "", sees_money=sees_money)
        for reason in decision.get("reasons", ())
    ]
    others = list(_others(ticket, viewer))
    renewal = _day(ticket.contract_renewal)
    return Account(
        tier=ticket.held_tier or "",
        since=ticket.held_since,
        why=reasons[0] if reasons else "",
        more_reasons=reasons[1:],
        asked_tier=ticket.asked_tier or "",
        acv=acv_words(ticket.acv, ticket.acv_currency or "", sees_money=sees_money),
        contract_start=_day(ticket.contract_start),
        contract_renewal=renewal,
        renewal_words=_distance(renewal, timezone.localtime(now).date()),
        custom_targets=_custom_targets(ticket, now),
        others=others[:OTHERS_SHOWN],
        has_more_others=len(others) > OTHERS_SHOWN,
    )


def _others(ticket: Ticket, viewer: Viewer) -> TicketQuerySet:
    """Return the organization's other open tickets that this viewer may know of."""
    return (
        Ticket.objects.visible_to(viewer)
        .active()
        .filter(organization_id=ticket.organization_id)
        .exclude(pk=ticket.pk)
        .next_due_first()
        .only("subject", "status", "severity", "rank_at", "rank_metric")[: OTHERS_SHOWN + 1]
    )


def _custom_targets(ticket: Ticket, now: datetime) -> list[CustomTarget]:
    rows = (
        OrganizationTarget.objects.filter(organization_id=ticket.organization_id)
        .in_force_at(now)
        .select_related("calendar")
        .order_by("severity", "metric")
    )
    return [
        CustomTarget(
            severity=severity_label(row.severity),
            metric=metric_label(row.metric, for_customer=False),
            target_seconds=row.target_seconds,
            calendar=row.calendar.name,
            reason=row.reason,
        )
        for row in rows
    ]


# --- Money, told only to those who need the number -----------------------------


def acv_words(acv: str | None, currency: str, *, sees_money: bool) -> str:
    """Return the annual contract value: the number for those who lead, a band for agents."""
    amount = _amount(acv)
    if amount is None:
        return ""
    return _money(amount, currency) if sees_money else _band(amount, currency)


def _band(amount: Decimal, currency: str) -> str:
    low, high = next(
        band for band in ACV_BANDS if amount >= band[0] and (band[1] is None or amount < band[1])
    )
    words = {"low": _money(low, currency), "high": _money(high or 0, currency)}
    if high is None:
        return _("%(low)s and above") % words
    if not low:
        return _("below %(high)s") % words
    return _("%(low)s up to %(high)s") % words


def _money(amount: Decimal | int, currency: str) -> str:
    number = intcomma(int(amount) if amount == int(amount) else str(amount))
    return f"{currency} {number}".strip()


def _amount(text: object) -> Decimal | None:
    try:
        return Decimal(str(text)) if text else None
    except InvalidOperation:
        return None


def _reason(reason: Mapping[str, Any], currency: str, *, sees_money: bool) -> str:
    """Return a stored reason in the reader's language, without the amount for agents."""
    code, params = reason.get("code", ""), dict(reason.get("params", {}))
    if code not in TierReason.TEMPLATES:
        return str(reason.get("text", "")) if sees_money else ""
    said = TierReason(code, params)
    words = params_words(said, currency)
    if params.get("fact") == Fact.ACV and _amount(params.get("actual")) is not None:
        words["actual"] = acv_words(str(params["actual"]), currency, sees_money=sees_money)
    return sentence(said, words)


def _distance(day: date | None, today: date) -> str:
    if day is None:
        return ""
    days = (day - today).days
    if days < 0:
        return ngettext("%(n)s day ago", "%(n)s days ago", -days) % {"n": -days}
    return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
