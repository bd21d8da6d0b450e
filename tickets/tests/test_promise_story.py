"""The promise from its first mention to its keeping: one number, whoever looks.

What the plan says, what the form says before sending, what the confirmation mail
says, what the customer's page, the list, the desk and the API say, and what the
sweep judges by, is the same moment, counted by the same calendar.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from conftest import TUESDAY
from people.models import Notice, User
from tickets.actions import reply_as_agent, reply_as_customer, set_severity, sweep_clocks
from tickets.models import Clock, ClockEvent, Ticket
from tickets.tests.api_kit import TICKETS, Program
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def at() -> Any:
    """Return a way to be at an instant."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller.move_to


def dues_of(content: bytes, metric: str) -> set[str]:
    """Return the due moments that a page hands to its countdowns for one metric."""
    pattern = rf">{metric}</?[^<]*.{{0,200}}?data-due=\"([^\"]+)\""
    return set(re.findall(pattern, content.decode(), re.DOTALL))


def opened_in_the_browser(person: User, at_door: Any, severity: int) -> Ticket:
    sent = {"subject": "Bay 14 stands still", "body": "Since 10:00.", "severity": str(severity)}
    assert at_door(person).post("/tickets/new/", sent).status_code == 302
    return Ticket.objects.latest("pk")


@pytest.mark.parametrize(
    ("who", "severity", "words", "due"),
    [
        ("ada", 1, "Tuesday 10 March, 11:00 CET", TUESDAY + HOUR),
        ("ada", 3, "Tuesday 10 March, 14:00 CET", TUESDAY + 4 * HOUR),
        ("paul", 2, "Tuesday 10 March, 14:00 CET", TUESDAY + 4 * HOUR),
        ("stella", 1, "Tuesday 10 March, 14:00 CET", TUESDAY + 4 * HOUR),
        ("stella", 3, "Thursday 12 March, 10:00 CET", TUESDAY + timedelta(days=2)),
    ],
)
def test_one_moment_from_the_form_to_the_judgement(
    request: pytest.FixtureRequest, lena: User, at_door: Any, at: Any,
    who: str, severity: int, words: str, due: datetime,
) -> None:  # fmt: skip
    person = request.getfixturevalue(who)
    form = words_of(at_door(person).get(f"/tickets/new/?severity={severity}"))
    assert f"we answer by {words}" in form

    ticket = opened_in_the_browser(person, at_door, severity)
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert clock.due_at == clock.breaches_after == due

    mail = Notice.objects.get(kind="ticket_opened", recipient=person)
    assert f"First answer: {words}" in mail.body_text

    page = at_door(person).get(f"/tickets/{ticket.reference}/")
    assert f"by {words}" in words_of(page)
    assert dues_of(page.content, "First answer") == {due.isoformat()}

    desk = at_door(lena).get(f"/desk/tickets/{ticket.reference}/")
    assert desk.status_code == 200
    assert f'data-due="{due.isoformat()}"' in desk.content.decode()

    [told] = [
        row
        for row in Program(person).get(f"{TICKETS}/{ticket.reference}").json()["clocks"]
        if row["metric"] == "first_reply"
    ]
    assert datetime.fromisoformat(told["due_at"]) == due

    assert sweep_clocks(now=due) >= 1
    assert not ClockEvent.objects.filter(clock=clock, kind="breach").exists()
    sweep_clocks(now=due + timedelta(seconds=1))
    assert ClockEvent.objects.get(clock=clock, kind="breach").at == due + timedelta(seconds=1)


def test_a_night_and_a_weekend_do_not_count_for_starter(
    stella: User, at_door: Any, at: Any
) -> None:
    at(datetime(2026, 3, 13, 16, 0, tzinfo=BERLIN))  # Friday, one hour before closing
    assert "we answer by Tuesday 17 March, 16:00 CET" in words_of(
        at_door(stella).get("/tickets/new/")
    )
    ticket = opened_in_the_browser(stella, at_door, 3)
    clock = Clock.objects.get(ticket=ticket, metric="first_reply")
    assert clock.due_at == datetime(2026, 3, 17, 16, 0, tzinfo=BERLIN)


