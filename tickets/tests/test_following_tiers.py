"""Open tickets follow the tier of their organization, within a tick and without magic."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Notice, Organization, User
from tickets.actions import (
    assign,
    change_queue,
    follow_tiers,
    open_ticket,
    reconcile_tiers,
    reply_as_agent,
    set_status,
)
from tickets.actions import following_tiers as module
from tickets.models import Clock, Queue, Ticket, TicketEvent, Trigger
from tickets.rules.tier_moves import queue_after
from tickets.tests.pages_kit import words_of
from tiers.actions import (
    discard_draft,
    draft_from_live,
    draft_from_version,
    give_override,
    record_facts,
    withdraw_override,
)
from tiers.models import TierAssignment
from tiers.tests.review_kit import signed_off

Opened = Callable[..., Ticket]
Door = Callable[..., Client]
SOON = TUESDAY + timedelta(minutes=5)


def pays(organization: Organization, acv: str, now: datetime = SOON) -> None:
    """Record what the organization pays now, as a CRM would."""
    record_facts(organization=organization, values={"acv": acv}, source="ops", now=now)


def standing(ticket: Ticket) -> tuple[str, str]:
    """Return the tier and the queue of a ticket as they are stored."""
    ticket.refresh_from_db()
    return ticket.tier, ticket.queue.key


def tier_events(ticket: Ticket) -> list[TicketEvent]:
    return list(ticket.events.filter(kind=TicketEvent.Kind.TIER).order_by("seq"))


@pytest.mark.parametrize(
    ("standing_in", "former", "new", "expected"),
    [
        ("general", {"general"}, "professional", "professional"),
        ("war-room", {"general"}, "professional", "war-room"),
        ("old", {"general", "old"}, "professional", "professional"),
        ("general", {"general"}, None, "general"),
        ("professional", {"professional"}, "professional", "professional"),
        ("general", set(), "professional", "general"),
    ],
)
def test_a_ticket_moves_with_its_tier_only_from_the_queue_of_its_former_tier(
    standing_in: str, former: set[str], new: str | None, expected: str
) -> None:
    assert queue_after(standing_in=standing_in, of_former_tier=former, of_new_tier=new) == expected


def test_a_promotion_brings_open_tickets_into_the_new_tiers_queue_and_says_so(
    paul: User,
    professional: Organization,
    lena: User,
    open_for: Opened,
    at_door: Door,
) -> None:
    ticket = open_for(paul)
    follow_tiers(now=TUESDAY)
    assert standing(ticket) == ("professional", "professional")
    pays(professional, "60000")
    assert follow_tiers(now=SOON) == 1
    assert standing(ticket) == ("enterprise", "enterprise")
    [event] = tier_events(ticket)
    assert (event.old, event.new, event.by, event.is_public) == (
        "professional", "enterprise", "system", False,
    )  # fmt: skip
    held = TierAssignment.objects.open().get(organization=professional)
    assert event.detail["assignment"] == held.pk
    assert held.followed_at
    assert held.followed_at >= SOON
    page = words_of(at_door(lena).get(reverse("desk_ticket", args=[ticket.reference])))
    assert "Professional became Enterprise: moved from Professional to Enterprise Support" in page


def test_running_clocks_keep_their_promise_and_the_next_ticket_gets_the_new_one(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket = open_for(paul)
    before = list(Clock.objects.filter(ticket=ticket).order_by("pk").values())
    terms = ticket.terms_id
    pays(professional, "60000")
    follow_tiers(now=SOON)
    ticket.refresh_from_db()
    assert list(Clock.objects.filter(ticket=ticket).order_by("pk").values()) == before
    assert ticket.terms_id == terms
    later = open_for(paul, now=SOON)
    assert (later.tier, later.terms.tier, later.queue.key) == ("enterprise",) * 3


def test_a_demotion_lengthens_nothing_that_was_promised(
    ada: User, enterprise: Organization, oscar: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(ada, severity=1)
    due = ticket.rank_at
    give_override(
        organization=enterprise, tier="starter", reason="Contract ended", requested_by=lena,
        approved_by=oscar, starts=SOON.date(), expires=date(2027, 1, 1), now=SOON,
    )  # fmt: skip
    follow_tiers(now=SOON)
    assert standing(ticket) == ("starter", "general")
    assert ticket.rank_at == due
    reply_as_agent(ticket=ticket, author=lena, body="On it", now=SOON, is_public=False)
    ticket.refresh_from_db()
    assert ticket.rank_at == due
    assert ticket.terms.tier == "enterprise"


def test_a_ticket_that_somebody_put_elsewhere_stays_there_but_knows_its_tier(
    paul: User, professional: Organization, lena: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    general = Queue.objects.get(key="general")
    change_queue(ticket=ticket, queue=general, reason="Easy", by=lena, now=TUESDAY)
    pays(professional, "60000")
    follow_tiers(now=SOON)
    assert standing(ticket) == ("enterprise", "general")
    [event] = tier_events(ticket)
    assert event.detail["from_queue"] == event.detail["to_queue"] == "General"


def test_a_version_that_never_counted_says_nothing_about_where_tickets_stand(
    paul: User, professional: Organization, lena: User, oscar: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    general = Queue.objects.get(key="general")
    change_queue(ticket=ticket, queue=general, reason="Easy", by=lena, now=TUESDAY)
    draft = draft_from_live(author=oscar, now=TUESDAY)
    draft.promises.filter(tier="professional").update(queue_key="general")
    discard_draft(policy=draft, by=oscar, now=TUESDAY)
    signed = draft_from_version(source=draft, author=oscar, now=TUESDAY)
    assert signed_off(signed, by=oscar, now=TUESDAY).is_approved
    pays(professional, "60000")
    follow_tiers(now=SOON)
    assert standing(ticket) == ("enterprise", "general")


def test_the_assignee_stays(
    stella: User, starter: Organization, agnes: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    assign(ticket=ticket, agent=agnes, by=lena, now=TUESDAY)
    pays(starter, "12000")
    follow_tiers(now=SOON)
    assert standing(ticket) == ("professional", "professional")
    assert ticket.assignee == agnes


def test_solved_tickets_stay_as_they_are_until_they_are_open_again(
    stella: User, starter: Organization, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    reply_as_agent(ticket=ticket, author=lena, body="Done", now=TUESDAY, status="solved")
    pays(starter, "12000")
    follow_tiers(now=SOON)
    assert standing(ticket) == ("starter", "general")
    set_status(ticket=ticket, status="open", by=stella, now=SOON)
    assert reconcile_tiers(now=SOON) == 1
    assert standing(ticket) == ("professional", "professional")


def test_following_twice_does_nothing_twice(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket = open_for(paul)
    pays(professional, "60000")
    assert [follow_tiers(now=SOON), follow_tiers(now=SOON), reconcile_tiers(now=SOON)] == [1, 0, 0]
    assert len(tier_events(ticket)) == 1


def test_two_changes_before_anybody_looked_are_one_move(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket = open_for(paul)
    follow_tiers(now=TUESDAY)
    pays(professional, "60000", SOON)
    pays(professional, "12000", SOON + timedelta(seconds=1))
    pays(professional, "70000", SOON + timedelta(seconds=2))
    follow_tiers(now=SOON + timedelta(seconds=3))
    assert standing(ticket) == ("enterprise", "enterprise")
    assert len(tier_events(ticket)) == 1


def test_there_and_back_is_followed_there_and_back(
    starter: Organization, stella: User, oscar: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    override = give_override(
        organization=starter, tier="enterprise", reason="Pilot", requested_by=lena,
        approved_by=oscar, starts=SOON.date(), expires=date(2027, 1, 1), now=SOON,
    )  # fmt: skip
    follow_tiers(now=SOON)
    assert standing(ticket) == ("enterprise", "enterprise")
    withdraw_override(override=override, now=SOON + timedelta(minutes=1), by=oscar)
    follow_tiers(now=SOON + timedelta(minutes=1))
    assert standing(ticket) == ("starter", "general")
    assert [event.new for event in tier_events(ticket)] == ["enterprise", "starter"]


def test_a_ticket_opened_while_the_tier_changed_is_found_by_the_next_tick(
    stella: User, starter: Organization, open_for: Opened
) -> None:
    """The assignment is followed before the ticket, opened under the former tier, is there."""
    pays(starter, "12000")
    follow_tiers(now=SOON)
    ticket = open_for(stella, now=SOON)
    Ticket.objects.filter(pk=ticket.pk).update(
        tier="starter", queue=Queue.objects.get(key="general")
    )
    assert follow_tiers(now=SOON + timedelta(seconds=1)) == 1
    assert standing(ticket) == ("professional", "professional")


def test_the_latest_change_does_not_wait_for_the_many_before_it(
    paul: User, professional: Organization, stella: User, starter: Organization,
    open_for: Opened, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "_batch_sizes", lambda: (1, 2))
    many = [open_for(paul) for _ in range(4)]
    one = open_for(stella)
    follow_tiers(now=TUESDAY)
    pays(professional, "60000", SOON)
    pays(starter, "60000", SOON + timedelta(seconds=1))
    follow_tiers(now=SOON + timedelta(seconds=2))
    order = TicketEvent.objects.filter(kind=TicketEvent.Kind.TIER).order_by("pk")
    assert list(order.values_list("ticket_id", flat=True)) == [one.pk, *(t.pk for t in many)]


def test_an_assignment_of_the_future_waits_for_its_time(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket = open_for(paul)
    follow_tiers(now=TUESDAY)
    pays(professional, "60000", SOON)
    assert follow_tiers(now=SOON - timedelta(seconds=1)) == 0
    assert standing(ticket) == ("professional", "professional")
    assert follow_tiers(now=SOON) == 1


def test_many_organizations_and_tickets_take_many_batches(
    paul: User, professional: Organization, stella: User, starter: Organization,
    open_for: Opened, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "_batch_sizes", lambda: (1, 2))
    monkeypatch.setattr(module, "LOOK", 3)
    tickets = [open_for(paul) for _ in range(5)] + [open_for(stella) for _ in range(3)]
    follow_tiers(now=TUESDAY)
    pays(professional, "60000")
    pays(starter, "60000")
    assert follow_tiers(now=SOON) == 8
    assert {standing(ticket) for ticket in tickets} == {("enterprise", "enterprise")}
    assert not TierAssignment.objects.unfollowed(SOON).exists()


def test_a_tier_that_the_program_no_longer_knows_counts_as_its_default(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket = open_for(paul)
    TierAssignment.objects.filter(organization=professional).update(tier="bronze")
    assert follow_tiers(now=SOON) == 1
    assert standing(ticket) == ("starter", "general")
    assert reconcile_tiers(now=SOON) == 0


def test_a_queue_that_is_not_there_moves_nothing(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket = open_for(paul)
    Queue.objects.filter(key="enterprise").update(key="gone")
    pays(professional, "60000")
    follow_tiers(now=SOON)
    assert standing(ticket) == ("enterprise", "professional")


def _trigger(conditions: list[dict[str, Any]], actions: list[dict[str, Any]]) -> Trigger:
    return Trigger.objects.create(
        name="Welcome", event="ticket_updated", position=10, conditions={"all": conditions},
        actions=actions,
    )  # fmt: skip


def test_triggers_that_ask_for_the_tier_get_their_chance_and_the_others_do_not(
    paul: User, professional: Organization, lena: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    is_enterprise = {"field": "tier", "op": "is", "value": "enterprise"}
    _trigger(
        [is_enterprise],
        [
            {"do": "add_tag", "value": "promoted"},
            {"do": "set_severity", "value": 2},
            {"do": "notify", "value": "lead"},
        ],
    )
    Trigger.objects.create(
        name="Always", event="ticket_updated", position=20, conditions={},
        actions=[{"do": "add_tag", "value": "touched"}],
    )  # fmt: skip
    pays(professional, "60000")
    follow_tiers(now=SOON)
    ticket.refresh_from_db()
    assert ticket.tags == ["promoted"]
    assert ticket.severity == 2
    assert set(ticket.clocks.values_list("severity", flat=True)) == {2}
    notice = Notice.objects.get(kind="ticket_flagged")
    assert notice.recipient == lena
    assert "Welcome" in notice.body_text
    follow_tiers(now=SOON)
    assert Notice.objects.filter(kind="ticket_flagged").count() == 1


def test_a_trigger_that_fails_does_not_keep_a_ticket_from_following(
    paul: User, professional: Organization, open_for: Opened
) -> None:
    ticket, other = open_for(paul), open_for(paul)
    _trigger(
        [{"field": "tier", "op": "is", "value": "enterprise"}],
        [{"do": "set_severity", "value": 1}],
    )
    # Its events cannot be read any more, so its clocks cannot be computed.
    TicketEvent.objects.filter(ticket=ticket, kind="opened").update(kind="status", new="nowhere")
    pays(professional, "60000")
    assert follow_tiers(now=SOON) == 2
    assert standing(ticket) == ("enterprise", "enterprise")
    assert ticket.severity == 3
    other.refresh_from_db()
    assert other.severity == 1


def test_who_has_nothing_open_is_marked_all_the_same(professional: Organization) -> None:
    assert TierAssignment.objects.unfollowed(SOON).count() == 1
    assert follow_tiers(now=SOON) == 0
    assert not TierAssignment.objects.unfollowed(SOON).exists()


def test_a_followed_tier_is_what_the_desks_view_and_triggers_see_at_once(
    stella: User,
    starter: Organization,
    lena: User,
    open_for: Opened,
    at_door: Door,
) -> None:
    ticket = open_for(stella)
    pays(starter, "60000")
    follow_tiers(now=SOON)
    shown = words_of(at_door(lena).get(reverse("desk_view", args=["enterprise"])))
    assert ticket.subject in shown


def test_a_ticket_for_an_organization_never_evaluated_is_left_alone(
    starter: Organization, stella: User
) -> None:
    TierAssignment.objects.all().delete()
    ticket = open_ticket(
        organization=starter, requester=stella, subject="New here", body="Hello", severity=3,
        now=SOON,
    )  # fmt: skip
    assert reconcile_tiers(now=SOON) == 0
    assert standing(ticket) == ("starter", "general")
