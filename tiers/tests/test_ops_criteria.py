"""The criteria editor: a plain form that loses nothing, whatever happens meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import TUESDAY
from people.models import Organization, User
from tiers.actions import ask_for_review, discard_draft, draft_from_live, rename_draft
from tiers.models import TierPolicy, TierPromise
from tiers.policy_content import criteria_fingerprint
from tiers.program import read_program
from tiers.tests.ops_kit import main_of, words_of

pytestmark = pytest.mark.django_db
Door = Callable[..., Client]


@pytest.fixture
def ops(oscar: User, at_door: Door, time_machine: Any) -> Client:
    """Oscar's browser."""
    time_machine.move_to(TUESDAY, tick=False)
    return at_door(oscar)


@pytest.fixture
def draft(oscar: User) -> TierPolicy:
    """A draft of the program that ships."""
    return draft_from_live(author=oscar, now=TUESDAY)


def page_of(policy: TierPolicy) -> str:
    return reverse("ops_policy_criteria", args=[policy.version])


def sent_by(page: Any) -> dict[str, Any]:
    """Return what a browser would send if nothing were changed on the page."""
    sheet = page.context["sheet"]
    data: dict[str, Any] = {
        "seen": sheet.seen,
        "tier": [tier.key for tier in sheet.tiers],
        "default_tier": sheet.default_tier,
        "rules": str(len(sheet.rules)),
        "demote_grace_days": sheet.demote_grace_days,
        "max_step_down": sheet.max_step_down,
        "stale_days": sheet.stale_days,
    }
    data |= {f"like-{tier.key}": tier.like for tier in sheet.tiers if tier.like}
    for place, rule in enumerate(sheet.rules):
        name = f"rule-{place}"
        data |= {f"{name}-{part}": getattr(rule, part) for part in ("tier", "match", "missing")}
        data[f"{name}-criteria"] = str(len(rule.criteria))
        for at, row in enumerate(rule.criteria):
            for part in ("fact", "op", "value", "high", "exit_value", "exit_high"):
                data[f"{name}-{at}-{part}"] = getattr(row, part)
    if page.context.get("conflict"):
        data["fresh"] = page.context["conflict"].fresh
    return data


def press(ops: Client, page: Any, policy: TierPolicy, do: str, **changes: Any) -> Any:
    """Press a button of the page after changing some fields."""
    typed = {name.replace("__", "-"): value for name, value in changes.items()}
    return ops.post(page_of(policy), {**sent_by(page), **typed, "do": do})


def test_a_tier_with_an_impossible_letter_is_read_without_it(
    ops: Client, draft: TierPolicy
) -> None:
    page = ops.get(page_of(draft))
    keys = [f"{tier.key}\x00" for tier in page.context["sheet"].tiers]
    assert press(ops, page, draft, "save", tier=keys).status_code == 302
    cell = f"{reverse('ops_preview_accounts', args=[draft.version])}?of=cell&from=%00&to=starter"
    assert ops.get(cell).status_code == 404


def test_saving_the_page_as_it_came_changes_nothing(ops: Client, draft: TierPolicy) -> None:
    page = ops.get(page_of(draft))
    before = criteria_fingerprint(draft)
    assert press(ops, page, draft, "save").status_code == 302
    assert criteria_fingerprint(draft) == before


def test_a_threshold_is_changed_and_saved(ops: Client, draft: TierPolicy) -> None:
    page = ops.get(page_of(draft))
    saved = press(ops, page, draft, "save", **{"rule-0-0-value": "30,000"})
    assert saved.url == page_of(draft)
    [first] = read_program(draft.pk).rules.rules_in_turn[0].criteria
    assert str(first.value) == "30000"


def test_rows_come_go_and_move_before_anything_is_saved(ops: Client, draft: TierPolicy) -> None:
    before = criteria_fingerprint(draft)
    page = ops.get(page_of(draft))
    page = press(ops, page, draft, "rule-add")
    page = press(ops, page, draft, "criterion-add:2")
    page = press(ops, page, draft, "rule-up:2")
    page = press(ops, page, draft, "criterion-remove:1:0")
    page = press(ops, page, draft, "rule-remove:0")
    sheet = page.context["sheet"]
    assert [(rule.tier, len(rule.criteria)) for rule in sheet.rules] == [
        ("enterprise", 1),
        ("professional", 1),
    ]
    assert criteria_fingerprint(draft) == before


