"""THE question other rooms ask: what is owed to this organization?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from people.models import Organization
from tiers.models import OrganizationTarget, TierAssignment, usual_recipients
from tiers.program import Program, PromisedTarget, live_policy_at, program_of, recipients_of


@dataclass(frozen=True, slots=True)
class Ladder:
    """The warning ladder where a contract promises what its tier does not."""

    warn_at: tuple[int, ...]
    tell: Mapping[str, tuple[str, ...]]


USUAL_LADDER = Ladder((50, 75, 90), recipients_of(usual_recipients()))


@dataclass(frozen=True, slots=True)
class Promise:
    """What an organization is promised at an instant.

    ``targets`` maps (severity, metric) to how soon; custom SLAs of the contract
    have replaced the tier's where they say something else.
    """

    organization_id: int
    tier: str
    policy_version: int
    queue_key: str
    channels: tuple[str, ...]
    account_team: tuple[str, ...]
    self_service: tuple[str, ...]
    review_cadence_days: int | None
    targets: Mapping[tuple[int, str], PromisedTarget]

    def target(self, severity: int, metric: str) -> PromisedTarget | None:
        """Return how soon, or None when this is not promised."""
        return self.targets.get((severity, metric))


def tier_of(organization: Organization, at: datetime) -> str:
    """Return the tier of an organization at an instant.

    An organization that was never evaluated has the policy's default tier: it
    is owed that much from its first minute.
    """
    tier = (
        TierAssignment.objects.filter(organization=organization)
        .in_force_at(at)
        .values_list("tier", flat=True)
        .first()
    )
    return tier or live_policy_at(at).default_tier


def promise_for(organization: Organization, at: datetime) -> Promise:
    """Return what is owed to an organization at an instant.

    Raises Refused when no policy is live. A tier that the policy no longer
    knows gets what the default tier gets.
    """
    return promises_for([organization.pk], at)[organization.pk]


def promises_for(
    organization_ids: Iterable[int], at: datetime, program: Program | None = None
) -> dict[int, Promise]:
    """Return what is owed to each of many organizations at an instant, in two queries.

    ``program`` asks what would be owed under another version than the one in
    force, a draft too.
    """
    program = program or program_of(live_policy_at(at))
    wanted = set(organization_ids)
    held = TierAssignment.objects.filter(organization_id__in=wanted).in_force_at(at)
    # The newest first, as in ``tier_of``: what is set last stands.
    tiers = dict(list(held.values_list("organization_id", "tier"))[::-1])
    custom = _custom_rows(wanted, at)
    return {
        pk: _promise(pk, tiers.get(pk, ""), program, custom.get(pk, ())) for pk in sorted(wanted)
    }


def _promise(
    organization_id: int, tier: str, program: Program, custom: Iterable[OrganizationTarget]
) -> Promise:
    if tier not in program.promises:
        tier = program.rules.default_tier
    promise = program.promises[tier]
    targets = dict(program.targets.get(tier, {}))
    targets.update(_custom_targets(custom, targets))
    return Promise(
        organization_id=organization_id,
        tier=tier,
        policy_version=program.version,
        queue_key=promise.queue_key,
        channels=tuple(promise.channels),
        account_team=tuple(promise.account_team),
        self_service=tuple(promise.self_service),
        review_cadence_days=promise.review_cadence_days,
        targets=targets,
    )


def _custom_rows(organization_ids: set[int], at: datetime) -> dict[int, list[OrganizationTarget]]:
    rows = (
        OrganizationTarget.objects.filter(organization_id__in=organization_ids)
        .in_force_at(at)
        .select_related("calendar")
    )
    found: dict[int, list[OrganizationTarget]] = {}
    for row in rows:
        found.setdefault(row.organization_id, []).append(row)
    return found


def _custom_targets(
    rows: Iterable[OrganizationTarget], of_tier: Mapping[tuple[int, str], PromisedTarget]
) -> dict[tuple[int, str], PromisedTarget]:
    custom = {}
    for row in rows:
        usual = of_tier.get((row.severity, row.metric))
        ladder = usual or USUAL_LADDER
        custom[(row.severity, row.metric)] = PromisedTarget(
            seconds=row.target_seconds,
            floor_seconds=row.floor_seconds,
            calendar=row.calendar.key,
            pause_on=usual.pause_on if usual else (),
            warn_at=tuple(row.warn_at) if row.warn_at is not None else ladder.warn_at,
            tell=recipients_of(row.tell) if row.tell is not None else ladder.tell,
            by="contract",
        )
    return custom
