"""Celery tasks of the tiers room: thin, by id, safe to repeat."""

import structlog
from celery import shared_task

from people.models import Organization
from portal.kit import clock
from tiers.actions import evaluate_organization, organizations_to_evaluate

log = structlog.get_logger("tiers.tasks")


@shared_task
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
