"""Splitting a message off, and saying that a message needs no reply."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import TUESDAY
from people.models import User
from people.viewers import viewer_of
from portal.kit.refused import NotPermitted, Refused
from tickets.actions import (
    mark_no_reply_needed,
    reply_as_agent,
    reply_as_customer,
    set_status,
    split_ticket,
)
from tickets.models import Attachment, Clock, Message, Ticket
from tickets.tests.pages_kit import words_of

pytestmark = pytest.mark.django_db


def later(minutes: int) -> datetime:
    return TUESDAY + timedelta(minutes=minutes)


@pytest.fixture
def ticket(ada: User, lena: User, open_for: Any) -> Ticket:
    """An answered ticket of Ada's."""
    opened: Ticket = open_for(ada)
    reply_as_agent(ticket=opened, author=lena, body="Try a restart.", now=later(10))
    return opened


def written(ticket: Ticket, author: User, body: str, minutes: int, **more: Any) -> Message:
    _landed, message = reply_as_customer(
        ticket=ticket, author=author, body=body, now=later(minutes), **more
    )
    assert message is not None
    return message


class TestSplit:
    @pytest.fixture
    def second_matter(self, ticket: Ticket, ada: User) -> Message:
        file = SimpleUploadedFile("invoice.txt", b"wrong amount")
        return written(ticket, ada, "And the invoice is wrong.", 60, files=[file])

    def test_the_message_becomes_a_ticket_of_its_own_linked_both_ways(
        self, ticket: Ticket, second_matter: Message, lena: User
    ) -> None:
        new = split_ticket(message=second_matter, subject="Invoice", by=lena, now=later(90))
        assert (new.split_from_id, new.requester_id) == (ticket.pk, ticket.requester_id)
        assert new.messages.get().body == "And the invoice is wrong."
        assert ticket.events.get(kind="split").new == new.reference
        assert new.events.get(kind="split_from").old == ticket.reference

    def test_its_clocks_begin_with_the_split(self, second_matter: Message, lena: User) -> None:
        new = split_ticket(message=second_matter, subject="Invoice", by=lena, now=later(90))
        assert {clock.started_at for clock in new.clocks.all()} == {later(90)}

    def test_or_with_the_message_but_nothing_is_late_before_the_split(
        self, second_matter: Message, lena: User
    ) -> None:
        new = split_ticket(
            message=second_matter, subject="Invoice", by=lena, now=later(60 * 24 * 20),
            from_message=True,
        )  # fmt: skip
        first = new.clocks.get(metric="first_reply")
        assert (first.started_at, first.status) == (later(60), "breached")
        assert first.breached_at == later(60 * 24 * 20)
        assert new.created_at == later(60 * 24 * 20)

    def test_its_files_are_on_both_for_whoever_may_read_either(
        self, ticket: Ticket, second_matter: Message, lena: User, ada: User, olga: User
    ) -> None:
        new = split_ticket(message=second_matter, subject="Invoice", by=lena, now=later(90))
        files = Attachment.objects.visible_to(viewer_of(ada))
        assert {file.message.ticket_id for file in files} == {ticket.pk, new.pk}
        assert len({(file.file.name, file.sha256) for file in files}) == 1
        assert not Attachment.objects.visible_to(viewer_of(olga)).exists()

    def test_only_what_a_customer_said_in_public(self, ticket: Ticket, lena: User) -> None:
        for message in ticket.messages.filter(by="agent"):
            with pytest.raises(Refused, match="what a customer wrote"):
                split_ticket(message=message, subject="x", by=lena, now=later(90))

    def test_only_by_agents_who_see_the_ticket(
        self, second_matter: Message, agnes: User, ada: User, oscar: User
    ) -> None:
        for person in (agnes, ada, oscar):
            with pytest.raises(NotPermitted):
                split_ticket(message=second_matter, subject="x", by=person, now=later(90))

    def test_the_page_asks_and_opens_it_once(
        self, ticket: Ticket, second_matter: Message, lena: User, at_door: Any
    ) -> None:
        door = at_door(lena)
        address = f"/desk/tickets/{ticket.reference}/split/{second_matter.pk}/"
        page = door.get(address)
        assert "And the invoice is wrong." in words_of(page)
        asked = {"subject": "Invoice", "counts_from": "now", "form_key": "k1"}
        for _again in range(2):
            answer = door.post(address, asked)
            assert answer.status_code == 302
        new = Ticket.objects.get(subject="Invoice")
        assert f"split from {ticket.reference}" in words_of(door.get(answer.url))
        assert door.post(address, {"subject": "", "counts_from": "now"}).status_code == 422
        assert "A part of it goes on in " + new.reference in words_of(
            at_door(ticket.requester).get(f"/tickets/{ticket.reference}/")
        )

    def test_only_messages_of_the_ticket_can_be_chosen(
        self, ticket: Ticket, lena: User, stella: User, open_for: Any, at_door: Any
    ) -> None:
        foreign = open_for(stella).messages.get()
        address = f"/desk/tickets/{ticket.reference}/split/{foreign.pk}/"
        assert at_door(lena).get(address).status_code == 404


