"""What a contract promises instead of the tier: with reason, approver and an end that is clear."""

from datetime import timedelta

import pytest

from conftest import TUESDAY
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import agree_custom_target, end_custom_target
from tiers.models import OrganizationTarget
from tiers.promises import promise_for

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def agree(enterprise, oscar):
    def agreed(**changes):
        values = {
            "organization": enterprise,
            "severity": 1,
            "metric": "first_reply",
            "target_seconds": 900,
            "floor_seconds": 1800,
            "calendar_key": "around-the-clock",
            "reason": "Contract 2026-17, annex 2",
            "approved_by": oscar,
            "valid_from": TUESDAY,
            "now": TUESDAY,
            **changes,
        }
        return agree_custom_target(**values)

    return agreed


def promised(organization, at):
    return promise_for(organization, at).target(1, "first_reply")


def test_it_counts_from_its_start_for_this_organization_alone(agree, enterprise, outside):
    agree(valid_from=TUESDAY + DAY)
    before, after = (promised(enterprise, at) for at in (TUESDAY, TUESDAY + DAY))
    assert (before.seconds, before.by) == (3600, "tier")
    assert (after.seconds, after.by) == (900, "contract")
    assert promised(outside, TUESDAY + DAY).seconds == 3600


def test_a_new_one_ends_the_one_in_force(agree, enterprise):
    first = agree()
    agree(target_seconds=600, valid_from=TUESDAY + DAY)
    first.refresh_from_db()
    assert first.valid_to == TUESDAY + DAY
    assert promised(enterprise, TUESDAY).seconds == 900
    assert promised(enterprise, TUESDAY + DAY).seconds == 600


def test_it_cannot_run_into_one_agreed_for_later(agree):
    agree(valid_from=TUESDAY + 9 * DAY)
    with pytest.raises(Refused, match="later"):
        agree()
    agree(valid_to=TUESDAY + 9 * DAY)
    assert OrganizationTarget.objects.count() == 2


def test_after_its_end_the_tier_counts_again(agree, enterprise, oscar):
    target = agree()
    for _again in range(2):
        end_custom_target(target=target, ends=TUESDAY + DAY, approved_by=oscar, now=TUESDAY)
    assert promised(enterprise, TUESDAY).seconds == 900
    assert promised(enterprise, TUESDAY + DAY).seconds == 3600
    target.refresh_from_db()
    assert (target.ended_by, target.ended_at) == (oscar, TUESDAY)


def test_agents_cannot_approve_it(agree, agnes):
    with pytest.raises(NotPermitted):
        agree(approved_by=agnes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"target_seconds": 0, "floor_seconds": 1}, "target"),
        ({"floor_seconds": 900}, "floor"),
        ({"warn_at": (200,), "tell": {"100": ("lead",)}}, "ladder"),
        ({"warn_at": (50,)}, "ladder"),
        ({"calendar_key": "moon"}, "calendar"),
        ({"metric": "applause"}, "metric"),
        ({"severity": 5}, "severity"),
        ({"valid_to": TUESDAY}, "valid_to"),
    ],
)
def test_what_cannot_be_is_named(agree, changes, field):
    with pytest.raises(InvalidInput) as refused:
        agree(**changes)
    assert set(refused.value.fields) == {field}
    assert not OrganizationTarget.objects.exists()
