"""Change a ticket from the desk: assignee, status, severity, queue; each door calls its action."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from conftest import TUESDAY
from people.models import User
from tickets.actions import assign, set_status
from tickets.models import Queue, QueueMember, Ticket, TicketEvent
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "work"}


@pytest.fixture(autouse=True)
def tuesday() -> Any:
    with time_machine.travel(TUESDAY + timedelta(hours=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def ticket(stella: User, agnes: User, open_for: Any) -> Ticket:
    """A ticket in General."""
    opened: Ticket = open_for(stella)
    return opened


def address(ticket: Ticket) -> str:
    return f"/desk/tickets/{ticket.reference}/"


def post(
    door: Any, ticket: Ticket, name: str, extra: dict[str, Any] | None = None, **values: Any
) -> Any:
    return door.post(f"{address(ticket)}{name}/", values, **(extra or {}))


def test_a_ticket_is_given_to_oneself_to_others_and_to_nobody(
    ticket: Ticket, agnes: User, lena: User, at_door: Any
) -> None:
    door = at_door(agnes)
    for agent, words in (
        (agnes, f"{ticket.reference} is yours."),
        (lena, "Assigned to Lena Lead."),
        (None, f"{ticket.reference} is nobody's now."),
    ):
        answer = post(door, ticket, "assign", agent=agent.pk if agent else "", view="all")
        assert answer.url == f"{address(ticket)}?view=all"
        assert words in words_of(door.get(answer.url))
        ticket.refresh_from_db()
        assert ticket.assignee == agent


def test_the_menu_offers_those_who_serve_the_queue_and_the_leads(
    ticket: Ticket, agnes: User, lena: User, root: User, oscar: User, stella: User, at_door: Any,
    django_user_model: Any,
) -> None:  # fmt: skip
    elsewhere = django_user_model.objects.create(
        email="e@tidewater.example", name="Emil Elsewhere", staff_role="agent"
    )
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=elsewhere)
    gone = django_user_model.objects.create(
        email="g@tidewater.example", name="Greta Gone", staff_role="agent", is_active=False
    )
    QueueMember.objects.create(queue=Queue.objects.get(key="general"), agent=gone)
    content = at_door(agnes).get(address(ticket)).content.decode()
    menu = content.split(f'action="{address(ticket)}assign/"')[1].split("</form>")[0]
    for person in (agnes, lena, root):
        assert f'value="{person.pk}"' in menu
    for person in (elsewhere, gone, oscar, stella):
        assert f'value="{person.pk}"' not in menu


def test_nobody_can_be_given_a_ticket_whose_queue_they_do_not_serve(
    ticket: Ticket, agnes: User, oscar: User, stella: User, at_door: Any
) -> None:
    door = at_door(agnes)
    assert post(door, ticket, "assign", agent=oscar.pk).status_code == 403
    assert post(door, ticket, "assign", agent=stella.pk).status_code == 400
    assert post(door, ticket, "assign", agent="x").status_code == 400
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_a_status_is_set_as_far_as_the_table_of_moves_allows(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    door = at_door(agnes)
    answer = post(door, ticket, "status", status="pending")
    assert "Status: Pending." in words_of(door.get(answer.url))
    assert post(door, ticket, "status", status="new").status_code == 409
    assert post(door, ticket, "status", status="closed").status_code == 409
    assert post(door, ticket, "status", status="lost").status_code == 400
    ticket.refresh_from_db()
    assert ticket.status == "pending"


def test_a_refusal_tells_htmx_where_it_belongs(ticket: Ticket, agnes: User, at_door: Any) -> None:
    answer = post(at_door(agnes), ticket, "status", HTMX, status="closed")
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#messages"
    assert "solved tickets are closed by themselves" in words_of(answer)
    # The place it names is on the page.
    assert 'id="messages"' in at_door(agnes).get(address(ticket)).content.decode()


def test_a_severity_needs_a_reason(ticket: Ticket, agnes: User, at_door: Any) -> None:
    door = at_door(agnes)
    answer = post(door, ticket, "severity", severity=1, reason="  ")
    assert answer.status_code == 400
    assert "Say why the severity changes." in words_of(answer)
    answer = post(door, ticket, "severity", severity=1, reason="They cannot ship")
    assert "Severity: Critical. The promises follow it." in words_of(door.get(answer.url))
    ticket.refresh_from_db()
    assert ticket.severity == 1
    event = TicketEvent.objects.get(ticket=ticket, kind="severity")
    assert (event.old, event.new, event.reason, event.actor) == (
        "3",
        "1",
        "They cannot ship",
        agnes,
    )


def test_another_queue_needs_a_reason_too_and_may_put_the_ticket_out_of_sight(
    ticket: Ticket, agnes: User, lena: User, at_door: Any
) -> None:
    door = at_door(agnes)
    assert post(door, ticket, "queue", queue="enterprise", reason="").status_code == 400
    assert post(door, ticket, "queue", queue="nowhere", reason="x").status_code == 400
    answer = post(door, ticket, "queue", queue="enterprise", reason="Theirs", view="starter")
    # Agnes does not serve it: she is led to her view, not into a missing page.
    assert answer.url == "/desk/views/starter/"
    assert "Moved to Enterprise Support." in words_of(door.get(answer.url))
    assert door.get(address(ticket)).status_code == 404
    assert at_door(lena).get(address(ticket)).status_code == 200


def test_out_of_sight_means_a_whole_new_page_for_htmx(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    answer = post(
        at_door(agnes), ticket, "queue", HTMX, queue="enterprise", reason="Theirs", view="mine"
    )
    assert answer["HX-Redirect"] == "/desk/views/mine/"


def test_a_solved_ticket_offers_no_assignment_but_a_way_back(
    ticket: Ticket, agnes: User, at_door: Any
) -> None:
    set_status(ticket=ticket, status="solved", by=agnes, now=TUESDAY)
    content = at_door(agnes).get(address(ticket)).content.decode()
    assert f"{address(ticket)}assign/" not in content
    assert f"{address(ticket)}severity/" not in content
    assert f"{address(ticket)}status/" in content
    assert post(at_door(agnes), ticket, "assign", agent=agnes.pk).status_code == 409


def test_changes_are_asked_for_by_post_alone(ticket: Ticket, agnes: User, at_door: Any) -> None:
    assign(ticket=ticket, agent=agnes, by=agnes, now=TUESDAY)
    door = at_door(agnes)
    for name in ("reply", "assign", "status", "severity", "queue"):
        assert door.get(f"{address(ticket)}{name}/").status_code == 405
    assert door.get("/desk/next/").status_code == 405
