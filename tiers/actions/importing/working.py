"""Go on with the imports that have work, for a while."""

from datetime import datetime, timedelta

from django.db import transaction

from portal.kit.claims import claim
from portal.kit.watch import Watch
from tiers.actions.importing.applying import apply_lines
from tiers.actions.importing.checking import LEASE, OutOfStep, check_import
from tiers.actions.importing.ending import end_import
from tiers.models import FactImport

Status = FactImport.Status
BUDGET_SECONDS = 20.0
# An upload that nobody goes on with is not kept for ever.
ABANDONED_AFTER = timedelta(days=7)


def continue_fact_imports(*, now: datetime, budget_seconds: float = BUDGET_SECONDS) -> int:
    """Check and apply what nobody works on; return how many lines were gone over.

    Ends when nothing is left or the time is used up, in the middle of a file if need be: the
    next call goes on where this one was. Uploads that wait for somebody for a week are ended.
    """
    watch, done = Watch(now, budget_seconds), 0
    _end_abandoned(now)

    while (taken := _take(watch.now())) is not None:
        try:
            if taken.status == Status.CHECKING:
                content = bytes(taken.file.content)
                steps = check_import(fact_import=taken, content=content, now=watch.now())
            else:
                steps = apply_lines(fact_import=taken, now=watch.now())
            for handled in steps:
                done += handled
                if watch.is_over():
                    FactImport.objects.filter(pk=taken.pk).update(lease_until=None)
                    return done
        except OutOfStep:
            continue
    return done


@transaction.atomic
def _take(now: datetime) -> FactImport | None:
    row = claim(FactImport.objects.free(now), 1).first()
    if row is not None:
        row.lease_until = now + LEASE
        row.save(update_fields=["lease_until"])
    return row


@transaction.atomic
def _end_abandoned(now: datetime) -> None:
    for row in claim(FactImport.objects.abandoned(now - ABANDONED_AFTER).order_by("pk"), 100):
        end_import(row, Status.CANCELLED, now)
