"""The pages of the promises: reading them, changing a draft, its history and its differences."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import TUESDAY
from people.models import User
from tiers.actions import discard_draft, draft_from_live, publish_policy, set_target
from tiers.models import PromiseTarget, TierPolicy
from tiers.program import read_program
from tiers.tests.ops_kit import main_of, words_of
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
Door = Callable[..., Client]
HOUR = 3600


@pytest.fixture
def ops(oscar: User, at_door: Door) -> Client:
    """Oscar's browser."""
    return at_door(oscar)


@pytest.fixture
def draft(oscar: User) -> TierPolicy:
    return draft_from_live(author=oscar, now=TUESDAY)


def address(draft: TierPolicy, severity: int = 1, metric: str = "first_reply") -> str:
    return reverse("ops_policy_target", args=[draft.version, "enterprise", severity, metric])


def fields_of(page: Any) -> dict[str, list[str]]:
    """Return what a browser would send if nothing were changed on the page."""
    sheet = page.context["sheet"]
    head = {name: sheet.head[name].value() for name in sheet.head.fields}
    head |= {f"ladder-{name}": field.value() for name, field in _management(sheet)}
    for row in sheet.rows:
        head[row.add_prefix("step")] = row["step"].value() or ""
        head[row.add_prefix("roles")] = row["roles"].value() or []
    return {
        name: value if isinstance(value, list) else [str(value)] for name, value in head.items()
    }


def _management(sheet: Any) -> list[tuple[str, Any]]:
    form = sheet.rows.management_form
    return [(name, form[name]) for name in form.fields]


def stored(policy: TierPolicy, severity: int = 1, metric: str = "first_reply") -> Any:
    return read_program(policy.pk).targets["enterprise"].get((severity, metric))


def send(ops: Client, draft: TierPolicy, **changes: Any) -> Any:
    """Open the page of a promise, change some fields and send it."""
    where = address(draft, changes.pop("severity", 1), changes.pop("metric", "first_reply"))
    typed = fields_of(ops.get(where)) | {
        name.replace("__", "-"): value for name, value in changes.items()
    }
    return ops.post(where, typed)


def test_each_tier_has_a_table_and_what_is_not_promised_is_said(ops: Client) -> None:
    shown = main_of(ops.get(reverse("ops_promises")))
    assert "Promises, version 1: Launch program Live" in shown
    assert "1 h day and night floor 2 h, ladder A" in shown
    assert "stands still while waiting for the customer" in shown
    assert "Not promised: Periodic update; Requester wait; Agent work; First resolution." in shown
    assert (
        "Ladder A for 36 promises 50 % nobody, only recorded 75 % whoever has the ticket" in shown
    )
    assert "Monday to Friday 09:00–17:00" in shown
    assert "Change" not in shown


def test_a_draft_is_begun_with_one_button_and_leads_on_to_changing(ops: Client) -> None:
    begun = ops.post(reverse("ops_policy_draft", args=[1]), follow=True)
    assert begun.redirect_chain[-1][0] == reverse("ops_policy_promises", args=[2])
    shown = main_of(begun)
    assert "Promises, version 2: Launch program Draft" in shown
    assert "Change First reply, Critical" in shown
    assert "promise it at Periodic update, Critical" in shown
    assert reverse("ops_policy_review", args=[2]) in begun.content.decode()
    assert reverse("ops_publish_policy", args=[2]) not in begun.content.decode()


def test_a_promise_opens_as_it_is_stored_and_saving_it_unchanged_changes_nothing(
    ops: Client, draft: TierPolicy
) -> None:
    before = list(PromiseTarget.objects.filter(policy=draft).values_list())
    assert send(ops, draft).status_code == 302
    assert list(PromiseTarget.objects.filter(policy=draft).values_list()) == before


