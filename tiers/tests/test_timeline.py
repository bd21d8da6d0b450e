"""What happened to an organization's tier: every kind of event once, page by page."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail import hooks

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import (
    approve_override,
    continue_applying,
    draft_from_live,
    give_override,
    record_facts,
    refuse_override,
    request_override,
    tend_override,
    withdraw_override,
)
from tiers.fact_links import FACT_LINK_HOOK
from tiers.models import AccountFact, PolicyRun, TierAssignment, TierOverride
from tiers.tests.ops_kit import main_of
from tiers.tests.policy_kit import asking_more, put_in_force
from tiers.timeline import Timeline, timeline

Door = Callable[..., Client]
DAY = timedelta(days=1)
NOW = TUESDAY + 40 * DAY


@pytest.fixture(autouse=True)
def created(starter: Organization) -> None:
    """The organization was there before everything that is told here."""
    Organization.objects.filter(pk=starter.pk).update(created_at=TUESDAY)
    starter.refresh_from_db()


def told(page: Timeline) -> list[str]:
    """Return each event as one word or sentence."""
    return [
        event.sentence or (f"{event.step.assignment.tier}" if event.step else event.kind)
        for event in page.events
    ]


def ask(organization: Organization, by: User, day: int = 1, **changes: Any) -> Any:
    """Ask for Enterprise for thirty days."""
    asked: dict[str, Any] = {
        "organization": organization, "tier": "enterprise", "reason": "Go-live", "by": by,
        "starts": (TUESDAY + day * DAY).date(), "expires": (TUESDAY + 30 * DAY).date(),
        "now": TUESDAY + day * DAY,
    }  # fmt: skip
    return request_override(**asked | changes)


def test_facts_stand_with_what_they_led_to_and_alone_when_they_led_to_nothing(
    starter: Organization, oscar: User
) -> None:
    record_facts(organization=starter, values={"seats": "7"}, source="ops", now=TUESDAY + DAY)
    record_facts(
        organization=starter, values={"acv": "30000", "seats": "7"}, source="hubspot",
        note="HubSpot company 9001: amount changed", now=TUESDAY + 2 * DAY,
    )  # fmt: skip
    promoted, alone, first = timeline(starter, NOW).events
    assert promoted.step is not None
    assert promoted.step.assignment.tier == "enterprise"
    (recorded,) = promoted.recorded
    assert recorded.note == "HubSpot company 9001: amount changed"
    assert [(str(one.label), one.old, one.new) for one in recorded.changes] == [
        ("Annual contract value", "USD 900", "USD 30,000")
    ]
    assert (alone.kind, alone.recorded[0].changes[0].old) == ("facts", "not known")
    assert first.step is not None


def test_a_fact_that_says_what_is_known_is_no_event(starter: Organization) -> None:
    before = told(timeline(starter, NOW))
    record_facts(organization=starter, values={"acv": "900"}, source="hubspot", now=TUESDAY + DAY)
    assert told(timeline(starter, NOW)) == before


def test_the_life_of_an_override_is_told(
    starter: Organization, agnes: User, oscar: User, root: User
) -> None:
    refuse_override(request=ask(starter, agnes), by=oscar, note="Too early", now=TUESDAY + 2 * DAY)
    given = approve_override(
        request=ask(starter, agnes, 3), by=root, now=TUESDAY + 4 * DAY, note="Fine"
    )
    tend_override(kind="remind", pk=given.pk, now=TUESDAY + 20 * DAY)
    tend_override(kind="lapse", pk=given.pk, now=TUESDAY + 30 * DAY)
    assert told(timeline(starter, NOW)) == [
        "starter",
        "The override ended on its day.",
        "A reminder went out that the override ends soon.",
        "enterprise",
        "Ruth Root approved the override.",
        "Agnes Agent asked for an override until 9 Apr 2026.",
        "Oscar Ops refused the override.",
        "Agnes Agent asked for an override until 9 Apr 2026.",
        "starter",
    ]
    quotes = [event.quote for event in timeline(starter, NOW).events if event.quote]
    assert quotes == ["Fine", "Go-live", "Too early", "Go-live"]


def test_an_override_from_before_requests_existed_is_told_too(
    starter: Organization, agnes: User, oscar: User
) -> None:
    given = give_override(
        organization=starter, tier="enterprise", reason="Go-live", requested_by=agnes,
        approved_by=oscar, starts=TUESDAY.date(), expires=NOW.date(), now=TUESDAY + DAY,
    )  # fmt: skip
    given.request.delete()
    TierOverride.objects.update(created_at=TUESDAY + DAY)
    withdraw_override(override=given, by=oscar, now=TUESDAY + 2 * DAY)
    sentences = told(timeline(starter, NOW))
    assert "Agnes Agent asked for an override, Oscar Ops approved it." in sentences
    assert "Oscar Ops took the override back." in sentences


def test_policy_versions_since_the_organization_is_here_are_told(
    starter: Organization, oscar: User
) -> None:
    draft = put_in_force(draft_from_live(author=oscar, now=TUESDAY), TUESDAY + 2 * DAY)
    versions = [event for event in timeline(starter, NOW).events if event.kind == "policy"]
    assert [(event.version, event.quote) for event in versions] == [
        (draft.version, draft.change_note)
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_show_every_event_once_whatever_falls_together(
    limit: int, starter: Organization, agnes: User, oscar: User
) -> None:
    for number in range(6):
        record_facts(
            organization=starter, values={"acv": 4000 * number + 1, "seats": number},
            source="hubspot", now=TUESDAY + (number // 2) * DAY,
        )  # fmt: skip
    approve_override(request=ask(starter, agnes), by=oscar, now=TUESDAY + DAY)
    everything = timeline(starter, NOW, limit=100)
    assert everything.earlier is None
    pages: list[Any] = []
    before = None
    for _page in range(50):
        page = timeline(starter, NOW, before=before, limit=limit)
        pages += page.events
        before = page.earlier
        if before is None:
            break
    assert tuple(pages) == everything.events


def test_a_page_costs_the_same_however_much_happened(starter: Organization) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            timeline(starter, NOW)
        return len(queries)

    few = cost()
    for number in range(40):
        record_facts(
            organization=starter, values={"acv": 1000 * number}, source="hubspot",
            now=TUESDAY + timedelta(hours=number),
        )  # fmt: skip
    assert cost() == few <= 9


@pytest.fixture
def ops(oscar: User, at_door: Door, time_machine: Any) -> Client:
    """Oscar's browser, much later."""
    time_machine.move_to(NOW, tick=False)
    return at_door(oscar)


