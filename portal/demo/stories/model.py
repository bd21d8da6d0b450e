"""A ticket story: what customers ask about one thing, and what comes of it."""

import re
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc


@dataclass(frozen=True, slots=True)
class Story:
    """Texts of one kind of ticket; ``{slots}`` are filled anew for each ticket.

    Two ways lead through it. First: question 0, ``ask`` (what the agent has to
    know), ``detail`` (the customer's answer), answer 0. Second: question 1 and at
    once answer 1. Subject 0 is for the first, 1 for the second, others for both.
    ``hold``, to question 1, says that a third party is awaited; ``again`` is why
    the ticket is reopened after answer 0, and ``fix`` ends it then.

    ``severities`` are drawn from with equal chance, ``note`` is for colleagues,
    ``praise`` and ``blame`` are comments on a rating. Customers with fewer than
    ``least_seats`` do not meet it. Texts are wrapped for reading here; ``prose``
    unwraps them.
    """

    key: str
    area: str
    category: str
    severities: tuple[int, ...]
    subjects: tuple[str, ...]
    questions: tuple[str, ...]
    ask: str
    detail: str
    answers: tuple[str, ...]
    note: str
    hold: str = ""
    again: str = ""
    fix: str = ""
    praise: str = ""
    blame: str = ""
    least_seats: int = 0


_kept_line = re.compile(r"\s*(?:[-*>|]|\d+\.|`{3})|\s{4}")


@cache
def prose(text: str) -> str:
    """Join the wrapped lines of each paragraph; lists, quotes and code keep their lines."""
    lines: list[str] = []
    in_code = False
    for line in cleandoc(text).splitlines():
        fence = line.lstrip().startswith("```")
        if lines and not in_code and _joins(lines[-1], line):
            lines[-1] = f"{lines[-1]} {line.strip()}"
        else:
            lines.append(line.rstrip() if in_code or fence else line.strip())
        in_code ^= fence
    return "\n".join(lines)


def _joins(before: str, line: str) -> bool:
    return bool(before.strip() and line.strip()) and not (
        _kept_line.match(line) or before.lstrip().startswith("```")
    )
