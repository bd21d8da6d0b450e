"""What each customer was promised at any moment of the past."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from people.models import Organization
from tickets.actions.clocks import keep_terms
from tickets.models import PromiseTerms
from tiers.models import OrganizationTarget, TierAssignment, TierPolicy
from tiers.program import PromisedTarget
from tiers.promises import Promise, promise_for


@dataclass(frozen=True, slots=True)
class Terms:
    """A promise and the stored copy of it that tickets point to."""

    promise: Promise
    stored: PromiseTerms

    def target(self, severity: int, metric: str) -> PromisedTarget:
        """Return how soon; the program that ships promises every metric used here."""
        return self.promise.targets[(severity, metric)]


class TermsBook:
    """Answers for one organization, asking the promises once per period in which they stood."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        changes = {
            instant
            for row in OrganizationTarget.objects.filter(organization=organization)
            for instant in (row.valid_from, row.valid_to)
            if instant is not None
        }
        changes |= set(
            TierAssignment.objects.filter(organization=organization).values_list(
                "valid_from", flat=True
            )
        )
        changes |= {
            row.effective_from
            for row in TierPolicy.objects.out_of_draft()
            if row.effective_from is not None
        }
        self.changes = sorted(changes)
        self.known: dict[int, Terms] = {}

    def at(self, instant: datetime) -> Terms:
        """Return what was promised at an instant."""
        period = bisect_right(self.changes, instant)
        if period not in self.known:
            promise = promise_for(self.organization, instant)
            self.known[period] = Terms(promise, keep_terms(promise))
        return self.known[period]
