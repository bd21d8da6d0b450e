"""Triggers in ops: an ordered list in words, and a form that takes and gives words."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from people.models import User
from tickets.models import Queue, Trigger
from tickets.rules.triggers import OPS_OF_FIELD
from tickets.trigger_words import ACTIONS, FIELDS, OPS
from tiers.tests.ops_kit import main_of, words_of

Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


def form(
    *,
    conditions: list[tuple[str, str, str]] = (),  # type: ignore[assignment]
    alternatives: list[tuple[str, str, str]] = (),  # type: ignore[assignment]
    actions: list[tuple[str, str]] = (("set_queue", "General"),),  # type: ignore[assignment]
    **head: str,
) -> dict[str, str]:
    """Return what the form sends."""
    sent = {"name": "New rule", "event": "ticket_created", "is_enabled": "on", **head}
    for prefix, rows, columns in (
        ("all", conditions, ("field", "op", "value")),
        ("any", alternatives, ("field", "op", "value")),
        ("then", actions, ("do", "value")),
    ):
        sent |= {f"{prefix}-TOTAL_FORMS": str(len(rows) + 1), f"{prefix}-INITIAL_FORMS": "0"}
        for index, row in enumerate(rows):
            sent |= {
                f"{prefix}-{index}-{column}": value
                for column, value in zip(columns, row, strict=True)
            }
    return sent


def sent(client: Client, address: str, **parts: Any) -> Any:
    """Send a form; where it is asked whether a warning is meant, say that it is."""
    response = client.post(address, form(**parts))
    if response.status_code == 200 and response.context["look"]:
        seen = response.context["look"].fingerprint
        response = client.post(address, form(**parts) | {"accepted": seen})
    return response


def saved(client: Client, **parts: Any) -> Trigger:
    """Send the form for a new trigger and return what was stored."""
    response = sent(client, reverse("ops_trigger_new"), **parts)
    assert response.status_code == 302, main_of(response)
    return Trigger.objects.latest("pk")


def test_every_trigger_reads_as_a_sentence_in_its_place(ops: Client, db: None) -> None:
    shown = main_of(ops.get(reverse("ops_triggers")))
    assert "whom to tell, each promise says in its warning ladder" in shown
    saved(
        ops,
        event="sla_warning",
        conditions=[("step", "at_least", "75 %")],
        alternatives=[("step", "in", "90 %, 30 min before the end")],
        actions=[("notify", "whoever has the ticket")],
    )
    saved(ops, event="sla_breach", actions=[("notify", "the leads"), ("add_tag", "late")])
    shown = main_of(ops.get(reverse("ops_triggers")))
    assert (
        "Enterprise accounts to Enterprise Support If tier is Enterprise "
        "put into queue Enterprise Support" in shown
    )
    assert "If tier is none of Enterprise, Professional put into queue General" in shown
    assert (
        "If time used is at least 75 % and (time used is one of 90 %, 30 min before the end) "
        "tell whoever has the ticket" in shown
    )
    assert "Always tell the leads add the tag “late”" in shown
    assert shown.index("Enterprise accounts") < shown.index("Everybody else to General")


def test_what_is_typed_in_words_is_stored_as_keys_and_numbers(ops: Client, db: None) -> None:
    made = saved(
        ops,
        conditions=[
            ("tier", "in", "Enterprise, professional"),
            ("severity", "at_least", "high"),
            ("queue", "is_not", "Enterprise Support"),
        ],
        alternatives=[("subject", "contains", "Down"), ("step", "at_least", "75 %")],
        actions=[("set_queue", "enterprise support"), ("set_severity", "Critical"),
                 ("notify", "the leads"), ("add_tag", "outage")],
    )  # fmt: skip
    assert made.conditions == {
        "all": [
            {"field": "tier", "op": "in", "value": ["enterprise", "professional"]},
            {"field": "severity", "op": "at_least", "value": 2},
            {"field": "queue", "op": "is_not", "value": "enterprise"},
        ],
        "any": [
            {"field": "subject", "op": "contains", "value": "Down"},
            {"field": "step", "op": "at_least", "value": 75},
        ],
    }
    assert made.actions == [
        {"do": "set_queue", "value": "enterprise"},
        {"do": "set_severity", "value": 1},
        {"do": "notify", "value": "lead"},
        {"do": "add_tag", "value": "outage"},
    ]


def test_the_form_of_a_stored_trigger_gives_back_what_was_stored(ops: Client, agnes: User) -> None:
    made = saved(
        ops,
        conditions=[("severity", "at_least", "High"), ("tier", "in", "Enterprise,Starter")],
        actions=[("assign", "Agnes Agent"), ("set_queue", "General")],
    )
    assert made.actions[0] == {"do": "assign", "value": agnes.email}
    address = reverse("ops_trigger", args=[made.pk])
    sheet = ops.get(address).context["sheet"]
    shown = [
        [(field.name, field.value()) for field in row.visible_fields()]
        for formset in (sheet.all, sheet.then)
        for row in formset
    ]
    assert shown == [
        [("field", "severity"), ("op", "at_least"), ("value", "High")],
        [("field", "tier"), ("op", "in"), ("value", "Enterprise, Starter")],
        [("do", "assign"), ("value", "Agnes Agent")],
        [("do", "set_queue"), ("value", "General")],
    ]
    before = (made.conditions, made.actions, made.position)
    sent(
        ops,
        address,
        conditions=[("severity", "at_least", "High"), ("tier", "in", "Enterprise, Starter")],
        actions=[("assign", "Agnes Agent"), ("set_queue", "General")],
    )
    made.refresh_from_db()
    assert (made.conditions, made.actions, made.position) == before


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"conditions": [("tier", "is", "Gold")]}, "There is no “Gold”. Known are: Enterprise,"),
        ({"conditions": [("tier", "is", "")]}, "Give a value."),
        ({"conditions": [("tier", "in", " , ")]}, "Give a list of at least one value."),
        (
            {"conditions": [("subject", "at_least", "x")]},
            "Here only these can be asked: is, is not, contains, does not contain.",
        ),
        (
            {"conditions": [("severity", "is", "Awful")]},
            "There is no “Awful”. Known are: Critical, High, Normal, Low.",
        ),
        ({"conditions": [("step", "is", "much")]}, "Time used is a whole number."),
        ({"alternatives": [("step", "at_most", "101")]}, "or minutes before the end, not 101"),
        ({"actions": []}, "It does nothing: give at least one action."),
        ({"actions": [("set_queue", "Nowhere")]}, "There is no “Nowhere”. Known are:"),
        ({"actions": [("notify", "the boss")]}, "There is no “the boss”."),
        (
            {"actions": [("set_queue", "General"), ("set_queue", "Professional")]},
            "It sets the same field twice",
        ),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_told_in_words_and_nothing_is_stored(
    parts: dict[str, Any], told: str, ops: Client, db: None
) -> None:
    before = Trigger.objects.count()
    response = ops.post(reverse("ops_trigger_new"), form(**parts))
    assert response.status_code == 200
    assert told in main_of(response).replace("Actions[1]: i", "I")
    assert Trigger.objects.count() == before


def test_another_row_keeps_what_was_typed_and_judges_nothing_yet(ops: Client, db: None) -> None:
    sent = form(conditions=[("tier", "is", "Gold")], name="Half done") | {"add": "all"}
    response = ops.post(reverse("ops_trigger_new"), sent)
    sheet = response.context["sheet"]
    assert len(sheet.all.forms) == 3
    assert sheet.all.forms[0]["value"].value() == "Gold"
    assert sheet.head["name"].value() == "Half done"
    assert "There is no “Gold”" not in main_of(response)


def test_a_form_somebody_tampered_with_is_refused_not_broken(ops: Client, db: None) -> None:
    for sent in ({}, {"add": "evil"}, {"add": "all", "all-TOTAL_FORMS": "9" * 30},
                 form() | {"all-TOTAL_FORMS": "x"}):  # fmt: skip
        assert ops.post(reverse("ops_trigger_new"), sent).status_code == 200


def test_a_trigger_is_moved_switched_and_deleted_from_the_list(ops: Client, db: None) -> None:
    first, second = Trigger.objects.filter(event="ticket_created")[:2]
    ops.post(reverse("ops_trigger_move", args=[second.pk]), {"to": "up"})
    assert Trigger.objects.filter(event="ticket_created").first() == second
    response = ops.post(reverse("ops_trigger_switch", args=[second.pk]), {"to": "off"}, follow=True)
    assert f"“{second.name}” is off." in words_of(response)
    assert f"{second.name} off" in main_of(response)
    ops.post(reverse("ops_trigger_switch", args=[second.pk]), {"to": "on"})
    second.refresh_from_db()
    assert second.is_enabled
    ops.post(reverse("ops_trigger_remove", args=[first.pk]))
    assert not Trigger.objects.filter(pk=first.pk).exists()


@pytest.mark.parametrize("name", ["move", "switch", "remove"])
def test_nothing_is_changed_by_following_a_link(name: str, ops: Client, db: None) -> None:
    row = Trigger.objects.earliest("pk")
    assert ops.get(reverse(f"ops_trigger_{name}", args=[row.pk])).status_code == 405


def test_triggers_that_get_in_each_others_way_are_warned_about(ops: Client, db: None) -> None:
    saved(ops, name="Critical first", conditions=[("severity", "is", "Critical")])
    saved(ops, name="Never", conditions=[("tier", "is", "Starter"), ("tier", "is", "Enterprise")])
    saved(ops, name="Wrong event", conditions=[("step", "at_least", "75")])
    shown = main_of(ops.get(reverse("ops_triggers")))
    assert (
        "It and “Enterprise accounts to Enterprise Support” can fire for the same ticket and "
        "want “put into queue” differently" in shown
    )
    assert "Its conditions contradict each other, so it never fires." in shown
    assert "It asks for time used, which only exists when a promise is at risk" in shown
    assert "it never fires on ticket opened." in shown


def test_a_trigger_that_cannot_be_read_is_shown_instead_of_breaking_the_page(
    ops: Client, db: None
) -> None:
    Trigger.objects.filter(name="Everybody else to General").update(conditions={"all": [{"x": 1}]})
    shown = main_of(ops.get(reverse("ops_triggers")))
    assert "Everybody else to General cannot be read" in shown
    assert "Professional accounts to Professional If tier is Professional" in shown


@pytest.mark.parametrize("conditions", [{"all": [{"x": 1}, 7]}, {"all": "x"}, [], "x", None])
def test_a_trigger_that_cannot_be_read_can_be_opened_and_mended(
    conditions: object, ops: Client, db: None
) -> None:
    row = Trigger.objects.get(name="Everybody else to General")
    broken = Trigger(pk=row.pk, conditions=conditions or {}, actions=[{"do": "sing"}, None])
    Trigger.objects.filter(pk=row.pk).update(conditions=broken.conditions, actions=broken.actions)
    address = reverse("ops_trigger", args=[row.pk])
    assert ops.get(address).status_code == 200
    assert sent(ops, address, name="Mended").status_code == 302
    row.refresh_from_db()
    assert (row.name, row.conditions) == ("Mended", {"all": [], "any": []})


def test_a_name_is_shown_as_text_never_as_markup(ops: Client, db: None) -> None:
    saved(ops, name="<script>alert(1)</script>", conditions=[("tag", "is", "<b>")])
    Queue.objects.filter(key="general").update(name="</script><b>General</b>")
    markup = ops.get(reverse("ops_triggers")).content.decode()
    assert "<script>alert(1)" not in markup
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in markup
    sheet = ops.get(reverse("ops_trigger_new")).content.decode()
    assert "</script><b>General" not in sheet


def test_the_script_of_the_form_knows_every_field_and_comparison(ops: Client, db: None) -> None:
    markup = ops.get(reverse("ops_trigger_new")).content.decode()
    hints = markup.split('<script id="trigger-hints" type="application/json">')[1]
    known = json.loads(hints.split("</script>")[0])
    assert known["ops"] == {field: list(ops) for field, ops in OPS_OF_FIELD.items()}
    assert "Enterprise Support" in known["values"]["queue"]


def test_everything_a_trigger_may_ask_or_do_has_words() -> None:
    assert set(FIELDS) == set(OPS_OF_FIELD)
    assert set(OPS) == {op for ops in OPS_OF_FIELD.values() for op in ops}
    assert set(ACTIONS) == {"set_queue", "set_severity", "add_tag", "assign", "notify"}


def test_the_list_costs_the_same_with_many_triggers(ops: Client, db: None) -> None:
    def cost() -> int:
        ops.get(reverse("ops_triggers"))
        with CaptureQueriesContext(connection) as queries:
            ops.get(reverse("ops_triggers"))
        return len(queries)

    before = cost()
    for number in range(8):
        saved(ops, name=f"Rule {number}", conditions=[("tag", "is", f"tag {number}")])
    assert cost() == before
    assert before <= 14
