"""Take next: the unassigned ticket whose promise is due next, of those one may see."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import TUESDAY
from people.models import Notice, User
from people.viewers import viewer_of
from portal.kit.refused import NotPermitted
from tickets.actions import assign, set_status, take_next
from tickets.models import Queue, QueueMember, Ticket, TicketEvent

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def take(agent: User, **wish: str) -> Ticket | None:
    return take_next(agent=agent, viewer=viewer_of(agent), now=TUESDAY + HOUR, **wish)


def test_the_promise_due_next_goes_first_whatever_came_first(
    stella: User, agnes: User, open_for: Any
) -> None:
    slow, quick, middle = (open_for(stella, severity=level) for level in (4, 1, 2))
    assert [take(agnes), take(agnes), take(agnes), take(agnes)] == [quick, middle, slow, None]
    assert set(Ticket.objects.values_list("assignee_id", flat=True)) == {agnes.pk}


def test_of_two_due_at_the_same_instant_the_older_goes_first(
    stella: User, agnes: User, open_for: Any
) -> None:
    older, _younger = open_for(stella), open_for(stella)
    assert take(agnes) == older


def test_what_somebody_has_waits_for_others_or_is_done_is_not_taken(
    stella: User, agnes: User, lena: User, open_for: Any
) -> None:
    has, pending, held, solved = (open_for(stella) for _ in range(4))
    assign(ticket=has, agent=lena, by=lena, now=TUESDAY)
    set_status(ticket=pending, status="pending", by=agnes, now=TUESDAY)
    set_status(ticket=held, status="on_hold", by=agnes, now=TUESDAY)
    set_status(ticket=solved, status="solved", by=agnes, now=TUESDAY)
    assert take(agnes) is None


def test_an_agent_takes_from_the_queues_they_serve_alone(
    ada: User, stella: User, agnes: User, open_for: Any
) -> None:
    urgent = open_for(ada, severity=1)
    hers = open_for(stella, severity=4)
    assert take(agnes) == hers
    assert take(agnes) is None
    QueueMember.objects.create(queue=Queue.objects.get(key="enterprise"), agent=agnes)
    assert take(agnes) == urgent


def test_one_can_wish_for_a_tier_or_a_queue(
    ada: User, stella: User, lena: User, open_for: Any
) -> None:
    enterprise, starter = open_for(ada, severity=1), open_for(stella, severity=4)
    assert take(lena, tier="professional") is None
    assert take(lena, tier="starter") == starter
    assert take(lena, queue="general") is None
    assert take(lena, queue="enterprise") == enterprise


def test_taking_is_an_event_and_needs_no_mail(stella: User, agnes: User, open_for: Any) -> None:
    ticket = open_for(stella)
    before = Notice.objects.count()
    take(agnes)
    event = TicketEvent.objects.filter(ticket=ticket).order_by("-seq")[0]
    assert (event.kind, event.new, event.actor) == ("assigned", "Agnes Agent", agnes)
    assert event.at == TUESDAY + HOUR
    assert not event.is_public
    assert Notice.objects.count() == before


@pytest.mark.parametrize("who", ["oscar", "stella"])
def test_ops_and_customers_take_nothing(
    request: pytest.FixtureRequest, stella: User, open_for: Any, who: str
) -> None:
    ticket = open_for(stella)
    with pytest.raises(NotPermitted):
        take(request.getfixturevalue(who))
    ticket.refresh_from_db()
    assert ticket.assignee is None
