"""``manage.py evaluate_tiers FILE``: which tier, and why, for cases written as JSON lines.

One case per line, one decision per line, in the same order; the README shows both. A case with
a policy of its own needs no database. Lines are answered as they come, so that the
command may stand in a pipe and a file of any length takes the memory of one line.
"""

import json
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from portal.kit import clock
from portal.kit.refused import Refused
from tiers.program import live_policy_at, program_of
from tiers.rules.evaluation import Case, InputError, Policy

BYTE_ORDER_MARK = "\ufeff"


class Command(BaseCommand):
    """Answer cases with the evaluator that decides in the product."""

    help = (
        "Read cases as JSON lines and print one decision per line. A line that is no case is "
        "named on standard error; the others are answered all the same, and the exit code is 1."
    )
    # Cases with their own policy are answered on a machine without the product's database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument(
            "file",
            nargs="?",
            default="-",
            type=_source,
            metavar="FILE",
            help="the cases, one JSON object per line; “-” or nothing reads standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer line by line; fail at the end when a line was bad."""
        live = _once(_live_policy)
        bad = 0
        with _opened(options["file"]) as lines:
            try:
                for number, line in _numbered(lines):
                    bad += not self._answer(number, line, live)
            except BrokenPipeError:
                # Whoever read along has seen enough.
                _leave_quietly()
                return
        if bad == 1:
            raise CommandError("1 line is not a case and was not answered.")
        if bad:
            raise CommandError(f"{bad} lines are not cases and were not answered.")

    def _answer(self, number: int, line: bytes, live: Callable[[], Policy | None]) -> bool:
        """Print the decision for one line, or what is wrong with it."""
        try:
            case = Case.from_line(_text(line, number), live)
        except InputError as error:
            where = error.field or "the line"
            self.stderr.write(f"line {number}: {where}: {error.problem}")
            self.stderr.flush()
            return False
        # ASCII, so that it can be written wherever standard output leads.
        self.stdout.write(json.dumps(case.answer()))
        self.stdout.flush()
        return True


def _source(name: str) -> Path | None:
    if name == "-":
        return None
    path = Path(name)
    if path.is_dir():
        raise ArgumentTypeError(f"{name} is a folder; name a file of cases.")
    if not path.exists():
        raise ArgumentTypeError(f"There is no file {name}.")
    return path


@contextmanager
def _opened(path: Path | str | None) -> Iterator[BinaryIO]:
    if path is None or path == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(path).open("rb"))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        yield file


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Return the lines that are not blank with their numbers in the file, from 1."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line


def _text(line: bytes, number: int) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("", f"is not UTF-8 text (byte {error.start + 1})") from None
    return text.removeprefix(BYTE_ORDER_MARK).strip() if number == 1 else text.strip()


def _once(ask: Callable[[], Policy]) -> Callable[[], Policy]:
    """Ask for the live policy when the first case needs it, and keep the answer."""
    kept: list[Policy] = []

    def live() -> Policy:
        if not kept:
            kept.append(ask())
        return kept[0]

    return live


def _live_policy() -> Policy:
    try:
        return program_of(live_policy_at(clock.now())).rules
    except Refused:
        raise InputError("policy", "is missing, and no policy is live") from None
    except DatabaseError as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            "policy", f"is missing, and the live one cannot be read: {said[0]}"
        ) from None


def _leave_quietly() -> None:
    """Keep Python from complaining about the closed pipe when it flushes on leaving."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
