"""Apply what was looked at, or let it be."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import NotPermitted, Refused
from tiers.models import FactImport, FactImportFile
from tiers.program import live_policy_at

Status = FactImport.Status


@transaction.atomic
def apply_import(
    *, fact_import: FactImport, fingerprint: str, by: User, now: datetime
) -> FactImport:
    """Have a worker apply a preview, exactly the one with this fingerprint; harmless twice.

    Raises Refused when the preview is another by now, or the tier policy is.
    """
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops bring in facts."))
    row: FactImport = lock(FactImport.objects.filter(pk=fact_import.pk)).get()
    if row.status in {Status.APPLYING, Status.DONE} and row.fingerprint == fingerprint:
        return row
    if row.status != Status.READY:
        raise Refused("import_not_ready", _("There is nothing to apply here."))
    if row.fingerprint != fingerprint:
        raise Refused(
            "preview_changed",
            _("Somebody checked this file anew. Look at the preview again, then apply it."),
        )
    if row.policy != live_policy_at(now):
        raise Refused(
            "policy_changed",
            _("Another tier policy counts since this preview was made. Check the file again."),
        )
    if not row.lines.to_apply().exists():
        raise Refused("nothing_to_apply", _("No line changes anything."))
    row.status, row.applied_by, row.applied_at = Status.APPLYING, by, now
    row.lease_until = None
    row.save(update_fields=["status", "applied_by", "applied_at", "lease_until"])
    return row


@transaction.atomic
def cancel_import(*, fact_import: FactImport, by: User, now: datetime) -> FactImport:
    """End an import; what was applied of it stays, the rest is left out. Harmless twice."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops bring in facts."))
    row: FactImport = lock(FactImport.objects.filter(pk=fact_import.pk)).get()
    if row.status == Status.DONE:
        raise Refused("import_over", _("This import is applied already."))
    end_import(row, Status.CANCELLED, now)
    return row


def end_import(row: FactImport, status: str, now: datetime) -> None:
    """Set the last status of a locked import and forget the bytes of its file."""
    row.status, row.finished_at, row.lease_until = status, row.finished_at or now, None
    row.save(update_fields=["status", "finished_at", "lease_until"])
    FactImportFile.objects.filter(fact_import=row).delete()
