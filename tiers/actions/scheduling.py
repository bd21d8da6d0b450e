"""Say when a version that is signed off shall be published, and take that back.

The instant is a column; whoever publishes (the room above, which also knows the open tickets)
asks for what is due. A schedule ends once: published, cancelled, or refused in words.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, Refused
from tiers.actions.policies import locked_live, locked_version
from tiers.actions.reviewing import check_not_superseded, keep_event, standing_sign_off
from tiers.actions.telling import tell_ops
from tiers.models import OpenTickets, PolicyEvent, PolicySchedule, TierPolicy
from tiers.rules.governance import may

FARTHEST = timedelta(days=366)
Kind, State = PolicyEvent.Kind, PolicySchedule.State


@transaction.atomic
def schedule_policy(
    *, policy: TierPolicy, publish_at: datetime, treatment: str, by: User, now: datetime
) -> PolicySchedule:
    """Have a version published at an instant to come; replaces what was scheduled before.

    Raises InvalidInput for an instant that is past or more than a year away and for an
    unknown treatment of open tickets, Refused unless it is signed off and up to date.
    """
    live = locked_live()
    found = locked_version(policy, by)
    problems = {}
    if not now < publish_at <= now + FARTHEST:
        problems["publish_at"] = _("Choose a moment to come, within a year.")
    if treatment not in OpenTickets.values:
        problems["treatment"] = _("Say what happens to tickets that are open.")
    if problems:
        raise InvalidInput("schedule_invalid", _("Nothing was scheduled."), fields=problems)
    if not may("schedule", found.status):
        raise Refused(
            "not_signed_off",
            _("Only a version that is signed off can be scheduled. Ask for a review first."),
        )
    check_not_superseded(found, live)
    standing_sign_off(found)
    waiting = PolicySchedule.objects.waiting().filter(policy=found)
    same = waiting.filter(publish_at=publish_at, treatment=treatment).first()
    if same is not None:
        return same
    waiting.update(state=State.CANCELLED, ended_at=now)
    made = PolicySchedule.objects.create(
        policy=found, publish_at=publish_at, treatment=treatment, by=by, created_at=now
    )
    keep_event(found, Kind.SCHEDULED, by=by, now=now, meant_for=publish_at)
    return made


@transaction.atomic
def cancel_schedule(*, policy: TierPolicy, by: User, now: datetime) -> None:
    """Publish it no longer by itself; harmless when nothing is scheduled."""
    found = locked_version(policy, by)
    waiting = PolicySchedule.objects.waiting().filter(policy=found).first()
    if waiting is None:
        return
    waiting.state, waiting.ended_at = State.CANCELLED, now
    waiting.save(update_fields=["state", "ended_at"])
    keep_event(found, Kind.UNSCHEDULED, by=by, now=now, meant_for=waiting.publish_at)


def due_schedules(now: datetime) -> list[int]:
    """Return the keys of what is to be published by now, the earliest first."""
    due = PolicySchedule.objects.waiting().filter(publish_at__lte=now)
    return list(due.order_by("publish_at", "pk").values_list("pk", flat=True))


def locked_schedule(schedule_id: int, now: datetime) -> PolicySchedule | None:
    """Lock a schedule that is due and still waiting, with its version; None when it is not.

    The locks are taken in the order of every other act on versions: the program, the
    version, then the schedule.
    """
    found = PolicySchedule.objects.filter(pk=schedule_id).first()
    if found is None:
        return None
    locked_live()
    lock(TierPolicy.objects.filter(pk=found.policy_id)).get()
    waiting = PolicySchedule.objects.waiting().filter(publish_at__lte=now, pk=schedule_id)
    return waiting.select_related("policy", "by").first()


@transaction.atomic
def refuse_schedule(*, schedule: PolicySchedule, why: str, now: datetime) -> None:
    """End a schedule that could not be carried out, and tell ops in words."""
    ended = PolicySchedule.objects.waiting().filter(pk=schedule.pk)
    if not ended.update(state=State.REFUSED, ended_at=now):
        return
    event = keep_event(
        schedule.policy, Kind.NOT_PUBLISHED, by=schedule.by, now=now, note=why,
        meant_for=schedule.publish_at,
    )  # fmt: skip
    tell_ops(
        kind="policy_schedule",
        once=str(event.pk),
        page=("ops_policy_review", [schedule.policy.version]),
        now=now,
        policy=schedule.policy,
        event=event,
    )