class TestNoReplyNeeded:
    def test_thanks_end_the_wait_without_a_reply(
        self, ticket: Ticket, ada: User, lena: User
    ) -> None:
        written(ticket, ada, "Thanks!", 60)
        mark_no_reply_needed(ticket=ticket, by=lena, now=later(70), reason="only thanks")
        clock = ticket.clocks.get(metric="next_reply")
        assert (clock.status, clock.stopped_at) == ("cancelled", later(70))
        event = ticket.events.get(kind="no_reply_needed")
        assert (event.actor, event.reason, event.is_public) == (lena, "only thanks", False)

    def test_the_next_message_waits_again(self, ticket: Ticket, ada: User, lena: User) -> None:
        written(ticket, ada, "Thanks!", 60)
        mark_no_reply_needed(ticket=ticket, by=lena, now=later(70))
        written(ticket, ada, "But now E43", 80)
        assert ticket.clocks.get(metric="next_reply", cycle=2).status == "running"

    def test_there_must_be_something_to_say_it_about(
        self, ticket: Ticket, ada: User, lena: User, open_for: Any
    ) -> None:
        with pytest.raises(Refused, match="No message of the customer waits"):
            mark_no_reply_needed(ticket=ticket, by=lena, now=later(70))
        with pytest.raises(Refused, match="first reply is still owed"):
            mark_no_reply_needed(ticket=open_for(ada), by=lena, now=later(70))
        set_status(ticket=ticket, status="solved", by=lena, now=later(75))
        with pytest.raises(Refused, match="nobody waits"):
            mark_no_reply_needed(ticket=ticket, by=lena, now=later(80))

    def test_saying_it_twice_is_refused_the_second_time(
        self, ticket: Ticket, ada: User, lena: User
    ) -> None:
        written(ticket, ada, "Thanks!", 60)
        mark_no_reply_needed(ticket=ticket, by=lena, now=later(70))
        with pytest.raises(Refused):
            mark_no_reply_needed(ticket=ticket, by=lena, now=later(70))
        assert ticket.events.filter(kind="no_reply_needed").count() == 1

    def test_a_message_that_came_in_meanwhile_is_read_first(
        self, ticket: Ticket, ada: User, lena: User
    ) -> None:
        written(ticket, ada, "Thanks!", 60)
        ticket.refresh_from_db()
        seen = ticket.last_event_seq
        written(ticket, ada, "It is back!", 65)
        with pytest.raises(Refused, match="written again"):
            mark_no_reply_needed(ticket=ticket, by=lena, now=later(70), seen_seq=seen)

    def test_customers_and_ops_do_not_say_it(self, ticket: Ticket, ada: User, oscar: User) -> None:
        written(ticket, ada, "Thanks!", 60)
        for person in (ada, oscar):
            with pytest.raises(NotPermitted):
                mark_no_reply_needed(ticket=ticket, by=person, now=later(70))

    def test_the_button_is_there_only_while_somebody_waits(
        self, ticket: Ticket, ada: User, lena: User, at_door: Any
    ) -> None:
        door = at_door(lena)
        page = f"/desk/tickets/{ticket.reference}/"
        assert "No reply needed" not in words_of(door.get(page))
        written(ticket, ada, "Thanks!", 60)
        assert "No reply needed" in words_of(door.get(page))
        ticket.refresh_from_db()
        answer = door.post(
            f"{page}no-reply-needed/", {"reason": "thanks", "seen_seq": ticket.last_event_seq}
        )
        told = words_of(door.get(answer.url))
        assert "Lena Lead said that no reply is needed" in told
        assert "End the wait" not in told
        assert not Clock.objects.filter(metric="next_reply", stopped_at=None).exists()