def test_the_change_of_clocks_moves_no_promise(stella: User, at_door: Any, at: Any) -> None:
    at(datetime(2026, 3, 27, 16, 0, tzinfo=BERLIN))  # summer time begins on the 29th
    opened_in_the_browser(stella, at_door, 3)
    page = words_of(at_door(stella).get("/"))
    clock = Clock.objects.get(metric="first_reply")
    assert clock.due_at == datetime(2026, 3, 31, 16, 0, tzinfo=BERLIN)
    assert "First answer Tue 16:00" in page


def test_a_promise_ending_at_closing_time_is_due_then_and_kept_until_the_next_opening(
    stella: User, at_door: Any, at: Any
) -> None:
    at(datetime(2026, 3, 10, 13, 0, tzinfo=BERLIN))
    ticket = opened_in_the_browser(stella, at_door, 1)  # 4 working hours: until 17:00
    page = words_of(at_door(stella).get(f"/tickets/{ticket.reference}/"))
    assert "by Tuesday 10 March, 17:00 CET" in page
    evening = datetime(2026, 3, 10, 20, 0, tzinfo=BERLIN)
    at(evening)
    sweep_clocks(now=evening)
    page = words_of(at_door(stella).get(f"/tickets/{ticket.reference}/"))
    assert "First answer due now" in page
    assert "late" not in page
    morning = datetime(2026, 3, 11, 9, 1, tzinfo=BERLIN)
    at(morning)
    sweep_clocks(now=morning)
    assert "We are late, and we know it." in words_of(
        at_door(stella).get(f"/tickets/{ticket.reference}/")
    )


def test_waiting_for_the_customer_stops_the_time_to_solve_and_their_word_starts_it_again(
    stella: User, agnes: User, at_door: Any, at: Any
) -> None:
    ticket = opened_in_the_browser(stella, at_door, 3)  # solved within 80 working hours
    asked = TUESDAY + HOUR
    reply_as_agent(ticket=ticket, author=agnes, body="Model?", status="pending", now=asked)
    at(asked)
    assert "The time stands still since" in words_of(
        at_door(stella).get(f"/tickets/{ticket.reference}/")
    )
    answered = TUESDAY + timedelta(days=7, hours=1)  # five working days later
    reply_as_customer(ticket=ticket, author=stella, body="MX-3", now=answered)
    at(answered)
    clock = Clock.objects.get(ticket=ticket, metric="resolution")
    assert clock.due_at == datetime(2026, 3, 31, 10, 0, tzinfo=BERLIN)
    page = at_door(stella).get(f"/tickets/{ticket.reference}/")
    assert dues_of(page.content, "Solved by") == {clock.due_at.isoformat()}
    assert "Next answer" in words_of(page)


def test_a_corrected_severity_shows_its_new_promise_and_why(
    ada: User, lena: User, at_door: Any, at: Any
) -> None:
    ticket = opened_in_the_browser(ada, at_door, 3)
    set_severity(
        ticket=ticket, severity=1, reason="The whole dock stands", by=lena, now=TUESDAY + HOUR / 2
    )
    at(TUESDAY + HOUR / 2)
    page = words_of(at_door(ada).get(f"/tickets/{ticket.reference}/"))
    assert "Lena Lead changed the severity from Normal to Critical: “The whole dock stands”" in page
    assert "by Tuesday 10 March, 11:00 CET" in page


def test_each_reader_reads_the_same_moment_on_their_own_clock(
    ada: User, colin: User, lena: User, at_door: Any, at: Any
) -> None:
    colin.time_zone, lena.time_zone = "Asia/Tokyo", "America/New_York"
    for person in (colin, lena):
        person.save(update_fields=["time_zone"])
    ticket = opened_in_the_browser(colin, at_door, 1)
    seen = {
        name: words_of(at_door(person).get(f"/tickets/{ticket.reference}/"))
        for name, person in {"ada": ada, "colin": colin, "lena": lena}.items()
    }
    assert "by Tuesday 10 March, 11:00 CET" in seen["ada"]
    assert "by Tuesday 10 March, 19:00 JST" in seen["colin"]
    assert "by Tuesday 10 March, 06:00 EDT" in seen["lena"]
