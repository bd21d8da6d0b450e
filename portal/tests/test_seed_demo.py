"""The demo company: believable, the same each time, and harmless where it does not belong."""

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings

from people.models import AccountTeamMember, Membership, Notice, Organization, User
from people.viewers import viewer_of
from portal.demo import logins, seeding
from portal.demo.accounts import ACCOUNTS
from portal.demo.stories import STORIES
from portal.kit import clock
from tickets import default_queues
from tickets.actions import (
    announce_clock_events,
    ask_for_ratings,
    readings_of,
    sweep_clocks,
)
from tickets.models import (
    Attachment,
    Clock,
    ClockAlert,
    ClockEvent,
    HandleTime,
    Message,
    SatisfactionRating,
    Ticket,
    TicketEvent,
)
from tiers import default_program
from tiers.models import OrganizationTarget, TierAssignment, TierOverride

TUESDAY_TEN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def prepared() -> None:
    """Have the program and the queues that ship, also after a test that emptied all tables."""
    default_program.install(apps)
    default_queues.install(apps)


def load(now: datetime = TUESDAY_TEN) -> dict[str, int]:
    prepared()
    return seeding.load_demo(now=now, say=lambda line: None)


@pytest.fixture(scope="module")
def _company(django_db_setup, django_db_blocker, tmp_path_factory):
    """Load the company once for all tests that only look at it; taken back at the end."""
    storages = {
        **settings.STORAGES,
        "attachments": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path_factory.mktemp("files"), "base_url": None},
        },
    }
    with (
        django_db_blocker.unblock(),
        override_settings(STORAGES=storages, DATA_DIR=tmp_path_factory.mktemp("data")),
        transaction.atomic(),
    ):
        load()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def company(_company, db):
    """Have the demo company as of Tuesday at ten."""


def test_the_customers_are_sixty_over_three_tiers(company):
    tiers = Counter(TierAssignment.objects.open().values_list("tier", flat=True))
    assert tiers == {"enterprise": 8, "professional": 18, "starter": 34}
    assert Organization.objects.count() == len(ACCOUNTS) == 60
    contacts = User.objects.filter(staff_role="")
    assert contacts.count() == 150
    assert contacts.values("time_zone").distinct().count() >= 20
    managed = Membership.objects.active().filter(role="manager").values("organization")
    assert managed.distinct().count() == 60
    assert not Organization.objects.exclude(domains__verified_at__isnull=False).exists()


def test_the_vendor_has_agents_with_queues_and_account_teams(company):
    roles = Counter(User.objects.exclude(staff_role="").values_list("staff_role", flat=True))
    assert roles == {"agent": 12, "lead": 2, "ops": 1, "admin": 1}
    served = Counter(User.objects.filter(staff_role="agent").values_list("queues__key", flat=True))
    assert set(served) == {"enterprise", "professional", "general"}
    assert min(served.values()) >= 5
    teams = Counter(AccountTeamMember.objects.values_list("duty", flat=True))
    assert teams == {"tam": 8, "backup": 8, "success": 18}


def test_tiers_have_a_history_with_reasons(company):
    sources = Counter(TierAssignment.objects.open().values_list("source", flat=True))
    assert (sources["promote"], sources["demote"], sources["grace"]) == (2, 1, 1)
    assert (sources["override"], sources["contract"]) == (1, 1)
    override = TierOverride.objects.get()
    assert override.reason
    assert override.approved_by.runs_operations
    targets = OrganizationTarget.objects.all()
    assert targets.values("organization").distinct().count() == 2
    assert all(target.reason and target.approved_by.runs_operations for target in targets)


def test_half_a_year_of_tickets_reads_like_real_support(company):
    assert len(STORIES) >= 40
    tickets = Ticket.objects.all()
    assert 1500 <= tickets.count() <= 2500
    per_tier = Counter(tickets.values_list("tier", flat=True))
    assert min(per_tier.values()) > 400
    per_severity = Counter(tickets.values_list("severity", flat=True))
    assert per_severity[3] == max(per_severity.values())
    assert per_severity[1] == min(per_severity.values())
    days = Counter(instant.weekday() for instant in tickets.values_list("created_at", flat=True))
    assert days[0] > days[1] > days[4] > 3 * days[5]
    subjects = Counter(tickets.values_list("subject", flat=True))
    assert len(subjects) > 1000
    assert max(subjects.values()) < 25
    assert not Message.objects.filter(body__contains="{").exclude(body__contains="```").exists()


def test_conversations_take_every_turn_that_real_ones_take(company):
    assert Message.objects.filter(is_public=False).count() > 200
    moves = Counter(TicketEvent.objects.filter(kind="status").values_list("old", "new"))
    assert moves[("solved", "open")] > 40
    assert moves[("new", "pending")] > 300
    assert moves[("new", "on_hold")] > 20
    assert moves[("pending", "solved")] > 20  # by the customer
    assert Ticket.objects.exclude(follow_up_of=None).count() >= 5
    assert TicketEvent.objects.filter(kind="severity").exclude(reason="").count() >= 5
    assert HandleTime.objects.count() > 2500
    assert Attachment.objects.count() == 1


def test_attainment_is_about_98_95_and_92_percent(company):
    for tier, usual in {"enterprise": 0.98, "professional": 0.95, "starter": 0.92}.items():
        for metric in ("first_reply", "next_reply", "resolution"):
            ended = Counter(
                Clock.objects.filter(
                    tier=tier, metric=metric, stopped_at__isnull=False
                ).values_list("status", flat=True)
            )
            late = ended["met_late"] + ended["breached"]
            kept = ended["met"] / (ended["met"] + late)
            assert kept == pytest.approx(usual, abs=0.02), (tier, metric)
            assert late > 0, (tier, metric)


