"""Editing a draft's promises: what cannot be is named, and nobody overwrites anybody unseen."""

from dataclasses import replace

import pytest

from conftest import TUESDAY
from people.models import User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import (
    discard_draft,
    draft_from_live,
    publish_policy,
    rebase_draft,
    rename_draft,
    set_target,
    withdraw_target,
)
from tiers.actions.targets import NOTHING
from tiers.models import Calendar, PromiseTarget, TierPolicy, TierPromise
from tiers.policy_checks import faults_of, warnings_of
from tiers.policy_diff import changes_between, count_changes
from tiers.program import PromisedTarget, read_program
from tiers.tests.review_kit import signed_off

pytestmark = pytest.mark.django_db
HOUR = 3600
NAMES = {"business-hours": "Business hours (Berlin)", "around-the-clock": "Around the clock"}
USUALLY_TOLD = (
    "50 %: nobody, only recorded; 75 %: whoever has the ticket; 90 %: whoever has the ticket and "
    "the leads; broken: whoever has the ticket and the leads and the account team"
)
ODD = [
    (
        "Professional waits longer than Starter, a lower tier: First reply at Critical takes 2 h "
        "in “Business hours (Berlin)” against 1 h in “Business hours (Berlin)”."
    ),
    (
        "Starter, Critical, First reply: the floor (1 h 1 min) is close to the target (1 h). A "
        "late ticket is then pulled ahead almost at once."
    ),
]
UPDATES = PromisedTarget(
    seconds=4 * HOUR,
    floor_seconds=8 * HOUR,
    calendar="business-hours",
    pause_on=("pending",),
    warn_at=(75, -15),
    tell={"75": ("assignee",), "100": ("lead",)},
)


@pytest.fixture
def draft(oscar: User) -> TierPolicy:
    return draft_from_live(author=oscar, now=TUESDAY)


def promised(policy, tier="enterprise", severity=1, metric="first_reply"):
    return read_program(policy.pk).targets[tier].get((severity, metric))


@pytest.fixture
def put(oscar):
    """Return a way to change Enterprise's answer to critical tickets, as the editor saw it."""

    def change(policy, place=("enterprise", 1, "first_reply"), seen=None, by=oscar, **changes):
        tier, severity, metric = place
        now = promised(policy, *place)
        return set_target(
            policy=policy, tier=tier, severity=severity, metric=metric, by=by, now=TUESDAY,
            promised=replace(now or UPDATES, **changes),
            seen=seen if seen is not None else (now.fingerprint if now else NOTHING),
        )  # fmt: skip

    return change


def test_every_part_of_a_promise_can_be_changed(draft, put):
    put(
        draft, seconds=1800, floor_seconds=5400, calendar="business-hours",
        pause_on=("pending", "on_hold"), warn_at=(-10, 50),
        tell={"50": ("queue",), "100": ("lead",)},
    )  # fmt: skip
    found = promised(draft)
    assert (found.seconds, found.floor_seconds, found.calendar) == (1800, 5400, "business-hours")
    assert found.pause_on == ("on_hold", "pending")
    assert found.warn_at == (50, -10)  # in the order of time
    assert found.tell == {"50": ("queue",), "100": ("lead",)}
    assert promised(TierPolicy.objects.live().get()).seconds == HOUR


def test_a_metric_is_promised_and_withdrawn(draft, put, oscar):
    place = ("starter", 3, "periodic_update")
    put(draft, place)
    assert promised(draft, *place) == replace(UPDATES, tell=dict(UPDATES.tell))
    for _again in range(2):
        withdraw_target(
            policy=draft, tier="starter", severity=3, metric="periodic_update",
            seen=UPDATES.fingerprint, by=oscar, now=TUESDAY,
        )  # fmt: skip
    assert promised(draft, *place) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seconds": 0}, "target"),
        ({"seconds": 3 * 10**9, "floor_seconds": 4 * 10**9}, "target"),
        ({"floor_seconds": HOUR}, "floor"),
        ({"floor_seconds": 3 * 10**9}, "floor"),
        ({"calendar": "moon"}, "calendar"),
        ({"calendar": "unpublished"}, "calendar"),
        ({"pause_on": ("open",)}, "pause_on"),
        ({"warn_at": (120,)}, "ladder"),
        ({"warn_at": (-90,)}, "ladder"),
        ({"tell": {"75": ("everybody",), "100": ("lead",)}}, "ladder"),
        ({"tell": {}}, "ladder"),
    ],
)
def test_what_cannot_be_promised_is_named(draft, put, changes, field):
    Calendar.objects.create(key="unpublished", name="Not yet")
    with pytest.raises(InvalidInput) as refused:
        put(draft, **changes)
    assert field in refused.value.fields
    assert promised(draft) == promised(TierPolicy.objects.live().get())


@pytest.mark.parametrize(
    ("place", "field"),
    [
        (("gold", 1, "first_reply"), "tier"),
        (("starter", 5, "first_reply"), "severity"),
        (("starter", 1, "applause"), "metric"),
    ],
)
def test_there_is_no_such_place(draft, oscar, place, field):
    with pytest.raises(InvalidInput) as refused:
        set_target(
            policy=draft, tier=place[0], severity=place[1], metric=place[2], promised=UPDATES,
            seen=NOTHING, by=oscar, now=TUESDAY,
        )  # fmt: skip
    assert set(refused.value.fields) == {field}


def test_of_two_who_change_one_promise_the_later_is_told(draft, put, root):
    seen = promised(draft).fingerprint
    put(draft, seconds=1800)
    with pytest.raises(Refused, match="Somebody else changed this promise") as refused:
        put(draft, seen=seen, seconds=900, by=root)
    assert refused.value.code == "target_changed"
    assert promised(draft).seconds == 1800


