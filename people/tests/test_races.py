"""Two at once: first what happens without the lock, then that it does not happen with it."""

import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection, transaction

from conftest import TUESDAY
from people import actions
from people.actions import delivery, memberships, users
from people.models import (
    IdempotentRequest,
    Invitation,
    Membership,
    Notice,
    Organization,
    OrganizationDomain,
    User,
)
from portal.kit.refused import Refused

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def needs_rows_that_wait(db: None) -> None:
    """SQLite has one writer at a time: there is no race to show."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do everything at the same moment; return what came of each, errors included."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(position: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=10)
            results[position] = act()
        except Exception as error:
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@contextmanager
def meeting(where: Any, name: str, parties: int = 2):
    """Let threads out of a function only together, so that each has read the old state."""
    together = threading.Barrier(parties)
    original = getattr(where, name)

    def wait_and_go(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        with suppress(threading.BrokenBarrierError):  # with the lock they never meet
            together.wait(timeout=2)
        return result

    with mock.patch.object(where, name, wait_and_go):
        yield


@contextmanager
def without_locks(where: Any):
    """Take the locks of a module away."""
    with mock.patch.object(where, "lock", lambda rows: rows):
        yield


@pytest.fixture
def two_managers(ada: User, colin: User) -> tuple[Membership, Membership]:
    """Ada and Colin both manage the Enterprise customer."""
    Membership.objects.filter(user=colin).update(role="manager")
    return ada.memberships.get(), colin.memberships.get()


def managers() -> int:
    """Return how many managers are left."""
    return Membership.objects.filter(status="active", role="manager").count()


def leave_both(pair: tuple[Membership, Membership]) -> list[Any]:
    """Let both managers leave at the same moment."""
    return at_once(
        *(
            lambda row=row: actions.end_membership(membership=row, by=row.user, now=TUESDAY)
            for row in pair
        )
    )


def test_without_the_lock_an_organization_loses_its_last_managers(two_managers) -> None:
    with without_locks(memberships), meeting(memberships, "_check_not_last_manager"):
        leave_both(two_managers)
    assert managers() == 0


def test_two_managers_who_leave_at_once_do_not_both_go(two_managers) -> None:
    with meeting(memberships, "_check_not_last_manager"):
        results = leave_both(two_managers)
    assert managers() == 1
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == [Refused]


def test_two_managers_who_remove_each_other_do_not_both_go(two_managers) -> None:
    ada, colin = two_managers
    results = at_once(
        lambda: actions.end_membership(membership=colin, by=ada.user, now=TUESDAY),
        lambda: actions.end_membership(membership=ada, by=colin.user, now=TUESDAY),
    )
    assert managers() == 1
    assert not [result for result in results if isinstance(result, OperationalError)]


def test_an_invitation_is_accepted_once(enterprise: Organization, ada: User) -> None:
    nora = actions.create_user(email="nora@x.example", email_is_verified=True)
    invitation = actions.invite(organization=enterprise, email=nora.email, by=ada, now=TUESDAY)
    results = at_once(
        *[
            lambda: actions.accept_invitation(invitation=invitation, user=nora, now=TUESDAY)
            for _attempt in range(5)
        ]
    )
    assert sum(isinstance(result, Membership) for result in results) == 1
    assert sum(isinstance(result, Refused) for result in results) == 4
    assert nora.memberships.count() == 1


def test_an_invitation_is_accepted_or_taken_back_by_turning_away_but_not_both(
    enterprise: Organization, ada: User
) -> None:
    nora = actions.create_user(email="nora@x.example", email_is_verified=True)
    waiting = memberships.join_organization(user=nora, organization=enterprise, now=TUESDAY)
    assert waiting is not None
    invitation = actions.invite(organization=enterprise, email=nora.email, by=ada, now=TUESDAY)
    results = at_once(
        lambda: actions.accept_invitation(invitation=invitation, user=nora, now=TUESDAY),
        lambda: actions.turn_away(membership=waiting, by=ada, now=TUESDAY),
    )
    assert sum(isinstance(result, Refused) for result in results) == 1
    assert not [result for result in results if isinstance(result, OperationalError)]
    row = nora.memberships.get()
    accepted = Invitation.objects.get().accepted_at is not None
    assert (row.status == "active") is accepted


def test_two_managers_inviting_one_address_send_one_link_that_works(two_managers) -> None:
    ada, colin = two_managers
    results = at_once(
        *(
            lambda row=row: actions.invite(
                organization=row.organization, email="nora@x.example", by=row.user, now=TUESDAY
            )
            for row in (ada, colin)
        )
    )
    assert Invitation.objects.open_at(TUESDAY).count() == 1
    assert sum(isinstance(result, Refused) for result in results) == 1


def test_two_organizations_do_not_both_get_a_domain(
    enterprise: Organization, professional: Organization, oscar: User
) -> None:
    rows = [
        actions.add_domain(organization=organization, domain="shared.example")
        for organization in (enterprise, professional)
    ]
    results = at_once(
        *(lambda row=row: actions.verify_domain(domain=row, by=oscar, now=TUESDAY) for row in rows)
    )
    assert OrganizationDomain.objects.exclude(verified_at=None).count() == 1
    assert sum(isinstance(result, Refused) for result in results) == 1


def test_two_admins_who_take_the_role_from_each_other_do_not_both_lose_it(root: User) -> None:
    other = actions.create_user(email="second@tidewater.example", staff_role="admin")
    results = at_once(
        lambda: actions.set_staff_role(user=other, role="", by=root, now=TUESDAY),
        lambda: actions.set_staff_role(user=root, role="", by=other, now=TUESDAY),
    )
    assert User.objects.filter(staff_role="admin").count() == 1
    assert sum(isinstance(result, Refused) for result in results) == 1


def test_without_the_lock_two_admins_both_lose_it(root: User) -> None:
    other = actions.create_user(email="second@tidewater.example", staff_role="admin")
    with without_locks(users), meeting(users, "_check_admin"):
        at_once(
            lambda: actions.set_staff_role(user=other, role="", by=root, now=TUESDAY),
            lambda: actions.set_staff_role(user=root, role="", by=other, now=TUESDAY),
        )
    assert User.objects.filter(staff_role="admin").count() == 0


def test_a_newcomer_who_confirms_twice_at_once_waits_once(
    enterprise: Organization, ada: User, paul: User
) -> None:
    at_once(
        *[
            lambda: memberships.join_organization(user=paul, organization=enterprise, now=TUESDAY)
            for _attempt in range(4)
        ]
    )
    assert Membership.objects.filter(user=paul, organization=enterprise).count() == 1
    assert Notice.objects.filter(kind="join_request").count() == 1


def test_one_key_does_the_work_once_however_many_ask(ada: User) -> None:
    def ask() -> Any:
        return actions.answer_once(
            user=ada,
            key="k",
            request_digest="d",
            now=TUESDAY,
            work=lambda: (201, {"id": actions.create_organization(name="Made").pk}),
        )

    results = at_once(*[ask] * 6)
    assert Organization.objects.filter(name="Made").count() == 1
    assert len({str(result[1]) for result in results}) == 1
    assert sorted(result[2] for result in results) == [False] + [True] * 5
    assert IdempotentRequest.objects.count() == 1


sent: list[int] = []


def record(notice: Notice) -> None:
    """Be a transport that remembers what it sent."""
    sent.append(notice.pk)


@pytest.fixture
def outbox(settings) -> list[int]:
    """Two hundred notices that are due."""
    settings.NOTICE_TRANSPORTS = {"mail": "people.tests.test_races.record"}
    sent.clear()
    for number in range(200):
        actions.queue_notice(
            kind="test", recipient=None, address="a@b.example", dedupe_key=str(number),
            subject="s", body_text="t", now=TUESDAY,
        )  # fmt: skip
    return sent


def drain() -> None:
    """Deliver until nothing is due."""
    while actions.deliver_due_notices(now=TUESDAY):
        pass


def test_without_the_claim_workers_send_the_same_mail(outbox: list[int]) -> None:
    together = threading.Barrier(4)

    def read_only(rows: Any, limit: int) -> list[Notice]:
        found = list(rows[:limit])
        together.wait(timeout=5)
        return found

    with (
        mock.patch.object(delivery, "claim", read_only),
        mock.patch.object(delivery, "_renew_lease", return_value=True),
    ):
        at_once(*[lambda: actions.deliver_due_notices(now=TUESDAY)] * 4)
    assert len(outbox) == 4 * len(set(outbox))


def test_four_workers_send_every_mail_once(outbox: list[int]) -> None:
    at_once(*[drain] * 4)
    assert len(outbox) == 200
    assert len(set(outbox)) == 200
    assert not Notice.objects.waiting().exists()


def test_two_who_queue_the_same_occasion_queue_one_notice() -> None:
    def queue() -> None:
        with transaction.atomic():
            actions.queue_notice(
                kind="test", recipient=None, address="a@b.example", dedupe_key="once",
                subject="s", body_text="t", now=TUESDAY,
            )  # fmt: skip

    results = at_once(*[queue] * 4)
    assert results == [None] * 4
    assert Notice.objects.count() == 1
