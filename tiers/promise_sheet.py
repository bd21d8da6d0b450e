"""All promises of one version, laid out for reading and for finding what to change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import ascii_uppercase

from portal.kit.words import METRICS, SEVERITIES, Words, metric_label
from tiers.calendar_words import amount_words
from tiers.program import Program, PromisedTarget
from tiers.promise_table import CalendarBook
from tiers.promise_words import ladder_lines, pauses_words

LadderKey = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One promise in words. ``was`` is its amount in the version before, where it differs."""

    severity: int
    metric: str
    metric_label: Words
    amount: str = ""
    floor: str = ""
    calendar: str = ""
    is_around_the_clock: bool = False
    pauses: str = ""
    ladder: str = ""
    is_changed: bool = False
    is_new: bool = False
    was: str = ""

    @property
    def is_promised(self) -> bool:
        """Whether there is a promise at all."""
        return bool(self.amount)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """The promises for one severity."""

    severity: int
    cells: tuple[SheetCell, ...]


@dataclass(frozen=True, slots=True)
class TierSheet:
    """The promises of one tier: a column per metric that is promised at all."""

    tier: str
    metrics: tuple[Words, ...]
    rows: tuple[SheetRow, ...]
    # What is promised at no severity, with the places where it could be.
    absent: tuple[tuple[Words, tuple[SheetCell, ...]], ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A warning ladder that several promises share: its letter, and who is told when."""

    letter: str
    lines: LadderKey
    used: int


@dataclass(frozen=True, slots=True)
class PromiseSheet:
    """Every promise of a version."""

    tiers: tuple[TierSheet, ...]
    ladders: tuple[Ladder, ...]


class Ladders:
    """Gives each different ladder a letter, in the order in which it is met."""

    def __init__(self) -> None:
        self._letters: dict[LadderKey, str] = {}
        self._used: dict[str, int] = {}

    def letter_of(self, target: PromisedTarget) -> str:
        """Return the letter of a promise's ladder."""
        key = tuple(ladder_lines(target))
        place = len(self._letters)
        fresh = ascii_uppercase[place] if place < len(ascii_uppercase) else f"Z{place}"
        letter = self._letters.setdefault(key, fresh)
        self._used[letter] = self._used.get(letter, 0) + 1
        return letter

    def all(self) -> tuple[Ladder, ...]:
        """Return the ladders that were met."""
        return tuple(
            Ladder(letter, key, self._used[letter]) for key, letter in self._letters.items()
        )


def promise_sheet(
    program: Program, before: Program | None, calendars: CalendarBook
) -> PromiseSheet:
    """Lay out a version; ``before`` is the one it is compared with, if any."""
    ladders = Ladders()
    tiers = tuple(
        _tier(
            tier,
            program.targets.get(tier, {}),
            before.targets.get(tier, {}) if before else None,
            calendars,
            ladders,
        )
        for tier in reversed(program.rules.order)
    )
    return PromiseSheet(tiers, ladders.all())


Targets = Mapping[tuple[int, str], PromisedTarget]


def _tier(
    tier: str, targets: Targets, before: Targets | None, calendars: CalendarBook, ladders: Ladders
) -> TierSheet:
    met = {metric for _, metric in [*targets, *(before or {})]}
    shown = [metric for metric in METRICS if metric in met]

    def cell(severity: int, metric: str) -> SheetCell:
        place = (severity, metric)
        return _cell(place, targets.get(place), before, calendars, ladders)

    rows = tuple(
        SheetRow(severity, tuple(cell(severity, metric) for metric in shown))
        for severity in SEVERITIES
    )
    absent = tuple(_absent(metric) for metric in METRICS if metric not in met)
    return TierSheet(tier, tuple(METRICS[one].desk_label for one in shown), rows, absent)


def _absent(metric: str) -> tuple[Words, tuple[SheetCell, ...]]:
    label = METRICS[metric].desk_label
    return label, tuple(SheetCell(severity, metric, label) for severity in SEVERITIES)


def _cell(
    place: tuple[int, str],
    target: PromisedTarget | None,
    before: Targets | None,
    calendars: CalendarBook,
    ladders: Ladders,
) -> SheetCell:
    severity, metric = place
    old = before.get(place) if before is not None else None
    is_changed = before is not None and _print(old) != _print(target)
    was = amount_words(old.seconds) if is_changed and old else ""
    label = metric_label(metric, for_customer=False)
    if target is None:
        return SheetCell(severity, metric, label, is_changed=is_changed, was=was)
    return SheetCell(
        severity=severity,
        metric=metric,
        metric_label=label,
        amount=amount_words(target.seconds),
        floor=amount_words(target.floor_seconds),
        calendar=calendars.name(target.calendar),
        is_around_the_clock=calendars.is_around_the_clock(target.calendar),
        pauses=pauses_words(target.pause_on) if target.pause_on else "",
        ladder=ladders.letter_of(target),
        is_changed=is_changed,
        is_new=is_changed and old is None,
        was=was if old and old.seconds != target.seconds else "",
    )


def _print(target: PromisedTarget | None) -> str:
    return target.fingerprint if target else ""


def used_calendars(*programs: Program | None) -> set[str]:
    """Return the keys of the calendars that versions promise in."""
    return {
        target.calendar
        for program in _present(programs)
        for targets in program.targets.values()
        for target in targets.values()
    }


def _present(programs: tuple[Program | None, ...]) -> Iterator[Program]:
    yield from (program for program in programs if program is not None)