def test_a_third_of_the_customers_rate_and_some_say_why(company):
    answered = SatisfactionRating.objects.exclude(score=None)
    assert 0.3 <= answered.count() / SatisfactionRating.objects.count() <= 0.4
    assert 0.3 <= answered.exclude(comment="").count() / answered.count() <= 0.5
    scores = Counter(answered.values_list("score", flat=True))
    assert scores[5] > scores[4] > scores[3] > scores[1] > 0
    assert 0.7 < (scores[5] + scores[4]) / scores.total() < 0.95


def test_every_clock_equals_a_fresh_recompute_from_the_events(company):
    imported = Ticket.objects.filter(pk__lte=last_imported())
    chosen = random.Random(7).sample(list(imported.values_list("pk", flat=True)), 120)
    chosen += imported.active().values_list("pk", flat=True)
    names = ("metric", "cycle", "status", "elapsed_seconds", "target_seconds", "calendar")
    instants = ("started_at", "due_at", "breaches_after", "breached_at", "stopped_at")
    for ticket in Ticket.objects.filter(pk__in=chosen):
        assert [
            tuple(getattr(row, name) for name in (*names, *instants))
            for row in ticket.clocks.order_by("metric", "cycle")
        ] == [
            (
                *(getattr(reading, name) for name in names),
                *(instant_of(getattr(reading, name)) for name in instants),
            )
            for reading in sorted(readings_of(ticket, TUESDAY_TEN).clocks)
            if reading.started_at is not None
        ]


def last_imported() -> int:
    """The last ticket that was imported; those of this minute come behind it."""
    fresh = Notice.objects.values_list("about", flat=True)
    return min(int(about.partition(":")[2]) for about in fresh) - 1


def instant_of(seconds: int | None) -> datetime | None:
    return None if seconds is None else clock.from_epoch(seconds)


def test_nobody_is_told_about_the_past(company):
    fresh = Ticket.objects.filter(pk__gt=last_imported())
    assert fresh.count() == 6
    assert set(Notice.objects.values_list("about", flat=True)) == {
        f"ticket:{ticket.pk}" for ticket in fresh
    }
    assert Notice.objects.filter(recipient__email=logins.ENTERPRISE_COLLEAGUE).count() == 2
    assert ClockEvent.objects.filter(kind="breach").count() > 100
    assert sweep_clocks(now=TUESDAY_TEN) == 0
    assert announce_clock_events(now=TUESDAY_TEN) == 0


def test_of_two_tickets_at_risk_somebody_takes_care_of_one(company):
    told = ClockAlert.objects.filter(outcome="told")
    assert set(told.values_list("recipient__email", flat=True)) >= {
        logins.AGENT_OF_ALL, logins.LEAD,
    }  # fmt: skip
    seen = ClockEvent.objects.filter(acknowledged_by__email=logins.AGENT_OF_ALL)
    assert set(seen.values_list("step", flat=True)) == {50, 75}
    pressing = ClockEvent.objects.pressing().filter(alerts__in=told)
    assert pressing.values("ticket").distinct().count() == 1
    assert User.objects.get(email=logins.LEAD).quiet_from is not None


def test_who_was_helped_in_the_last_minutes_is_asked_for_a_rating(company):
    asked = ask_for_ratings(now=TUESDAY_TEN)
    assert asked >= 4
    mails = Notice.objects.filter(kind="rating_asked")
    assert mails.count() == asked
    assert logins.PROFESSIONAL in set(mails.values_list("address", flat=True))


def test_every_demo_login_opens_its_door_with_a_proved_address(company):
    for login in logins.DEMO_LOGINS:
        user = User.objects.get(email=login["email"])
        assert EmailAddress.objects.get(user=user).verified
        assert user.name == login["label"]
        assert Client().login(email=login["email"], password=login["password"]), login["email"]


def test_customers_of_the_demo_see_their_own_alone(company):
    for email in (logins.ENTERPRISE_MANAGER, logins.PROFESSIONAL, logins.STARTER):
        user = User.objects.get(email=email)
        seen = Ticket.objects.visible_to(viewer_of(user))
        own = user.memberships.get().organization
        assert set(seen.values_list("organization", flat=True)) == {own.pk}
        assert {"new", "open", "pending", "closed"} <= set(seen.values_list("status", flat=True))
        browser = Client()
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        for ticket in seen[:2]:
            assert browser.get(f"/tickets/{ticket.reference}/").status_code == 200
        for ticket in Ticket.objects.exclude(organization=own)[:2]:
            assert browser.get(f"/tickets/{ticket.reference}/").status_code == 404


def test_a_colleague_sees_what_is_shared_with_him_and_not_the_rest(company):
    mats = User.objects.get(email=logins.ENTERPRISE_COLLEAGUE)
    seen = Ticket.objects.visible_to(viewer_of(mats))
    assert seen.exclude(requester=mats).count() == 1  # the one he follows
    assert seen.filter(requester=mats, status="pending").exists()


def test_loading_it_again_changes_nothing_and_takes_no_time(company):
    before = rows()
    started = time.perf_counter()
    assert load(TUESDAY_TEN + timedelta(days=3)) == {}
    assert time.perf_counter() - started < 1
    assert rows() == before


def rows() -> dict[str, int]:
    """How many rows there are of everything."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}
