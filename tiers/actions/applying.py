"""Let a published version judge every account: in batches, resumable, beside everything else.

That a version is live and has no run is the message: whoever published it, by whatever door, a
worker starts its run within seconds, and no publishing can forget it. A batch is one transaction
that also moves the run's cursor. Whoever holds the run's row works on its next batch; a worker
that is killed loses one batch, which the next one does again from its start.

From the instant of publishing every single evaluation (a fact from the CRM, an override) is by the
new version too: it is simply done earlier, and its batch finds nothing left to change. Accounts
that somebody else is judging at this moment are not waited for: they are noted in the run, and
done one by one when the cursor has come to the end.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction

from people.models import Organization
from portal.kit.claims import claim
from portal.kit.watch import Watch
from tiers.actions.applying_sql import judge_in_sql
from tiers.actions.evaluating import evaluate_organization
from tiers.actions.judging_policy import wait_for_judgements
from tiers.actions.telling_moves import tell_moves
from tiers.models import AccountStanding, PolicyRun, PolicyRunBatch, TierPolicy
from tiers.preview.asking import decides_in_sql, inputs_by_account
from tiers.program import program_of
from tiers.rules import evaluation

log = structlog.get_logger("tiers.applying")

# Accounts of one transaction: whole statements where the database decides, else one by one.
BATCH, BATCH_ONE_BY_ONE = 250_000, 200
HELD_AT_ONCE = 50
LEASE = timedelta(seconds=60)
# How long one call goes on before it lets another worker have the run.
BUDGET_SECONDS = 20.0
PATIENCE = "SET LOCAL lock_timeout = '3s'"


def start_run(now: datetime) -> PolicyRun | None:
    """Start the run of the live version unless it has one; None while it must wait.

    Waits for the answers that are under way by the version before, but not for long:
    evaluations that come after it in the queue would wait as well.
    """
    live = TierPolicy.objects.live().filter(effective_from__lte=now).first()
    if live is None:
        return None
    if (known := PolicyRun.objects.filter(policy=live).first()) is not None:
        return known
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(PATIENCE)
            wait_for_judgements()
            total = AccountStanding.objects.count()
            made, _is_new = PolicyRun.objects.get_or_create(
                policy=live, defaults={"created_at": now, "total": total}
            )
            return made
    except OperationalError:
        log.info("run waits for evaluations under way", policy=live.pk)
        return None


def continue_applying(
    *, now: datetime, budget_seconds: float = BUDGET_SECONDS, batch: int | None = None
) -> int:
    """Start what is to be started and work on what nobody works on; return accounts judged."""
    watch, done = Watch(now, budget_seconds), 0
    batch = batch or (BATCH if decides_in_sql() else BATCH_ONE_BY_ONE)

    start_run(now)
    while (run_id := _take(watch.now())) is not None:
        while (judged := apply_batch(run_id=run_id, now=watch.now(), limit=batch)) is not None:
            done += judged
            if watch.is_over():
                PolicyRun.objects.filter(pk=run_id).update(lease_until=None)
                return done
    return done


def _take(now: datetime) -> int | None:
    """Lease the next run; return its id."""
    with transaction.atomic():
        run = claim(PolicyRun.objects.free(now), 1).first()
        if run is None:
            return None
        run.lease_until = now + LEASE
        run.started_at = run.started_at or now
        run.save(update_fields=["lease_until", "started_at"])
        taken: int = run.pk
        return taken


def apply_batch(*, run_id: int, now: datetime, limit: int) -> int | None:
    """Do the next batch of a run; return how many accounts, or None when nothing is to be done.

    Nothing to be done: the run is finished, or another worker is at it this moment. A run
    whose version is not live any more ends where it is: the next version's run judges all.
    """
    with transaction.atomic():
        run = claim(PolicyRun.objects.unfinished().filter(pk=run_id), 1).first()
        if run is None:
            return None
        now = max(now, run.created_at)
        run.lease_until = now + LEASE
        policy = TierPolicy.objects.get(pk=run.policy_id)
        upto = _end_of_batch(run.last_organization_id, limit) if policy.is_live else None
        judged = 0
        if upto is not None:
            judged = _judge(run, policy, upto, now)
        elif run.held and policy.is_live:
            _judge_held(run, now)
        else:
            run.finished_at, run.lease_until = now, None
            if policy.is_live:
                tell_moves(run=run, now=now)
        run.save()
        return None if run.finished_at else judged


def _end_of_batch(after: int, limit: int) -> int | None:
    """Return the id up to which the next batch goes; None when no account is left."""
    ids = AccountStanding.objects.filter(organization_id__gt=after).order_by("organization_id")
    found = ids.values_list("organization_id", flat=True)
    last: int | None = next(iter(found[limit - 1 : limit]), None)
    return last if last is not None else found.last()


def _judge(run: PolicyRun, policy: TierPolicy, upto: int, now: datetime) -> int:
    """Judge the accounts of a batch, note it, and move the cursor."""
    span = {"organization_id__gt": run.last_organization_id, "organization_id__lte": upto}
    judged = AccountStanding.objects.filter(**span).count()
    rules = program_of(policy).rules
    before = run.changed
    if decides_in_sql():
        result = judge_in_sql(
            policy=policy, rules=rules, after=run.last_organization_id, upto=upto, now=now
        )
        run.held = [*run.held, *result.held]
        run.changed += result.changed
        for old, new, accounts in result.moves:
            _count_move(run, old, new, accounts)
    else:
        for organization_id in _to_change(rules, span, now):
            _judge_alone(run, organization_id, now)
    PolicyRunBatch.objects.create(
        run=run, upto_id=upto, at=now, judged=judged, changed=run.changed - before
    )
    run.last_organization_id = upto
    run.done += judged
    return judged


def _to_change(rules: evaluation.Policy, span: dict[str, int], now: datetime) -> Sequence[int]:
    """Return the accounts of a batch whose answer is another one, where Python decides."""
    found = []
    for standing, inputs in inputs_by_account(now.date(), **span):
        decision = evaluation.decide(rules, inputs, with_counterfactuals=False)
        is_known = (decision.tier, decision.state) == (standing.tier, inputs.previous)
        if not is_known or decision.source != standing.source:
            found.append(standing.organization_id)
    return found


def _judge_held(run: PolicyRun, now: datetime) -> None:
    """Judge some of the accounts that somebody else held, waiting for each."""
    taken, run.held = run.held[:HELD_AT_ONCE], run.held[HELD_AT_ONCE:]
    for organization_id in taken:
        _judge_alone(run, organization_id, now)


def _judge_alone(run: PolicyRun, organization_id: int, now: datetime) -> None:
    """Judge one account by the way of every single evaluation; one that fails stops no other."""
    organization = Organization.objects.filter(pk=organization_id).first()
    before = AccountStanding.objects.filter(pk=organization_id).first()
    if organization is None or before is None:
        return
    try:
        with transaction.atomic():
            held = evaluate_organization(organization=organization, now=now)
    except (LookupError, TypeError, ValueError, ArithmeticError):
        log.exception("account cannot be judged", organization=organization_id, run=run.pk)
        run.failed += 1
        return
    run.changed += int((held.tier, held.source) != (before.tier, before.source))
    if held.tier != before.tier:
        _count_move(run, before.tier, held.tier, 1)


def _count_move(run: PolicyRun, before: str, after: str, accounts: int) -> None:
    known = {(str(one[0]), str(one[1])): int(str(one[2])) for one in run.moves}
    known[before, after] = known.get((before, after), 0) + accounts
    run.moves = [[old, new, count] for (old, new), count in sorted(known.items())]
