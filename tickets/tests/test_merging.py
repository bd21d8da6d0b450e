"""Merging: two tickets about one matter become one, and no promise is lost by it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import TUESDAY
from people.actions import give_membership
from people.models import User
from people.viewers import viewer_of
from portal.kit.refused import NotPermitted, Refused
from tickets.actions import (
    follow,
    merge_tickets,
    readings_of,
    reply_as_agent,
    reply_as_customer,
    set_severity,
    set_status,
)
from tickets.actions.clocks import reclock
from tickets.actions.merging import plan_merge
from tickets.models import Clock, Message, Ticket, TicketEvent, TicketFollower
from tickets.rules.clocks import Reading

pytestmark = pytest.mark.django_db


def later(minutes: int) -> datetime:
    return TUESDAY + timedelta(minutes=minutes)


@pytest.fixture
def older(ada: User, open_for: Any) -> Ticket:
    ticket: Ticket = open_for(ada, subject="The scanner shows E42")
    return ticket


@pytest.fixture
def younger(ada: User, open_for: Any) -> Ticket:
    ticket: Ticket = open_for(ada, subject="E42 again", now=later(30))
    return ticket


def clocks_of(ticket: Ticket, now: datetime) -> dict[str, Reading]:
    ticket.refresh_from_db()
    return {reading.metric: reading for reading in readings_of(ticket, now).clocks}


def stored(ticket: Ticket) -> dict[str, Clock]:
    return {clock.metric: clock for clock in Clock.objects.filter(ticket=ticket)}


def test_the_source_ends_as_closed_with_its_clocks_cancelled(
    older: Ticket, younger: Ticket, lena: User
) -> None:
    target = merge_tickets(source=younger, target=older, by=lena, now=later(60))
    younger.refresh_from_db()
    assert (target.pk, younger.status, younger.merged_into_id) == (older.pk, "closed", older.pk)
    assert {clock.status for clock in stored(younger).values()} == {"cancelled"}
    assert not Clock.objects.filter(ticket=younger).exclude(next_check_at=None).exists()
    kinds = [*younger.events.order_by("seq").values_list("kind", "new")]
    assert kinds[-2:] == [("merged", older.reference), ("status", "closed")]
    took_in = older.events.get(kind="took_in")
    assert (took_in.old, took_in.actor) == (younger.reference, lena)


def test_a_younger_target_counts_from_the_older_source(
    older: Ticket, younger: Ticket, lena: User
) -> None:
    due = {metric: clock.due_at for metric, clock in stored(older).items()}
    merge_tickets(source=older, target=younger, by=lena, now=later(60))
    found = stored(younger)
    assert {metric: clock.due_at for metric, clock in found.items()} == due
    assert found["resolution"].started_at == TUESDAY


def test_unless_the_agent_lets_the_age_go(older: Ticket, younger: Ticket, lena: User) -> None:
    merge_tickets(source=older, target=younger, by=lena, now=later(60), from_opening=False)
    found = stored(younger)
    assert found["first_reply"].started_at == TUESDAY
    assert found["resolution"].started_at == later(30)


def test_an_answered_target_owes_the_source_its_reply_as_soon_as_promised(
    older: Ticket, younger: Ticket, lena: User
) -> None:
    reply_as_agent(ticket=older, author=lena, body="Try a restart.", now=later(10))
    promised = stored(younger)["first_reply"].due_at
    merge_tickets(source=younger, target=older, by=lena, now=later(60))
    awaited = stored(older)["next_reply"]
    assert (awaited.started_at, awaited.status) == (later(30), "running")
    # Enterprise promises a first reply sooner than a next one: that stays promised.
    assert awaited.due_at == promised


def test_the_worse_severity_wins(older: Ticket, younger: Ticket, lena: User) -> None:
    set_severity(ticket=younger, severity=1, reason="All scanners.", by=lena, now=later(40))
    promised = stored(younger)
    merge_tickets(source=younger, target=older, by=lena, now=later(45))
    older.refresh_from_db()
    assert older.severity == 1
    for metric, clock in stored(older).items():
        assert clock.due_at is not None
        assert clock.due_at <= promised[metric].due_at  # type: ignore[operator]


def test_a_solved_target_goes_on_and_a_pending_one_is_ours_again(
    older: Ticket, younger: Ticket, lena: User, ada: User, open_for: Any
) -> None:
    reply_as_agent(ticket=older, author=lena, body="Done.", status="solved", now=later(10))
    assert merge_tickets(source=younger, target=older, by=lena, now=later(60)).status == "open"
    older.refresh_from_db()
    assert older.solved_at is None
    third, fourth = open_for(ada, now=later(70)), open_for(ada, now=later(80))
    reply_as_agent(ticket=third, author=lena, body="Which one?", status="pending", now=later(85))
    assert merge_tickets(source=fourth, target=third, by=lena, now=later(90)).status == "open"


def test_a_done_source_changes_nothing_that_is_owed(
    older: Ticket, younger: Ticket, lena: User
) -> None:
    reply_as_agent(ticket=younger, author=lena, body="Done.", status="solved", now=later(40))
    reply_as_agent(ticket=older, author=lena, body="Which?", status="pending", now=later(41))
    before = clocks_of(older, later(60))
    merge_tickets(source=younger, target=older, by=lena, now=later(60))
    assert clocks_of(older, later(60)) == before


def test_what_is_shown_before_is_what_happens(older: Ticket, younger: Ticket, lena: User) -> None:
    reply_as_agent(ticket=older, author=lena, body="Try a restart.", now=later(10))
    older.refresh_from_db()
    plan = plan_merge(younger, older, now=later(60))
    assert not TicketEvent.objects.filter(kind="took_in").exists()
    merge_tickets(source=younger, target=older, by=lena, now=later(60))
    older.refresh_from_db()
    assert readings_of(older, later(60)).clocks == plan.after.clocks
    assert (older.severity, older.status) == (plan.severity, plan.status)


def test_computing_the_clocks_anew_at_any_later_time_changes_nothing(
    older: Ticket, younger: Ticket, lena: User
) -> None:
    merge_tickets(source=older, target=younger, by=lena, now=later(60))
    before = [*Clock.objects.order_by("pk").values("metric", "due_at", "ladder", "elapsed_seconds")]
    for ticket in (older, younger):
        ticket.refresh_from_db()
        reclock(ticket, later(60))
    after = [*Clock.objects.order_by("pk").values("metric", "due_at", "ladder", "elapsed_seconds")]
    assert after == before


class TestRefusals:
    def test_not_into_itself_nor_twice_nor_in_a_ring(
        self, older: Ticket, younger: Ticket, lena: User, ada: User, open_for: Any
    ) -> None:
        third = open_for(ada, now=later(40))
        with pytest.raises(Refused, match="into itself"):
            merge_tickets(source=older, target=older, by=lena, now=later(60))
        merge_tickets(source=younger, target=older, by=lena, now=later(60))
        for source, target, words in (
            (younger, third, "merged already"),
            (third, younger, f"has been merged into {older.reference}"),
            (older, younger, f"has been merged into {older.reference}"),
        ):
            with pytest.raises(Refused, match=words):
                merge_tickets(source=source, target=target, by=lena, now=later(61))

    def test_not_across_organizations(
        self, older: Ticket, paul: User, lena: User, open_for: Any
    ) -> None:
        with pytest.raises(Refused, match="different organizations"):
            merge_tickets(source=open_for(paul), target=older, by=lena, now=later(60))

    def test_not_when_one_is_closed(self, older: Ticket, younger: Ticket, lena: User) -> None:
        set_status(ticket=older, status="solved", by=lena, now=later(40))
        Ticket.objects.filter(pk=older.pk).update(status="closed")
        for source, target in ((older, younger), (younger, older)):
            with pytest.raises(Refused, match="closed for good"):
                merge_tickets(source=source, target=target, by=lena, now=later(60))

    def test_only_by_agents_who_see_both(
        self, older: Ticket, younger: Ticket, agnes: User, ada: User, oscar: User
    ) -> None:
        for person in (agnes, ada, oscar):
            with pytest.raises(NotPermitted):
                merge_tickets(source=younger, target=older, by=person, now=later(60))
        assert not Ticket.objects.exclude(merged_into=None).exists()


class TestWhoReadsWhat:
    @pytest.fixture
    def colins(self, colin: User, open_for: Any) -> Ticket:
        ticket: Ticket = open_for(colin, body="Colin's secret", now=later(20))
        return ticket

    @pytest.fixture
    def ernies(self, enterprise: Any, open_for: Any) -> Ticket:
        from conftest import _contact

        ernie = _contact("ernie@analytical.example", "Ernie Engine", enterprise)
        ticket: Ticket = open_for(ernie, body="Ernie's secret", now=later(10))
        return ticket

    def bodies(self, user: User, ticket: Ticket) -> set[str]:
        visible = Message.objects.visible_to(viewer_of(user)).of_conversation(ticket)
        return set(visible.values_list("body", flat=True))

    def test_nobody_gains_what_was_said_before_and_nobody_loses_what_they_could_read(
        self, colins: Ticket, ernies: Ticket, ada: User, lena: User
    ) -> None:
        colin, ernie = colins.requester, ernies.requester
        reply_as_agent(ticket=ernies, author=lena, body="To Ernie", now=later(25))
        merge_tickets(source=colins, target=ernies, by=lena, now=later(30))
        reply_as_agent(ticket=ernies, author=lena, body="To both", now=later(40))
        assert self.bodies(colin, ernies) == {"Colin's secret", "To both"}
        assert self.bodies(ernie, ernies) == {"Ernie's secret", "To Ernie", "To both"}
        assert self.bodies(ada, ernies) == {
            "Colin's secret", "Ernie's secret", "To Ernie", "To both",
        }  # fmt: skip
        assert self.bodies(lena, ernies) == self.bodies(ada, ernies)
        assert self.bodies(colin, colins) == {"Colin's secret"}

    def test_followers_are_carried_once_and_strangers_are_not(
        self, colins: Ticket, older: Ticket, ada: User, lena: User, enterprise: Any, olga: User
    ) -> None:
        follow(ticket=colins, user=ada, by=ada)
        TicketFollower.objects.create(ticket=colins, user=olga)
        merge_tickets(source=colins, target=older, by=lena, now=later(30))
        followers = older.followers.values_list("user__email", "reads_since")
        assert [*followers] == [(colins.requester.email, later(30))]

    def test_who_is_brought_in_by_name_reads_everything(
        self, colins: Ticket, ernies: Ticket, lena: User
    ) -> None:
        colin, ernie = colins.requester, ernies.requester
        merge_tickets(source=colins, target=ernies, by=lena, now=later(30))
        follow(ticket=ernies, user=colin, by=colin)
        assert "Ernie's secret" not in self.bodies(colin, ernies)
        follow(ticket=ernies, user=colin, by=ernie)
        assert "Ernie's secret" in self.bodies(colin, ernies)

    def test_an_internal_note_stays_internal(
        self, colins: Ticket, ernies: Ticket, lena: User
    ) -> None:
        reply_as_agent(ticket=colins, author=lena, body="A note", is_public=False, now=later(25))
        merge_tickets(source=colins, target=ernies, by=lena, now=later(30))
        assert "A note" not in self.bodies(colins.requester, ernies)
        assert "A note" in self.bodies(lena, ernies)


class TestRepliesToAMergedTicket:
    def test_land_on_the_ticket_on_which_it_goes_on(
        self, older: Ticket, younger: Ticket, ada: User, lena: User
    ) -> None:
        merge_tickets(source=younger, target=older, by=lena, now=later(60))
        reply_as_agent(ticket=older, author=lena, body="Try this.", now=later(70))
        landed, message = reply_as_customer(
            ticket=younger, author=ada, body="It works", now=later(80)
        )
        assert (landed.pk, message and message.ticket_id) == (older.pk, older.pk)
        assert stored(older)["next_reply"].started_at == later(80)

    def test_also_through_two_merges(
        self, older: Ticket, younger: Ticket, ada: User, lena: User, open_for: Any
    ) -> None:
        third = open_for(ada, now=later(40))
        merge_tickets(source=younger, target=third, by=lena, now=later(60))
        merge_tickets(source=third, target=older, by=lena, now=later(61))
        younger.refresh_from_db()
        assert younger.merged_into_id == older.pk
        landed, _message = reply_as_customer(
            ticket=younger, author=ada, body="Well?", now=later(80)
        )
        assert landed.pk == older.pk

    def test_open_a_follow_up_of_it_when_it_is_closed(
        self, older: Ticket, younger: Ticket, ada: User, lena: User
    ) -> None:
        merge_tickets(source=younger, target=older, by=lena, now=later(60))
        set_status(ticket=older, status="solved", by=lena, now=later(70))
        Ticket.objects.filter(pk=older.pk).update(status="closed")
        landed, message = reply_as_customer(ticket=younger, author=ada, body="Again", now=later(80))
        assert (landed.follow_up_of_id, message) == (older.pk, None)

    def test_let_who_had_stopped_reading_read_again(
        self, older: Ticket, colin: User, lena: User, open_for: Any
    ) -> None:
        colins = open_for(colin, now=later(20))
        merge_tickets(source=colins, target=older, by=lena, now=later(30))
        TicketFollower.objects.all().delete()
        reply_as_customer(ticket=colins, author=colin, body="And?", now=later(40))
        assert older.followers.get().user == colin


def test_a_member_who_left_is_not_carried(
    older: Ticket, colin: User, lena: User, enterprise: Any, open_for: Any
) -> None:
    colins = open_for(colin, now=later(20))
    give_membership(user=colin, organization=enterprise, role="member")
    colin.memberships.update(status="removed")
    merge_tickets(source=colins, target=older, by=lena, now=later(30))
    assert not older.followers.exists()
