"""Where a version stands on its way to being live, and what somebody can do about it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from people.models import User
from portal.kit.words import Words
from tiers.actions.reviewing import objection_of, objection_words
from tiers.models import PolicySchedule, PolicySignOff, TierPolicy
from tiers.policy_checks import faults_of
from tiers.rules.governance import WAY


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way; ``state`` is "done", "here" or "ahead"."""

    status: str
    label: Words
    state: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A version, what it waits for, and what the one who looks may do.

    ``objection`` says why they cannot sign it off; empty when they can.
    """

    policy: TierPolicy
    steps: tuple[Step, ...]
    signed: PolicySignOff | None
    schedule: PolicySchedule | None
    faults: tuple[str, ...]
    objection: str

    @property
    def may_sign(self) -> bool:
        """Whether the one who looks can sign it off now."""
        return self.policy.is_in_review and not self.objection


def standing_of(policy: TierPolicy, viewer: User) -> Standing:
    """Return where a version stands for somebody of ops."""
    objection = objection_of(policy, viewer) if policy.is_in_review else None
    signed = PolicySignOff.objects.standing().filter(policy=policy).select_related("by")
    schedule = PolicySchedule.objects.waiting().filter(policy=policy).select_related("by")
    return Standing(
        policy=policy,
        steps=tuple(_way(policy)),
        signed=signed.first(),
        schedule=schedule.first(),
        faults=tuple(faults_of(policy)) if policy.is_underway else (),
        objection=objection_words(objection) if objection else "",
    )


def _way(policy: TierPolicy) -> list[Step]:
    if policy.is_discarded:
        label = TierPolicy.Status.DISCARDED.label
        return [Step("draft", _("Draft"), "done"), Step("discarded", label, "here")]
    here = WAY.index(policy.status)
    labels = dict(TierPolicy.Status.choices)
    return [
        Step(
            status,
            labels[status],
            "here" if place == here else "done" if place < here else "ahead",
        )
        for place, status in enumerate(WAY)
    ]
