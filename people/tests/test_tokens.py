"""API tokens: shown once, kept as a digest, refused when over."""

from datetime import timedelta

import pytest

from conftest import TUESDAY
from people.actions import issue_token, revoke_token
from people.actions.tokens import find_token_user
from people.models import ApiToken, User
from portal.kit.refused import InvalidInput, Refused

pytestmark = pytest.mark.django_db


def test_the_token_itself_is_kept_nowhere(ada: User) -> None:
    row, token = issue_token(user=ada, name="script", now=TUESDAY)
    assert token.startswith("kept_")
    assert len(token) > 40
    assert token not in str(ApiToken.objects.values())
    assert row.hint == token[-4:]
    assert find_token_user(token, now=TUESDAY) == ada


def test_a_token_says_what_it_is_for(ada: User) -> None:
    with pytest.raises(InvalidInput):
        issue_token(user=ada, name="  ", now=TUESDAY)


@pytest.mark.parametrize("change", ["x", "", "kept_"])
def test_another_token_opens_nothing(ada: User, change: str) -> None:
    _row, token = issue_token(user=ada, name="script", now=TUESDAY)
    assert find_token_user(token + change if change == "x" else change, now=TUESDAY) is None


def test_a_token_ends(ada: User) -> None:
    _row, token = issue_token(user=ada, name="s", now=TUESDAY, valid_for=timedelta(days=30))
    assert find_token_user(token, now=TUESDAY + timedelta(days=29)) == ada
    assert find_token_user(token, now=TUESDAY + timedelta(days=30)) is None


def test_a_revoked_token_opens_nothing(ada: User) -> None:
    row, token = issue_token(user=ada, name="s", now=TUESDAY)
    revoke_token(token=row, now=TUESDAY)
    revoke_token(token=row, now=TUESDAY + timedelta(days=1))
    row.refresh_from_db()
    assert row.revoked_at == TUESDAY
    assert find_token_user(token, now=TUESDAY) is None


def test_a_token_of_somebody_shut_out_opens_nothing(ada: User) -> None:
    _row, token = issue_token(user=ada, name="s", now=TUESDAY)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert find_token_user(token, now=TUESDAY) is None


def test_its_use_is_remembered_to_the_minute(ada: User, django_assert_num_queries) -> None:
    row, token = issue_token(user=ada, name="s", now=TUESDAY)
    find_token_user(token, now=TUESDAY)
    with django_assert_num_queries(1):
        find_token_user(token, now=TUESDAY + timedelta(seconds=59))
    row.refresh_from_db()
    assert row.last_used_at == TUESDAY
    find_token_user(token, now=TUESDAY + timedelta(seconds=61))
    row.refresh_from_db()
    assert row.last_used_at == TUESDAY + timedelta(seconds=61)


def test_twenty_tokens_are_enough(ada: User) -> None:
    for number in range(20):
        issue_token(user=ada, name=str(number), now=TUESDAY)
    with pytest.raises(Refused):
        issue_token(user=ada, name="one more", now=TUESDAY)
