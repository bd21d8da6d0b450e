"""Change single promises of a draft: how soon, for one tier, severity and metric."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput, Refused
from portal.kit.words import METRICS, SEVERITIES
from tiers.actions.editing import keep_edit
from tiers.actions.policies import locked_draft
from tiers.ladder_words import say
from tiers.models import Calendar, PolicyEdit, PromiseTarget, TierPolicy
from tiers.program import PromisedTarget, target_of
from tiers.rules.ladders import in_order, ladder_problems

# Statuses in which a promise may stand still because somebody else has the turn.
PAUSING_STATUSES = ("pending", "on_hold")
# What the database can hold; typed amounts end long before.
MOST_SECONDS = 2_000_000_000
# The print of a cell in which nothing is promised.
NOTHING = ""


@transaction.atomic
def set_target(
    *,
    policy: TierPolicy,
    tier: str,
    severity: int,
    metric: str,
    promised: PromisedTarget,
    seen: str,
    by: User,
    now: datetime,
) -> PromiseTarget:
    """Promise something in a draft, or change what it promises there.

    ``seen`` is the fingerprint of what the editor saw (``NOTHING`` for nothing). Raises
    InvalidInput naming every value that cannot be, and Refused ("target_changed") when
    somebody else changed the same promise meanwhile and wrote something else.
    """
    draft = locked_draft(policy, by)
    calendar = promised_calendar(promised.calendar)
    problems = place_problems(severity, metric) | target_problems(promised)
    if tier not in draft.tier_order:
        problems["tier"] = _("This version has no such tier.")
    if calendar is None:
        problems["calendar"] = _("There is no such calendar with a published version.")
    if problems or calendar is None:
        raise InvalidInput("target_invalid", _("It cannot be promised like this."), fields=problems)
    found = _found(draft, tier, severity, metric)
    if found is not None and target_of(found).fingerprint == promised.fingerprint:
        return found
    _check_seen(found, seen)
    before = stored_form(target_of(found)) if found else None
    row = found or PromiseTarget(policy=draft, tier=tier, severity=severity, metric=metric)
    row.target_seconds, row.floor_seconds = promised.seconds, promised.floor_seconds
    row.calendar, row.pause_on = calendar, sorted(promised.pause_on)
    row.warn_at = list(in_order(promised.warn_at, promised.seconds))
    row.tell = stored_tell(promised.tell)
    row.save()
    keep_edit(
        draft, PolicyEdit.What.TARGET, [tier, severity, metric], by=by, now=now,
        before=before, after=stored_form(target_of(row)),
    )  # fmt: skip
    return row


@transaction.atomic
def withdraw_target(
    *, policy: TierPolicy, tier: str, severity: int, metric: str, seen: str, by: User, now: datetime
) -> None:
    """Promise this no longer in a draft; harmless when repeated."""
    draft = locked_draft(policy, by)
    found = _found(draft, tier, severity, metric)
    if found is not None:
        _check_seen(found, seen)
        keep_edit(
            draft, PolicyEdit.What.TARGET, [tier, severity, metric], by=by, now=now,
            before=stored_form(target_of(found)), after=None,
        )  # fmt: skip
        found.delete()


def stored_form(promised: PromisedTarget) -> dict[str, Any]:
    """Return a promise as it is kept in the history of edits."""
    return {name: value for name, value in asdict(promised).items() if name != "by"}


def _found(draft: TierPolicy, tier: str, severity: int, metric: str) -> PromiseTarget | None:
    return (
        PromiseTarget.objects.filter(policy=draft, tier=tier, severity=severity, metric=metric)
        .select_related("calendar")
        .first()
    )


def _check_seen(found: PromiseTarget | None, seen: str) -> None:
    if (NOTHING if found is None else target_of(found).fingerprint) != seen:
        raise Refused(
            "target_changed",
            _(
                "Somebody else changed this promise while you were editing it. What you typed "
                "is still here; save again to replace what they wrote."
            ),
        )


def promised_calendar(key: str) -> Calendar | None:
    """Return the calendar of a promise; one without a published version cannot be counted in."""
    return Calendar.objects.usable().filter(key=key).first()


def stored_tell(tell: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return who is told at each step as it is kept; steps that tell nobody are left out."""
    return {step: list(roles) for step, roles in tell.items() if roles}


def place_problems(severity: int, metric: str) -> dict[str, str]:
    """Return what is wrong with where a promise shall stand."""
    problems = {}
    if severity not in SEVERITIES:
        problems["severity"] = _("There is no such severity.")
    if metric not in METRICS:
        problems["metric"] = _("There is no such metric.")
    return problems


def target_problems(promised: PromisedTarget) -> dict[str, str]:
    """Return what is wrong with a promise itself, by field; contracts are judged alike."""
    problems = {}
    if not 1 <= promised.seconds <= MOST_SECONDS:
        problems["target"] = _("The time must be longer than nothing.")
    if promised.floor_seconds <= promised.seconds:
        problems["floor"] = _(
            "The floor must be later than the target: until then a late ticket waits its turn."
        )
    elif promised.floor_seconds > MOST_SECONDS:
        problems["floor"] = _("This is too long.")
    if not set(promised.pause_on) <= set(PAUSING_STATUSES):
        problems["pause_on"] = _("A promise can pause only while somebody else has the turn.")
    if "target" not in problems:
        reasons = ladder_problems(promised.warn_at, promised.tell, promised.seconds)
        if reasons:
            problems["ladder"] = " ".join(say(reason) for reason in reasons)
    return problems