def test_the_page_of_the_history_leads_back_to_the_beginning(
    starter: Organization, ops: Client
) -> None:
    for number in range(30):
        record_facts(
            organization=starter, values={"seats": number}, source="hubspot",
            now=TUESDAY + timedelta(hours=number + 1),
        )  # fmt: skip
    address = reverse("ops_organization_history", args=[starter.public_id])
    first = ops.get(address)
    assert "Seats: 28 → 29" in main_of(first)
    assert "Seats: 2 → 3" not in main_of(first)
    before = first.context["timeline"].earlier.isoformat()
    second = main_of(ops.get(address, {"before": before}))
    assert "Seats: 2 → 3" in second
    assert "This is the beginning." in second
    assert "The whole history" in main_of(
        ops.get(reverse("ops_organization", args=[starter.public_id]))
    )


@pytest.mark.parametrize("before", ["yesterday", "2026-03-10", "2026-03-10T10:00:00"])
def test_a_page_that_cannot_be_is_not_found(
    before: str, starter: Organization, ops: Client
) -> None:
    address = reverse("ops_organization_history", args=[starter.public_id])
    assert ops.get(address, {"before": before}).status_code == 404


def test_a_room_above_links_the_event_that_a_fact_came_from(
    starter: Organization, ops: Client
) -> None:
    def links(rows: Sequence[AccountFact]) -> dict[int, str]:
        return {row.pk: f"/ops/crm/{row.fact}/" for row in rows if row.source == "hubspot"}

    record_facts(
        organization=starter, values={"acv": "30000"}, source="hubspot",
        note="HubSpot company 9001: amount changed", now=TUESDAY + DAY,
    )  # fmt: skip
    with hooks.register_temporarily(FACT_LINK_HOOK, links):
        page = ops.get(reverse("ops_organization", args=[starter.public_id]))
    # In the trace, twice among the facts, and in the history.
    assert page.content.decode().count('<a href="/ops/crm/acv/">') >= 4
    assert "“HubSpot company 9001: amount changed”" in main_of(page)


UNCHANGED = "Judged again under policy version 2, unchanged."


def test_who_was_judged_again_and_left_as_they_are_is_told_so_without_a_row_of_their_own(
    starter: Organization, oscar: User, at_door: Door, time_machine: Any
) -> None:
    record_facts(organization=starter, values={"acv": "900"}, source="hubspot", now=TUESDAY)
    rows = TierAssignment.objects.filter(organization=starter).count()
    put_in_force(asking_more(draft_from_live(author=oscar, now=TUESDAY)), TUESDAY + DAY)
    continue_applying(now=TUESDAY + 2 * DAY)

    first, came, *_earlier = timeline(starter, NOW).events
    assert (first.sentence, first.kind, first.version) == (UNCHANGED, "judged", 2)
    assert (first.at - TUESDAY).days == 2
    assert came.sentence == "Policy version 2 came into force."
    assert TierAssignment.objects.filter(organization=starter).count() == rows
    assert UNCHANGED not in told(timeline(starter, NOW, before=first.at))

    time_machine.move_to(NOW, tick=False)
    page = at_door(oscar).get(reverse("ops_organization", args=[starter.public_id]))
    assert UNCHANGED in main_of(page)


def test_who_moved_came_later_or_was_not_reached_is_not_told_to_be_unchanged(
    starter: Organization, oscar: User
) -> None:
    record_facts(organization=starter, values={"acv": "4200"}, source="hubspot", now=TUESDAY)
    put_in_force(asking_more(draft_from_live(author=oscar, now=TUESDAY)), TUESDAY + DAY)
    continue_applying(now=TUESDAY + 2 * DAY)
    assert UNCHANGED not in told(timeline(starter, NOW))
    assert "professional" in told(timeline(starter, NOW))

    run = PolicyRun.objects.get()
    newcomer = Organization.objects.create(name="Newcomer")
    run.batches.update(upto_id=newcomer.pk)
    record_facts(organization=newcomer, values={"acv": "10"}, source="ops", now=NOW)
    assert UNCHANGED not in told(timeline(newcomer, NOW))
    TierAssignment.objects.filter(organization=newcomer).update(valid_from=TUESDAY)
    assert UNCHANGED in told(timeline(newcomer, NOW))

    PolicyRun.objects.update(held=[newcomer.pk])
    assert UNCHANGED not in told(timeline(newcomer, NOW))
    PolicyRun.objects.update(held=[], failed=1)
    assert UNCHANGED not in told(timeline(newcomer, NOW))
    run.batches.update(upto_id=newcomer.pk - 1)
    PolicyRun.objects.update(failed=0)
    assert UNCHANGED not in told(timeline(newcomer, NOW))
