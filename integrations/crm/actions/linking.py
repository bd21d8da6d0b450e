"""What ops decide about companies: which organization one is, or that it is none."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.crm.actions import lifecycle
from integrations.crm.actions.facts import apply_facts
from integrations.crm.actions.intake import mark_dirty
from integrations.crm.actions.ledger import Entries
from integrations.crm.actions.look import look_at
from integrations.crm.actions.permission import check_ops
from integrations.crm.models import CrmEvent, CrmRecord, DirtyRecord, WebhookDelivery
from integrations.crm.vendor import Record
from people.actions import create_organization
from people.models import Organization, OrganizationDomain, User
from portal.kit.claims import lock
from portal.kit.refused import Refused

Attention, Kind, State = CrmRecord.Attention, CrmEvent.Kind, CrmRecord.State
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def proposals(records: Sequence[CrmRecord]) -> dict[int, Organization]:
    """Return, per record, the organization that has verified the company's domain, if any.

    A proposal for ops to confirm, and never a link by itself.
    """
    wanted = {record.domain for record in records if record.domain}
    owners = {
        row.domain.lower(): row.organization
        for row in OrganizationDomain.objects.filter(
            domain__in=wanted, verified_at__isnull=False
        ).select_related("organization")
    }
    return {record.pk: owners[record.domain] for record in records if record.domain in owners}


@transaction.atomic
def link_record(
    *, record: CrmRecord, organization: Organization, by: User, now: datetime
) -> CrmRecord:
    """Say which organization a company is; what the CRM said of it counts from now on.

    Raises Refused when the company is merged or deleted, stands for another organization, or
    when the organization has another company of this connection.
    """
    check_ops(by)
    row = _locked(record)
    if row.state == State.LINKED and row.organization_id == organization.pk:
        return row
    if row.state == State.LINKED:
        raise Refused("linked", _("This company is linked already. Remove the link first."))
    if row.state in {State.ARCHIVED, State.MERGED}:
        raise Refused("not_there", _("This company is not in the CRM any more."))
    lock(Organization.objects.filter(pk=organization.pk)).get()
    other = CrmRecord.objects.linked().filter(connection=row.connection, organization=organization)
    if found := other.first():
        raise Refused(
            "organization_linked",
            _("%(organization)s is linked to another company of this CRM already: %(name)s.")
            % {"organization": organization.name, "name": found.name or found.external_id},
        )
    row.organization, row.state = organization, State.LINKED
    row.attention = Attention.NONE
    return _linked(row, "by_ops", now)


@transaction.atomic
def create_organization_for(*, record: CrmRecord, by: User, now: datetime) -> CrmRecord:
    """Make an organization out of a company that waits in the inbox."""
    check_ops(by)
    row = _locked(record)
    if row.state == State.LINKED:
        return row
    if row.state in {State.ARCHIVED, State.MERGED}:
        raise Refused("not_there", _("This company is not in the CRM any more."))
    if not row.name.strip():
        raise Refused("no_name", _("The company has no name in the CRM. Give it one there."))
    namesake = Organization.objects.filter(external_id=row.external_id).first()
    # The same id in another CRM is another company: this one's organization goes without.
    is_other = namesake is not None and lifecycle.is_of_another_crm(row.connection, namesake)
    if namesake is not None and not is_other:
        raise Refused(
            "external_id_taken",
            _("An organization has this id already. Link the company to it instead."),
        )
    row.organization = create_organization(
        name=row.name.strip()[:160], external_id=None if is_other else row.external_id
    )
    row.state, row.attention = State.LINKED, Attention.NONE
    return _linked(row, "organization_created", now)


def _linked(row: CrmRecord, reason: str, now: datetime) -> CrmRecord:
    # Of this organization nothing was said yet: everything known is handed on now.
    row.facts, row.problems, row.has_problems = {}, {}, False
    look = look_at(row.connection, origin=CrmEvent.Origin.OPS, now=now)
    entries = Entries(look, row.external_id)
    entries.applied(Kind.LINKED, reason)
    known = Record(
        id=row.external_id, properties=row.properties, updated_at=row.remote_version or LONG_AGO
    )
    changes = apply_facts(look, row, look.read(known), entries)
    row.save()
    entries.save(row, changes.rows, changes.assignment)
    mark_dirty(connection=row.connection, external_ids=[row.external_id], now=now)
    return row


@transaction.atomic
def unlink_record(*, record: CrmRecord, by: User, now: datetime) -> CrmRecord:
    """Take a company and its organization apart; recorded facts stay and grow old."""
    check_ops(by)
    row = _locked(record)
    if row.state != State.LINKED:
        return row
    look = look_at(row.connection, origin=CrmEvent.Origin.OPS, now=now)
    entries = Entries(look, row.external_id)
    entries.applied(Kind.UNLINKED, "by_ops")
    entries.save(row)
    row.organization, row.state = None, State.DISMISSED
    row.facts, row.problems, row.has_problems = {}, {}, False
    row.save()
    return row


@transaction.atomic
def dismiss_record(*, record: CrmRecord, by: User) -> CrmRecord:
    """Put a company aside: it is no customer. It does not come back into the inbox by itself."""
    check_ops(by)
    row = _locked(record)
    if row.state == State.LINKED:
        raise Refused("linked", _("This company is linked already. Remove the link first."))
    if row.state == State.UNLINKED:
        row.state, row.attention = State.DISMISSED, Attention.NONE
        row.save(update_fields=["state", "attention"])
    return row


@transaction.atomic
def take_back_record(*, record: CrmRecord, by: User) -> CrmRecord:
    """Put a company that was put aside back into the inbox."""
    check_ops(by)
    row = _locked(record)
    if row.state == State.DISMISSED:
        row.state = State.UNLINKED
        row.save(update_fields=["state"])
    return row


@transaction.atomic
def acknowledge_record(*, record: CrmRecord, by: User) -> CrmRecord:
    """Note that ops have seen what happened to a record; it is shown as open no more."""
    check_ops(by)
    row = _locked(record)
    row.attention = Attention.NONE
    row.save(update_fields=["attention"])
    return row


@transaction.atomic
def retry_deliveries(*, deliveries: Iterable[WebhookDelivery], by: User, now: datetime) -> int:
    """Read deliveries that were given up again; return how many. Those without a body stay."""
    check_ops(by)
    rows = WebhookDelivery.objects.dead().filter(pk__in=[row.pk for row in deliveries])
    return rows.exclude(raw_body=b"").update(
        status=WebhookDelivery.Status.RECEIVED, attempts=0, next_attempt_at=now, settled_at=None
    )


@transaction.atomic
def retry_parked(*, records: Iterable[DirtyRecord], by: User, now: datetime) -> int:
    """Read records again that were set aside after too many failures; return how many."""
    check_ops(by)
    rows = DirtyRecord.objects.parked().filter(pk__in=[row.pk for row in records])
    return rows.update(next_attempt_at=now, attempts=0, lease_until=None)


def _locked(record: CrmRecord) -> CrmRecord:
    return lifecycle.locked_record(record.connection, record.external_id)[0]
