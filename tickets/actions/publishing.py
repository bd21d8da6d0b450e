"""Publish a promise or a calendar, and do to open tickets what the editor chose.

Both happen in one transaction: what was published without its run would leave the open
tickets between two promises. The run itself is gone over in batches by a worker.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.refused import InvalidInput, NotPermitted
from tickets.actions.queues import hold_queues
from tickets.actions.recomputing import start_run
from tickets.models import RecomputeRun
from tiers import actions as tiers_actions
from tiers.calendars import pinned
from tiers.models import CalendarVersion, OpenTickets, TierPolicy

# For calendars alone: running clocks are counted anew from their start, as if the
# calendar had always said so.
CORRECT = "correct"
MODES = {
    OpenTickets.KEEP.value: RecomputeRun.Mode.KEEP,
    OpenTickets.RETARGET.value: RecomputeRun.Mode.RETARGET,
    CORRECT: RecomputeRun.Mode.CORRECT,
}


def source_of(version: int) -> str:
    """Return what a run over tickets is called that publishing a version of the program began."""
    return f"policy:{version}"


@transaction.atomic
def publish_policy(
    *,
    policy: TierPolicy,
    treatment: str,
    published_by: User,
    now: datetime,
    change_note: str = "",
    meant_for: datetime | None = None,
) -> RecomputeRun | None:
    """Let a version that is signed off count from now on; return the run over open tickets.

    None with the treatment "next_ticket", which touches none. Raises what
    ``tiers.actions.publish_policy`` raises: a second time it is published already. Refused
    ("queue_archived") when it puts tickets into a queue that is out of use.
    """
    published = tiers_actions.publish_policy(
        policy=policy,
        treatment=treatment,
        change_note=change_note,
        published_by=published_by,
        now=now,
        meant_for=meant_for,
    )
    # A version made of an old one may name a queue that was archived since.
    hold_queues(set(published.promises.values_list("queue_key", flat=True)))
    return _treat(
        treatment,
        kind=RecomputeRun.Kind.PROMISES,
        source=source_of(published.version),
        reason=published.change_note,
        started_by=published_by,
        now=now,
    )


@transaction.atomic
def publish_calendar_version(
    *,
    version: CalendarVersion,
    treatment: str,
    reason: str,
    published_by: User,
    now: datetime,
    revision: int | None = None,
) -> RecomputeRun | None:
    """Let a draft of a calendar count; return the run over open tickets, if any is needed.

    Raises what ``tiers.actions.publish_calendar_version`` raises, and InvalidInput for
    an unknown treatment.
    """
    if treatment not in {*OpenTickets.values, CORRECT}:
        raise InvalidInput(
            "treatment_unknown",
            _("Nothing was published."),
            fields={"treatment": _("Say what happens to tickets that are open.")},
        )
    published = tiers_actions.publish_calendar_version(
        version=version, reason=reason, published_by=published_by, now=now, revision=revision
    )
    return _treat(
        treatment,
        kind=RecomputeRun.Kind.CALENDAR,
        source=f"calendar:{pinned(published.calendar.key, published.number)}",
        reason=reason,
        started_by=published_by,
        now=now,
    )


@transaction.atomic
def retarget_organization(
    *,
    organization: Organization,
    treatment: str,
    reason: str,
    started_by: User,
    now: datetime,
) -> RecomputeRun | None:
    """Bring one organization's open tickets in line with what it is promised now.

    To be called in the transaction that changed its custom SLAs. Returns the run,
    None with the treatment "next_ticket".
    """
    if not started_by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops change what open tickets are promised."))
    if treatment not in OpenTickets.values:
        raise InvalidInput(
            "treatment_unknown",
            _("Say what happens to tickets that are open."),
            fields={"treatment": _("Say what happens to tickets that are open.")},
        )
    return _treat(
        treatment,
        kind=RecomputeRun.Kind.CUSTOM,
        scope={"organization": organization.pk},
        source=f"organization:{organization.pk}",
        reason=reason,
        started_by=started_by,
        now=now,
    )


def _treat(
    treatment: str,
    *,
    kind: str,
    source: str,
    reason: str,
    started_by: User,
    now: datetime,
    scope: dict[str, object] | None = None,
) -> RecomputeRun | None:
    mode = MODES.get(treatment)
    if mode is None:
        return None
    return start_run(
        kind=kind,
        mode=mode,
        scope=scope,
        source=source,
        reason=reason.strip(),
        started_by=started_by,
        now=now,
    )