@pytest.mark.parametrize(
    "do",
    ["rule-up:0", "rule-up:99", "rule-up:x", "rule-remove:-1", "criterion-add:9", "tier-up:moon",
     "criterion-remove:0:9", "criterion-remove:", "tier-remove:moon", "tier-up:", "nonsense"],
)  # fmt: skip
def test_a_button_for_a_row_that_is_not_there_does_nothing(
    ops: Client, draft: TierPolicy, do: str
) -> None:
    page = ops.get(page_of(draft))
    again = press(ops, page, draft, do)
    assert again.status_code == 200
    assert sent_by(again) == sent_by(page)


def test_a_tier_is_added_placed_promised_like_another_and_taken_out_again(
    ops: Client, draft: TierPolicy
) -> None:
    page = ops.get(page_of(draft))
    page = press(ops, page, draft, "tier-add", new_name="Gold Plus", new_like="professional")
    assert "Gold Plus stands at the top." in words_of(page)
    page = press(ops, page, draft, "tier-down:gold_plus")
    assert [tier.key for tier in page.context["sheet"].tiers][:2] == ["enterprise", "gold_plus"]
    assert "No rule leads to Gold Plus" in words_of(page)
    press(ops, page, draft, "save")
    draft.refresh_from_db()
    assert draft.tier_order == ["starter", "professional", "gold_plus", "enterprise"]
    assert TierPromise.objects.filter(policy=draft, tier="gold_plus").exists()
    page = press(ops, ops.get(page_of(draft)), draft, "tier-remove:professional")
    assert "Professional is taken out, with its rules (1)." in words_of(page)
    press(ops, page, draft, "save")
    draft.refresh_from_db()
    assert draft.tier_order == ["starter", "gold_plus", "enterprise"]
    assert not TierPromise.objects.filter(policy=draft, tier="professional").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "Give the tier a name"), ("***", "Give the tier a name"), ("Starter", "already")],
)
def test_a_tier_needs_a_name_of_its_own(
    ops: Client, draft: TierPolicy, name: str, said: str
) -> None:
    page = press(ops, ops.get(page_of(draft)), draft, "tier-add", new_name=name)
    assert said in words_of(page)
    assert len(page.context["sheet"].tiers) == 3


def test_another_fact_brings_comparisons_that_fit_it(ops: Client, draft: TierPolicy) -> None:
    page = ops.get(page_of(draft))
    page = press(ops, page, draft, "look", **{"rule-0-0-fact": "strategic"})
    row = page.context["sheet"].rules[0].criteria[0]
    assert (row.op, row.kind) == ("eq", "yes_no")
    assert '<option value="true"' in page.content.decode()


def test_what_cannot_be_read_is_said_at_its_row_and_stays_typed(
    ops: Client, draft: TierPolicy
) -> None:
    page = ops.get(page_of(draft))
    changes = {"rule-0-0-value": "lots", "rule-1-0-exit_value": "few", "stale_days": "soon"}
    page = press(ops, page, draft, "save", **changes)
    assert page.status_code == 422
    markup, shown = page.content.decode(), words_of(page)
    assert 'value="lots"' in markup
    assert 'href="#rule-0-0"' in markup
    assert "Rule 1: Write an amount like 25000 or 25,000.50." in shown
    assert "Write a whole number, 1 or more." in shown


def test_faults_are_said_while_typing_and_point_to_their_row(
    ops: Client, draft: TierPolicy, enterprise: Organization, starter: Organization
) -> None:
    page = ops.get(page_of(draft))
    typed = sent_by(page) | {"rule-0-0-exit_value": "26000"}
    live = ops.post(reverse("ops_policy_criteria_check", args=[draft.version]), typed)
    markup, shown = live.content.decode(), words_of(live)
    assert "keeping the tier must be easier than getting it" in shown
    assert 'href="#rule-0-0"' in markup
    assert 'id="findings-0" hx-swap-oob="true"' in markup
    assert "<html" not in markup


def test_the_accounts_of_each_tier_are_counted_while_typing(
    ops: Client, draft: TierPolicy, enterprise: Organization, professional: Organization
) -> None:
    page = ops.get(page_of(draft))
    typed = sent_by(page) | {"rule-0-0-value": "10000", "rule-0-0-exit_value": "9000"}
    live = ops.post(reverse("ops_policy_criteria_check", args=[draft.version]), typed)
    counts = {count.tier: (count.now, count.then) for count in live.context["counts"]}
    assert counts == {"enterprise": (1, 2), "professional": (1, 0), "starter": (0, 0)}
    unreadable = ops.post(
        reverse("ops_policy_criteria_check", args=[draft.version]),
        typed | {"rule-0-0-value": "lots"},
    )
    assert "Counted as soon as every row can be read." in words_of(unreadable)


