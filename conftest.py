"""The cast: the same eight people in every test, and how they come to the doors.

Ada manages an Enterprise customer, Colin is her colleague, Paul works at a
Professional one, Stella at a Starter one, Olga at an organization that has
nothing to do with any of them. Agnes is an agent who serves General, Lena
leads, Oscar runs operations.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from people.actions import create_organization, create_user, give_membership
from people.models import Organization, User
from tickets import default_queues
from tickets.actions import open_ticket
from tickets.models import Queue, QueueMember, Ticket
from tiers import default_program
from tiers.actions import record_facts

# A Tuesday at 10:00 in Berlin: business hours, no holiday, no change of clocks near.
TUESDAY = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


# Set by portal/suite.py for its second pass, on servers.
SERVERS_ONLY = "TESTS_ABOUT_SERVERS_ONLY"
ABOUT_SERVERS = frozenset({"db", "transactional_db", "live_server"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of a pass on servers what touches none: pure rules would answer the same."""
    if not os.environ.get(SERVERS_ONLY):
        return
    chosen: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        chosen[is_about_servers(item)].append(item)
    config.hook.pytest_deselected(items=chosen[False])
    items[:] = chosen[True]


def is_about_servers(item: pytest.Item) -> bool:
    """Whether a test uses a database, or says by a marker that it starts things by itself."""
    fixtures = getattr(item, "fixturenames", ())
    markers = ("django_db", "race", "browser", "walker")
    return not ABOUT_SERVERS.isdisjoint(fixtures) or any(
        item.get_closest_marker(name) for name in markers
    )


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    """Give each test its own folders, a cheap hasher and the outbox as only way out."""
    settings.DATA_DIR = tmp_path
    settings.MAILBOX_DIR = None
    settings.STORAGES = {
        **settings.STORAGES,
        "attachments": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "attachments", "base_url": None},
        },
    }
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def program(request: pytest.FixtureRequest) -> None:
    """Have the support program that ships, also after a test that emptied all tables."""
    marker = request.node.get_closest_marker("django_db")
    if marker or {"db", "transactional_db", "live_server"} & set(request.fixturenames):
        is_real = bool(marker and marker.kwargs.get("transaction"))
        is_real |= bool({"transactional_db", "live_server"} & set(request.fixturenames))
        request.getfixturevalue("transactional_db" if is_real else "db")
        default_program.install(apps)
        default_queues.install(apps)
        # Primary keys start again after a flush: what was read before is not this policy.
        from tiers import calendars
        from tiers import program as live_program

        live_program._read.cache_clear()
        calendars._compiled.cache_clear()


def _organization(name: str, acv: str) -> Organization:
    organization = create_organization(name=name)
    record_facts(organization=organization, values={"acv": acv}, source="ops", now=TUESDAY)
    return organization


def _contact(email: str, name: str, organization: Organization, role: str = "member") -> User:
    user = create_user(
        email=email,
        name=name,
        password=PASSWORD,
        email_is_verified=True,
        time_zone="Europe/Berlin",
    )
    give_membership(user=user, organization=organization, role=role)
    return user


def _staff(email: str, name: str, role: str, *queues: str) -> User:
    user = create_user(
        email=email,
        name=name,
        password=PASSWORD,
        email_is_verified=True,
        staff_role=role,
        time_zone="Europe/Berlin",
    )
    for key in queues:
        QueueMember.objects.create(queue=Queue.objects.get(key=key), agent=user)
    return user


@pytest.fixture
def enterprise(db: None) -> Organization:
    """An organization with 60,000 a year."""
    return _organization("Analytical Engines", "60000")


@pytest.fixture
def professional(db: None) -> Organization:
    """An organization with 12,000 a year."""
    return _organization("Paul's Pallets", "12000")


@pytest.fixture
def starter(db: None) -> Organization:
    """An organization with 900 a year."""
    return _organization("Stella Storage", "900")


@pytest.fixture
def outside(db: None) -> Organization:
    """An organization of somebody else."""
    return _organization("Outside Ltd", "30000")


@pytest.fixture
def ada(enterprise: Organization) -> User:
    """Manager at the Enterprise customer."""
    return _contact("ada@analytical.example", "Ada Byron", enterprise, "manager")


@pytest.fixture
def colin(enterprise: Organization) -> User:
    """Ada's colleague, a plain member."""
    return _contact("colin@analytical.example", "Colin Babbage", enterprise)


@pytest.fixture
def paul(professional: Organization) -> User:
    """Member at the Professional customer."""
    return _contact("paul@pallets.example", "Paul Pallet", professional)


@pytest.fixture
def stella(starter: Organization) -> User:
    """Member at the Starter customer."""
    return _contact("stella@storage.example", "Stella Shelf", starter)


@pytest.fixture
def olga(outside: Organization) -> User:
    """Manager of an organization that has nothing to do with the others."""
    return _contact("olga@outside.example", "Olga Outsider", outside, "manager")


@pytest.fixture
def agnes(db: None) -> User:
    """Agent; serves General alone."""
    return _staff("agnes@tidewater.example", "Agnes Agent", "agent", "general")


@pytest.fixture
def lena(db: None) -> User:
    """Lead; sees every queue."""
    return _staff("lena@tidewater.example", "Lena Lead", "lead")


@pytest.fixture
def oscar(db: None) -> User:
    """Runs operations."""
    return _staff("oscar@tidewater.example", "Oscar Ops", "ops")


@pytest.fixture
def root(db: None) -> User:
    """Admin."""
    return _staff("root@tidewater.example", "Ruth Root", "admin")


@pytest.fixture
def at_door(settings: Any) -> Callable[[User | None], Client]:
    """Return a browser logged in as somebody; staff with their second factor behind them."""

    def come(user: User | None, *, second_factor: bool = True) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            if second_factor:
                session = client.session
                # As allauth keeps them; the user's key says whose they are.
                session["account_authentication_methods_user"] = str(user.pk)
                session["account_authentication_methods"] = [
                    {"method": "mfa", "at": datetime.now(UTC).timestamp(), "type": "totp"}
                ]
                session.save()
        return client

    return come


@pytest.fixture
def open_for() -> Callable[..., Ticket]:
    """Return a way to open a ticket for a contact, in one line."""

    def opened(requester: User, **changes: Any) -> Ticket:
        values = {
            "organization": requester.memberships.get().organization,
            "requester": requester,
            "subject": "The scanner shows E42",
            "body": "Since this morning no barcode is read.",
            "severity": 3,
            "now": TUESDAY,
            **changes,
        }
        return open_ticket(**values)

    return opened
