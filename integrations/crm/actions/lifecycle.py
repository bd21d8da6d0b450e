"""What happens to a company in the CRM beside its facts: created, renamed, merged, deleted.

All of these work on locked rows inside the transaction of whoever applies a record. The
organization itself is never deleted: it loses its record and ops are shown so.
"""

from integrations.crm.actions.intake import mark_dirty
from integrations.crm.actions.ledger import Entries
from integrations.crm.actions.look import Look
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord
from people.actions import create_organization, follow_crm
from people.models import Organization
from portal.kit.claims import lock

Attention, Kind, State = CrmRecord.Attention, CrmEvent.Kind, CrmRecord.State


def locked_record(connection: CrmConnection, external_id: str) -> tuple[CrmRecord, bool]:
    """Return the row of an id, locked, and whether it was never read before."""
    rows = CrmRecord.objects.filter(connection=connection, external_id=external_id)
    if not rows.exists():
        # Without an error where another worker is faster: both then go on with one row.
        CrmRecord.objects.bulk_create(
            [CrmRecord(connection=connection, external_id=external_id)], ignore_conflicts=True
        )
    row: CrmRecord = lock(rows.select_related("organization")).get()
    return row, row.read_at is None


def archive(look: Look, row: CrmRecord, entries: Entries, attention: str) -> None:
    """Detach a deleted company and flag it; what it stood for stays written."""
    if row.state in {State.ARCHIVED, State.MERGED}:
        return
    was_linked = row.state == State.LINKED
    row.state = State.ARCHIVED
    row.attention = attention if was_linked else Attention.NONE
    entries.applied(Kind.DELETED, "detached" if was_linked else "not_linked")


def revive(look: Look, row: CrmRecord, entries: Entries) -> None:
    """Bring back a company that was deleted; it is linked as before where that is still free."""
    if row.state not in {State.ARCHIVED, State.MERGED}:
        return
    row.merged_into = None
    row.attention = Attention.NONE
    if row.organization is None:
        row.state = State.UNLINKED
        entries.applied(Kind.RESTORED, "not_linked")
    elif _is_free(look.connection, row.organization, row):
        row.state = State.LINKED
        entries.applied(Kind.RESTORED, "linked_again")
    else:
        row.state, row.attention = State.UNLINKED, Attention.TAKEN
        row.organization = None
        entries.applied(Kind.RESTORED, "taken")


def rename(look: Look, row: CrmRecord, name: str, entries: Entries) -> None:
    """Take over the name; the organization's too, unless somebody here gave it another one."""
    if not name or name == row.name:
        return
    before, row.name = row.name, name
    if not before:
        return
    organization = row.organization if row.state == State.LINKED else None
    follows = (
        look.connection.follows_names
        and organization is not None
        and organization.name == before.strip()[:160]
    )
    if follows and organization is not None:
        row.organization = follow_crm(organization=organization, name=name)
    entries.applied(Kind.RENAMED, "renamed" if follows else "name_noted", old=before, new=name)


def find_organization(look: Look, row: CrmRecord, entries: Entries, *, is_new: bool) -> None:
    """Link a company to the organization that has its id, or do what the connection says.

    Never by its name: two companies may share one, and a wrong link gives away a tier. Nor by an
    id that the organization has from another CRM: each counts its companies by itself.
    """
    known = Organization.objects.filter(external_id=row.external_id).first()
    if (
        known is not None
        and not is_of_another_crm(look.connection, known)
        and _is_free(look.connection, known, row)
    ):
        row.organization, row.state = known, State.LINKED
        entries.applied(Kind.CREATED if is_new else Kind.LINKED, "same_id")
        return
    creates = look.connection.unknown_companies == CrmConnection.Unknown.CREATE
    if creates and known is None and row.name.strip() and row.attention != Attention.TAKEN:
        row.organization = create_organization(
            name=row.name.strip()[:160], external_id=row.external_id
        )
        row.state = State.LINKED
        entries.applied(Kind.CREATED if is_new else Kind.LINKED, "organization_created")
        return
    if is_new:
        entries.applied(Kind.CREATED, "in_inbox")


def merge(look: Look, loser: CrmRecord, survivor: CrmRecord, entries: Entries) -> None:
    """Repoint a merged company to the one that survived; its id stays known as an alias.

    The organization goes along where the survivor has none. Where it has another one, two
    organizations here are one company there: ops are shown so and decide.
    """
    target = _end_of(survivor)
    if target.pk == loser.pk or (loser.state == State.MERGED and loser.merged_into == target):
        return
    was_linked = loser.state == State.LINKED or loser.attention in {
        Attention.DELETED, Attention.GONE,
    }  # fmt: skip
    organization = loser.organization if was_linked else None
    if organization is not None and not _is_free(look.connection, organization, loser):
        organization = None
    loser.state, loser.merged_into = State.MERGED, target
    loser.attention = Attention.NONE
    loser.save()
    CrmRecord.objects.filter(merged_into=loser).exclude(pk=target.pk).update(merged_into=target)
    reason = "merged"
    if organization is not None and target.organization is None:
        loser.organization = None
        loser.save(update_fields=["organization"])
        _hand_over(look, organization, loser, target)
        reason = "organization_moved"
    elif organization is not None and target.organization_id != organization.pk:
        loser.attention = Attention.MERGED_ELSEWHERE
        reason = "two_organizations"
    entries.applied(
        Kind.MERGED, reason, new=target.external_id, detail={"into": target.external_id}
    )
    # What the survivor says counts for the organization from now on.
    mark_dirty(connection=look.connection, external_ids=[target.external_id], now=look.now)


def _hand_over(look: Look, organization: Organization, loser: CrmRecord, target: CrmRecord) -> None:
    target.organization = organization
    if target.state in {State.UNLINKED, State.DISMISSED}:
        target.state = State.LINKED
    else:
        target.attention = Attention.DELETED
    # Nothing of it was said of this organization yet.
    target.facts, target.problems, target.has_problems = {}, {}, False
    target.save()
    if organization.external_id == loser.external_id:
        taken = Organization.objects.filter(external_id=target.external_id)
        if not taken.exclude(pk=organization.pk).exists():
            follow_crm(organization=organization, external_id=target.external_id)


def _end_of(row: CrmRecord) -> CrmRecord:
    """Return the record that survives all merges after this one."""
    seen = {row.pk}
    while row.state == State.MERGED and row.merged_into_id is not None:
        if row.merged_into_id in seen:
            break
        seen.add(row.merged_into_id)
        row = lock(CrmRecord.objects.filter(pk=row.merged_into_id)).get()
    return row


def _is_free(connection: CrmConnection, organization: Organization, row: CrmRecord) -> bool:
    """Whether no other record of the connection stands for the organization."""
    others = CrmRecord.objects.linked().filter(connection=connection, organization=organization)
    return not others.exclude(pk=row.pk).exists()


def is_of_another_crm(connection: CrmConnection, organization: Organization) -> bool:
    """Whether the organization's id is that of a company of another connected account."""
    namesakes = CrmRecord.objects.filter(
        organization=organization, external_id=organization.external_id or ""
    )
    return namesakes.exclude(connection=connection).exclude(connection__tested_at=None).exists()
