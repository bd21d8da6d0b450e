"""The reading model of the desk's queue page: views, their counts, one page of rows.

A view is read in parts: one per queue that an agent serves, and one for what is
assigned to them elsewhere. The parts never overlap, together they are what
``visible_to`` gives the viewer, and each is one range of one partial index. So a
page and its counts cost the same at a thousand tickets and at a million: rows
by keyset, counts capped and all of them in one statement. The conditions are
SQL with their constants written out, because only then do both databases see
that a partial index answers them.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from portal.kit.viewer import Viewer
from portal.kit.words import Words, tier_label
from tickets.models import Clock, Queue, QueueMember, Ticket, TicketQuerySet
from tickets.models.ticket import ACTIVE_STATUSES, WAITING_STATUSES

PAGE_SIZE = 50
# Beyond this a count says "1000+": to count on would cost more than it tells.
COUNT_CAP = 1000
ACTIVE, WAITING = (
    "status IN ({})".format(", ".join(f"'{status}'" for status in statuses))
    for statuses in (ACTIVE_STATUSES, WAITING_STATUSES)
)
SOLVED = "status = 'solved'"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Condition = tuple[str, tuple[object, ...]]
RowQuery: TypeAlias = "QuerySet[Ticket, tuple[Any, ...]]"


@dataclass(frozen=True, slots=True)
class View:
    """A filter and an order over the tickets of the desk. ``icon`` is a name of the sprite."""

    key: str
    title: Words
    where: str
    icon: str = ""
    tier: str = ""
    rank: str = "rank_at"
    newest_first: bool = False
    is_mine: bool = False
    is_unassigned: bool = False

    @property
    def order(self) -> str:
        """The ORDER BY of the view: total, because it ends with the id."""
        return f"{self.rank} DESC, id DESC" if self.newest_first else f"{self.rank}, id"


WORK_VIEWS = (
    View("mine", _("Mine"), ACTIVE, "circle-user", is_mine=True),
    View("unassigned", _("Unassigned"), f"{ACTIVE} AND assignee_id IS NULL", "inbox",
         is_unassigned=True),
    View("all", _("All open"), ACTIVE, "layers"),
    View("waiting", _("Waiting"), WAITING, "circle-pause"),
    View("solved", _("Solved"), SOLVED, "circle-check", rank="solved_at", newest_first=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeskScope:
    """What one person works on at the desk: every queue there is, and those they serve."""

    viewer: Viewer
    queues: tuple[Queue, ...]
    served: tuple[Queue, ...]

    @property
    def views(self) -> tuple[View, ...]:
        """One view per tier that the served queues were made for, then the common ones."""
        in_use = (queue for queue in self.served if queue.archived_at is None)
        tiers = dict.fromkeys(queue.tier for queue in in_use if queue.tier)
        return (*(View(tier, tier_label(tier), ACTIVE, tier=tier) for tier in tiers), *WORK_VIEWS)

    def view(self, key: str) -> View | None:
        """Return the view of a key, if this person has it."""
        return next((view for view in self.views if view.key == key), None)


def desk_scope(viewer: Viewer) -> DeskScope:
    """Return what somebody works on; one query."""
    serves = QueueMember.objects.filter(queue=OuterRef("pk"), agent=viewer.user_id)
    queues: tuple[Any, ...] = tuple(Queue.objects.annotate(is_served=Exists(serves)))
    return DeskScope(
        viewer=viewer,
        queues=queues,
        served=tuple(q for q in queues if viewer.sees_every_queue or q.is_served),
    )


def parts_of(view: View, scope: DeskScope) -> list[Condition]:
    """Return conditions that do not overlap, each of them one range of one index.

    "In these queues or mine" would say the same in one condition, but no index
    answers that in order. Who serves every queue needs none of it.
    """
    where = view.where
    params: tuple[object, ...] = ()
    if view.tier:
        where, params = f"{where} AND tier = %s", (view.tier,)
    if view.is_mine:
        return [(f"{where} AND assignee_id = %s", (*params, scope.viewer.user_id))]
    if len(scope.served) == len(scope.queues):
        return [(where, params)]
    served = [queue.pk for queue in scope.served]
    parts: list[Condition] = [(f"queue_id = %s AND {where}", (pk, *params)) for pk in served]
    if not view.is_unassigned:
        elsewhere = "".join(f" AND queue_id <> {pk:d}" for pk in served)
        mine = f"assignee_id = %s AND {where}{elsewhere}"
        parts.append((mine, (scope.viewer.user_id, *params)))
    return parts or [("1 = 0", ())]


def _first_of_each(parts: Sequence[Condition], view: View, column: str, limit: int) -> Condition:
    """Return the first rows of each part, in the order of the view, one part after the other.

    The order matters also where only the number of rows does: it makes the
    planner start at the near end of an index, not at the oldest tickets of the
    table. The second level of SELECT is for SQLite, which knows no LIMIT inside
    a UNION.
    """
    selects = (
        f"SELECT {column} FROM (SELECT {column} FROM tickets_ticket WHERE {where} "  # noqa: S608
        f"ORDER BY {view.order} LIMIT {limit:d}) part_{place}"
        for place, (where, _params) in enumerate(parts)
    )
    return " UNION ALL ".join(selects), tuple(value for _, params in parts for value in params)


def _stored(instant: datetime) -> object:
    """Return an instant as this database's driver takes it."""
    return connection.ops.adapt_datetimefield_value(instant)


