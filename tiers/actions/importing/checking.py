"""Check the lines of a file against what is known now: what each would change, or what is wrong.

A batch is one transaction that also moves the import's cursor. Whoever is killed in the middle
loses one batch; two workers at once do each batch once, for it begins where the cursor stands.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from people.models import Organization
from portal.kit.claims import claim
from tiers.actions.importing.cells import Reading
from tiers.actions.importing.finding import Identities
from tiers.actions.importing.standing import Standing, standings_of
from tiers.fact_sheets import MOST_LINES, Cell, Layout, Row, SheetError, rows_of
from tiers.models import AccountFact, FactImport, FactImportLine
from tiers.program import Program, program_of
from tiers.rules.sheet_columns import CURRENCY, EXTERNAL_ID, IDENTIFIERS, NAME, PUBLIC_ID

Outcome = FactImportLine.Outcome
Status = FactImport.Status
BATCH = 250
LEASE = timedelta(seconds=60)
FORMULA = ("=", "+", "-", "@")
MOST = {NAME: 160, EXTERNAL_ID: 80, PUBLIC_ID: 12}


class OutOfStep(Exception):
    """Another worker, or a new choice of columns, has taken this import over."""


@dataclass(slots=True)
class Found:
    """A line as it was read, on its way to what it would do."""

    row: Row
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)

    def wrong(self, column: str, value: str, say: object) -> None:
        """Note what is wrong with a cell and what to do."""
        self.problems.append({"column": column, "value": value[:200], "say": str(say)})


def check_import(*, fact_import: FactImport, content: bytes, now: datetime) -> Iterator[int]:
    """Check batch after batch, yielding how many lines each had; ends when the file does.

    Raises OutOfStep when somebody else goes on with it.
    """
    layout = Layout(
        fact_import.kind, fact_import.encoding, fact_import.separator, fact_import.sheet
    )
    try:
        rows = rows_of(content, layout)
        next(rows)  # the headings
        rows = (row for row in rows if row.number > fact_import.checked_until)
        while batch := list(islice(rows, BATCH)):
            yield _check_batch(fact_import, batch, now)
        _finish(fact_import, now)
    except SheetError as error:
        _give_up(fact_import, str(error), now)


def _held(fact_import: FactImport) -> FactImport:
    """Return the import, locked, if it still is where this worker thinks it is."""
    row: FactImport | None = claim(
        FactImport.objects.filter(
            pk=fact_import.pk,
            status=Status.CHECKING,
            round=fact_import.round,
            checked_until=fact_import.checked_until,
        ),
        1,
    ).first()
    if row is None:
        raise OutOfStep
    return row


@transaction.atomic
def _check_batch(fact_import: FactImport, batch: list[Row], now: datetime) -> int:
    row = _held(fact_import)
    if row.lines.count() + len(batch) > MOST_LINES:
        raise SheetError(
            _("There are more than %(most)s lines. Split the file.") % {"most": MOST_LINES}
        )
    lines = _lines(row, batch, now)
    FactImportLine.objects.bulk_create(lines)
    row.fingerprint = _print(row.fingerprint, lines)
    row.checked_until, row.lease_until = batch[-1].number, now + LEASE
    row.save(update_fields=["fingerprint", "checked_until", "lease_until"])
    fact_import.checked_until = row.checked_until
    return len(lines)


@transaction.atomic
def _finish(fact_import: FactImport, now: datetime) -> None:
    row = _held(fact_import)
    row.status, row.checked_at, row.lease_until = Status.READY, now, None
    row.lines_count = row.lines.count()
    row.save(update_fields=["status", "checked_at", "lease_until", "lines_count"])


@transaction.atomic
def _give_up(fact_import: FactImport, problem: str, now: datetime) -> None:
    row = _held(fact_import)
    row.status, row.problem, row.checked_at = Status.FAILED, problem[:300], now
    row.lease_until = None
    row.save(update_fields=["status", "problem", "checked_at", "lease_until"])


def _print(before: str, lines: Iterable[FactImportLine]) -> str:
    """Return the print of all lines so far: the one before, and what these would do."""
    said = [
        [it.number, it.outcome, it.organization_id, it.name, it.external_id, it.changes,
         it.tier_before, it.tier_after]
        for it in lines
    ]  # fmt: skip
    return hashlib.sha256(f"{before}{json.dumps(said, sort_keys=True)}".encode()).hexdigest()


def _lines(row: FactImport, batch: list[Row], now: datetime) -> list[FactImportLine]:
    assert row.policy is not None
    program = program_of(row.policy)
    reading = Reading(row.decimal_sign, program.currency, tuple(program.rules.order))
    # In the language of whoever asked: the sentences are kept.
    with override(row.uploaded_by.language if row.uploaded_by else None):
        found = [_read(row, one, reading) for one in batch]
        identities = Identities.of(one.names for one in found)
        meant = [_meant(one, identities, row) for one in found]
        ids = {it.pk for it in meant if it is not None}
        judged = Judged(row, program, now, standings_of(ids), _Earlier.of(row, ids, found))
        return [judged.line(one, it) for one, it in zip(found, meant, strict=True)]


def _read(row: FactImport, line: Row, reading: Reading) -> Found:
    """Read every cell of a line; whatever is wrong with one is noted beside the others."""
    found = Found(line)
    for place, target in enumerate(row.columns):
        cell = line.cells[place] if place < len(line.cells) else Cell("")
        heading = row.headings[place]
        try:
            _take(found, target, cell, reading)
        except ValueError as error:
            found.wrong(heading, cell.text, error)
    surplus = [cell.text for cell in line.cells[len(row.headings) :] if cell.text]
    if surplus:
        found.wrong(
            "",
            surplus[0],
            _("This line has more columns than there are headings. Put values with the "
              "separator in them between quotation marks."),
        )  # fmt: skip
    return found


def _take(found: Found, target: str, cell: Cell, reading: Reading) -> None:
    if target in IDENTIFIERS:
        if cell.problem:
            raise ValueError(cell.problem)
        if cell.text:
            if len(cell.text) > MOST[target]:
                raise ValueError(_("At most %(count)s characters.") % {"count": MOST[target]})
            found.names[target] = cell.text
    elif target == CURRENCY:
        reading.check_currency(cell)
    elif target in AccountFact.Name.values:
        value = reading.fact(target, cell)
        if value is not None:
            found.values[target] = value


def _meant(found: Found, identities: Identities, row: FactImport) -> Organization | None:
    """Return the organization of a line; None for a new one, or with a problem noted."""
    kind = next((one for one in IDENTIFIERS if one in found.names), "")
    if not kind:
        if not found.problems:
            found.wrong("", "", _("This line does not say which organization it is about."))
        return None
    heading = row.headings[row.columns.index(kind)]
    try:
        meant = identities.find(found.names)
    except ValueError as error:
        found.wrong(heading, found.names[kind], error)
        return None
    if meant is None:
        _judge_unknown(found, identities, row, heading, found.names[kind])
    return meant


def _judge_unknown(
    found: Found, identities: Identities, row: FactImport, heading: str, text: str
) -> None:
    """Note why a line about nobody known cannot be used, unless it makes a new organization."""
    namesake = identities.namesake(found.names)
    if namesake is not None:
        found.wrong(
            heading,
            text,
            _("No organization has this id, but one is called %(name)s (%(id)s). "
              "Correct the id here, or there.")
            % {"name": namesake, "id": namesake.external_id or _("without an id in the CRM")},
        )  # fmt: skip
    elif not row.creates:
        found.wrong(heading, text, _("There is no such organization. Add it first, or correct it."))
    elif NAME not in found.names:
        found.wrong(heading, text, _("A new organization needs a name."))
    elif found.names[NAME].startswith(FORMULA):
        found.wrong(heading, text, _("A name does not begin with %(sign)s.") % {"sign": text[:1]})
    elif PUBLIC_ID in found.names and EXTERNAL_ID not in found.names:
        found.wrong(heading, text, _("The portal gives this id itself. Leave it empty."))


@dataclass(slots=True)
class _Earlier:
    """What earlier lines of the file are about: the line of each, what they create."""

    lines: dict[int, int]
    names: set[str]
    external_ids: set[str]

    @classmethod
    def of(cls, row: FactImport, ids: Iterable[int], found: Sequence[Found]) -> "_Earlier":
        """Read what earlier batches say about what these lines are about."""
        made = row.lines.filter(outcome=Outcome.CREATE)

        def there(column: str, kind: str) -> set[str]:
            texts = {one.names[kind] for one in found if kind in one.names}
            return set(made.filter(**{f"{column}__in": texts}).values_list(column, flat=True))

        about = row.lines.filter(organization__in=list(ids))
        return cls(
            dict(about.values_list("organization_id", "number")),
            there("name", NAME),
            there("external_id", EXTERNAL_ID),
        )


class Judged:
    """Turns lines that were read into what they would do; knows what came before in the file."""

    def __init__(
        self, row: FactImport, program: Program, now: datetime,
        standings: Mapping[int, Standing], earlier: _Earlier,
    ) -> None:  # fmt: skip
        self.row, self.program, self.now = row, program, now
        self.standings, self.earlier = standings, earlier

    def line(self, found: Found, organization: Organization | None) -> FactImportLine:
        """Return what a line would do, judged by the policy in force."""
        made = FactImportLine(
            fact_import=self.row, number=found.row.number, cells=found.row.text(),
            outcome=Outcome.WRONG,
        )  # fmt: skip
        if not found.problems:
            self._check_once(found, organization)
        if found.problems:
            made.problems = found.problems
            return made
        if organization is None:
            return self._created(made, found)
        self.earlier.lines[organization.pk] = found.row.number
        made.organization = organization
        standing = self.standings[organization.pk]
        known = {name: row.value for name, row in standing.known.items()}
        changed = {
            name: value for name, value in found.values.items() if value != known.get(name, "")
        }
        made.outcome = Outcome.CHANGE if changed else Outcome.SAME
        made.changes = {name: _change(standing, name, value) for name, value in changed.items()}
        made.tier_before = made.tier_after = standing.held.tier if standing.held else ""
        if changed:
            self._place(made, standing, changed)
        return made

    def _check_once(self, found: Found, organization: Organization | None) -> None:
        """Refuse the second line about one organization: which of the two counts, nobody knows."""
        before = None if organization is None else self.earlier.lines.get(organization.pk)
        if before is not None:
            found.wrong(
                "", str(organization),
                _("Line %(line)s is about the same organization. Keep one of the two.")
                % {"line": before},
            )  # fmt: skip
        elif organization is None and (
            found.names[NAME] in self.earlier.names
            or found.names.get(EXTERNAL_ID) in self.earlier.external_ids
        ):
            found.wrong(
                "", found.names[NAME], _("An earlier line creates the same organization already.")
            )

    def _created(self, made: FactImportLine, found: Found) -> FactImportLine:
        made.outcome = Outcome.CREATE
        made.name, made.external_id = found.names[NAME], found.names.get(EXTERNAL_ID, "")
        self.earlier.names.add(made.name)
        self.earlier.external_ids.update({made.external_id} - {""})
        values = {name: value for name, value in found.values.items() if value}
        made.changes = {name: _change(Standing(), name, value) for name, value in values.items()}
        self._place(made, Standing(), values)
        return made

    def _place(self, made: FactImportLine, standing: Standing, changed: Mapping[str, str]) -> None:
        decision = standing.decide(self.program.rules, self.now, changed)
        made.tier_after, made.source_after = decision.tier, decision.source


def _change(standing: Standing, name: str, value: str) -> dict[str, object]:
    known = standing.known.get(name)
    return {
        "old": known.value if known else "",
        "new": value,
        "row": known.pk if known else None,
        "source": known.source if known else "",
    }