def test_somebody_elses_newer_edit_is_shown_and_the_choice_is_clear(
    ops: Client, draft: TierPolicy, root: User, at_door: Door
) -> None:
    hers = at_door(root)
    mine, theirs = ops.get(page_of(draft)), hers.get(page_of(draft))
    press(hers, theirs, draft, "save", demote_grace_days="30")
    page = press(ops, mine, draft, "save", demote_grace_days="45")
    assert page.status_code == 409
    shown = main_of(page)
    assert "Somebody else changed the criteria of this draft" in shown
    assert "Ruth Root" in shown
    assert "Days of grace before a step down : 60" in shown.replace("step down:", "step down :")
    assert 'value="45"' in page.content.decode()
    assert read_program(draft.pk).rules.demote_grace_days == 30
    # Again meanwhile: replacing is refused as well, until one has seen that too.
    press(hers, hers.get(page_of(draft)), draft, "save", demote_grace_days="31")
    page = press(ops, page, draft, "replace")
    assert page.status_code == 409
    assert press(ops, page, draft, "replace").status_code == 302
    assert read_program(draft.pk).rules.demote_grace_days == 45


def test_what_was_typed_into_a_discarded_draft_becomes_a_new_one(
    ops: Client, draft: TierPolicy, root: User
) -> None:
    page = ops.get(page_of(draft))
    discard_draft(policy=draft, by=root, now=TUESDAY)
    page = press(ops, page, draft, "save", demote_grace_days="45")
    assert page.status_code == 409
    assert "This draft was discarded by somebody else." in words_of(page)
    assert 'value="45"' in page.content.decode()
    rescued = press(ops, page, draft, "rescue")
    assert rescued.url == reverse("ops_policy_criteria", args=[3])
    assert read_program(TierPolicy.objects.get(version=3).pk).rules.demote_grace_days == 45


def test_what_was_typed_into_a_version_under_review_can_go_on_elsewhere(
    ops: Client, draft: TierPolicy, oscar: User
) -> None:
    page = ops.get(page_of(draft))
    ask_for_review(policy=draft, change_note="Why", by=oscar, now=TUESDAY)
    page = press(ops, page, draft, "save", demote_grace_days="45")
    assert "Version 2 is under review, so it cannot be changed." in words_of(page)
    assert press(ops, page, draft, "rescue").url == reverse("ops_policy_criteria", args=[3])


def test_only_a_draft_has_the_editor(ops: Client, draft: TierPolicy) -> None:
    live = TierPolicy.objects.live().get()
    assert ops.get(page_of(live)).headers["Location"] == reverse("ops_policy_version", args=[1])


def test_a_form_that_is_empty_or_endless_is_answered_in_words(
    ops: Client, draft: TierPolicy
) -> None:
    assert ops.post(page_of(draft), {}).status_code == 422
    endless = {"do": "look", "rules": "9999", "rule-0-criteria": "9999", "tier": ["a", "b"] * 90}
    page = ops.post(page_of(draft), endless)
    assert page.status_code == 200
    sheet = page.context["sheet"]
    assert (len(sheet.tiers), len(sheet.rules), len(sheet.rules[0].criteria)) == (2, 20, 60)


def test_a_full_sheet_can_be_sent_and_takes_no_more(ops: Client, draft: TierPolicy) -> None:
    page = ops.get(page_of(draft))
    sheet = page.context["sheet"]
    row, rule = sheet.rules[0].criteria[0], sheet.rules[0]
    row.op, row.value, row.high, row.exit_value, row.exit_high = "between", "1", "9", "1", "9"
    sheet.rules[:] = [replace(rule, criteria=[row] * 3) for _ in range(20)]
    assert "At most 60 criteria altogether." in words_of(press(ops, page, draft, "criterion-add:0"))
    assert "At most 60 criteria altogether." in words_of(press(ops, page, draft, "rule-add"))
    assert press(ops, page, draft, "save").status_code == 302
    assert len(read_program(draft.pk).rules.rules) == 20


def test_agents_and_customers_see_and_save_nothing(
    draft: TierPolicy, agnes: User, stella: User, at_door: Door
) -> None:
    for person in (agnes, stella):
        for name in ("criteria", "criteria_check"):
            answer = at_door(person).post(reverse(f"ops_policy_{name}", args=[2]), {"do": "save"})
            assert answer.status_code in {302, 403, 404}
    assert not draft.edits.exclude(what="begun").exists()


