"""The custom SLAs of one organization as its page tells them, and how they stand to the tier."""

from dataclasses import dataclass
from datetime import datetime

from people.models import Organization
from portal.kit.words import Words, metric_label
from tiers.calendar_lengths import calendar_lengths
from tiers.calendar_words import amount_words
from tiers.models import OrganizationTarget
from tiers.program import PromisedTarget, live_policy_at, program_of
from tiers.promises import tier_of
from tiers.rules.fairness import Offer


@dataclass(frozen=True, slots=True)
class CustomSla:
    """One agreement. ``when`` is "now", "later" or "over"; ``usual`` what the tier promises."""

    row: OrganizationTarget
    metric: Words
    amount: str
    floor: str
    usual: str
    when: str
    is_slower: bool


def custom_slas_of(organization: Organization, now: datetime) -> list[CustomSla]:
    """Return what was ever agreed: what counts now first, then what comes, then what is over."""
    rows = list(
        OrganizationTarget.objects.filter(organization=organization)
        .select_related("calendar", "approved_by", "ended_by")
        .order_by("severity", "metric", "-valid_from", "-pk")
    )
    comparing = Comparing(organization, now) if rows else None
    told = [_told(row, comparing, now) for row in rows if comparing]
    return sorted(told, key=lambda one: ("now", "later", "over").index(one.when))


def _told(row: OrganizationTarget, comparing: "Comparing", now: datetime) -> CustomSla:
    usual = comparing.usual(row.severity, row.metric)
    return CustomSla(
        row=row,
        metric=metric_label(row.metric, for_customer=False),
        amount=amount_words(row.target_seconds),
        floor=amount_words(row.floor_seconds),
        usual=amount_words(usual.seconds) if usual else "",
        when=_when(row, now),
        is_slower=comparing.is_slower(
            row.severity, row.metric, row.target_seconds, row.calendar.key
        ),
    )


def _when(row: OrganizationTarget, now: datetime) -> str:
    if row.valid_to is not None and row.valid_to <= max(now, row.valid_from):
        return "over"
    return "later" if row.valid_from > now else "now"


class Comparing:
    """Compares a contract with what the organization's tier promises at an instant."""

    def __init__(self, organization: Organization, now: datetime) -> None:
        program = program_of(live_policy_at(now))
        self.tier = tier_of(organization, now)
        self._targets = program.targets.get(self.tier, {})
        self._lengths = calendar_lengths(now)

    def usual(self, severity: int, metric: str) -> PromisedTarget | None:
        """Return what the tier itself promises."""
        return self._targets.get((severity, metric))

    def is_slower(self, severity: int, metric: str, seconds: int, calendar: str) -> bool:
        """Whether a contract promises less than the tier; on average where calendars differ."""
        usual = self.usual(severity, metric)
        if usual is None or not {calendar, usual.calendar} <= set(self._lengths):
            return False
        return self._offer(seconds, calendar).is_longer_than(
            self._offer(usual.seconds, usual.calendar)
        )

    def _offer(self, seconds: int, calendar: str) -> Offer:
        return Offer(seconds, 2 * seconds, calendar, self._lengths[calendar].week_seconds)
