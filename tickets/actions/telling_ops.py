"""Tell operations what a run over the clocks found, through the outbox."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from people.actions import queue_notice
from people.models import StaffRole, User
from tickets.models import RecomputeRun

RUNS_OPERATIONS = (StaffRole.OPS, StaffRole.ADMIN)


def tell_result(run: RecomputeRun, now: datetime) -> None:
    """Queue a mail to everybody who runs operations, when a finished run needs a person.

    That is: a check found a difference, or a ticket could not be computed.
    """
    differing = run.changed if run.kind == RecomputeRun.Kind.CHECK else 0
    if not differing and not run.failed:
        return
    values = {
        "run": run,
        "differing": differing,
        "vendor_name": settings.VENDOR_NAME,
        "base_url": settings.BASE_URL,
        "link": settings.BASE_URL + reverse("ops_repairs"),
    }
    for user in User.objects.filter(is_active=True, staff_role__in=RUNS_OPERATIONS):
        with translation.override(user.language):
            told = {**values, "recipient": user}
            queue_notice(
                kind="clock_check",
                recipient=user,
                dedupe_key=f"clock_check:{run.pk}:{user.pk}",
                subject=render_to_string("emails/clock_check.subject.txt", told),
                body_text=render_to_string("emails/clock_check.txt", told),
                body_html=render_to_string("emails/clock_check.html", told),
                now=now,
            )
