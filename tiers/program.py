"""The live support program as the pure rules read it, kept in memory per version."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kit.refused import Refused
from tiers.models import PromiseTarget, TierPolicy, TierPromise
from tiers.rules import evaluation


@dataclass(frozen=True, slots=True)
class PromisedTarget:
    """How soon: business seconds in the calendar of that key.

    ``warn_at`` are the steps of the warning ladder (percent, or negative business
    minutes before the end) and ``tell`` the roles told at each. ``by`` says what
    promises it: the tier, or this customer's contract.
    """

    seconds: int
    floor_seconds: int
    calendar: str
    pause_on: tuple[str, ...]
    warn_at: tuple[int, ...]
    tell: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by: str = "tier"

    @property
    def fingerprint(self) -> str:
        """A short print of what is promised: equal promises, equal prints.

        A form carries it along, so that a later save sees that an earlier one changed
        what it shows.
        """
        told = sorted((step, sorted(roles)) for step, roles in self.tell.items() if roles)
        said = (
            self.seconds, self.floor_seconds, self.calendar, sorted(self.pause_on),
            sorted(self.warn_at), told,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Program:
    """One policy version, read whole: what the evaluator and the promises need."""

    policy_id: int
    version: int
    currency: str
    rules: evaluation.Policy
    promises: dict[str, TierPromise]
    targets: dict[str, dict[tuple[int, str], PromisedTarget]]


def live_policy_at(instant: datetime) -> TierPolicy:
    """Return the policy in force at an instant; Refused when there is none."""
    policy = (
        TierPolicy.objects.filter(effective_from__lte=instant)
        .filter(Q(retired_at=None) | Q(retired_at__gt=instant))
        .filter(status__in=[TierPolicy.Status.LIVE, TierPolicy.Status.RETIRED])
        .order_by("-effective_from", "-version")
        .first()
    )
    if policy is None:
        raise Refused("no_policy", _("No tier policy is live. Publish one in Ops first."))
    return policy


def program_of(policy: TierPolicy) -> Program:
    """Return the program of a policy; kept in memory once it is out of draft.

    The instant since which it counts is part of its name there, so that a publishing
    that was rolled back leaves nothing behind that a later one could mistake for its own.
    """
    if policy.effective_from is None:
        return read_program(policy.pk)
    return _read(policy.pk, policy.effective_from)


@lru_cache(maxsize=32)
def _read(policy_id: int, effective_from: datetime) -> Program:
    return read_program(policy_id)


def read_program(policy_id: int) -> Program:
    """Read a policy whole as it is now, a draft too; nothing is kept in memory."""
    policy = TierPolicy.objects.with_everything().get(pk=policy_id)
    return Program(
        policy_id=policy.pk,
        version=policy.version,
        currency=policy.currency,
        rules=rules_of(policy),
        promises={promise.tier: promise for promise in policy.promises.all()},
        targets=targets_by_tier(policy),
    )


def targets_by_tier(policy: TierPolicy) -> dict[str, dict[tuple[int, str], PromisedTarget]]:
    """Return what a version promises each tier, by severity and metric."""
    targets: dict[str, dict[tuple[int, str], PromisedTarget]] = {}
    for row in policy.targets.all():
        targets.setdefault(row.tier, {})[(row.severity, row.metric)] = target_of(row)
    return targets


def target_of(row: PromiseTarget) -> PromisedTarget:
    """Return what a stored row promises."""
    return PromisedTarget(
        seconds=row.target_seconds,
        floor_seconds=row.floor_seconds,
        calendar=row.calendar.key,
        pause_on=tuple(row.pause_on),
        warn_at=tuple(row.warn_at),
        tell=recipients_of(row.tell),
    )


def recipients_of(tell: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return who is told at each step, as the stored form says it."""
    return {step: tuple(roles) for step, roles in tell.items()}


def rules_of(policy: TierPolicy) -> evaluation.Policy:
    """Return a policy's criteria in the shape of the pure evaluator."""
    return evaluation.Policy(
        key=f"v{policy.version}",
        order=tuple(policy.tier_order),
        default_tier=policy.default_tier,
        demote_grace_days=policy.demote_grace_days,
        max_step_down=policy.max_step_down,
        stale_days=policy.stale_days,
        rules=tuple(
            evaluation.Rule(
                tier=rule.tier,
                precedence=rule.precedence,
                match=rule.match,
                missing=rule.missing,
                criteria=tuple(
                    evaluation.Criterion(
                        fact=criterion.fact,
                        op=criterion.op,
                        value=criterion.value,
                        exit_value=criterion.exit_value,
                    )
                    for criterion in rule.criteria.all()
                ),
            )
            for rule in policy.rules.all()
        ),
    )
