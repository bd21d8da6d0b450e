"""Files of facts as people bring them: read as rows of cells, whatever program wrote them.

Nothing is trusted: size, kind and content are checked before anything is read, a formula is
refused where it stands, and a file is never read whole into cells at once.
"""

from tiers.fact_sheets.sheet import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_LINES,
    Cell,
    Layout,
    Row,
    SheetError,
)
from tiers.fact_sheets.telling_apart import look_into, rows_of

__all__ = [
    "MOST_BYTES",
    "MOST_COLUMNS",
    "MOST_LINES",
    "Cell",
    "Layout",
    "Row",
    "SheetError",
    "look_into",
    "rows_of",
]
