"""Overrides as pages show them: how each stands, and what a request would change."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from django.db.models import Q

from people.models import Organization
from portal.kit.viewer import Viewer
from tiers.actions.evaluating import inputs_of
from tiers.actions.overriding import below_contract
from tiers.models import OverrideRequest, TierOverride
from tiers.program import live_policy_at, program_of
from tiers.reason_words import say
from tiers.rules import evaluation

Standing = Literal["withdrawn", "ended", "to_come", "counts"]
SHOWN = 20


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """One override and how it stands on a day; ``extension`` waits for a decision, if any."""

    override: TierOverride
    standing: Standing
    days_left: int
    extension: OverrideRequest | None

    @property
    def can_change(self) -> bool:
        """Whether it may be taken back or extended."""
        return self.standing in {"counts", "to_come"}


@dataclass(frozen=True, slots=True)
class Effect:
    """What an approval would do: the tier without and with it, in words.

    ``problem`` says why it cannot be approved. ``day`` is the first day on which it would count.
    """

    day: date
    before: str
    after: str
    source: str
    sentences: tuple[str, ...]
    problem: str

    @property
    def changes_nothing(self) -> bool:
        """Whether the account would have this tier anyway."""
        return self.before == self.after


def overrides_of(organization: Organization, today: date) -> list[OverrideLine]:
    """Return an organization's overrides, the latest first."""
    rows = TierOverride.objects.filter(organization=organization).select_related(
        "requested_by", "approved_by", "withdrawn_by"
    )
    return _lines(rows.order_by("-starts", "-pk")[:SHOWN], today)


def overrides_that_count(viewer: Viewer, today: date) -> list[OverrideLine]:
    """Return every override that counts or will, the next to end first."""
    rows = (
        TierOverride.objects.not_over_on(today)
        .filter(organization__in=Organization.objects.visible_to(viewer))
        .select_related("organization", "requested_by", "approved_by", "withdrawn_by")
    )
    return _lines(rows.order_by("expires", "pk"), today)


def requests_of(organization: Organization) -> list[OverrideRequest]:
    """Return what waits, and what was refused or never decided lately; approvals show as given."""
    shown = ~Q(status=OverrideRequest.Status.APPROVED)
    return list(OverrideRequest.objects.filter(shown, organization=organization).with_people()[:5])


def effect_of(request: OverrideRequest, now: datetime) -> Effect:
    """Evaluate as if the request were approved now, on its first day; nothing is written."""
    policy = live_policy_at(now)
    program = program_of(policy)
    inputs = inputs_of(request.organization, now)
    day = max(request.starts, now.date())
    # The facts are taken as they are today: nobody knows what they will be.
    inputs = replace(
        inputs,
        today=day,
        facts={fact: replace(one, observed_on=day) for fact, one in inputs.facts.items()},
    )
    before = evaluation.decide(program.rules, inputs, with_counterfactuals=False)
    lent = evaluation.Override(tier=request.tier, starts=day, expires=max(request.expires, day))
    after = evaluation.decide(
        program.rules,
        replace(inputs, overrides=(*inputs.overrides, lent)),
        with_counterfactuals=False,
    )
    known = request.tier in policy.tier_order
    return Effect(
        day=day,
        before=before.tier,
        after=after.tier,
        source=after.source,
        sentences=tuple(say(reason, program.currency) for reason in after.reasons[:3]),
        problem=below_contract(request.organization, request.tier, policy) if known else "",
    )


def _lines(rows: Iterable[TierOverride], today: date) -> list[OverrideLine]:
    found = list(rows)
    waiting = {
        request.extends_id: request
        for request in OverrideRequest.objects.pending().filter(extends__in=found)
    }
    return [
        OverrideLine(
            override=row,
            standing=_standing(row, today),
            days_left=(row.expires - today).days,
            extension=waiting.get(row.pk),
        )
        for row in found
    ]


def _standing(row: TierOverride, today: date) -> Standing:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.expires <= today:
        return "ended"
    return "to_come" if row.starts > today else "counts"
