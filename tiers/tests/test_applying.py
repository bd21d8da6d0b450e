"""A published version judges every account once, whatever is killed or comes between."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from conftest import TUESDAY
from people.actions import name_account_team_member
from people.models import Notice, Organization
from tiers.actions import (
    continue_applying,
    draft_from_live,
    evaluate_organization,
    give_override,
    organizations_to_evaluate,
    record_facts,
)
from tiers.actions.applying import apply_batch, start_run
from tiers.kept_decisions import decision_of
from tiers.models import (
    AccountStanding,
    PolicyRun,
    TierAssignment,
    TierEvaluation,
    TierPolicy,
)
from tiers.program import program_of
from tiers.rules.evaluation import Inputs, decide
from tiers.tests.policy_kit import accounts_with, asking_more, put_in_force

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = TUESDAY + DAY


@pytest.fixture
def accounts(db) -> dict[str, Organization]:
    """Ten accounts of every kind: two go up, two begin their grace, the others stay."""
    values = ["100", "4100", "4500.50", "9000", "26000", "54999.99", "55000", "60000", "90000", ""]
    made = accounts_with(values, TUESDAY)
    return dict(zip(values, made, strict=True))


@pytest.fixture
def published(accounts, oscar) -> TierPolicy:
    return put_in_force(asking_more(draft_from_live(author=oscar, now=TUESDAY)), LATER)


def tiers() -> dict[str, str]:
    rows = AccountStanding.objects.select_related("organization")
    return {row.organization.name.rpartition(" ")[2]: row.tier for row in rows}


def test_everybody_is_judged_and_only_changes_are_written(published, accounts):
    before = TierAssignment.objects.count()

    assert continue_applying(now=LATER) == 10

    run = PolicyRun.objects.get()
    assert (run.done, run.total, run.failed) == (10, 10, 0)
    assert run.finished_at is not None
    assert run.moves == [["starter", "professional", 2]]
    assert run.changed == 4
    assert TierAssignment.objects.count() == before + 4
    assert tiers()["4500.50"] == tiers()["4100"] == "professional"
    in_grace = AccountStanding.objects.filter(source="grace")
    assert {row.acv for row in in_grace} == {26_000_00, 54_999_99}
    assert {row.below_since for row in in_grace} == {LATER.date()}


def test_what_is_kept_re_evaluates_to_its_answer(published, accounts, lena, oscar):
    give_override(
        organization=accounts["9000"], tier="enterprise", reason="agreed", requested_by=lena,
        approved_by=oscar, starts=TUESDAY.date(), expires=TUESDAY.date() + 30 * DAY, now=TUESDAY,
    )  # fmt: skip
    AccountStanding.objects.update(judged_policy=published.parent_id)
    continue_applying(now=LATER)

    kept = TierEvaluation.objects.filter(policy=published)
    assert kept.count() >= 4
    for row in kept:
        again = decide(program_of(published).rules, Inputs.from_json(row.snapshot))
        assert (again.tier, again.source, again.state.to_json()) == (
            row.decision["tier"], row.decision["source"], row.decision["state"]
        )  # fmt: skip
        assert decision_of(row)["reasons"] == [reason.to_json() for reason in again.reasons]


def test_a_single_evaluation_keeps_the_very_same_snapshot(published, accounts):
    """Whichever way an account is judged, its history says the same."""
    organization = accounts["4100"]
    record_facts(
        organization=organization,
        values={"strategic": "no", "region": "EU", "contract_renewal": "2027-01-31"},
        source="ops",
        now=TUESDAY,
    )
    continue_applying(now=LATER)
    by_run = TierEvaluation.objects.filter(organization=organization).latest("id")
    with transaction.atomic():
        TierAssignment.objects.filter(evaluation=by_run).delete()
        last = TierAssignment.objects.filter(organization=organization).latest("id")
        last.valid_to = None
        last.save()
        evaluate_organization(organization=organization, now=LATER)
        alone = TierEvaluation.objects.filter(organization=organization).latest("id")

    assert alone.pk != by_run.pk
    assert by_run.snapshot == alone.snapshot
    assert {name: alone.decision[name] for name in by_run.decision} == by_run.decision


def test_history_has_no_gap_and_one_open_row_each(published, accounts):
    continue_applying(now=LATER)

    for organization in accounts.values():
        rows = list(TierAssignment.objects.filter(organization=organization).order_by("id"))
        assert [row.valid_to for row in rows[:-1]] == [row.valid_from for row in rows[1:]]
        assert rows[-1].valid_to is None
        standing = AccountStanding.objects.get(organization=organization)
        assert (standing.tier, standing.source) == (rows[-1].tier, rows[-1].source)


def test_running_twice_changes_nothing_the_second_time(published, accounts):
    continue_applying(now=LATER)
    rows = list(TierAssignment.objects.order_by("pk").values())

    assert continue_applying(now=LATER + DAY) == 0
    PolicyRun.objects.all().delete()
    assert continue_applying(now=LATER) == 10

    assert list(TierAssignment.objects.order_by("pk").values()) == rows


def test_a_run_goes_on_where_a_killed_batch_left_off(published, accounts):
    run = start_run(LATER)
    assert run is not None
    apply_batch(run_id=run.pk, now=LATER, limit=4)

    class KilledError(Exception):
        pass

    def be_killed() -> None:
        with transaction.atomic():
            apply_batch(run_id=run.pk, now=LATER, limit=4)
            raise KilledError

    with pytest.raises(KilledError):
        be_killed()
    run.refresh_from_db()
    assert run.done == 4

    # Its lease has run out by then.
    continue_applying(now=LATER + timedelta(minutes=2), batch=3)

    run.refresh_from_db()
    assert (run.done, run.changed, run.moved) == (10, 4, 2)
    assert [batch.judged for batch in run.batches.order_by("upto_id")] == [4, 3, 3]
    evaluations = TierEvaluation.objects.filter(policy=published)
    assert evaluations.values("organization").distinct().count() == evaluations.count() == 4


def test_who_was_judged_singly_in_between_is_simply_done_earlier(published, accounts):
    record_facts(
        organization=accounts["4100"], values={"acv": "70000"}, source="hubspot", now=LATER
    )
    rows = TierAssignment.objects.filter(organization=accounts["4100"]).count()

    continue_applying(now=LATER + timedelta(seconds=5))

    assert TierAssignment.objects.filter(organization=accounts["4100"]).count() == rows
    assert tiers()["4100"] == "enterprise"
    assert PolicyRun.objects.get().moved == 1


def test_an_evaluation_that_read_the_clock_before_the_publishing_is_by_the_new_version(
    published, accounts
):
    evaluate_organization(organization=accounts["4100"], now=LATER - timedelta(seconds=30))

    standing = AccountStanding.objects.get(organization=accounts["4100"])
    assert standing.judged_policy == published
    assert standing.tier == "professional"
    assert standing.judged_at == LATER


def test_a_run_ends_when_the_next_version_goes_live(published, accounts, oscar):
    run = start_run(LATER)
    assert run is not None
    apply_batch(run_id=run.pk, now=LATER, limit=3)
    put_in_force(draft_from_live(author=oscar, now=LATER), LATER + DAY)

    continue_applying(now=LATER + DAY)

    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.done == 3
    newest = PolicyRun.objects.exclude(pk=run.pk).get()
    assert newest.done == newest.total == 10


def test_the_daily_evaluation_leaves_those_alone_whom_a_run_judged(published, accounts):
    continue_applying(now=LATER)

    in_grace = AccountStanding.objects.filter(source="grace").values_list("pk", flat=True)
    assert set(organizations_to_evaluate(LATER)) == set(in_grace)


def test_ops_and_account_teams_are_told_once_what_moved(published, accounts, oscar, lena):
    name_account_team_member(organization=accounts["4100"], user=lena, duty="tam", now=TUESDAY)
    continue_applying(now=LATER)
    continue_applying(now=LATER + DAY)

    told = Notice.objects.get(kind="policy_applied", recipient=oscar)
    assert "Starter to Professional: 2" in told.body_text
    assert f"/policy/{published.version}/run/" in told.body_text
    mine = Notice.objects.get(kind="accounts_moved")
    assert mine.recipient == lena
    assert "Account 0001 at 4100: Starter to Professional" in mine.body_text
    assert "4500.50" not in mine.body_text


def test_nobody_is_written_to_when_nobody_moved(accounts, oscar):
    put_in_force(draft_from_live(author=oscar, now=TUESDAY), LATER)

    continue_applying(now=LATER)

    assert PolicyRun.objects.get().changed == 0
    assert not Notice.objects.filter(kind__in=["policy_applied", "accounts_moved"]).exists()


def test_a_batch_takes_as_many_statements_for_many_accounts_as_for_few(oscar):
    if connection.vendor != "postgresql":
        pytest.skip("Elsewhere each account that changes is evaluated on its own.")
    counts = []
    for number, accounts in enumerate((10, 200)):
        accounts_with(["4100", "26000"] * (accounts // 2), TUESDAY + number * 3 * DAY)
        at = TUESDAY + (number * 3 + 1) * DAY
        draft = draft_from_live(author=oscar, now=at)
        put_in_force(asking_more(draft) if number == 0 else shipped_again(draft), at)
        run = start_run(at)
        assert run is not None
        with CaptureQueriesContext(
            connection,
        ) as queries:
            apply_batch(run_id=run.pk, now=at, limit=1000)
        run.refresh_from_db()
        assert run.changed >= accounts // 2
        counts.append(len(queries))

    assert counts[0] == counts[1]


def shipped_again(draft: TierPolicy) -> TierPolicy:
    from tiers.tests.policy_kit import with_rules

    return with_rules(
        draft,
        [
            ("enterprise", [("acv", "gte", "20000", "18000")]),
            ("professional", [("acv", "gte", "5000", "4500")]),
        ],
    )
