"""Who serves which queue."""

import pytest

from conftest import TUESDAY
from people.viewers import viewer_of
from portal.kit.refused import InvalidInput, NotPermitted
from tickets.actions import set_queues
from tickets.models import Queue, QueueMember

pytestmark = pytest.mark.django_db


def keys(agent):
    return set(Queue.objects.visible_to(viewer_of(agent)).values_list("key", flat=True))


def test_an_agent_serves_exactly_the_queues_given(agnes, lena):
    for _again in range(2):
        set_queues(
            agent=agnes,
            queues=Queue.objects.filter(key__in=["enterprise", "professional"]),
            by=lena,
            now=TUESDAY,
        )
    assert keys(agnes) == {"enterprise", "professional"}
    set_queues(agent=agnes, queues=[], by=lena, now=TUESDAY)
    assert keys(agnes) == set()


def test_agents_do_not_choose_for_themselves(agnes):
    with pytest.raises(NotPermitted):
        set_queues(agent=agnes, queues=Queue.objects.all(), by=agnes, now=TUESDAY)
    assert keys(agnes) == {"general"}


def test_customers_serve_no_queue(ada, lena):
    with pytest.raises(InvalidInput):
        set_queues(agent=ada, queues=Queue.objects.all(), by=lena, now=TUESDAY)
    assert not QueueMember.objects.filter(agent=ada).exists()