# --- Counts -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count:
    """How many tickets a view holds and how many of those counted are past a promise."""

    total: int = 0
    late: int = 0

    @property
    def words(self) -> str:
        """The number, or "1000+"."""
        return f"{COUNT_CAP}+" if self.total > COUNT_CAP else str(self.total)


def count_views(views: Sequence[View], scope: DeskScope, now: datetime) -> dict[str, Count]:
    """Count the tickets of all views in one statement, each up to ``COUNT_CAP``."""
    tables: list[str] = []
    params: list[Any] = []
    for place, view in enumerate(views):
        rows, values = _first_of_each(parts_of(view, scope), view, view.rank, COUNT_CAP + 1)
        late = "0" if view.newest_first else f"count(*) FILTER (WHERE {view.rank} < %s)"
        tables.append(
            f"(SELECT count(*) AS total, {late} AS late "  # noqa: S608  (constants)
            f"FROM ({rows} LIMIT {COUNT_CAP + 1:d}) counted) view_{place}"
        )
        params += [*([] if view.newest_first else [_stored(now)]), *values]
    columns = ", ".join(f"view_{place}.total, view_{place}.late" for place in range(len(views)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {', '.join(tables)}", params)  # noqa: S608
        numbers = cursor.fetchone()
    return {
        view.key: Count(total=numbers[2 * place], late=numbers[2 * place + 1])
        for place, view in enumerate(views)
    }


# --- Rows ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row after which a page begins. Opaque outside: ``text`` goes into addresses."""

    at: datetime
    pk: int

    @property
    def text(self) -> str:
        """The cursor as it stands in an address."""
        micros = (self.at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(f"{micros}.{self.pk}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """Return the cursor of an address; None, the first page, for anything else."""
        try:
            padded = text + "=" * (-len(text) % 4)
            micros, pk = base64.urlsafe_b64decode(padded).decode("ascii").split(".")
            return cls(_EPOCH + timedelta(microseconds=int(micros)), int(pk))
        except (binascii.Error, ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket as a row of the list shows it; field for field what the query returns.

    ``broken_at`` is when the promise it is ranked by was broken, if it was.
    """

    pk: int
    subject: str
    status: str
    severity: int
    tier: str
    rank_at: datetime
    rank_metric: str
    solved_at: datetime | None
    organization: str
    assignee: str
    assignee_email: str
    broken_at: datetime | None

    @property
    def reference(self) -> str:
        """The name that people use for it, like ``T-1042``."""
        return f"T-{self.pk}"


def rows_of(
    view: View, scope: DeskScope, *, after: Cursor | None, limit: int = PAGE_SIZE + 1
) -> list[Row]:
    """Return one page of a view, in its order; one query."""
    return [Row(*values) for values in rows_query(view, scope, after=after, limit=limit)]


def rows_query(
    view: View, scope: DeskScope, *, after: Cursor | None = None, limit: int = PAGE_SIZE + 1
) -> RowQuery:
    """Return the query of a page. ``visible_to`` is asked again over its few rows."""
    parts = [_beyond(part, view, after) for part in parts_of(view, scope)]
    ids, params = _first_of_each(parts, view, "id", limit)
    sign = "-" if view.newest_first else ""
    tickets = Ticket.objects.visible_to(scope.viewer).filter(
        pk__in=RawSQL(ids, params)  # noqa: S611  (constants and placeholders)
    )
    return as_rows(tickets.order_by(f"{sign}{view.rank}", f"{sign}id"))[:limit]


def as_rows(tickets: TicketQuerySet) -> RowQuery:
    """Read tickets as the fields of ``Row``: far cheaper than five models a row."""
    broken = Clock.objects.filter(
        ticket=OuterRef("pk"), metric=OuterRef("rank_metric"), stopped_at=None
    ).order_by()
    return tickets.values_list(
        "pk", "subject", "status", "severity", "tier", "rank_at", "rank_metric", "solved_at",
        "organization__name", "assignee__name", "assignee__email",
        Subquery(broken.values("breached_at")[:1]),
    )  # fmt: skip


def _beyond(part: Condition, view: View, after: Cursor | None) -> Condition:
    """Return what is behind the cursor: one comparison of pairs is one range of an index."""
    if after is None:
        return part
    where, params = part
    comparison = "<" if view.newest_first else ">"
    return (
        f"{where} AND ({view.rank}, id) {comparison} (%s, %s)",
        (*params, _stored(after.at), after.pk),
    )
