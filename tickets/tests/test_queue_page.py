"""The reading model of the queue page: the right tickets, in order, at the price of an index."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from conftest import TUESDAY
from people.actions import create_user
from people.models import User
from people.viewers import viewer_of
from tickets import queue_page
from tickets.models import NO_PROMISE_RUNNING, Clock, Queue, QueueMember, Ticket
from tickets.models.ticket import ACTIVE_STATUSES
from tickets.queue_page import Count, Cursor, DeskScope, Row, View, count_views, desk_scope
from tickets.tests.desk_kit import doubled, many_tickets

pytestmark = pytest.mark.django_db


@pytest.fixture
def bea(db: None) -> User:
    """An agent who serves two of the three queues."""
    return agent("bea@tidewater.example", "enterprise", "professional")


@pytest.fixture
def idle(db: None) -> User:
    """An agent who serves no queue."""
    return agent("idle@tidewater.example")


def agent(email: str, *queues: str) -> User:
    user = create_user(email=email, name=email.split("@")[0], staff_role="agent")
    for key in queues:
        QueueMember.objects.create(queue=Queue.objects.get(key=key), agent=user)
    return user


def scope_of(user: User) -> DeskScope:
    return desk_scope(viewer_of(user))


def whole(view: View, scope: DeskScope, limit: int) -> list[Row]:
    """Walk a view page by page to its end."""
    rows: list[Row] = []
    after = None
    while page := queue_page.rows_of(view, scope, after=after, limit=limit):
        rows += page
        after = Cursor(getattr(page[-1], view.rank), page[-1].pk)
    return rows


def expected(view: View, user: User) -> list[int]:
    """Say the same in plain Python: what the viewer may see, filtered and sorted."""
    tickets = Ticket.objects.visible_to(viewer_of(user)).select_related("queue")
    wanted: dict[str, Callable[[Ticket], bool]] = {
        "mine": lambda t: t.is_active and t.assignee_id == user.pk,
        "unassigned": lambda t: t.is_active and t.assignee_id is None,
        "all": lambda t: t.is_active,
        "waiting": lambda t: t.status in {"pending", "on_hold"},
        "solved": lambda t: t.status == "solved",
    }
    keep = wanted.get(view.key, lambda t: t.is_active and t.tier == view.key)
    found = [ticket for ticket in tickets if keep(ticket)]
    if view.key == "solved":
        found.sort(key=lambda t: (t.solved_at, t.pk), reverse=True)
    else:
        found.sort(key=lambda t: (t.rank_at, t.pk))
    return [ticket.pk for ticket in found]


@pytest.mark.parametrize("who", ["agnes", "bea", "idle", "lena", "oscar"])
def test_every_view_holds_what_its_reader_may_see_in_order_and_nothing_twice(
    request: pytest.FixtureRequest, stella: User, who: str
) -> None:
    people = {name: request.getfixturevalue(name) for name in ("agnes", "bea", "idle", "lena", who)}
    many_tickets(stella, 210, TUESDAY, agents=list(people.values()))
    scope = scope_of(people[who])
    for view in scope.views:
        assert [row.pk for row in whole(view, scope, 7)] == expected(view, people[who]), view.key


def test_what_is_assigned_to_an_agent_elsewhere_is_in_their_views_too(
    stella: User, agnes: User
) -> None:
    enterprise = Queue.objects.get(key="enterprise")
    [ticket] = many_tickets(stella, 1, TUESDAY, queue=enterprise, agents=[agnes])
    scope = scope_of(agnes)
    for key in ("mine", "all", "starter"):
        view = scope.view(key)
        assert view is not None
        assert [row.pk for row in queue_page.rows_of(view, scope, after=None)] == [ticket.pk], key


def test_an_agent_has_a_view_for_each_tier_of_the_queues_they_serve(
    agnes: User, bea: User, idle: User, lena: User
) -> None:
    def tiers(user: User) -> list[str]:
        return [view.key for view in scope_of(user).views if view.tier]

    assert tiers(agnes) == ["starter"]
    assert tiers(bea) == ["enterprise", "professional"]
    assert tiers(idle) == []
    assert tiers(lena) == ["enterprise", "professional", "starter"]
    assert scope_of(agnes).view("enterprise") is None


def test_counts_are_exact_below_the_cap_and_say_so_beyond(
    stella: User, agnes: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_tickets(stella, 210, TUESDAY, agents=[agnes])
    scope = scope_of(agnes)
    counts = count_views(scope.views, scope, TUESDAY)
    for view in scope.views:
        assert counts[view.key].total == len(expected(view, agnes)), view.key
    monkeypatch.setattr(queue_page, "COUNT_CAP", 5)
    capped = count_views(scope.views, scope, TUESDAY)
    assert {count.total for count in capped.values()} == {6}
    assert capped["all"].words == "5+"
    assert Count(total=5).words == "5"


def test_a_view_with_a_promise_past_due_says_how_many(stella: User, agnes: User) -> None:
    general = Queue.objects.get(key="general")
    many_tickets(stella, 40, TUESDAY, status="open", queue=general)
    counts = count_views(scope_of(agnes).views, scope_of(agnes), TUESDAY)
    assert counts["all"].late == Ticket.objects.filter(rank_at__lt=TUESDAY).count() == 5
    assert counts["mine"].late == 0
    assert counts["solved"].late == 0


@pytest.mark.parametrize("who", ["agnes", "lena"])
def test_all_counts_are_one_statement_and_a_page_is_another(
    request: pytest.FixtureRequest, stella: User, who: str, django_assert_num_queries: Any
) -> None:
    user = request.getfixturevalue(who)
    many_tickets(stella, 80, TUESDAY, agents=[user])
    scope = scope_of(user)
    with django_assert_num_queries(1):
        count_views(scope.views, scope, TUESDAY)
    with django_assert_num_queries(1):
        queue_page.rows_of(scope.views[0], scope, after=None)


def test_a_row_knows_whether_the_promise_it_is_ranked_by_is_broken(
    stella: User, agnes: User, open_for: Callable[..., Ticket]
) -> None:
    ticket = open_for(stella, severity=1)
    view, scope = scope_of(agnes).views[0], scope_of(agnes)
    [row] = queue_page.rows_of(view, scope, after=None)
    assert row.broken_at is None
    broken_at = TUESDAY + timedelta(hours=6)
    Clock.objects.filter(ticket=ticket, metric=row.rank_metric).update(breached_at=broken_at)
    [row] = queue_page.rows_of(view, scope, after=None)
    assert row.broken_at == broken_at
    # A clock of an earlier round that was stopped says nothing about this one.
    Clock.objects.filter(ticket=ticket).update(stopped_at=broken_at)
    [row] = queue_page.rows_of(view, scope, after=None)
    assert row.broken_at is None


def test_a_cursor_survives_the_way_through_an_address() -> None:
    for at in (TUESDAY, TUESDAY + timedelta(microseconds=1), NO_PROMISE_RUNNING):
        cursor = Cursor(at, 12_345_678)
        assert Cursor.read(cursor.text) == cursor


@pytest.mark.parametrize(
    "text", ["", "x", "ä", "MTIz", "LjU", "../../etc", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS4x", "=" * 40]
)
def test_an_odd_cursor_is_the_first_page(text: str) -> None:
    assert Cursor.read(text) is None


def test_pages_do_not_use_an_offset(stella: User, agnes: User, lena: User) -> None:
    for user in (agnes, lena):
        scope = scope_of(user)
        for view in scope.views:
            query = queue_page.rows_query(view, scope, after=Cursor(TUESDAY, 5))
            assert "OFFSET" not in str(query.query).upper()


# --- The planner ----------------------------------------------------------------


def plan_of(sql: str, params: Any) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.fixture
def crowd(stella: User, agnes: User, bea: User, lena: User) -> list[User]:
    """Some eighty thousand tickets, most of them closed long ago, as in real life."""
    many_tickets(stella, 250, TUESDAY, status="closed", agents=[agnes, bea, lena])
    many_tickets(stella, 70, TUESDAY, agents=[agnes, bea, lena])
    doubled(8)
    return [agnes, bea, lena]


@pytest.mark.slow
def test_every_part_of_every_view_is_read_from_an_index_in_its_order(crowd: list[User]) -> None:
    for user in crowd:
        scope = scope_of(user)
        for view in scope.views:
            for part in queue_page.parts_of(view, scope):
                sql, params = queue_page._first_of_each([part], view, "id", 51)
                plan = plan_of(sql, params)
                assert re.search(r"using (covering )?index|index (only )?scan", plan, re.I), plan
                assert "Seq Scan" not in plan, (view.key, plan)
                # In order already: nothing is left to be sorted.
                assert "Sort" not in plan, (view.key, plan)


@pytest.mark.slow
def test_pages_and_counts_never_read_the_table_from_end_to_end(crowd: list[User]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("asks the planner of PostgreSQL about whole statements")
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    for user in crowd:
        scope = scope_of(user)
        with connection.execute_wrapper(note):
            count_views(scope.views, scope, TUESDAY)
            for view in scope.views:
                list(queue_page.rows_of(view, scope, after=None))
                list(queue_page.rows_of(view, scope, after=Cursor(TUESDAY, 10)))
    assert len(statements) > 30
    for sql, params in statements:
        assert "Seq Scan on tickets_ticket" not in plan_of(sql, params), sql
        assert "Seq Scan on tickets_clock" not in plan_of(sql, params), sql


def test_the_views_speak_of_the_statuses_that_the_table_indexes() -> None:
    assert queue_page.ACTIVE == "status IN ('new', 'open', 'pending', 'on_hold')"
    assert set(ACTIVE_STATUSES) > {"pending", "on_hold"}
