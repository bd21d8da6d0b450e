"""Read text files with separators: UTF-8 with or without its mark, UTF-16, or Windows-1252."""

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from tiers.fact_sheets.sheet import MOST_CHARACTERS, MOST_COLUMNS, Cell, Layout, Row, SheetError

SEPARATORS = (",", ";", "\t")
_marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def look_into(content: bytes) -> Layout:
    """Return encoding and separator, the latter from the first line that has one."""
    encoding = _encoding_of(content)
    with io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="") as lines:
        for line in lines:
            if "\x00" in line:
                break
            counts = {one: line.count(one) for one in SEPARATORS}
            if any(counts.values()):
                separator = max(SEPARATORS, key=lambda one: counts[one])
                return Layout("csv", encoding, separator, lines_about=content.count(b"\n"))
    if b"\x00" in content[:1000]:
        raise SheetError(_("This is neither a text file (.csv) nor an Excel file (.xlsx)."))
    raise SheetError(
        _("There are no columns: separate them by commas, semicolons or tabs, headings first.")
    )


def _encoding_of(content: bytes) -> str:
    """Return how the characters are kept; decoding once is cheap at the size that is allowed."""
    for mark, encoding in _marks.items():
        if content.startswith(mark):
            return encoding if _can_be(content, encoding) else _unreadable()
    for encoding in ("utf-8", "cp1252"):
        if _can_be(content, encoding):
            return encoding
    return _unreadable()


def _can_be(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _unreadable() -> str:
    raise SheetError(_("The characters of this file cannot be read. Save it as CSV UTF-8."))


def rows_of(content: bytes, layout: Layout) -> Iterator[Row]:
    """Yield the lines; one that spans several is known by its first."""
    with io.TextIOWrapper(io.BytesIO(content), encoding=layout.encoding, newline="") as lines:
        reader = csv.reader(lines, delimiter=layout.separator, strict=True)
        while True:
            number = reader.line_num + 1
            try:
                found = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise SheetError(
                    _("Line %(line)s cannot be read: a quotation mark is missing or misplaced.")
                    % {"line": number}
                ) from error
            yield Row(number, tuple(_cell(text) for text in found[:MOST_COLUMNS]))


def _cell(text: str) -> Cell:
    if len(text) > MOST_CHARACTERS:
        return Cell(text[:40] + "…", problem=_("This is too long for any fact."))
    if "\x00" in text:
        return Cell(text.replace("\x00", ""), problem=_("There is an unreadable character here."))
    return Cell(text.strip())
