"""Reading tickets by the API: what one sees, what one does not, and what it costs."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from conftest import TUESDAY
from people.actions import give_membership
from people.models import User
from tickets.actions import reply_as_agent, set_status, sweep_clocks
from tickets.models import Ticket
from tickets.tests.api_kit import TICKETS, Program

pytestmark = pytest.mark.django_db

ERROR_SHAPE = {"code", "message", "fields"}


@pytest.fixture(autouse=True)
def tuesday():
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


def references(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["reference"] for row in answer.json()["results"]]


def test_a_foreign_ticket_is_the_same_bytes_as_a_missing_one(
    stella: User, olga: User, open_for: Any
) -> None:
    theirs = open_for(olga)
    program = Program(stella)
    foreign = program.get(f"{TICKETS}/{theirs.reference}")
    missing = program.get(f"{TICKETS}/T-999999")
    nonsense = program.get(f"{TICKETS}/x'%22")
    assert foreign.status_code == missing.status_code == nonsense.status_code == 404
    assert foreign.content == missing.content == nonsense.content
    assert set(foreign.json()) == ERROR_SHAPE


@pytest.mark.parametrize("reference", ["T-99999999999999999999", "T-0", "T-", "T--1", "t-٣", "%00"])
def test_odd_references_are_missing_and_break_nothing(stella: User, reference: str) -> None:
    assert Program(stella).get(f"{TICKETS}/{reference}").status_code == 404


def test_members_read_their_own_and_managers_everybodys(
    ada: User, colin: User, open_for: Any
) -> None:
    hers, his = open_for(ada), open_for(colin)
    assert references(Program(ada).get(TICKETS)) == [his.reference, hers.reference]
    assert references(Program(colin).get(TICKETS)) == [his.reference]
    assert Program(colin).get(f"{TICKETS}/{hers.reference}").status_code == 404


def test_agents_read_the_queues_they_serve(
    agnes: User, lena: User, stella: User, ada: User, open_for: Any
) -> None:
    general, enterprise = open_for(stella), open_for(ada)
    assert references(Program(agnes).get(TICKETS)) == [general.reference]
    assert Program(agnes).get(f"{TICKETS}/{enterprise.reference}").status_code == 404
    assert set(references(Program(lena).get(TICKETS))) == {general.reference, enterprise.reference}


def test_one_who_left_reads_nothing_more(stella: User, open_for: Any) -> None:
    ticket = open_for(stella)
    stella.memberships.update(status="ended")
    program = Program(stella)
    assert references(program.get(TICKETS)) == []
    assert program.get(f"{TICKETS}/{ticket.reference}").status_code == 404


def test_the_remaining_time_goes_on_while_nothing_happens(
    ada: User, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(ada, severity=1)
    program = Program(ada)
    tuesday.shift(timedelta(minutes=20))
    clocks = program.get(f"{TICKETS}/{ticket.reference}").json()["clocks"]
    first = next(clock for clock in clocks if clock["metric"] == "first_reply")
    assert (first["elapsed_seconds"], first["remaining_seconds"]) == (1200, 2400)


def test_a_broken_promise_says_by_how_much(ada: User, open_for: Any, tuesday: Any) -> None:
    ticket = open_for(ada, severity=1)
    tuesday.shift(timedelta(minutes=90))
    sweep_clocks(now=TUESDAY + timedelta(minutes=90))
    clocks = Program(ada).get(f"{TICKETS}/{ticket.reference}").json()["clocks"]
    first = next(clock for clock in clocks if clock["metric"] == "first_reply")
    assert (first["status"], first["remaining_seconds"]) == ("breached", -1800)
    assert first["breached_at"] == "2026-03-10T10:00:01Z"


def test_business_time_does_not_run_overnight(stella: User, open_for: Any, tuesday: Any) -> None:
    ticket = open_for(stella)  # 16 working hours to the first answer, 7 of them today
    program = Program(stella)

    def remaining() -> int:
        clocks = program.get(f"{TICKETS}/{ticket.reference}").json()["clocks"]
        return next(c["remaining_seconds"] for c in clocks if c["metric"] == "first_reply")

    tuesday.move_to(TUESDAY + timedelta(hours=7))  # 17:00, closing time
    evening = remaining()
    tuesday.shift(timedelta(hours=12))
    assert remaining() == evening == 9 * 3600


def test_a_paused_promise_keeps_what_is_left(
    stella: User, agnes: User, open_for: Any, tuesday: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(
        ticket=ticket,
        author=agnes,
        body="Which model?",
        status="pending",
        now=TUESDAY + timedelta(hours=1),
    )
    tuesday.shift(timedelta(hours=5))
    clocks = Program(stella).get(f"{TICKETS}/{ticket.reference}").json()["clocks"]
    resolution = next(clock for clock in clocks if clock["metric"] == "resolution")
    assert (resolution["status"], resolution["paused_reason"]) == ("paused", "pending")
    assert resolution["due_at"] is None
    assert resolution["elapsed_seconds"] == 3600


def test_filters_narrow_and_combine(stella: User, agnes: User, open_for: Any) -> None:
    low, critical, solved = open_for(stella, severity=4), open_for(stella, severity=1), None
    solved = open_for(stella, severity=1)
    set_status(ticket=solved, status="solved", by=stella, now=TUESDAY + timedelta(hours=1))
    program = Program(stella)
    assert references(program.get(TICKETS, severity=1)) == [solved.reference, critical.reference]
    assert references(program.get(TICKETS, severity=1, status="new")) == [critical.reference]
    both = program.get(f"{TICKETS}?status=new&status=solved&severity=4")
    assert references(both) == [low.reference]
    assert len(references(program.get(TICKETS, tier="starter"))) == 3
    assert references(program.get(TICKETS, tier="enterprise")) == []
    assert references(program.get(f"{TICKETS}?updated_since=2026-03-10T10:00:00Z")) == [
        solved.reference
    ]
    assert references(program.get(f"{TICKETS}?updated_since=2026-03-10T11:00:00+01:00")) == [
        solved.reference
    ]


@pytest.mark.parametrize(
    "query",
    [
        "status=gone",
        "severity=5",
        "severity=x",
        "severity=1%00",
        "tier=%00",
        "tier=" + "t" * 31,
        "updated_since=yesterday",
        "updated_since=9999-12-31T23:59:59-12:00",
        "updated_since=0001-01-01T00:00:00+12:00",
        "stauts=new",
        "cursor=nonsense",
        "cursor=" + base64.b64encode(b"p=abc").decode(),
        "cursor=" + base64.b64encode(b"p=" + b"9" * 60).decode(),
        "cursor=%C3%A9",
        "cursor=%00",
    ],
)
def test_a_filter_nobody_understands_is_refused(stella: User, query: str) -> None:
    answer = Program(stella).get(f"{TICKETS}?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == ERROR_SHAPE
    assert list(answer.json()["fields"]) == [query.split("=")[0]]


def test_pages_are_complete_and_without_repeats(stella: User, open_for: Any) -> None:
    expected = [open_for(stella).reference for _ in range(5)][::-1]
    program = Program(stella)
    found, address = [], f"{TICKETS}?limit=2&status=new"
    while address:
        answer = program.get(address)
        assert len(answer.json()["results"]) <= 2
        found += references(answer)
        open_for(stella) if len(found) == 2 else None  # news on top does not shift the pages
        address = answer.json()["next"]
    assert found == expected


def test_a_page_has_at_most_a_hundred_tickets(stella: User, open_for: Any) -> None:
    open_for(stella)
    body = Program(stella).get(TICKETS, limit=100_000).json()
    assert body["next"] is None
    from tickets.api.finding import NewestFirst

    assert NewestFirst.max_page_size == 100


def test_the_next_page_is_an_address_of_this_portal(stella: User, open_for: Any) -> None:
    for _ in range(2):
        open_for(stella)
    following = Program(stella).get(TICKETS, limit=1).json()["next"]
    assert urlsplit(following).path == TICKETS
    assert set(parse_qs(urlsplit(following).query)) == {"cursor", "limit"}


def test_one_ticket_takes_at_most_eight_queries(
    stella: User, agnes: User, open_for: Any, django_assert_max_num_queries: Any
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=agnes, body="Hello", now=TUESDAY + timedelta(hours=1))
    program = Program(stella)
    with django_assert_max_num_queries(8):
        assert program.get(f"{TICKETS}/{ticket.reference}").status_code == 200


def test_the_list_takes_the_same_queries_for_one_and_for_thirty(
    ada: User, colin: User, professional: Any, open_for: Any, django_assert_num_queries: Any
) -> None:
    give_membership(user=ada, organization=professional)
    program = Program(ada)
    open_for(colin)
    program.get(TICKETS)  # the first one also notes the token's use
    with django_assert_num_queries(5):
        program.get(TICKETS)
    for _ in range(29):
        open_for(colin)
    with django_assert_num_queries(5):
        assert len(references(program.get(TICKETS))) == 30


def test_times_are_utc_whatever_zone_the_reader_prefers(
    stella: User, open_for: Any, at_door: Any
) -> None:
    ticket = open_for(stella)
    body = at_door(stella).get(f"{TICKETS}/{ticket.reference}").json()
    assert body["created_at"] == "2026-03-10T09:00:00Z"


def test_staff_with_a_session_need_their_second_factor(
    agnes: User, at_door: Any, settings: Any
) -> None:
    settings.MFA_REQUIRED_FOR_STAFF = True
    assert at_door(agnes, second_factor=False).get(TICKETS).status_code == 403
    assert at_door(agnes).get(TICKETS).status_code == 200


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_not_there(stella: User, open_for: Any, method: str) -> None:
    ticket = open_for(stella)
    program = Program(stella)
    for address in (TICKETS, f"{TICKETS}/{ticket.reference}"):
        assert getattr(program.client, method)(address).status_code == 405
    assert Ticket.objects.filter(pk=ticket.pk).exists()


def test_the_schema_describes_our_doors_and_nobody_elses(stella: User) -> None:
    program = Program(stella)
    answer = program.client.get(
        "/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}
    )
    assert answer.status_code == 200
    schema = answer.json()
    assert sorted(schema["paths"]) == [
        "/api/v1/attachments/{public_id}",
        "/api/v1/organizations/{external_id}/facts",
        "/api/v1/tickets",
        "/api/v1/tickets/{reference}",
        "/api/v1/tickets/{reference}/clocks",
        "/api/v1/tickets/{reference}/merge",
        "/api/v1/tickets/{reference}/no-reply-needed",
        "/api/v1/tickets/{reference}/replies",
        "/api/v1/tickets/{reference}/split",
        "/api/v1/tickets/{reference}/status",
        "/api/v1/tickets/{reference}/warnings",
        "/api/v1/tickets/{reference}/warnings/{id}/acknowledge",
    ]
    opening = schema["paths"]["/api/v1/tickets"]["post"]
    assert {"201", "400", "409", "413", "415", "422"} <= set(opening["responses"])
    assert "Idempotency-Key" in {row["name"] for row in opening["parameters"]}
    assert {"token": []} in opening["security"]
