"""What kind of file it is, by its content; its name says nothing."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from tiers.fact_sheets import csv_file, excel_file
from tiers.fact_sheets.sheet import MOST_BYTES, Layout, Row, SheetError


def look_into(content: bytes) -> Layout:
    """Return how a file is to be read; SheetError says why it cannot be."""
    if not content.strip():
        raise SheetError(_("The file is empty."))
    if len(content) > MOST_BYTES:
        raise SheetError(
            _("The file is larger than %(most)s MB. Split it into several.")
            % {"most": MOST_BYTES // 1024 // 1024}
        )
    if content.startswith(b"PK"):
        return excel_file.look_into(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError(
            _("This is an old Excel file (.xls), or one with a password. Save it as .xlsx or .csv.")
        )
    return csv_file.look_into(content)


def rows_of(content: bytes, layout: Layout) -> Iterator[Row]:
    """Yield the lines that are not empty, the headings first; raises SheetError on the way."""
    read = excel_file.rows_of if layout.kind == "xlsx" else csv_file.rows_of
    return (row for row in read(content, layout) if not row.is_empty)
