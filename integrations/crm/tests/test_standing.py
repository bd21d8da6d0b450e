"""What staff and machines are told of a CRM in trouble."""

import pytest
from django.core.cache import cache
from django.test import Client

from integrations.crm.standing import announce_trouble, announced_trouble, trouble_in_words
from integrations.crm.tasks import poll_crms

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_announced():
    cache.clear()


def test_staff_see_since_when_facts_may_be_old_and_customers_do_not(
    crm, customer, agnes, ada, at_door, django_assert_num_queries
):
    customer(acv="31000")
    poll_crms()
    assert announced_trouble() == ""
    crm.account.access.revoke_all()
    crm.tick(600)
    poll_crms()
    with django_assert_num_queries(0):
        assert "withdrawn our access" in announced_trouble()
    assert announced_trouble() == trouble_in_words()
    assert "withdrawn our access" in at_door(agnes).get("/desk/", follow=True).content.decode()
    assert "withdrawn our access" not in at_door(ada).get("/", follow=True).content.decode()


def test_a_cache_that_is_down_costs_the_banner_and_nothing_else(crm, settings):
    settings.CACHES = {
        **settings.CACHES,
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        },
    }
    announce_trouble()
    assert announced_trouble() == ""


def test_machines_see_backlog_state_and_drift(crm, customer, settings):
    settings.METRICS_TOKEN = "a-token"
    company, _organization = customer(acv="4000")
    crm.change(company, acv="31000")
    crm.deliver()
    crm.tick(90)

    def figures() -> str:
        answer = Client().get("/metrics", headers={"Authorization": "Bearer a-token"})
        return answer.content.decode()

    assert 'kept_crm_backlog{waiting="delivery"} 1.0' in figures()
    assert 'kept_crm_oldest_seconds{waiting="delivery"} 90.0' in figures()
    crm.work()
    crm.change(company, acv="32000")
    crm.account.webhooks.waiting.clear()
    crm.tick(3600)
    crm.compare()
    key = crm.connection.public_id
    told = figures()
    assert 'kept_crm_backlog{waiting="delivery"} 0.0' in told
    assert f'kept_crm_drift_records{{connection="{key}"}} 1.0' in told
    assert f'{{connection="{key}",state="active",vendor="hubspot"}} 1.0' in told
