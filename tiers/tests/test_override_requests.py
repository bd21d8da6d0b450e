"""An override is asked for by one person, approved by another, told, reminded of, and ends."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from conftest import TUESDAY
from people.actions import name_account_team_member
from people.models import Notice, Organization, User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions import (
    approve_override,
    evaluate_organization,
    extend_override,
    overrides_to_tend,
    record_facts,
    refuse_override,
    request_override,
    tend_override,
    withdraw_override,
    withdraw_request,
)
from tiers.models import OverrideRequest, TierAssignment, TierOverride
from tiers.tasks import tend_overrides

DAY = timedelta(days=1)
LATER = TUESDAY + timedelta(hours=1)


@pytest.fixture
def values(starter: Organization, agnes: User) -> dict[str, Any]:
    """What Agnes, an agent, asks for."""
    return {
        "organization": starter,
        "tier": "professional",
        "reason": "Bridge until the contract is signed",
        "by": agnes,
        "starts": TUESDAY.date(),
        "expires": date(2026, 5, 1),
        "now": TUESDAY,
    }


@pytest.fixture
def asked(values: dict[str, Any]) -> OverrideRequest:
    """Agnes has asked."""
    return request_override(**values)


def held(organization: Organization) -> tuple[str, str]:
    """Return tier and source in force."""
    row = TierAssignment.objects.open().get(organization=organization)
    return row.tier, row.source


def told(kind: str) -> list[str]:
    """Return who got this notice."""
    rows = Notice.objects.filter(kind=kind).order_by("address")
    return [row.address.split("@")[0] for row in rows]


def tend(now: Any) -> list[str]:
    """Do what is due; return what it was."""
    return [kind for kind, pk in overrides_to_tend(now) if tend_override(kind=kind, pk=pk, now=now)]


# --- Asking ---------------------------------------------------------------------


def test_nothing_counts_before_somebody_approves(
    asked: OverrideRequest, starter: Organization, oscar: User, root: User
) -> None:
    assert held(starter) == ("starter", "criteria")
    assert not TierOverride.objects.exists()


def test_those_who_may_decide_are_told_and_who_asked_is_not(
    values: dict[str, Any], oscar: User, root: User, lena: User
) -> None:
    request_override(**values | {"by": oscar})
    assert told("override_asked") == ["root"]
    notice = Notice.objects.get(kind="override_asked")
    assert notice.subject == "Stella Storage: asked for an override to Professional"
    assert "Oscar Ops asks for Professional from 10 Mar 2026 until 1 May 2026." in notice.body_text


@pytest.mark.parametrize("role", ["agent", "lead", "ops", "admin"])
def test_every_role_of_staff_may_ask(role: str, values: dict[str, Any], agnes: User) -> None:
    User.objects.filter(pk=agnes.pk).update(staff_role=role)
    agnes.refresh_from_db()
    assert request_override(**values).is_pending


def test_a_customer_may_not_ask(values: dict[str, Any], stella: User) -> None:
    with pytest.raises(NotPermitted):
        request_override(**values | {"by": stella})


def test_who_left_may_not_ask(values: dict[str, Any], agnes: User) -> None:
    agnes.is_active = False
    with pytest.raises(NotPermitted):
        request_override(**values)


@pytest.mark.parametrize(
    ("starts", "expires", "reminder"),
    [
        (date(2026, 3, 10), date(2026, 6, 8), date(2026, 5, 25)),
        (date(2026, 3, 10), date(2026, 3, 20), date(2026, 3, 15)),
        (date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 10)),
    ],
)
def test_the_usual_reminder_is_two_weeks_before_the_end_or_halfway(
    starts: date, expires: date, reminder: date, values: dict[str, Any]
) -> None:
    request = request_override(**values | {"starts": starts, "expires": expires})
    assert request.reminder_on == reminder


@pytest.mark.parametrize("day", [date(2026, 3, 9), date(2026, 5, 1)])
def test_a_reminder_lies_between_start_and_end(day: date, values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        request_override(**values, reminder_on=day)
    assert list(refused.value.fields) == ["reminder_on"]


def test_a_tier_below_what_is_signed_cannot_be_asked_for(
    values: dict[str, Any], starter: Organization
) -> None:
    signed = {"contract_floor": "enterprise"}
    record_facts(organization=starter, values=signed, source="ops", now=TUESDAY)
    with pytest.raises(InvalidInput) as refused:
        request_override(**values)
    assert "guarantees at least Enterprise" in refused.value.fields["tier"]
    assert request_override(**values | {"tier": "enterprise"}).is_pending


def test_what_is_signed_and_cannot_be_read_is_settled_first(
    values: dict[str, Any], starter: Organization
) -> None:
    signed = {"contract_floor": "platinum"}
    record_facts(organization=starter, values=signed, source="ops", now=TUESDAY)
    with pytest.raises(InvalidInput) as refused:
        request_override(**values)
    assert "“platinum”" in refused.value.fields["tier"]


def test_the_same_request_twice_is_one_and_another_one_waits_its_turn(
    oscar: User, values: dict[str, Any], asked: OverrideRequest, lena: User
) -> None:
    assert request_override(**values | {"now": LATER}).pk == asked.pk
    with pytest.raises(Refused) as refused:
        request_override(**values | {"by": lena, "tier": "enterprise"})
    assert refused.value.code == "already_asked"
    assert "Agnes" in refused.value.message
    assert OverrideRequest.objects.count() == 1
    assert told("override_asked") == ["oscar"]


def test_the_database_keeps_one_waiting_request_per_organization(asked: OverrideRequest) -> None:
    asked.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        asked.save(force_insert=True)


# --- Deciding -------------------------------------------------------------------


def test_an_approval_counts_at_once_keeps_both_names_and_is_told(
    asked: OverrideRequest, starter: Organization, oscar: User, lena: User
) -> None:
    name_account_team_member(organization=starter, user=lena, duty="tam", now=TUESDAY)
    given = approve_override(request=asked, by=oscar, now=LATER, note="Until May, not longer")
    asked.refresh_from_db()
    assert held(starter) == ("professional", "override")
    assert (given.requested_by, given.approved_by) == (asked.requested_by, oscar)
    assert (asked.status, asked.override, asked.decided_at) == ("approved", given, LATER)
    assert told("override_approved") == ["agnes", "lena"]
    body = Notice.objects.filter(kind="override_approved")[0].body_text
    assert "Oscar Ops adds: “Until May, not longer”" in body


def test_an_approval_that_comes_late_begins_today(asked: OverrideRequest, oscar: User) -> None:
    given = approve_override(request=asked, by=oscar, now=TUESDAY + 45 * DAY)
    assert given.starts == date(2026, 4, 24)
    assert given.reminder_on == date(2026, 4, 24)


def test_nobody_decides_about_their_own_request(values: dict[str, Any], oscar: User) -> None:
    own = request_override(**values | {"by": oscar})
    for decide in (
        lambda: approve_override(request=own, by=oscar, now=LATER),
        lambda: refuse_override(request=own, by=oscar, note="No", now=LATER),
    ):
        with pytest.raises(NotPermitted) as refused:
            decide()
        assert refused.value.code == "four_eyes"
    own.refresh_from_db()
    assert own.is_pending


def test_the_database_refuses_one_pair_of_eyes_too(asked: OverrideRequest) -> None:
    changes = {"status": "refused", "decided_by": asked.requested_by, "decided_at": LATER}
    with pytest.raises(IntegrityError), transaction.atomic():
        OverrideRequest.objects.filter(pk=asked.pk).update(**changes, decision_note="No")


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_only_ops_decide(role: str, asked: OverrideRequest, lena: User) -> None:
    User.objects.filter(pk=lena.pk).update(staff_role=role)
    lena.refresh_from_db()
    with pytest.raises(NotPermitted):
        approve_override(request=asked, by=lena, now=LATER)
    with pytest.raises(NotPermitted):
        refuse_override(request=asked, by=lena, note="No", now=LATER)
    assert not TierOverride.objects.exists()


def test_approving_twice_gives_one_override_and_another_person_is_told_who_was_first(
    asked: OverrideRequest, oscar: User, root: User
) -> None:
    first = approve_override(request=asked, by=oscar, now=LATER)
    assert approve_override(request=asked, by=oscar, now=LATER + DAY).pk == first.pk
    with pytest.raises(Refused) as refused:
        approve_override(request=asked, by=root, now=LATER)
    assert refused.value.message == "Oscar Ops approved this request on 10 Mar 2026."
    with pytest.raises(Refused):
        refuse_override(request=asked, by=root, note="No", now=LATER)
    assert TierOverride.objects.count() == 1


def test_a_request_whose_days_are_over_cannot_be_approved(
    asked: OverrideRequest, oscar: User
) -> None:
    with pytest.raises(Refused) as refused:
        approve_override(request=asked, by=oscar, now=TUESDAY + 52 * DAY)
    assert refused.value.code == "over"
    assert not TierOverride.objects.exists()


def test_what_was_signed_meanwhile_stops_an_approval(
    asked: OverrideRequest, starter: Organization, oscar: User
) -> None:
    signed = {"contract_floor": "enterprise"}
    record_facts(organization=starter, values=signed, source="ops", now=LATER)
    with pytest.raises(Refused) as refused:
        approve_override(request=asked, by=oscar, now=LATER)
    assert "guarantees at least Enterprise" in refused.value.message
    asked.refresh_from_db()
    assert asked.is_pending


def test_what_is_signed_later_counts_above_the_override_and_says_so(
    asked: OverrideRequest, starter: Organization, oscar: User
) -> None:
    approve_override(request=asked, by=oscar, now=LATER)
    signed = {"contract_floor": "enterprise"}
    assignment = record_facts(organization=starter, values=signed, source="ops", now=LATER + DAY)
    assert (assignment.tier, assignment.source) == ("enterprise", "contract")
    codes = [reason["code"] for reason in assignment.evaluation.decision["reasons"]]
    assert codes[0] == "override_below_floor"


def test_a_refusal_says_why_to_who_asked(asked: OverrideRequest, oscar: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_override(request=asked, by=oscar, note="  ", now=LATER)
    assert list(refused.value.fields) == ["note"]
    for _twice in range(2):
        refuse_override(request=asked, by=oscar, note="Renewal is next week", now=LATER)
    asked.refresh_from_db()
    assert (asked.status, asked.decision_note) == ("refused", "Renewal is next week")
    assert told("override_refused") == ["agnes"]
    assert "“Renewal is next week”" in Notice.objects.get(kind="override_refused").body_text
    with pytest.raises(Refused, match="Oscar Ops refused this request"):
        approve_override(request=asked, by=oscar, now=LATER)


def test_who_asked_takes_the_request_back_and_may_ask_anew(
    values: dict[str, Any], asked: OverrideRequest, oscar: User, agnes: User
) -> None:
    with pytest.raises(NotPermitted):
        withdraw_request(request=asked, by=oscar, now=LATER)
    for _twice in range(2):
        withdraw_request(request=asked, by=agnes, now=LATER)
    with pytest.raises(Refused, match="took this request back"):
        approve_override(request=asked, by=oscar, now=LATER)
    assert request_override(**values | {"tier": "enterprise"}).is_pending


def test_a_request_that_nobody_decided_is_closed_and_told_once(
    asked: OverrideRequest, oscar: User
) -> None:
    assert tend(TUESDAY + 51 * DAY) == []
    assert tend(TUESDAY + 52 * DAY) == ["expire"]
    assert tend(TUESDAY + 52 * DAY) == []
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == ("expired", None)
    assert told("override_undecided") == ["agnes"]


# --- Extending, reminding, lapsing ------------------------------------------------


@pytest.fixture
def given(asked: OverrideRequest, oscar: User) -> TierOverride:
    """Oscar approved: until 1 May, reminder on 17 April."""
    return approve_override(request=asked, by=oscar, now=LATER)


def test_a_reminder_goes_once_to_who_asked_who_approved_and_the_account_team(
    given: TierOverride, starter: Organization, lena: User
) -> None:
    name_account_team_member(organization=starter, user=lena, duty="tam", now=TUESDAY)
    assert tend(TUESDAY + 37 * DAY) == []
    assert tend(TUESDAY + 38 * DAY) == ["remind"]
    assert tend(TUESDAY + 39 * DAY) == []
    assert told("override_reminder") == ["agnes", "lena", "oscar"]
    notice = Notice.objects.filter(kind="override_reminder")[0]
    assert notice.subject == "Stella Storage: the override to Professional ends on 1 May 2026"
    given.refresh_from_db()
    assert given.reminded_at == TUESDAY + 38 * DAY


def test_only_ops_are_led_to_an_ops_page(given: TierOverride) -> None:
    tend(TUESDAY + 38 * DAY)
    bodies = {
        row.address.split("@")[0]: row.body_text
        for row in Notice.objects.filter(kind="override_reminder")
    }
    assert "/ops/organizations/" in bodies["oscar"]
    assert "/ops/" not in bodies["agnes"]


def test_an_extension_is_asked_and_approved_like_the_first_time_and_nothing_falls_between(
    given: TierOverride, starter: Organization, agnes: User, oscar: User
) -> None:
    longer = extend_override(
        override=given, reason="Still not signed", by=agnes, expires=date(2026, 6, 1), now=LATER
    )
    assert (longer.tier, longer.starts, longer.extends) == ("professional", given.expires, given)
    approve_override(request=longer, by=oscar, now=LATER)
    tend(TUESDAY + 38 * DAY)
    assert told("override_reminder") == []
    assert "lapse" in tend(TUESDAY + 52 * DAY)
    assert held(starter) == ("professional", "override")
    assert told("override_lapsed") == []
    tend(TUESDAY + 83 * DAY)
    assert held(starter) == ("starter", "criteria")
    assert told("override_lapsed") == ["agnes", "oscar"]


def test_an_extension_ends_later_than_what_it_extends(given: TierOverride, agnes: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        extend_override(override=given, reason="More", by=agnes, expires=given.expires, now=LATER)
    assert list(refused.value.fields) == ["expires"]


def test_what_is_over_is_not_extended(given: TierOverride, agnes: User, oscar: User) -> None:
    longer: dict[str, Any] = {"reason": "More", "by": agnes, "expires": date(2026, 6, 1)}
    with pytest.raises(Refused):
        extend_override(override=given, now=TUESDAY + 52 * DAY, **longer)
    request = extend_override(override=given, now=LATER, **longer)
    withdraw_override(override=given, by=oscar, now=LATER)
    with pytest.raises(Refused, match="taken back"):
        approve_override(request=request, by=oscar, now=LATER)


def test_the_end_returns_the_account_leaves_a_row_and_is_told_once(
    given: TierOverride, starter: Organization
) -> None:
    end = TUESDAY + 52 * DAY
    assert tend(end - DAY) == ["remind"]
    assert tend(end) == ["lapse"]
    assert tend(end + DAY) == []
    assert held(starter) == ("starter", "criteria")
    row = TierAssignment.objects.open().get(organization=starter)
    assert row.valid_from == end
    assert told("override_lapsed") == ["agnes", "oscar"]
    body = Notice.objects.filter(kind="override_lapsed")[0].body_text
    assert "Stella Storage is Starter from now on." in body
    given.refresh_from_db()
    assert given.lapsed_at == end


def test_an_end_that_the_daily_evaluation_saw_first_is_told_all_the_same(
    given: TierOverride, starter: Organization
) -> None:
    evaluate_organization(organization=starter, now=TUESDAY + 52 * DAY)
    assert "lapse" in tend(TUESDAY + 53 * DAY)
    assert told("override_lapsed") == ["agnes", "oscar"]


def test_taking_an_override_back_is_told_once_and_it_neither_reminds_nor_lapses(
    given: TierOverride, starter: Organization, root: User
) -> None:
    for _twice in range(2):
        withdraw_override(override=given, by=root, now=LATER)
    given.refresh_from_db()
    assert given.withdrawn_by == root
    assert held(starter) == ("starter", "criteria")
    assert told("override_taken_back") == ["agnes", "oscar"]
    assert tend(TUESDAY + 52 * DAY) == []


def test_what_has_ended_cannot_be_taken_back(given: TierOverride, oscar: User) -> None:
    withdraw_override(override=given, by=oscar, now=TUESDAY + 60 * DAY)
    given.refresh_from_db()
    assert given.withdrawn_at is None


def test_the_task_does_what_is_due_once(given: TierOverride, time_machine: Any) -> None:
    time_machine.move_to(TUESDAY + 52 * DAY, tick=False)
    assert tend_overrides() == 1
    assert tend_overrides() == 0


def test_one_fault_does_not_stop_the_others(
    given: TierOverride, professional: Organization, values: dict[str, Any], oscar: User,
    time_machine: Any,
) -> None:  # fmt: skip
    """The first account's policy state cannot be read; the second one still ends."""
    other = request_override(**values | {"organization": professional, "tier": "enterprise"})
    approve_override(request=other, by=oscar, now=LATER)
    held_row = TierAssignment.objects.open().get(organization=given.organization)
    held_row.evaluation.decision = {}
    held_row.evaluation.save()
    time_machine.move_to(TUESDAY + 52 * DAY, tick=False)
    assert tend_overrides() == 1
    assert held(professional)[0] == "professional"
    given.refresh_from_db()
    assert given.lapsed_at is None
