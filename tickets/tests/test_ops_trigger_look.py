"""A trigger is looked over before it is saved: what is odd, and what it does to a ticket."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Notice, User
from tickets.actions import change_queue, set_severity
from tickets.actions.triggers import save_trigger
from tickets.models import Queue, Ticket, TicketEvent, Trigger
from tickets.tests.test_ops_triggers import form
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]
Opened = Callable[..., Ticket]


@pytest.fixture
def ops(oscar: User, agnes: User, lena: User, at_door: Door) -> Client:
    """Oscar's browser; every queue is served."""
    for key in ("enterprise", "professional"):
        Queue.objects.get(key=key).agents.add(lena)
    return at_door(oscar)


CRITICAL = [("severity", "is", "Critical")]


def test_a_trigger_that_overlaps_is_not_saved_before_somebody_says_that_it_is_meant(
    ops: Client,
) -> None:
    before = Trigger.objects.count()
    page = ops.post(reverse("ops_trigger_new"), form(conditions=CRITICAL))
    shown = main_of(page)
    assert "Not saved yet: is this meant?" in shown
    assert "It and “Enterprise accounts to Enterprise Support” can fire for the same" in shown
    assert Trigger.objects.count() == before
    seen = {"accepted": page.context["look"].fingerprint}
    assert ops.post(reverse("ops_trigger_new"), form(conditions=CRITICAL) | seen).status_code == 302
    assert Trigger.objects.count() == before + 1


def test_having_seen_other_warnings_is_not_having_seen_these(ops: Client) -> None:
    page = ops.post(reverse("ops_trigger_new"), form(conditions=CRITICAL))
    seen = {"accepted": page.context["look"].fingerprint}
    other = form(conditions=[("tier", "is", "Starter"), ("tier", "is", "Enterprise")])
    assert "never fires" in main_of(ops.post(reverse("ops_trigger_new"), other | seen))


def test_what_a_trigger_does_to_those_after_it_is_said_too(ops: Client) -> None:
    first = Trigger.objects.filter(event="ticket_created").earliest("position")
    page = ops.post(
        reverse("ops_trigger", args=[first.pk]),
        form(name="All", actions=[("set_queue", "General")]),
    )
    assert "About “Professional accounts to Professional”: It never changes anything" in main_of(
        page
    )


def test_a_queue_that_nobody_serves_is_warned_about(ops: Client) -> None:
    Queue.objects.get(key="professional").members.all().delete()
    page = ops.post(
        reverse("ops_trigger_new"),
        form(conditions=[("tag", "is", "x")], actions=[("set_queue", "Professional")]),
    )
    assert "Nobody serves Professional: only leads and admins will see" in main_of(page)
    assert "Nobody serves Professional" in main_of(ops.get(reverse("ops_triggers")))


def test_a_draft_is_tried_on_a_ticket_and_nothing_is_saved_or_changed(
    ops: Client, stella: User, lena: User, open_for: Opened
) -> None:
    ticket = open_for(stella, severity=1)
    before = (Trigger.objects.count(), TicketEvent.objects.count(), Notice.objects.count())
    typed = form(
        conditions=[*CRITICAL, ("organization", "is", "Stella Storage")],
        alternatives=[("body", "contains", "barcode"), ("tag", "is", "vip")],
        actions=[("assign", "Lena Lead"), ("add_tag", "hot"), ("notify", "the leads")],
        event="ticket_created",
    )
    page = ops.post(
        reverse("ops_trigger_new"), typed | {"check": "1", "ticket": ticket.reference.lower()}
    )
    shown = main_of(page)
    assert "would fire" in shown
    assert "met severity is Critical · it is Critical" in shown
    assert "met organization is “Stella Storage” · it is Stella Storage" in shown
    assert "met one of: text contains “barcode” · it is Since this morning" in shown
    assert "not met one of: tag is “vip” · it has none" in shown
    assert "Assigned to – Lena Lead" in shown
    assert "Tags – hot" in shown
    assert "Told – Lena Lead" in shown
    assert before == (
        Trigger.objects.count(), TicketEvent.objects.count(), Notice.objects.count(),
    )  # fmt: skip
    assert page.context["sheet"].head["name"].value() == "New rule"


def test_a_draft_is_asked_in_the_place_of_what_it_replaces(
    ops: Client, paul: User, open_for: Opened
) -> None:
    ticket = open_for(paul)
    row = Trigger.objects.get(name="Professional accounts to Professional")
    typed = form(conditions=[("tier", "is", "Professional")], actions=[("set_queue", "General")])
    page = ops.post(
        reverse("ops_trigger", args=[row.pk]),
        typed | {"check": "1", "ticket": str(ticket.pk)},
    )
    assert "Queue Professional General" in main_of(page)


