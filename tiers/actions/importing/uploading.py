"""Take in a file of facts; nothing about any organization changes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput, NotPermitted
from tiers.fact_sheets import Layout, SheetError, look_into, rows_of
from tiers.models import AccountFact, FactImport, FactImportFile
from tiers.rules.sheet_columns import (
    CURRENCY,
    IDENTIFIERS,
    guess_columns,
    guess_decimal_sign,
    plain_heading,
)

TARGETS = (*IDENTIFIERS, CURRENCY, *AccountFact.Name.values)
SAMPLES = 5
REMEMBERED = 20


@transaction.atomic
def upload_facts(*, content: bytes, file_name: str, by: User, now: datetime) -> FactImport:
    """Store a file and guess what its columns are; the guess is a person's to confirm.

    Raises InvalidInput naming the field "file" when it cannot be read.
    """
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops bring in facts."))
    try:
        layout = look_into(content)
        headings, samples = _beginning(content, layout)
    except SheetError as error:
        raise InvalidInput("file_unreadable", str(error), fields={"file": str(error)}) from error
    columns = guess_columns(headings, TARGETS, _remembered())
    row = FactImport.objects.create(
        uploaded_by=by,
        created_at=now,
        file_name=_plain_name(file_name),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        kind=layout.kind,
        encoding=layout.encoding,
        separator=layout.separator,
        sheet=layout.sheet[:80],
        headings=headings,
        samples=samples,
        columns=columns,
        decimal_sign=guess_decimal_sign(_amounts(columns, samples), separated_by=layout.separator),
        lines_count=max(0, layout.lines_about - 1),
    )
    FactImportFile.objects.create(fact_import=row, content=content)
    return row


def _beginning(content: bytes, layout: Layout) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the first lines below them."""
    rows = list(islice(rows_of(content, layout), SAMPLES + 1))
    if len(rows) < 2:
        raise SheetError(_("There are no lines below the headings."))
    headings = rows[0].text()
    while headings and not headings[-1]:
        headings.pop()
    return headings, [row.text()[: len(headings)] for row in rows[1:]]


def _remembered() -> dict[str, str]:
    """Return what people chose for headings lately, the latest choice last."""
    chosen: dict[str, str] = {}
    lately = FactImport.objects.filter(round__gt=0).order_by("-id")[:REMEMBERED]
    for row in reversed(lately.only("headings", "columns")):
        for heading, target in zip(row.headings, row.columns, strict=False):
            chosen[plain_heading(heading)] = target
    return chosen


def _amounts(columns: Sequence[str], samples: Sequence[Sequence[str]]) -> list[str]:
    if AccountFact.Name.ACV not in columns:
        return []
    place = columns.index(AccountFact.Name.ACV)
    return [line[place] for line in samples if place < len(line)]


def _plain_name(file_name: str) -> str:
    """Return the name of the file alone, fit to be shown."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(mark for mark in name if mark.isprintable())[:200] or "?"
