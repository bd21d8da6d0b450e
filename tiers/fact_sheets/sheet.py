"""What a file of facts is made of."""

from dataclasses import dataclass

MOST_BYTES = 10 * 1024 * 1024
MOST_LINES = 100_000
MOST_COLUMNS = 60
MOST_CHARACTERS = 1000  # of one cell


class SheetError(ValueError):
    """A file that cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as text.

    ``is_typed``: the program said what it is (a number, a day), so that ``text`` is in one
    form: 1234.5, 2026-12-31, yes. ``problem`` says what is wrong with the cell itself.
    """

    text: str
    is_typed: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line; ``number`` is what a spreadsheet or an editor shows beside it."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nobody wrote anything."""
        return not any(cell.text.strip() or cell.problem for cell in self.cells)

    def text(self) -> list[str]:
        """Return the cells as text."""
        return [cell.text for cell in self.cells]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is to be read. ``kind`` is csv or xlsx; ``sheet`` names the first of a workbook.

    ``lines_about`` is how many lines the file seems to have, for showing progress.
    """

    kind: str
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    lines_about: int = 0
