"""Read the first sheet of a workbook (.xlsx): row by row, typed, and without running anything.

A workbook is a ZIP of XML. What it would unpack to is counted before a byte of it is read, and
the ZIP reader gives out no more than what was counted. openpyxl parses with defusedxml, which
refuses entities.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from tiers.fact_sheets.sheet import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_LINES,
    Cell,
    Layout,
    Row,
    SheetError,
)

# Where a sheet ends in Excel. A row may say that it is the two billionth, and the library gives
# out every empty row before it.
LAST_ROW = 1_048_576
MOST_PARTS = 500
MOST_UNPACKED = 160 * 1024 * 1024
MOST_SHARED_TEXT = 40 * 1024 * 1024  # the one part that is held in memory whole
# What a workbook that is none makes the libraries raise (defusedxml's are ValueErrors).
UNREADABLE = (
    zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError, EOFError,
    OverflowError, NotImplementedError, RuntimeError, OSError, ParseError,
)  # fmt: skip


def look_into(content: bytes) -> Layout:
    """Check the size of what is inside, and return the name of the first sheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            _check_size(parts.infolist())
        workbook = load_workbook(io.BytesIO(content), read_only=True)
        try:
            first = workbook.worksheets[0]
            return Layout(
                "xlsx", sheet=first.title, lines_about=min(first.max_row or 0, MOST_LINES)
            )
        finally:
            workbook.close()
    except SheetError:
        raise
    except UNREADABLE as error:
        raise SheetError(
            _("This is not an Excel file (.xlsx), or it is damaged. Save it again, or as .csv.")
        ) from error


def _check_size(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    shared = max(
        (it.file_size for it in parts if "sharedstrings" in it.filename.lower()), default=0
    )
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or shared > MOST_SHARED_TEXT:
        raise SheetError(
            _("Unpacked, this workbook is far too large. Copy the columns into a new one.")
        )


def rows_of(content: bytes, layout: Layout) -> Iterator[Row]:
    """Yield the rows of the sheet that are there."""
    workbook = load_workbook(io.BytesIO(content), read_only=True)
    try:
        sheet = workbook[layout.sheet]
        # What the file says of its own size need not be true, and is not asked.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MOST_COLUMNS)
        blank: object = None  # the library gives out one and the same row for all that are missing
        for number, row in enumerate(rows, start=1):
            if number > LAST_ROW:
                raise SheetError(
                    _("The sheet “%(name)s” goes on below the last row that Excel has. "
                      "Copy the columns into a new one.") % {"name": layout.sheet}
                )  # fmt: skip
            if row is blank:
                continue
            cells = tuple(_cell(one) for one in row)
            if not any(cell.text or cell.problem for cell in cells):
                blank = row
            yield Row(number, cells)
    except SheetError:
        raise
    except UNREADABLE as error:
        raise SheetError(
            _("The sheet “%(name)s” cannot be read to its end. Save it again, or as .csv.")
            % {"name": layout.sheet}
        ) from error
    finally:
        workbook.close()


def _cell(one: Any) -> Cell:
    value = one.value
    if value is None:
        return Cell("")
    if one.data_type == "f":
        return Cell(
            str(value)[:80],
            problem=_("This is a formula. Copy the column and paste it as values."),
        )
    if one.data_type == "e":
        return Cell(str(value)[:80], problem=_("Excel shows an error here. Put the value in."))
    if isinstance(value, str):
        if len(value) > MOST_CHARACTERS:
            return Cell(value[:40] + "…", problem=_("This is too long for any fact."))
        return Cell(value.strip())
    return _typed(value)


def _typed(value: object) -> Cell:
    if isinstance(value, bool):
        return Cell("yes" if value else "no", is_typed=True)
    if isinstance(value, datetime):
        return Cell(value.date().isoformat(), is_typed=True)
    if isinstance(value, date):
        return Cell(value.isoformat(), is_typed=True)
    if isinstance(value, int | float | Decimal):
        # As Excel shows it: 0.1 + 0.2 is kept there with fifteen digits too.
        return Cell(format(Decimal(format(value, ".15g")), "f"), is_typed=True)
    if isinstance(value, time | timedelta):
        return Cell(str(value), problem=_("This is a time of day, which no fact is."))
    return Cell(str(value)[:80], problem=_("This cannot be read."))
