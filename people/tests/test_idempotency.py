"""A repeated request is answered as the first time, and the work is done once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError

from conftest import TUESDAY
from people.actions import answer_once, create_organization
from people.actions.idempotency import digest_request
from people.models import IdempotentRequest, Organization, User
from portal.kit.refused import InvalidInput, Refused, Unprocessable

pytestmark = pytest.mark.django_db

SAME, OTHER = digest_request(b"POST", b"a"), digest_request(b"POST", b"b")


def work():
    """Make an organization, and answer its name."""
    organization = create_organization(name=f"Made {Organization.objects.count()}")
    return 201, {"name": organization.name}


def ask(user: User, key: str = "k", digest: str = SAME, now=TUESDAY, work=work):
    """Ask with a key."""
    return answer_once(user=user, key=key, request_digest=digest, now=now, work=work)


def test_the_same_request_is_answered_from_memory(ada: User) -> None:
    first, again = ask(ada), ask(ada)
    assert first[:2] == again[:2]
    assert (first[2], again[2]) == (False, True)
    assert Organization.objects.filter(name__startswith="Made").count() == 1


def test_the_same_key_with_other_content_is_refused(ada: User) -> None:
    ask(ada)
    with pytest.raises(Unprocessable) as refused:
        ask(ada, digest=OTHER)
    assert refused.value.status == 422


def test_a_key_belongs_to_its_user(ada: User, paul: User) -> None:
    ask(ada)
    assert ask(paul, digest=OTHER)[2] is False


def test_a_key_is_forgotten_after_a_day(ada: User) -> None:
    ask(ada)
    assert ask(ada, digest=OTHER, now=TUESDAY + timedelta(hours=24))[2] is False


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "ü", "x" * 101])
def test_a_key_is_visible_ascii(ada: User, key: str) -> None:
    with pytest.raises(InvalidInput):
        ask(ada, key=key)


@pytest.mark.parametrize(
    "error", [Refused("no", "no"), IntegrityError("work"), OperationalError("work"), KeyError("x")]
)
def test_work_that_failed_comes_out_as_it_is_and_may_be_asked_again(
    ada: User, error: Exception
) -> None:
    def fail():
        create_organization(name="Half")
        raise error

    with pytest.raises(type(error)) as raised:
        ask(ada, work=fail)
    assert raised.value is error
    assert not IdempotentRequest.objects.exists()
    assert not Organization.objects.filter(name="Half").exists()
    assert ask(ada)[2] is False


def test_parts_of_a_request_do_not_run_into_each_other() -> None:
    assert digest_request(b"ab", b"c") != digest_request(b"a", b"bc")
