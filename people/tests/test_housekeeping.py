"""What nobody needs any more is forgotten, and nothing else."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from conftest import TUESDAY
from people.actions import answer_once, forget_expired_rows, invite, queue_notice
from people.models import IdempotentRequest, Invitation, Notice, Organization, User
from people.tasks import forget_expired
from people.tests.login_kit import log_in

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_expired_idempotency_keys_go(ada: User) -> None:
    for key, then in (("old", TUESDAY - 2 * DAY), ("new", TUESDAY)):
        answer_once(user=ada, key=key, request_digest="x", now=then, work=lambda: (200, {}))
    assert forget_expired_rows(now=TUESDAY)["idempotent requests"] == 1
    assert IdempotentRequest.objects.get().key == "new"


def test_addresses_of_people_who_never_came_go(enterprise: Organization, ada: User) -> None:
    for days in (200, 50, 1):
        then = TUESDAY - days * DAY
        with time_machine.travel(then, tick=False):
            invite(organization=enterprise, email=f"d{days}@x.example", by=ada, now=then)
    forget_expired_rows(now=TUESDAY)
    assert set(Invitation.objects.values_list("email", flat=True)) == {
        "d50@x.example",
        "d1@x.example",
    }


def test_the_text_of_old_mails_goes_and_the_occasion_stays() -> None:
    for key, sent in (("old", TUESDAY - 91 * DAY), ("new", TUESDAY - DAY), ("waiting", None)):
        queue_notice(
            kind="test", recipient=None, address="a@b.example", dedupe_key=key, subject="s",
            body_text="text", now=TUESDAY,
        )  # fmt: skip
        Notice.objects.filter(dedupe_key=key).update(sent_at=sent)
    forget_expired_rows(now=TUESDAY)
    texts = dict(Notice.objects.values_list("dedupe_key", "body_text"))
    assert texts == {"old": "", "new": "text", "waiting": "text"}


def test_sessions_that_ended_go_with_their_devices(ada: User, colin: User) -> None:
    with time_machine.travel(TUESDAY - 30 * DAY, tick=False):
        log_in(Client(), ada)
    with time_machine.travel(TUESDAY, tick=False):
        log_in(Client(), colin)
        assert UserSession.objects.count() == 2
        forget_expired()
    assert Session.objects.count() == 1
    assert UserSession.objects.get().user == colin


def test_it_works_through_more_than_a_batch_and_may_run_twice(ada: User) -> None:
    IdempotentRequest.objects.bulk_create(
        IdempotentRequest(
            user=ada, key=str(number), request_digest="x", created_at=TUESDAY, expires_at=TUESDAY
        )
        for number in range(25)
    )
    assert forget_expired_rows(now=TUESDAY, batch=10)["idempotent requests"] == 10
    assert forget_expired() == 15
    assert forget_expired() == 0
