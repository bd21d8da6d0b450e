"""Look at a CRM by ourselves: at what changed since the last time, and at everything."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q

from integrations.crm.actions.applying import Applied, apply_missing
from integrations.crm.actions.batches import Batch, apply_batch
from integrations.crm.actions.calling import as_crm_error, client_of
from integrations.crm.actions.gone import Gone, hold_if_too_many, without_the_gone
from integrations.crm.actions.health import note_answer, note_failure
from integrations.crm.actions.look import Look, look_at
from integrations.crm.actions.mapping import note_missing_fields
from integrations.crm.models import CrmConnection, CrmRecord, SyncDifference, SyncRun
from integrations.crm.vendor import Client, CrmError, LookingRests, Page, Record, UnknownFields
from portal.kit import clock
from portal.kit.claims import lock
from tiers.models import AccountFact

POLL_EVERY = timedelta(minutes=5)
# At this hour (UTC) everything is compared, spread over an hour by the connection.
NIGHT_HOUR = 2
# A run whose worker says nothing for so long is another worker's to do again.
LEASE = timedelta(minutes=3)
BATCH = 200
# A change this young may still be on its way by webhook or poll: no drift.
IN_FLIGHT = timedelta(minutes=10)
DIFFERENCES_KEPT = 5000
Kind, Outcome, State = SyncRun.Kind, SyncRun.Outcome, CrmRecord.State
Thing = TypeVar("Thing")


def poll(*, connection: CrmConnection, now: datetime) -> SyncRun | None:
    """Apply what changed since the cursor; return the run, or None while another one goes on.

    The cursor moves only when the whole run went through: whatever stops it, the next one starts
    where this one did, and applying records again changes nothing. A connection that was never
    read whole is read whole first.
    """
    if not connection.cursor:
        return compare(connection=connection, now=now)
    look = look_at(connection, origin=Kind.POLL, now=now, is_exact=False)
    run = _start(connection, Kind.POLL, now)
    if run is None:
        return None
    look = look.of(run)
    counts: Counter[str] = Counter()
    cursor = connection.cursor
    try:
        with client_of(connection) as client:
            for page, asked_at in _pages(client, connection, look):
                batch = apply_batch(look=look.at(asked_at, clock.now()), records=page.records)
                _count(counts, batch)
                cursor = page.cursor
                _renew(run, counts)
    except Exception as error:
        return _failed(run, connection, error, counts)
    _finish(run, connection, counts, cursor=cursor, next_poll_at=clock.now() + POLL_EVERY)
    return run


def compare(*, connection: CrmConnection, now: datetime) -> SyncRun | None:
    """Read every record, take over what was missed, and report what differed.

    The first time it is the backfill. Records that the CRM no longer lists, or lists as deleted,
    are asked for by their ids before anything is concluded; what cannot be found is detached and
    flagged. When that would be many at once, none is, and ops are asked.
    """
    is_first = not connection.cursor
    kind = Kind.BACKFILL if is_first else Kind.RECONCILE
    look = look_at(connection, origin=kind, now=now, is_exact=False)
    run = _start(connection, kind, now)
    if run is None:
        return None
    look = look.of(run)
    counts: Counter[str] = Counter()
    report = _Report(run, counts)
    try:
        with client_of(connection) as client:
            cursor = client.cursor_at(now)
            fields = _known_fields(client, connection, look)
            look = look.without(set(look.fields) - set(fields))
            for records in _in_batches(client.everything(look.fields), BATCH):
                present = without_the_gone(connection, records)
                batch = apply_batch(look=look.at(now, clock.now()), records=present)
                _count(counts, batch)
                report.add(look, batch)
                _renew(run, counts)
            gone = _look_for_the_missing(client, look, run, counts, report)
            counts["held"] = _detach(gone, connection, run, counts, report)
    except Exception as error:
        return _failed(run, connection, error, counts)
    done = clock.now()
    changes: dict[str, object] = {
        # Tiers that somebody changed in the CRM are looked at again too.
        "last_assignment_id": 0,
        # Everything before is read: also a cursor that the CRM takes no more is good again.
        "cursor": cursor,
    }
    if is_first:
        changes["next_poll_at"] = done
    _finish(run, connection, counts, drift=report.drift, **changes)
    return run


def next_night(connection: CrmConnection, now: datetime) -> datetime:
    """Return when this connection is compared next; connections are spread over an hour."""
    minute = (connection.pk or 0) * 7 % 60
    tonight = now.replace(hour=NIGHT_HOUR, minute=minute, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


def _start(connection: CrmConnection, kind: str, now: datetime) -> SyncRun | None:
    """Start a run, taking over from a worker that died; None while another worker has one."""
    try:
        with transaction.atomic():
            rows = SyncRun.objects.unfinished().filter(connection=connection, kind=kind)
            for old in lock(rows):
                if not old.is_abandoned(now):
                    return None
                old.outcome, old.finished_at = Outcome.FAILED, now
                old.error = "Its worker stopped without a word."
                old.save(update_fields=["outcome", "finished_at", "error"])
            return SyncRun.objects.create(
                connection=connection, kind=kind, started_at=now, lease_until=now + LEASE
            )
    except IntegrityError:
        return None  # another worker started in the same moment


class _Lost(Exception):
    """The run has to end here: another worker took it over, or ops do not want it any more."""


def _renew(run: SyncRun, counts: Counter[str]) -> None:
    mine = SyncRun.objects.filter(pk=run.pk, finished_at=None)
    if not mine.update(lease_until=clock.now() + LEASE, counts=dict(counts)):
        raise _Lost("Another worker took the run over.")
    wanted = CrmConnection.objects.working().exclude(tested_at=None)
    if not wanted.filter(pk=run.connection_id).exists():
        raise _Lost("The connection was paused, or its secrets were changed, meanwhile.")


@transaction.atomic
def _finish(
    run: SyncRun, connection: CrmConnection, counts: Counter[str], drift: int = 0, **changes: object
) -> None:
    now = clock.now()
    mine = SyncRun.objects.filter(pk=run.pk, finished_at=None)
    if not mine.update(
        finished_at=now, outcome=Outcome.DONE, counts=dict(counts), drift=drift, lease_until=now
    ):
        return
    CrmConnection.objects.filter(pk=connection.pk).update(**changes)
    if run.kind != Kind.POLL:
        # What ops asked for while this run went on is another comparison, and still due.
        CrmConnection.objects.filter(
            Q(next_reconcile_at=None) | Q(next_reconcile_at__lte=run.started_at), pk=connection.pk
        ).update(next_reconcile_at=next_night(connection, now))
    note_answer(connection=connection, now=now)
    run.refresh_from_db()


def _failed(
    run: SyncRun, connection: CrmConnection, error: Exception, counts: Counter[str]
) -> SyncRun:
    """End a run that did not go through; where it began, the next one begins again."""
    now = clock.now()
    failure = CrmError(str(error)) if isinstance(error, _Lost) else as_crm_error(error)
    SyncRun.objects.filter(pk=run.pk, finished_at=None).update(
        finished_at=now,
        outcome=Outcome.FAILED,
        counts=dict(counts),
        error=failure.message[:1000],
        lease_until=now,
    )
    if not isinstance(error, _Lost):
        if isinstance(failure, LookingRests):
            _rest(run, connection, failure, now)
        elif isinstance(error, UnknownFields) and note_missing_fields(
            connection=connection, fields=error.names, now=now
        ):
            pass  # read without them at once
        else:
            note_failure(connection=connection, error=failure, now=now)
    run.refresh_from_db()
    return run


def _rest(run: SyncRun, connection: CrmConnection, error: LookingRests, now: datetime) -> None:
    """Look again later; what webhooks name goes on being read meanwhile."""
    later = now + timedelta(seconds=error.retry_after or POLL_EVERY.total_seconds())
    changes: dict[str, object] = {"last_error": error.message[:1000], "last_error_at": now}
    if run.kind != Kind.RECONCILE:
        changes["next_poll_at"] = later
    if run.kind != Kind.POLL:
        changes["next_reconcile_at"] = later
    CrmConnection.objects.filter(pk=connection.pk).update(**changes)


def _pages(
    client: Client, connection: CrmConnection, look: Look
) -> Iterator[tuple[Page, datetime]]:
    """Yield pages, each with the instant before it was asked for."""
    pages = client.changed_since(connection.cursor, look.fields)
    while True:
        asked_at = clock.now()
        page = next(pages, None)
        if page is None:
            return
        yield page, asked_at


def _known_fields(client: Client, connection: CrmConnection, look: Look) -> list[str]:
    """Return the mapped fields that the CRM still has; ops see the others."""
    known = {field.name for field in client.fields()}
    missing = [name for name in look.fields if name not in known]
    if missing:
        note_missing_fields(connection=connection, fields=missing, now=look.now)
    return [name for name in look.fields if name in known]


def _in_batches(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    stream = iter(things)
    while batch := list(islice(stream, size)):
        yield batch


def _count(counts: Counter[str], batch: Batch) -> None:
    counts["seen"] += batch.seen
    counts["new"] += batch.new
    counts["changed"] += batch.changed
    counts["unreadable"] += batch.unreadable
    counts["failed"] += batch.failed


def _look_for_the_missing(
    client: Client, look: Look, run: SyncRun, counts: Counter[str], report: "_Report"
) -> list[Gone]:
    """Ask by id for records that the list did not contain: those linked, or in the inbox.

    Returns those that are gone.
    """
    unseen = CrmRecord.objects.filter(
        connection=look.connection,
        state__in=[State.LINKED, State.UNLINKED],
        last_seen_at__lt=run.started_at,
    )
    gone: list[Gone] = []
    names = unseen.order_by("pk").values_list("external_id", "state")
    for group in _in_batches(names, BATCH):
        asked_at = clock.now()
        exact = look.at(asked_at, asked_at)
        found = {
            record.id: record
            for record in client.read([name for name, _state in group], look.fields)
        }
        present = without_the_gone(look.connection, list(found.values()))
        batch = apply_batch(look=exact, records=present)
        report.add(look, batch)
        there = {record.id for record in present}
        gone += [
            Gone(exact, name, found.get(name), state == State.LINKED)
            for name, state in group
            if name not in there
        ]
        _renew(run, counts)
    return gone


def _detach(
    gone: Sequence[Gone],
    connection: CrmConnection,
    run: SyncRun,
    counts: Counter[str],
    report: "_Report",
) -> int:
    """Detach records that are gone, or, when they are too many, none; return how many are held."""
    if held := hold_if_too_many(connection=connection, gone=gone, now=clock.now()):
        return held
    for place, one in enumerate(gone):
        if one.record is not None:
            batch = apply_batch(look=one.look, records=[one.record])
            report.add(one.look, batch)
            counts["gone"] += batch.changed
        else:
            applied = apply_missing(look=one.look, external_id=one.external_id)
            counts["gone"] += applied.has_changed
            report.gone(applied)
        if place % BATCH == 0:
            _renew(run, counts)
    return 0


class _Report:
    """What a comparison found different, written as it goes."""

    def __init__(self, run: SyncRun, counts: Counter[str]) -> None:
        self.run = run
        self.counts = counts
        self.drift = 0
        self.kept = 0

    def add(self, look: Look, batch: Batch) -> None:
        rows: list[SyncDifference] = []
        for record, applied in batch.applied:
            rows += self._of(record, applied)
        rows += self._kept_elsewhere(look, batch.linked)
        self._write(rows)

    def gone(self, applied: Applied) -> None:
        if applied.row is None or not applied.has_changed:
            return
        self.drift += 1
        self._write([self._row(SyncDifference.Kind.GONE, applied.row)])

    def _of(self, record: Record, applied: Applied) -> Iterator[SyncDifference]:
        row = applied.row
        if row is None:
            return
        for fact, problem in applied.unreadable.items():
            yield self._row(
                SyncDifference.Kind.UNREADABLE, row, fact, row.facts.get(fact, ""), problem["value"]
            )
        is_young = record.updated_at > self.run.started_at - IN_FLIGHT
        if is_young or applied.is_new or not applied.was_live:
            return
        if applied.changes:
            self.drift += 1
        for fact, ours, theirs in applied.changes:
            yield self._row(SyncDifference.Kind.MISSED, row, fact, ours, theirs)
        if row.state != State.LINKED:
            self.drift += 1
            yield self._row(SyncDifference.Kind.GONE, row)

    def _kept_elsewhere(self, look: Look, linked: Sequence[int]) -> Iterator[SyncDifference]:
        """Yield facts for which somebody else's later word counts."""
        records = {
            row.organization_id: row
            for row in CrmRecord.objects.linked().filter(pk__in=linked)
            if row.organization_id is not None
        }
        current = AccountFact.objects.current().filter(
            organization_id__in=records, fact__in=[rule.fact for rule in look.rules]
        )
        for fact in current.exclude(source=look.source):
            row = records[fact.organization_id]
            theirs = row.facts.get(fact.fact, "")
            if theirs and theirs != fact.value:
                yield self._row(SyncDifference.Kind.KEPT, row, fact.fact, fact.value, theirs)

    def _row(
        self, kind: str, row: CrmRecord, fact: str = "", ours: str = "", theirs: str = ""
    ) -> SyncDifference:
        return SyncDifference(
            run=self.run, kind=kind, record=row, organization_id=row.organization_id, fact=fact,
            ours=ours[:300], theirs=theirs[:300],
        )  # fmt: skip

    def _write(self, rows: Iterable[SyncDifference]) -> None:
        kept = list(rows)
        self.counts["differences"] += len(kept)
        room = max(DIFFERENCES_KEPT - self.kept, 0)
        SyncDifference.objects.bulk_create(kept[:room])
        self.kept += len(kept[:room])
