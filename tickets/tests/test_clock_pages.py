"""The pages and files that show a ledger: for whom, how many, and safe to open."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import travel

from conftest import TUESDAY
from people.models import Organization, User
from tickets.actions import reply_as_agent, reply_as_customer, sweep_clocks
from tickets.api import clock_outputs
from tickets.explaining import explain
from tickets.explaining.documents import COLUMNS, document
from tickets.models import ClockEvent, Ticket
from tickets.tests.api_kit import TICKETS, Program
from tickets.tests.pages_kit import words_of
from tickets.tests.test_explaining import eventful

pytestmark = pytest.mark.django_db

Opened = Callable[..., Ticket]
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def pages_of(ticket: Ticket) -> tuple[str, str]:
    return f"/desk/tickets/{ticket.reference}/clocks/", f"/tickets/{ticket.reference}/promises/"


def cycles(ticket: Ticket, customer: User, agent: User, number: int) -> None:
    """Let a ticket go through so many cycles of question and answer."""
    now = max(TUESDAY, ticket.last_event_at)
    for _ in range(number):
        now += MINUTE
        reply_as_customer(ticket=ticket, author=customer, body="?", now=now)
        now += MINUTE
        reply_as_agent(ticket=ticket, author=agent, body="!", now=now)
    ticket.refresh_from_db()


def test_a_customer_sees_no_ladder_no_reasons_and_no_names_of_ours(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = eventful(paul, lena, open_for)
    reply_as_agent(
        ticket=ticket, author=lena, body="SECRET", is_public=False, now=TUESDAY + 11 * DAY
    )
    with travel(TUESDAY + 12 * DAY, tick=False):
        at_desk, for_paul = (
            words_of(at_door(person).get(page))
            for person, page in zip((lena, paul), pages_of(ticket), strict=True)
        )
        file = at_door(paul).get(pages_of(ticket)[1] + "csv/").content.decode()
    for words in ("Warning ladder", "“Worse”", "Lena Lead changed the severity", "policy version"):
        assert words in at_desk
        assert words not in for_paul
        assert words not in file
    # She answered in public once; that is all that bears her name.
    assert for_paul.count("Lena Lead") == 1
    assert "SECRET" not in at_desk + for_paul + file
    assert "Your plan, Professional" in for_paul
    assert "We began to wait for your reply" in for_paul


def test_somebody_elses_ticket_is_the_same_page_as_a_missing_one(
    paul: User, olga: User, agnes: User, open_for: Opened, at_door: Any
) -> None:
    ticket = open_for(paul)
    for person, page in ((olga, pages_of(ticket)[1]), (agnes, pages_of(ticket)[0])):
        for suffix in ("", "csv/"):
            foreign = at_door(person).get(page + suffix)
            missing = at_door(person).get(page.replace(ticket.reference, "T-999999") + suffix)
            assert foreign.status_code == missing.status_code == 404
            assert len(foreign.content) == len(missing.content)
    assert at_door(olga).get(pages_of(ticket)[0]).status_code == 403


def test_what_happened_to_a_step_is_on_the_desks_page(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = open_for(paul)
    sweep_clocks(now=TUESDAY + 5 * timedelta(hours=1))
    with travel(TUESDAY + 5 * timedelta(hours=1), tick=False):
        page = words_of(at_door(lena).get(pages_of(ticket)[0]))
        assert "50 % of the time used Tue 10 Mar 2026, 14:00:00 CET recorded, not announced" in page
        assert "the promise breaks Wed 11 Mar 2026, 10:00:01 CET still ahead" in page
        ClockEvent.objects.update(
            announced_at=TUESDAY + 5 * timedelta(hours=1),
            acknowledged_at=TUESDAY + 5 * timedelta(hours=1),
            acknowledged_by=lena,
        )
        page = words_of(at_door(lena).get(pages_of(ticket)[0]))
        assert "recorded and announced, seen by Lena Lead" in page


def test_the_file_stands_for_itself_and_sums_up_to_what_the_page_says(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = eventful(paul, lena, open_for)
    now = TUESDAY + 12 * DAY
    with travel(now, tick=False):
        answers = [
            at_door(person).get(f"{page}csv/")
            for person, page in zip((lena, paul), pages_of(ticket), strict=True)
        ]
    clocks = {(one.metric, str(one.cycle)): one for one in explain(ticket, now).clocks}
    for answer in answers:
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert (
            f'filename="{ticket.reference}_clocks_2026-03-22.csv"' in answer["Content-Disposition"]
        )
        rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
        assert tuple(rows[0]) == COLUMNS
        for key, one in clocks.items():
            of_clock = [row for row in rows if (row["metric"], row["cycle"]) == key]
            assert sum(int(row["counted_seconds"]) for row in of_clock) == one.elapsed_seconds
            assert int(of_clock[-1]["elapsed_seconds"]) == one.elapsed_seconds
            assert [row["line"] for row in of_clock] == [
                str(number + 1) for number in range(len(of_clock))
            ]
        row = next(row for row in rows if row["state"] == "running")
        assert row["calendar_time_zone"] == row["time_zone"] == "Europe/Berlin"
        assert row["evaluated_at_utc"] == "2026-03-22T09:00:00Z"
        assert row["start_local"].endswith("+01:00")
        assert row["target_iso"].startswith("PT")


def test_no_cell_of_the_file_begins_like_a_formula(
    paul: User, open_for: Opened, at_door: Any
) -> None:
    Organization.objects.filter(pk=paul.memberships.get().organization.pk).update(name="=1+1")
    User.objects.filter(pk=paul.pk).update(name="@SUM(A1)")
    ticket = open_for(User.objects.get(pk=paul.pk))
    with travel(TUESDAY, tick=False):
        content = at_door(paul).get(f"{pages_of(ticket)[1]}csv/").content.decode("utf-8-sig")
    cells = {cell for row in csv.reader(StringIO(content)) for cell in row}
    assert "'=1+1" in cells
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_two_hundred_cycles_are_paged_and_cost_no_more_queries_than_two(
    paul: User, lena: User, open_for: Opened, at_door: Any
) -> None:
    ticket = open_for(paul)
    reply_as_agent(ticket=ticket, author=lena, body="!", now=TUESDAY)
    cycles(ticket, paul, lena, 2)
    doors = [
        (at_door(lena), pages_of(ticket)[0], {}),
        (at_door(paul), pages_of(ticket)[1], {}),
        (at_door(paul), f"/tickets/{ticket.reference}/", {}),
        (at_door(lena), pages_of(ticket)[0] + "csv/", {}),
        (at_door(paul), f"/api/v1/tickets/{ticket.reference}/clocks", {"ledger": "1"}),
    ]

    def asked() -> list[int]:
        counts = []
        for client, page, query in doors:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page, query).status_code == 200
            counts.append(len(queries))
        return counts

    with travel(TUESDAY + DAY, tick=False):
        asked()  # what is read once per process is no matter of the page
        few = asked()
        cycles(ticket, paul, lena, 198)
        assert len(explain(ticket, TUESDAY + DAY).clocks) > 200
        assert asked() == few
        client, page, _ = doors[0]
        first, last = client.get(page), client.get(page, {"page": "99999"})
    assert first.content.decode().count('<article class="card evidence"') == 10
    assert "Next reply 200 of 200" in words_of(first)
    assert "Next reply 1 of 200" in words_of(last)


def test_a_step_costs_no_more_queries_when_a_hundred_were_recorded(
    paul: User, lena: User, open_for: Opened, django_assert_num_queries: Any
) -> None:
    ticket = open_for(paul)
    explain(ticket, TUESDAY + 9 * DAY)
    with django_assert_num_queries(4):
        explain(ticket, TUESDAY + 9 * DAY)
    sweep_clocks(now=TUESDAY + 9 * DAY)
    ClockEvent.objects.update(acknowledged_by=lena, acknowledged_at=TUESDAY)
    with django_assert_num_queries(4):
        document(explain(ticket, TUESDAY + 9 * DAY))


class TestAPI:
    def test_the_schema_names_every_key_of_the_answer(
        self, paul: User, lena: User, open_for: Opened
    ) -> None:
        ticket = eventful(paul, lena, open_for)
        with travel(TUESDAY + 12 * DAY, tick=False):
            address = f"{TICKETS}/{ticket.reference}/clocks"
            answer = Program(lena).get(address, ledger="true").json()
            without = Program(lena).get(address).json()
            for_paul = Program(paul).get(address).json()
        described = clock_outputs.ClocksOutput().fields
        assert set(answer) == set(described)
        one = answer["clocks"][0]
        of_clock = clock_outputs.ClockAccountOutput().fields
        assert set(one) == set(of_clock)
        assert set(one["ledger"][0]) == set(clock_outputs.SegmentOutput().fields)
        assert set(one["ledger"][0]["cause"]) == set(clock_outputs.CauseOutput().fields)
        assert set(one["steps"][0]) == set(clock_outputs.StepOutput().fields)
        changed = next(one for one in answer["clocks"] if one["changes"])
        assert set(changed["changes"][0]) == set(clock_outputs.ChangeOutput().fields)
        broken = next(one for one in answer["clocks"] if one["breaches"])
        assert set(broken["breaches"][0]) == set(clock_outputs.BreachOutput().fields)
        assert "ledger" not in without["clocks"][0]
        assert "steps" not in for_paul["clocks"][0]

    @pytest.mark.parametrize(
        "query", [{"ledger": "maybe"}, {"page": "0"}, {"page": "2"}, {"page": "x"}, {"led": "1"}]
    )
    def test_what_is_not_understood_is_refused_by_name(
        self, paul: User, open_for: Opened, query: dict[str, str]
    ) -> None:
        answer = Program(paul).get(f"{TICKETS}/{open_for(paul).reference}/clocks", **query)
        assert answer.status_code == 400
        assert set(answer.json()["fields"]) == set(query)

    def test_clocks_are_visible_only_as_the_ticket_is(
        self, paul: User, olga: User, open_for: Opened
    ) -> None:
        ticket = open_for(paul)
        foreign = Program(olga).get(f"{TICKETS}/{ticket.reference}/clocks")
        missing = Program(olga).get(f"{TICKETS}/T-999999/clocks")
        assert foreign.status_code == missing.status_code == 404
        assert foreign.content == missing.content
        assert Program(paul).get(f"{TICKETS}/{ticket.reference}/clocks/").status_code == 200