def test_what_a_tier_includes_is_saved_and_a_conflict_keeps_what_was_typed(
    ops: Client, draft: TierPolicy, root: User, at_door: Door
) -> None:
    where = reverse("ops_policy_includes", args=[2, "starter"])
    form = ops.get(where).context["form"]
    typed = {name: value for name in form.fields if (value := form[name].value())}
    saved = ops.post(where, typed | {"channels": ["web"], "review_cadence_days": "91"})
    assert saved.status_code == 302
    row = TierPromise.objects.get(policy=draft, tier="starter")
    assert (row.channels, row.review_cadence_days) == (["web"], 91)
    page = at_door(root).post(where, typed | {"review_cadence_days": "182"})
    assert page.status_code == 422
    assert "Somebody else changed this while you were editing it." in words_of(page)
    assert 'value="182"' in page.content.decode()
    again = page.context["form"]
    sent = {name: value for name in again.fields if (value := again[name].value())}
    assert at_door(root).post(where, sent).status_code == 302
    row.refresh_from_db()
    assert row.review_cadence_days == 182


def test_an_unknown_tier_includes_nothing(ops: Client, draft: TierPolicy) -> None:
    assert ops.get(reverse("ops_policy_includes", args=[2, "moon"])).status_code == 404


# The review page.


def act(ops: Client, do: str, **typed: str) -> Any:
    return ops.post(reverse("ops_policy_review", args=[2]), {"do": do, **typed}, follow=True)


def test_the_review_goes_its_whole_way_on_its_page(
    ops: Client, draft: TierPolicy, root: User, at_door: Door
) -> None:
    hers = at_door(root)
    rename_draft(policy=draft, name="Spring", by=draft.author, now=TUESDAY)  # type: ignore[arg-type]
    page = act(ops, "ask", change_note=" ")
    assert page.status_code == 422
    assert "what changed and why" in words_of(page)
    shown = main_of(act(ops, "ask", change_note="Customers asked"))
    assert "Waiting for a second person" in shown
    assert "You began this draft. Somebody else has to sign it off." in shown
    seen = TierPolicy.objects.get(pk=draft.pk).content_hash
    refused = act(ops, "sign_off", seen=seen)
    assert refused.status_code == 403
    home = words_of(hers.get(reverse("wagtailadmin_home")))
    assert "The support program is about to change Version 2: Spring" in home.replace(
        "All versions ", ""
    )
    assert act(hers, "changes", text="").status_code == 422
    assert "It is a draft again" in words_of(act(hers, "changes", text="Another name"))
    act(ops, "ask", change_note="Customers asked")
    assert "Your comment is kept" in words_of(act(hers, "comment", text="Fine by me"))
    assert "You signed it off." in words_of(act(hers, "sign_off", seen=seen, text="Good"))
    assert act(ops, "schedule", publish_at="yesterday", treatment="keep").status_code == 422
    late = act(ops, "schedule", publish_at="2026-03-10T09:59", treatment="keep")
    assert "Choose a moment to come, within a year." in words_of(late)
    due = words_of(act(ops, "schedule", publish_at="2026-03-11T08:00", treatment="keep"))
    assert "Goes live on 11 Mar 2026, 08:00" in due
    assert "goes live on 11 Mar 2026, 08:00" in words_of(ops.get(reverse("wagtailadmin_home")))
    assert "It is published no longer by itself." in words_of(act(ops, "unschedule"))
    assert "It is a draft again." in words_of(act(ops, "take_back"))
    assert act(ops, "dance").status_code == 409
    steps = [line.kind for line in ops.get(reverse("ops_policy_review", args=[2])).context["lines"]]
    assert steps == [
        "asked", "changes_asked", "asked", "commented", "signed_off", "scheduled", "unscheduled",
        "withdrawn",
    ]  # fmt: skip


def test_an_hour_that_daylight_saving_skips_is_no_time_to_publish(
    ops: Client, draft: TierPolicy, oscar: User, root: User, at_door: Door
) -> None:
    act(ops, "ask", change_note="Why")
    act(at_door(root), "sign_off", seen=TierPolicy.objects.get(pk=draft.pk).content_hash)
    page = act(ops, "schedule", publish_at="2026-03-29T02:30", treatment="keep")
    assert page.status_code == 422
    assert TierPolicy.objects.get(pk=draft.pk).is_approved
