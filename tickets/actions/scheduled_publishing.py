"""Publish at its time what was scheduled: once, whoever asks, or say why not."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from portal.kit.refused import NotPermitted, Refused
from tickets.actions.publishing import publish_policy
from tiers.actions.scheduling import due_schedules, locked_schedule, refuse_schedule
from tiers.models import PolicySchedule


def publish_scheduled_policies(*, now: datetime) -> int:
    """Publish every version whose time has come; return how many were.

    One that cannot be published any more (another version went live, it has faults, whoever
    scheduled it is not with ops any more) is ended and ops are told why. Late is better than
    never: a time that passed while nothing ran is made up for, and counts from now.
    """
    return sum(_publish(schedule_id, now) for schedule_id in due_schedules(now))


@transaction.atomic
def _publish(schedule_id: int, now: datetime) -> bool:
    schedule = locked_schedule(schedule_id, now)
    if schedule is None:
        return False
    with translation.override(schedule.by.language if schedule.by else None):
        try:
            with transaction.atomic():
                _carry_out(schedule, now)
        except Refused as refusal:
            refuse_schedule(schedule=schedule, why=refusal.message, now=now)
            return False
    return True


def _carry_out(schedule: PolicySchedule, now: datetime) -> None:
    if schedule.by is None or not schedule.by.is_active:
        raise NotPermitted(
            "nobody_scheduled_it", _("Whoever scheduled it is not with us any more.")
        )
    publish_policy(
        policy=schedule.policy,
        treatment=schedule.treatment,
        published_by=schedule.by,
        now=now,
        meant_for=schedule.publish_at,
    )
