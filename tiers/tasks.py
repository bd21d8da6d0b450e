"""Celery tasks of the tiers room: thin, by id, safe to repeat."""

import structlog
from celery import shared_task

from people.models import Organization
from portal.kit import clock
from portal.kit.tasks import LoneTask
from tiers.actions import (
    check_standings,
    continue_applying,
    continue_fact_imports,
    evaluate_organization,
    feeds_to_look_at,
    look_at_holiday_feed,
    organizations_to_evaluate,
    overrides_to_tend,
    tend_override,
    warn_of_last_holidays,
)
from tiers.models import Calendar

log = structlog.get_logger("tiers.tasks")


@shared_task(base=LoneTask)
def evaluate_every_organization(**kwargs: object) -> int:
    """Evaluate whoever's tier may differ today; one failure does not stop the others."""
    now = clock.now()
    done = 0
    for organization_id in organizations_to_evaluate(now):
        organization = Organization.objects.filter(pk=organization_id).first()
        if organization is None:
            continue
        try:
            evaluate_organization(organization=organization, now=now)
            done += 1
        except Exception:
            log.exception("evaluation failed", organization=organization_id)
    return done


@shared_task(base=LoneTask)
def apply_published_policies(**kwargs: object) -> int:
    """Let the version that was published judge every account, batch by batch."""
    return continue_applying(now=clock.now())


@shared_task(base=LoneTask)
def check_account_standings(**kwargs: object) -> int:
    """Compare what previews read with the facts and assignments; repair what differs."""
    return check_standings()


@shared_task(base=LoneTask)
def look_at_holiday_feeds(**kwargs: object) -> int:
    """Look at each holiday feed once a day; one that fails does not stop the others."""
    now = clock.now()
    looked = 0
    for calendar in Calendar.objects.filter(pk__in=feeds_to_look_at(now)).order_by("pk"):
        try:
            look_at_holiday_feed(calendar=calendar, now=now)
            looked += 1
        except Exception:
            log.exception("holiday feed failed", calendar=calendar.key)
    return looked


@shared_task(base=LoneTask)
def warn_of_calendars_that_end(**kwargs: object) -> int:
    """Tell ops once when the loaded holidays of a calendar end soon."""
    return warn_of_last_holidays(now=clock.now())


@shared_task(base=LoneTask)
def tend_overrides(**kwargs: object) -> int:
    """Remind of overrides, end them, close requests nobody decided; one fault stops no other."""
    now = clock.now()
    done = 0
    for kind, pk in overrides_to_tend(now):
        try:
            done += tend_override(kind=kind, pk=pk, now=now)
        except Exception:
            log.exception("override not tended", kind=kind, pk=pk)
    return done


@shared_task(base=LoneTask)
def go_on_with_imports(**kwargs: object) -> int:
    """Check and apply uploaded files of facts, batch by batch."""
    return continue_fact_imports(now=clock.now())
