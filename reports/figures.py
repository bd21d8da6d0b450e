"""The figures of a period, per tier: a fixed number of queries, whatever the number of rows.

For operations alone: these are sums over all tickets, and nothing of a single one leaves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncDate

from reports.periods import Period
from reports.spreads import EMPTY, Spread, spreads
from tickets.models import Clock, HandleTime, SatisfactionRating, Ticket
from tickets.rules.satisfaction import SATISFIED_FROM, Satisfaction, share_of

Status = Clock.Status


@dataclass(frozen=True, slots=True)
class Promises:
    """Promises that were decided: kept in time, answered late, or broken without the answer."""

    kept: int = 0
    late: int = 0
    broken: int = 0

    @property
    def decided(self) -> int:
        """How many there are."""
        return self.kept + self.late + self.broken

    @property
    def share(self) -> float | None:
        """The share that was kept; None when nothing was decided."""
        return self.kept / self.decided if self.decided else None

    def __add__(self, other: "Promises") -> "Promises":
        return Promises(self.kept + other.kept, self.late + other.late, self.broken + other.broken)


@dataclass(slots=True)
class TierFigures:
    """Everything counted for one tier; the lists have one entry per block of the period."""

    tier: str
    opened_by_block: list[int]
    solved_by_block: list[int]
    promises_by_block: list[Promises]
    open_now: int = 0
    asked: int = 0
    answered_of_asked: int = 0
    satisfaction: Satisfaction = field(default_factory=lambda: share_of(0, 0))
    handle: Spread = EMPTY
    reply_business: Spread = EMPTY
    reply_wall: Spread = EMPTY
    promises: dict[str, Promises] = field(default_factory=dict)

    @property
    def opened(self) -> int:
        """Tickets that came in."""
        return sum(self.opened_by_block)

    @property
    def solved(self) -> int:
        """Tickets that were solved."""
        return sum(self.solved_by_block)

    @property
    def all_promises(self) -> Promises:
        """All metrics together."""
        return sum(self.promises.values(), Promises())


def figures_of(period: Period, tiers: Iterable[str]) -> list[TierFigures]:
    """Return the figures per tier: the given ones in their order, then any others found."""
    count = len(period.blocks())
    found: dict[str, TierFigures] = {}

    def of(tier: str) -> TierFigures:
        if tier not in found:
            found[tier] = TierFigures(tier, [0] * count, [0] * count, [Promises()] * count)
        return found[tier]

    for tier in tiers:
        of(tier)
    _count_tickets(period, of)
    _count_ratings(period, of)
    _count_promises(period, of)
    _measure(period, of)
    return list(found.values())


Of = Callable[[str], TierFigures]


def _count_tickets(period: Period, of: Of) -> None:
    opened = Ticket.objects.filter(created_at__gte=period.start, created_at__lt=period.end)
    for row in _per_day(opened, "tier_at_opening", "created_at", period):
        of(row["tier_at_opening"]).opened_by_block[period.block_of(row["day"])] += row["count"]
    for row in _per_day(_solved(period), "tier", "solved_at", period):
        of(row["tier"]).solved_by_block[period.block_of(row["day"])] += row["count"]
    for row in Ticket.objects.active().values("tier").annotate(count=Count("pk")).order_by():
        of(row["tier"]).open_now = row["count"]


def _solved(period: Period) -> "QuerySet[Ticket]":
    """Return tickets whose last solving, not undone since, lies in the period.

    One that was merged is not solved by that; the ticket it went into will be.
    """
    within = {"solved_at__gte": period.start, "solved_at__lt": period.end}
    return Ticket.objects.filter(**within, merged_into=None)


def _per_day(rows: "QuerySet[Any]", tier: str, instant: str, period: Period) -> Any:
    day = TruncDate(instant, tzinfo=period.zone)
    return rows.annotate(day=day).values(tier, "day").annotate(count=Count("pk")).order_by()


def _count_ratings(period: Period, of: Of) -> None:
    rated = SatisfactionRating.objects.filter(
        rated_at__gte=period.start, rated_at__lt=period.end
    ).values("tier")
    for row in rated.annotate(
        rated=Count("pk"), satisfied=Count("pk", filter=Q(score__gte=SATISFIED_FROM))
    ).order_by():
        of(row["tier"]).satisfaction = share_of(row["satisfied"], row["rated"])
    asked = SatisfactionRating.objects.filter(
        requested_at__gte=period.start, requested_at__lt=period.end
    ).values("tier")
    for one in asked.annotate(asked=Count("pk"), answered=Count("score")).order_by():
        of(one["tier"]).asked = one["asked"]
        of(one["tier"]).answered_of_asked = one["answered"]


class Verdict(StrEnum):
    """How a promise was decided."""

    KEPT = "kept"
    LATE = "late"
    BROKEN = "broken"


def decided_in(period: Period) -> "QuerySet[Clock]":
    """Return the clocks whose promise was decided in the period: ``decided_at``, ``verdict``.

    A kept promise is decided when the clock stops, a broken one at the instant at
    which it broke, answered since or not. So each promise counts once, in one period,
    and neither a late answer nor a new version of what is promised changes the figures
    of a period that is over. Cancelled clocks promise nothing, unless they were broken
    when new terms took their promise away; running ones are not decided yet.
    """
    within = {"gte": period.start, "lt": period.end}
    kept = Q(status=Status.MET, is_lost=False)
    broken = Q(is_lost=True) | Q(status__in=[Status.MET_LATE, Status.BREACHED])
    decided_at = Case(
        When(kept, then=F("stopped_at")),
        default=Coalesce("breached_at", "stopped_at"),
        output_field=DateTimeField(),
    )
    verdict = Case(
        When(kept, then=Value(Verdict.KEPT.value)),
        When(status__in=[Status.MET, Status.MET_LATE], then=Value(Verdict.LATE.value)),
        default=Value(Verdict.BROKEN.value),
    )
    stopped = Q(**{f"stopped_at__{op}": at for op, at in within.items()})
    broke = Q(**{f"breached_at__{op}": at for op, at in within.items()})
    found = (kept & stopped) | (broken & (broke | (Q(breached_at=None) & stopped)))
    return Clock.objects.filter(found).annotate(decided_at=decided_at, verdict=verdict)


def _count_promises(period: Period, of: Of) -> None:
    rows = (
        decided_in(period)
        .annotate(day=TruncDate("decided_at", tzinfo=period.zone))
        .values_list("tier", "metric", "day", "verdict")
        .annotate(count=Count("pk"))
        .order_by()
    )
    for tier, metric, day, verdict, count in rows:
        counted = Promises(**{verdict: count})
        figures, block = of(tier), period.block_of(day)
        figures.promises[metric] = figures.promises.get(metric, Promises()) + counted
        figures.promises_by_block[block] += counted


def _measure(period: Period, of: Of) -> None:
    worked = (
        HandleTime.objects.filter(ticket=OuterRef("pk"))
        .values("ticket")
        .annotate(total=Sum("seconds"))
        .values("total")
    )
    for tier, spread in spreads(
        _solved(period).annotate(worked=Subquery(worked)).values_list("tier", "worked")
    ).items():
        of(tier).handle = spread
    replied: QuerySet[Clock] = Clock.objects.filter(
        metric="first_reply",
        status__in=[Status.MET, Status.MET_LATE],
        stopped_at__gte=period.start,
        stopped_at__lt=period.end,
    )
    for tier, spread in spreads(replied.values_list("tier", "elapsed_seconds")).items():
        of(tier).reply_business = spread
    wall = ExpressionWrapper(F("stopped_at") - F("started_at"), output_field=DurationField())
    for tier, spread in spreads(replied.annotate(wall=wall).values_list("tier", "wall")).items():
        of(tier).reply_wall = spread


def block_words(block: tuple[date, date], format_day: Callable[[date], str]) -> str:
    """Return a block's days in words."""
    first, last = block
    return format_day(first) if first == last else f"{format_day(first)} – {format_day(last)}"
