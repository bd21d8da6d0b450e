"""Publishing changes no closed figure: last month is the same to the ticket, whatever is chosen."""

import random
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from people.models import User
from reports.figures import decided_in, figures_of
from reports.periods import Period
from tickets import actions
from tickets.actions.clocks import keep_terms
from tickets.models import Clock, Queue, RecomputeRun, Ticket
from tickets.tests.publishing_kit import work_off
from tiers.actions import draft_calendar_version, draft_from_live, save_calendar_draft
from tiers.models import Calendar, PromiseTarget
from tiers.promises import promise_for
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 7, 10, 0, tzinfo=UTC)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
LAST_MONTH = Period(date(2026, 3, 1), date(2026, 3, 31), BERLIN)
TIERS = ["enterprise", "professional", "starter"]
HOUR = timedelta(hours=1)
Publish = Callable[[User], RecomputeRun | None]


@pytest.fixture
def history(ada: User, paul: User, stella: User, lena: User) -> list[Ticket]:
    """Seven weeks of tickets of all tiers: kept, late, broken and unanswered, paused, reopened."""
    chance = random.Random(20260407)
    pasts = []
    for _number in range(150):
        requester = chance.choice([ada, paul, stella])
        organization = requester.memberships.get().organization
        at = NOW - timedelta(hours=chance.uniform(2, 49 * 24))
        events = [actions.PastEvent(at=at, actor=requester, body="It does not work.")]
        for _step in range(chance.choice([0, 0, 1, 2, 3, 5])):
            at += timedelta(hours=chance.expovariate(1 / 20))
            if at > NOW:
                break
            events.append(_next(chance, events, at, requester, lena))
        pasts.append(
            actions.PastTicket(
                organization=organization, requester=requester, subject="The scanner shows E42",
                severity=chance.choice([1, 2, 3, 4]),
                terms=keep_terms(promise_for(organization, NOW)),
                queue=Queue.objects.get(key="general"), events=events,
            )
        )  # fmt: skip
    return actions.import_tickets(pasts=pasts, now=NOW)


def _next(
    chance: random.Random,
    before: list[actions.PastEvent],
    at: datetime,
    requester: User,
    agent: User,
) -> actions.PastEvent:
    status = next((event.status for event in reversed(before) if event.status), "new")
    if status in {"pending", "solved"}:
        return actions.PastEvent(at=at, actor=requester, body="Still.", status="open")
    wanted = chance.choice(["open", "pending", "pending", "on_hold", "solved", "solved"])
    return actions.PastEvent(at=at, actor=agent, body="Here.", status=wanted)


def policy_with(change: Callable[[PromiseTarget], None], treatment: str) -> Publish:
    """Return a way to publish a version whose targets are changed."""

    def publish(by: User) -> RecomputeRun | None:
        draft = draft_from_live(author=by, now=NOW)
        for row in PromiseTarget.objects.filter(policy=draft):
            change(row)
        signed_off(draft, by=by, now=NOW)
        return actions.publish_policy(
            policy=draft, treatment=treatment, change_note="Test", published_by=by, now=NOW
        )

    return publish


def _faster(row: PromiseTarget) -> None:
    row.target_seconds //= 4
    row.save()


def _slower(row: PromiseTarget) -> None:
    row.target_seconds, row.floor_seconds = row.target_seconds * 9, row.floor_seconds * 9
    row.save()


def _no_replies(row: PromiseTarget) -> None:
    if row.metric in {"first_reply", "next_reply"}:
        row.delete()


def calendar_with(treatment: str, hours: list[list[str]]) -> Publish:
    """Return a way to publish other business hours, counting since the middle of last month."""

    def publish(by: User) -> RecomputeRun | None:
        calendar = Calendar.objects.get(key="business-hours")
        draft = draft_calendar_version(calendar=calendar, by=by, now=NOW)
        weekly = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), hours)
        draft = save_calendar_draft(
            version=draft, definition={**draft.definition, "weekly": weekly}, holiday_names={},
            valid_from=datetime(2026, 3, 15, tzinfo=UTC), reason="Test", revision=draft.revision,
            by=by, now=NOW,
        )  # fmt: skip
        return actions.publish_calendar_version(
            version=draft, treatment=treatment, reason="Test", published_by=by, now=NOW
        )

    return publish


CHANGES = {
    f"{name}, {treatment}": policy_with(change, treatment)
    for name, change in {
        "faster": _faster, "slower": _slower, "replies no longer promised": _no_replies,
    }.items()
    for treatment in ("keep", "retarget", "next_ticket")
} | {
    f"{name}, {treatment}": calendar_with(treatment, hours)
    for name, hours in {
        "open at night": [["00:00", "24:00"]], "open for an hour": [["12:00", "13:00"]],
    }.items()
    for treatment in ("keep", "retarget", "next_ticket", "correct")
}  # fmt: skip


def decided() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return how each promise of last month was decided, when, and under which tier."""
    rows: Any = decided_in(LAST_MONTH)
    return {
        (row.ticket_id, row.metric, row.cycle): (row.tier, row.decided_at, row.verdict)
        for row in rows
    }


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_last_month_stays_as_it_was_reported(
    change: Publish, history: list[Ticket], oscar: User, lena: User
) -> None:
    before, figures = decided(), figures_of(LAST_MONTH, TIERS)
    assert {verdict for _, _, verdict in before.values()} == {"kept", "late", "broken"}
    live = Clock.objects.filter(stopped_at=None).order_by("pk")
    running = list(live.values_list("pk", "due_at", "target_seconds", "status"))
    run = change(oscar)
    work_off(run, NOW + timedelta(minutes=1))
    assert decided() == before
    assert figures_of(LAST_MONTH, TIERS) == figures
    if run is not None and run.mode != "keep":
        after = list(live.values_list("pk", "due_at", "target_seconds", "status"))
        assert after != running, "The change must have reached somebody, else this proves nothing."
    # And what comes later does not reach back either.
    actions.sweep_clocks(now=NOW + timedelta(days=3))
    for ticket in Ticket.objects.active():
        actions.reply_as_agent(
            ticket=ticket, author=lena, body="Now.", status="solved", now=NOW + timedelta(days=4)
        )
    kept_or_not = {key: (at, tier) for key, (tier, at, _verdict) in before.items()}
    assert {key: (at, tier) for key, (tier, at, _verdict) in decided().items()} == kept_or_not
