"""The command that asks the engine: for people at a terminal and for programs."""

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from conftest import TUESDAY
from people.models import User
from tickets.explaining.documents import SCHEMA
from tickets.models import Ticket, TicketEvent
from tickets.tests.test_explaining import eventful

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def printed(reference: str, *options: str) -> str:
    out = StringIO()
    call_command("explain_ticket", reference, *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def ticket(paul: User, lena: User, open_for: Any) -> Ticket:
    return eventful(paul, lena, open_for)


def test_every_clock_is_printed_with_a_ledger_that_fits_a_terminal(
    ticket: Ticket, enterprise: Any
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(subject="A very long subject " * 9)
    TicketEvent.objects.filter(ticket=ticket).update(reason="Because of a very long reason " * 9)
    with time_machine.travel(TUESDAY + 12 * DAY, tick=False):
        text = printed(ticket.reference, "--days", "--zone", "Europe/Berlin")
    assert max(len(line) for line in text.splitlines()) <= 100
    for words in (
        "First reply", "Next reply", "Resolution", "Warning ladder", "standing still",
        "Lena Lead set the ticket to waiting for the customer", "business-hours v1",
        "2026-03-10 10:00:00", "promised by Professional", "Tue 10 Mar 2026 10:00–11:00: 1 h",
        "Sat 14 Mar 2026 to Sun 15 Mar 2026: closed",
    ):  # fmt: skip
        assert words in text


def test_a_line_of_the_ledger_sums_up_what_was_counted(ticket: Ticket) -> None:
    text = printed(ticket.reference, "--at", (TUESDAY + 12 * DAY).isoformat())
    sums = [line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith("  sum ")]
    counted = [
        line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith("  counted ")
    ]
    assert sums == counted
    assert len(sums) >= 3


def test_programs_get_a_stable_document(ticket: Ticket) -> None:
    answer = json.loads(printed(ticket.reference.lower(), "--json", "--at", "2026-03-11T10:00Z"))
    assert answer["schema"] == SCHEMA == "clocks/1"
    assert answer["reference"] == ticket.reference
    assert answer["evaluated_at"] == "2026-03-11T10:00:00Z"
    for one in answer["clocks"]:
        assert sum(part["counted_seconds"] for part in one["ledger"]) == one["elapsed_seconds"]
        assert one["remaining_seconds"] == one["target_seconds"] - one["elapsed_seconds"]


def test_another_moment_is_asked_for_by_at_and_is_utc_when_unsaid(ticket: Ticket) -> None:
    asked = printed(ticket.reference, "--json", "--at", "2026-03-10T11:30+01:00")
    assert asked == printed(ticket.reference, "--json", "--at", "2026-03-10T10:30")
    assert json.loads(asked)["evaluated_at"] == "2026-03-10T10:30:00Z"
    # Before it was opened nothing had been promised.
    assert json.loads(printed(ticket.reference, "--json", "--at", "2026-03-09"))["clocks"] == []
    assert "No clock has ever been promised" in printed(ticket.reference, "--at", "2026-03-09")


@pytest.mark.parametrize("reference", ["T-999999", "1042", "nonsense", ""])
def test_an_unknown_reference_is_an_error_that_says_how_one_looks(db: None, reference: str) -> None:
    with pytest.raises(CommandError, match=r"There is no ticket .* looks like T-1042") as caught:
        printed(reference)
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--at", "yesterday", "is not a moment"), ("--zone", "Mars/Base", "Unknown time zone")],
)
def test_an_option_that_cannot_be_read_is_named(
    ticket: Ticket, option: str, value: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        printed(ticket.reference, option, value)


def test_clocks_that_do_not_add_up_end_in_an_error_for_people_and_programs(ticket: Ticket) -> None:
    TicketEvent.objects.filter(ticket=ticket, kind="opened").update(detail={})
    with pytest.raises(CommandError, match="do not add up"):
        printed(ticket.reference)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("explain_ticket", ticket.reference, "--json", stdout=out)
    assert json.loads(out.getvalue())["fault"]


def test_it_answers_while_the_broker_is_down(ticket: Ticket, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    assert ticket.reference in printed(ticket.reference)


def test_asking_writes_nothing_and_needs_no_celery() -> None:
    """The command's own modules pull in no task and no broker."""
    source = (
        "import django; django.setup(); import sys;"
        "before = set(sys.modules);"
        "import tickets.management.commands.explain_ticket;"
        "print([name for name in set(sys.modules) - before if name.endswith('.tasks')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
        env={"DJANGO_SETTINGS_MODULE": "portal.tests.settings", "PATH": ""},
    )
    assert done.stdout.strip() == "[]"