def test_two_who_write_the_same_or_elsewhere_do_not_disturb_each_other(draft, put, root):
    seen = promised(draft).fingerprint
    put(draft, seconds=1800)
    put(draft, seen=seen, seconds=1800, by=root)
    put(draft, ("enterprise", 2, "first_reply"), seconds=2 * HOUR, by=root)


def test_a_promise_changed_meanwhile_is_not_withdrawn_unseen(draft, put, root):
    seen = promised(draft).fingerprint
    put(draft, seconds=1800)
    with pytest.raises(Refused):
        withdraw_target(
            policy=draft, tier="enterprise", severity=1, metric="first_reply", seen=seen, by=root,
            now=TUESDAY,
        )  # fmt: skip
    assert promised(draft) is not None


def test_only_a_draft_and_only_by_ops(draft, put, agnes, oscar):
    with pytest.raises(NotPermitted):
        put(draft, seconds=1800, by=agnes)
    with pytest.raises(Refused) as refused:
        put(TierPolicy.objects.live().get(), seconds=1800)
    assert refused.value.code == "not_a_draft"
    discard_draft(policy=draft, by=oscar, now=TUESDAY)
    with pytest.raises(Refused) as refused:
        rename_draft(policy=draft, name="Gone", by=oscar, now=TUESDAY)
    assert refused.value.code == "draft_discarded"


def told(old, new):
    return [
        (str(group.title), change.what, change.old, change.new, change.severity)
        for group in changes_between(old, new, NAMES)
        for change in group.changes
    ]


def test_a_draft_that_changed_nothing_differs_in_nothing(draft):
    assert changes_between(TierPolicy.objects.live().get(), draft, NAMES) == []


def test_every_difference_is_a_line_that_can_be_read(draft, put, oscar):
    live = TierPolicy.objects.live().get()
    put(draft, seconds=1800, warn_at=(50, -10), tell={"50": ("lead",), "100": ("lead",)})
    put(draft, ("starter", 3, "periodic_update"))
    PromiseTarget.objects.filter(
        policy=draft, tier="professional", severity=4, metric="resolution"
    ).delete()
    TierPromise.objects.filter(policy=draft, tier="starter").update(channels=["web"])
    rule = draft.rules.get(tier="professional")
    rule.criteria.update(value="6000")
    rename_draft(policy=draft, name="  Spring   program ", by=oscar, now=TUESDAY)
    draft.refresh_from_db()
    assert told(live, draft) == [
        ("The version as a whole", "Name", "Launch program", "Spring program", None),
        ("Enterprise", "First reply: target", "1 h", "30 min", 1),
        (
            "Enterprise", "First reply: warnings",
            "50 %, 75 %, 90 %", "50 %, 10 min before the end", 1,
        ),
        (
            "Enterprise", "First reply: who is told",
            USUALLY_TOLD,
            "50 %: the leads; 10 min before the end: nobody, only recorded; broken: the leads", 1,
        ),
        (
            "Professional", "Rule: Annual contract value",
            "at least USD 5,000, kept with at least USD 4,500",
            "at least USD 6,000, kept with at least USD 4,500", None,
        ),
        ("Professional", "Resolution", "80 h, Business hours (Berlin); floor 160 h", "", 4),
        ("Starter", "Periodic update", "", "4 h, Business hours (Berlin); floor 8 h", 3),
        ("Starter", "Channels", "Web, E-mail, API", "Web", None),
    ]  # fmt: skip
    assert count_changes(changes_between(draft, live, NAMES)) == 8


def test_what_is_odd_is_said_and_what_ships_is_not(draft, put):
    assert warnings_of(draft, TUESDAY) == []
    put(draft, ("starter", 1, "first_reply"), seconds=HOUR, floor_seconds=HOUR + 60)
    assert warnings_of(draft, TUESDAY) == ODD
    assert faults_of(draft) == []


def test_a_draft_catches_up_with_what_was_published_meanwhile(draft, put, oscar):
    put(draft, seconds=1800)
    put(draft, ("enterprise", 2, "first_reply"), seconds=3 * HOUR)
    other = draft_from_live(author=oscar, now=TUESDAY)
    put(other, ("enterprise", 2, "first_reply"), seconds=2 * HOUR)
    put(other, ("starter", 1, "first_reply"), seconds=3 * HOUR)
    put(other, ("starter", 3, "periodic_update"))
    other.rules.get(tier="professional").criteria.update(value="6000")
    withdraw_target(
        policy=other, tier="starter", severity=4, metric="next_reply", by=oscar, now=TUESDAY,
        seen=promised(other, "starter", 4, "next_reply").fingerprint,
    )  # fmt: skip
    signed_off(other, by=oscar, now=TUESDAY)
    publish_policy(policy=other, treatment="keep", change_note="x", published_by=oscar, now=TUESDAY)
    for expected in ([("target", "enterprise", 2, "first_reply")], []):
        assert rebase_draft(policy=draft, by=oscar, now=TUESDAY) == expected
    draft.refresh_from_db()
    assert draft.parent == other
    live = TierPolicy.objects.live().get()
    assert [(what, old, new) for _, what, old, new, _ in told(live, draft)] == [
        ("First reply: target", "1 h", "30 min"),
        ("First reply: target", "2 h", "3 h"),
    ]
    signed_off(draft, by=oscar, now=TUESDAY)
    publish_policy(policy=draft, treatment="keep", change_note="y", published_by=oscar, now=TUESDAY)
    assert TierPolicy.objects.live().get() == draft
