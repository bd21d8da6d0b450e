"""Companies that a comparison cannot find any more: held back when they are too many to believe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.crm.actions.look import Look
from integrations.crm.actions.permission import check_ops
from integrations.crm.models import CrmConnection, CrmRecord
from integrations.crm.rules.gone import is_too_many
from integrations.crm.vendor import Record
from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import Refused
from tiers.actions.telling import tell_ops

log = structlog.get_logger("integrations.crm")


@dataclass(frozen=True, slots=True)
class Gone:
    """A company that is deleted (``record``), or not found at all (None)."""

    look: Look
    external_id: str
    record: Record | None
    is_linked: bool


def without_the_gone(connection: CrmConnection, records: Sequence[Record]) -> list[Record]:
    """Leave out records that would detach an organization: deleted, not merged, and linked.

    They count as not seen, so that a comparison asks for each of them and then decides of all.
    """
    deleted = [record.id for record in records if record.archived and not record.merged_into]
    if not deleted:
        return list(records)
    linked = CrmRecord.objects.linked().filter(connection=connection, external_id__in=deleted)
    gone = set(linked.values_list("external_id", flat=True))
    return [record for record in records if record.id not in gone]


@transaction.atomic
def hold_if_too_many(*, connection: CrmConnection, gone: Sequence[Gone], now: datetime) -> int:
    """Return how many companies may not be detached before ops confirm it: all or none.

    That so many are gone at once is most likely a permission that was taken away, or a wrong
    account; ops are told the first time.
    """
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    linked = CrmRecord.objects.linked().filter(connection=row).count()
    count = sum(one.is_linked for one in gone)
    is_held = is_too_many(count, linked, row.gone_confirmed)
    was_held = row.gone_held > 0
    row.gone_held = count if is_held else 0
    row.gone_held_at = (row.gone_held_at or now) if is_held else None
    row.gone_confirmed = row.gone_confirmed if is_held else 0
    row.save(update_fields=["gone_held", "gone_held_at", "gone_confirmed"])
    if is_held and not was_held:
        log.error("crm companies gone, held", connection=row.pk, gone=count)
        tell_ops(
            kind="crm_gone",
            once=f"{row.pk}:{now.isoformat()}",
            page=("ops_crm_connection", [row.public_id]),
            now=now,
            connection=row,
            count=count,
        )
    return row.gone_held


@transaction.atomic
def confirm_gone(*, connection: CrmConnection, count: int, by: User, now: datetime) -> None:
    """Believe that so many companies are gone: the next comparison, soon, detaches them.

    ``count`` is the number that was looked at; should more be missing by then, ops are asked
    again. Raises Refused when nothing is held, or another number by now.
    """
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if not row.is_working:
        raise Refused("not_working", _("Resume the connection first."))
    if not row.gone_held or row.gone_held != count:
        raise Refused(
            "gone_changed", _("The number of missing companies is another by now. Look again.")
        )
    row.gone_confirmed, row.next_reconcile_at = count, now
    row.save(update_fields=["gone_confirmed", "next_reconcile_at"])
    log.info("crm companies gone, confirmed", connection=row.pk, gone=count, by=by.pk)