def test_a_draft_that_can_be_nothing_says_why(ops: Client) -> None:
    page = ops.post(reverse("ops_trigger_new"), form(actions=[]) | {"check": "1"})
    assert "It does nothing: give at least one action." in main_of(page)
    page = ops.post(reverse("ops_trigger_new"), form() | {"check": "1", "ticket": "T-999999"})
    assert "There is no such ticket." in main_of(page)


def test_rows_are_taken_out_one_by_one_and_what_was_typed_stays(ops: Client) -> None:
    typed = form(
        name="Mine",
        conditions=[("tag", "is", "one"), ("tag", "is", "two"), ("tag", "is", "three")],
    )
    page = ops.post(reverse("ops_trigger_new"), typed | {"drop": "all-1"})
    sheet = page.context["sheet"]
    assert [row["value"].value() for row in sheet.all] == ["one", "three", ""]
    assert sheet.head["name"].value() == "Mine"
    for sent in ("all-99", "evil-0", "all", "all-x", ""):
        assert ops.post(reverse("ops_trigger_new"), typed | {"drop": sent}).status_code == 200


def test_a_ticket_is_asked_about_as_it_was_when_it_was_opened(
    ops: Client, stella: User, lena: User, oscar: User, open_for: Opened
) -> None:
    ticket = open_for(stella)
    set_severity(ticket=ticket, severity=1, reason="Worse", by=lena, now=TUESDAY)
    enterprise = Queue.objects.get(key="enterprise")
    change_queue(ticket=ticket, queue=enterprise, reason="", by=lena, now=TUESDAY)
    for field, value in (("severity", 3), ("queue", "general")):
        save_trigger(
            name=f"By {field}", event="ticket_created", by=oscar, now=TUESDAY,
            conditions={"all": [{"field": field, "op": "is", "value": value}], "any": []},
            actions=[{"do": "add_tag", "value": field}],
        )  # fmt: skip

    def asked(as_of: str) -> str:
        query = {"ticket": ticket.reference, "event": "ticket_created", "as_of": as_of}
        return main_of(ops.get(reverse("ops_triggers_explain"), query))

    for as_of in ("", "opened"):
        assert "4. By severity would fire" in asked(as_of)
        assert "5. By queue would fire" in asked(as_of)
        assert "Tags – severity, queue" in asked(as_of)
        assert "as it was when it was opened" in asked(as_of)
    assert "4. By severity would not fire" in asked("now")
    assert "5. By queue would not fire" in asked("now")


def test_a_new_trigger_may_stay_off_and_says_so(ops: Client) -> None:
    typed = form(conditions=[("tag", "is", "x")], actions=[("add_tag", "y")])
    del typed["is_enabled"]
    response = ops.post(reverse("ops_trigger_new"), typed, follow=True)
    assert "It is off: it touches no ticket until you switch it on." in words_of(response)
    assert not Trigger.objects.latest("pk").is_enabled


def test_saving_over_a_newer_change_is_refused_and_what_was_typed_stays(
    ops: Client, oscar: User, at_door: Door
) -> None:
    row = Trigger.objects.get(name="Everybody else to General")
    address = reverse("ops_trigger", args=[row.pk])
    shown = ops.get(address).context["sheet"].head["revision"].value()
    assert shown == row.revision
    save_trigger(
        trigger=row, name="Hers", event=row.event, conditions=row.conditions,
        actions=row.actions, by=oscar, now=TUESDAY,
    )  # fmt: skip
    mine = form(
        name="Mine", conditions=[("tag", "is", "mine")], actions=[("add_tag", "x")],
        revision=str(shown),
    )  # fmt: skip
    page = ops.post(address, mine)
    assert "Oscar Ops changed this trigger while you were at it." in main_of(page)
    row.refresh_from_db()
    assert row.name == "Hers"
    sheet = page.context["sheet"]
    assert sheet.head["name"].value() == "Mine"
    assert [field.value() for field in sheet.all[0].visible_fields()] == ["tag", "is", "mine"]
    newer = sheet.head["revision"].value()
    assert int(newer) == row.revision
    assert ops.post(address, mine | {"revision": newer}).status_code == 302
    row.refresh_from_db()
    assert row.name == "Mine"