def test_what_is_typed_is_saved(ops: Client, draft: TierPolicy) -> None:
    answer = send(
        ops, draft, target="30 min", floor="1 working day", calendar="business-hours",
        pause_on=["pending"], breach=["lead", "queue"], ladder__0__step="10 min before",
        ladder__0__roles=["lead"], ladder__1__step="", ladder__1__roles=[], ladder__2__step="",
        ladder__2__roles=[],
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["sheet"].head.errors
    assert answer["Location"].endswith("/promises/#enterprise")
    found = stored(draft)
    assert (found.seconds, found.floor_seconds) == (1800, 8 * HOUR)
    assert (found.calendar, found.pause_on) == ("business-hours", ("pending",))
    assert (found.warn_at, found.tell) == ((-10,), {"-10": ("lead",), "100": ("lead", "queue")})
    shown = main_of(ops.get(reverse("ops_policy_promises", args=[2])))
    assert "30 min was 1 h" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": "4"}, "Say whether “4” is hours or minutes"),
        ({"target": ""}, "This field is required"),
        ({"target": "0 h"}, "The time must be longer than nothing."),
        ({"floor": "30 min"}, "The floor must be later than the target"),
        ({"floor": "soon"}, "“soon” is not a length of time"),
        ({"calendar": "moon"}, "Select a valid choice"),
        ({"ladder__0__step": "half-way"}, "“half-way” is not a step"),
        ({"ladder__0__step": "50 %, 60 %"}, "Write one step in each row."),
        ({"ladder__3__roles": ["lead"]}, "Say at which step they are told"),
        ({"ladder__0__step": "2 h before"}, "lies before the start"),
        ({"breach": []}, "Say who is told when the promise is broken."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_stays_typed(
    ops: Client, draft: TierPolicy, changes: dict[str, Any], said: str
) -> None:
    page = send(ops, draft, **changes)
    assert page.status_code == 422
    assert said in words_of(page)
    name, value = next(iter(changes.items()))
    if isinstance(value, str) and value and name != "calendar":
        assert f'value="{value}"' in page.content.decode()
    assert stored(draft).seconds == HOUR


def test_a_later_save_is_told_of_the_earlier_one_and_nothing_typed_is_lost(
    ops: Client, draft: TierPolicy, root: User, at_door: Door
) -> None:
    opened = ops.get(address(draft))
    assert send(at_door(root), draft, target="40 min").status_code == 302
    typed = fields_of(opened) | {"target": ["20 min"]}
    page = ops.post(address(draft), typed)
    shown = words_of(page)
    assert page.status_code == 422
    assert "Somebody else changed this promise while you were editing it" in shown
    assert "Stored now: 40 min, Around the clock; floor 2 h." in shown
    assert 'value="20 min"' in page.content.decode()
    assert stored(draft).seconds == 2400
    again = typed | {"seen": [str(page.context["sheet"].head["seen"].value())]}
    assert ops.post(address(draft), again).status_code == 302
    assert stored(draft).seconds == 1200


def test_a_metric_is_promised_beginning_from_what_is_near_and_withdrawn_again(
    ops: Client, draft: TierPolicy
) -> None:
    assert send(ops, draft, metric="periodic_update", target="2 h", floor="4 h").status_code == 302
    assert stored(draft, metric="periodic_update").seconds == 2 * HOUR
    where = address(draft, metric="periodic_update")
    page = ops.get(where)
    assert ops.post(f"{where}withdraw/", {"seen": "something else"}).status_code == 302
    assert stored(draft, metric="periodic_update") is not None
    seen = re.search(r'name="seen" value="(\w+)">', page.content.decode().split("withdraw/")[1])
    assert seen is not None
    assert ops.post(f"{where}withdraw/", {"seen": seen[1]}).status_code == 302
    assert stored(draft, metric="periodic_update") is None


def test_a_published_version_has_no_such_form(ops: Client, draft: TierPolicy) -> None:
    live = TierPolicy.objects.live().get()
    assert ops.get(address(live)).status_code == 302
    typed = fields_of(ops.get(address(draft)))
    page = ops.post(address(live), typed | {"target": ["30 min"]})
    assert "Version 1 is no draft any more" in words_of(page)
    assert stored(live).seconds == HOUR


@pytest.mark.parametrize(
    "place", ["gold/1/first_reply", "enterprise/5/first_reply", "enterprise/1/applause"]
)
def test_there_is_no_such_promise(ops: Client, draft: TierPolicy, place: str) -> None:
    assert ops.get(f"/ops/policy/{draft.version}/promises/{place}/").status_code == 404


def test_a_draft_is_renamed_and_discarded(ops: Client, draft: TierPolicy) -> None:
    ops.post(reverse("ops_policy_rename", args=[2]), {"name": "Spring"})
    assert TierPolicy.objects.get(version=2).name == "Spring"
    page = ops.post(reverse("ops_policy_rename", args=[2]), {"name": " "}, follow=True)
    assert "Give the version a name" in words_of(page)
    page = ops.post(reverse("ops_policy_discard", args=[2]), follow=True)
    assert "The draft of version 2 was discarded." in words_of(page)
    assert "Version 2: Spring" not in words_of(page)
    shown = words_of(ops.get(reverse("ops_policy_versions"), {"discarded": "1"}))
    assert "Version 2: Spring Discarded" in shown
    assert "This draft was discarded" in words_of(ops.get(reverse("ops_policy_promises", args=[2])))


def publish(draft: TierPolicy, by: User) -> None:
    signed_off(draft, by=by, now=TUESDAY)
    publish_policy(
        policy=draft, treatment="next_ticket", change_note="Faster next replies",
        published_by=by, now=TUESDAY,
    )  # fmt: skip


def test_a_draft_that_was_overtaken_is_brought_up_to_date_with_one_button(
    ops: Client, draft: TierPolicy, oscar: User
) -> None:
    send(ops, draft, target="30 min")
    other = draft_from_live(author=oscar, now=TUESDAY)
    send(ops, other, target="45 min")
    send(ops, other, severity=2, target="3 h")
    publish(other, oscar)
    page = ops.get(reverse("ops_policy_promises", args=[2]))
    assert "Another version went live since this draft was begun from version 1" in main_of(page)
    assert reverse("ops_publish_policy", args=[2]) not in page.content.decode()
    page = ops.post(reverse("ops_policy_rebase", args=[2]), follow=True)
    shown = words_of(page)
    assert "1 thing was changed in both; the draft's was kept." in shown
    assert "Enterprise, Critical: First reply." in shown
    assert "30 min was 45 min" in shown
    assert stored(draft, severity=2).seconds == 3 * HOUR


def test_every_version_tells_who_when_and_why(
    ops: Client, draft: TierPolicy, oscar: User, stella: User, open_for: Any
) -> None:
    open_for(stella)
    publish(draft, oscar)
    shown = main_of(ops.get(reverse("ops_policy_versions")))
    assert "Version 2: Launch program Live" in shown
    assert "Faster next replies" in shown
    assert "Written by Oscar Ops, 10 Mar 2026" in shown
    assert "Published by Oscar Ops" in shown
    assert "Only tickets opened from now on get the new promise" in shown
    assert "Version 1: Launch program Retired 1 open ticket under it" in shown


def test_any_two_versions_are_compared(ops: Client, draft: TierPolicy, oscar: User) -> None:
    send(ops, draft, target="30 min")
    publish(draft, oscar)
    where = reverse("ops_policy_compare")
    shown = main_of(ops.get(where))
    assert "From version 1 to version 2 1 thing differs. Faster next replies" in shown
    assert "Critical First reply: target 1 h 30 min" in shown
    assert "30 min 1 h" in main_of(ops.get(where, {"old": "2", "new": "1"}))
    assert "Both say the same." in main_of(ops.get(where, {"old": "1", "new": "1"}))


@pytest.mark.parametrize("number", ["99", "x", "-1", "9" * 20])
def test_a_version_that_does_not_exist_is_not_found(ops: Client, number: str) -> None:
    assert ops.get(reverse("ops_policy_compare"), {"old": number}).status_code == 404


def test_warnings_and_faults_stand_above_the_tables(ops: Client, draft: TierPolicy) -> None:
    send(ops, draft, target="100 h", floor="101 h")
    PromiseTarget.objects.filter(policy=draft, tier="starter").delete()
    page = ops.get(reverse("ops_policy_promises", args=[2]))
    shown = main_of(page)
    assert "This keeps it from being published Starter is promised nothing." in shown
    assert "things look odd; they may be meant" in shown
    assert "the floor (101 h) is close to the target (100 h)" in shown
    assert reverse("ops_publish_policy", args=[2]) not in page.content.decode()


def test_agents_and_customers_change_nothing(
    draft: TierPolicy, agnes: User, stella: User, at_door: Door
) -> None:
    for person in (agnes, stella):
        door = at_door(person)
        for name in ("draft", "discard", "rebase", "rename"):
            door.post(reverse(f"ops_policy_{name}", args=[2]))
        door.post(address(draft), {"target": "1 min"})
    assert [policy.version for policy in TierPolicy.objects.order_by("version")] == [1, 2]
    assert stored(draft).seconds == HOUR


def test_a_page_costs_the_same_for_any_number_of_versions(ops: Client, oscar: User) -> None:
    counts = []
    for more in (1, 10):
        for _ in range(more):
            draft_from_live(author=oscar, now=TUESDAY)
        asked = []
        for name in ("ops_promises", "ops_policy_versions", "ops_policy_compare"):
            with CaptureQueriesContext(connection) as queries:
                assert ops.get(reverse(name)).status_code == 200
            asked.append(len(queries))
        counts.append(asked)
    assert counts[0] == counts[1]


def test_a_discarded_draft_is_said_to_be_gone(ops: Client, draft: TierPolicy, oscar: User) -> None:
    typed = fields_of(ops.get(address(draft)))
    discard_draft(policy=draft, by=oscar, now=TUESDAY)
    page = ops.post(address(draft), typed | {"target": ["17 min"]})
    assert page.status_code == 422
    assert "This draft was discarded by somebody else." in words_of(page)
    assert "17 min" in page.content.decode()


def test_what_the_form_suggests_for_a_new_promise_can_be_saved_by_an_action_too(
    draft: TierPolicy, oscar: User
) -> None:
    near = stored(draft)
    set_target(
        policy=draft, tier="enterprise", severity=1, metric="agent_work", promised=near, seen="",
        by=oscar, now=TUESDAY,
    )  # fmt: skip
    assert stored(draft, metric="agent_work") == near
