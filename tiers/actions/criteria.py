"""Save the tiers and criteria of a draft whole: who gets which tier, and how gently it changes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput, Refused
from tiers.actions.editing import keep_edit
from tiers.actions.policies import locked_draft
from tiers.actions.promises import copy_promises, drop_promises
from tiers.criteria_reading import threshold_problem
from tiers.models import AccountFact, Criterion, PolicyEdit, TierPolicy, TierRule
from tiers.policy_content import criteria_fingerprint
from tiers.program import rules_of
from tiers.rules import evaluation
from tiers.rules.evaluation.values import threshold_to_json

# All criteria together; a sheet that is full still fits into what a form may send.
MOST_TIERS, MOST_RULES, MOST_CRITERIA = 10, 20, 60
MOST_DAYS = 3650
TIER_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")


@transaction.atomic
def save_criteria(
    *,
    policy: TierPolicy,
    criteria: evaluation.Policy,
    seen: str,
    by: User,
    now: datetime,
    begin_like: Mapping[str, str] | None = None,
) -> TierPolicy:
    """Give a draft these tiers and rules, asked in the order in which they stand.

    ``seen`` is the print of the criteria that the editor began with (see
    ``criteria_fingerprint``). A tier that is new gets the promises of the one that
    ``begin_like`` names; those of a tier that is taken out go with it. Raises InvalidInput
    naming every place that cannot be (``rules[0].criteria[1].value``), and Refused
    ("criteria_changed") when somebody else saved something else meanwhile. What is merely
    odd is for ``tiers.rules.evaluation.validate`` to say.
    """
    draft = locked_draft(policy, by)
    problems = dict(_problems(criteria))
    if problems:
        message = _("These criteria cannot be kept like this.")
        raise InvalidInput("criteria_invalid", message, fields=problems)
    before = _stored(draft)
    after = _in_turn(criteria, before.key)
    if before.fingerprint == after.fingerprint:
        return draft
    if criteria_fingerprint(draft) != seen:
        raise Refused(
            "criteria_changed",
            _("Somebody else changed the criteria of this draft while you were editing them."),
        )
    _write(draft, after)
    keep_edit(
        draft, PolicyEdit.What.CRITERIA, [], by=by, now=now,
        before=before.to_json(), after=after.to_json(),
    )  # fmt: skip
    _follow_tiers(draft, before, after, begin_like or {}, by, now)
    return draft


def _stored(draft: TierPolicy) -> evaluation.Policy:
    return rules_of(TierPolicy.objects.with_everything().get(pk=draft.pk))


def _in_turn(criteria: evaluation.Policy, key: str) -> evaluation.Policy:
    """Return the criteria with the order in which the rules stand as their precedence."""
    return replace(
        criteria,
        key=key,
        rules=tuple(
            replace(rule, precedence=place, key="")
            for place, rule in enumerate(criteria.rules, start=1)
        ),
    )


def _write(draft: TierPolicy, criteria: evaluation.Policy) -> None:
    draft.tier_order, draft.default_tier = list(criteria.order), criteria.default_tier
    draft.demote_grace_days = criteria.demote_grace_days
    draft.max_step_down, draft.stale_days = criteria.max_step_down, criteria.stale_days
    draft.save(
        update_fields=[
            "tier_order", "default_tier", "demote_grace_days", "max_step_down", "stale_days",
        ]
    )  # fmt: skip
    TierRule.objects.filter(policy=draft).delete()
    for rule in criteria.rules:
        made = TierRule.objects.create(
            policy=draft, tier=rule.tier, precedence=rule.precedence, match=rule.match,
            missing=rule.missing,
        )  # fmt: skip
        Criterion.objects.bulk_create(
            Criterion(
                rule=made,
                fact=one.fact,
                op=one.op,
                value=threshold_to_json(one.value),
                exit_value=threshold_to_json(one.exit_value),
            )
            for one in rule.criteria
        )


def _follow_tiers(
    draft: TierPolicy, before: evaluation.Policy, after: evaluation.Policy,
    begin_like: Mapping[str, str], by: User, now: datetime,
) -> None:  # fmt: skip
    """Take the promises of tiers that are gone along, and begin those of new ones."""
    for tier in before.order:
        if tier not in after.order:
            drop_promises(draft, tier, by=by, now=now)
    for tier in after.order:
        like = begin_like.get(tier, "")
        if tier not in before.order and like in before.order:
            copy_promises(draft, like, tier, by=by, now=now)


def _problems(criteria: evaluation.Policy) -> Iterator[tuple[str, str]]:
    if len(criteria.order) > MOST_TIERS:
        yield "order", _("At most %(count)s tiers.") % {"count": MOST_TIERS}
    for tier in criteria.order:
        if not TIER_KEY.fullmatch(tier):
            yield "order", _("A tier's name has 1 to 30 letters and digits.")
    if criteria.default_tier not in criteria.order:
        yield "default_tier", _("Choose one of the tiers.")
    for name, least, most in (
        ("demote_grace_days", 0, MOST_DAYS),
        ("max_step_down", 1, MOST_TIERS),
        ("stale_days", 1, MOST_DAYS),
    ):
        if not least <= getattr(criteria, name) <= most:
            yield (
                name,
                _("Write a whole number from %(low)s to %(high)s.")
                % {
                    "low": least,
                    "high": most,
                },
            )
    if len(criteria.rules) > MOST_RULES:
        yield "rules", _("At most %(count)s rules.") % {"count": MOST_RULES}
    if sum(len(rule.criteria) for rule in criteria.rules) > MOST_CRITERIA:
        yield "rules", _("At most %(count)s criteria altogether.") % {"count": MOST_CRITERIA}
    for place, rule in enumerate(criteria.rules):
        yield from _rule_problems(f"rules[{place}]", rule, criteria.order)


def _rule_problems(
    path: str, rule: evaluation.Rule, order: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    if rule.tier not in order:
        yield f"{path}.tier", _("Choose one of the tiers.")
    for place, one in enumerate(rule.criteria):
        where = f"{path}.criteria[{place}]"
        if one.fact not in AccountFact.Name.values:
            yield f"{where}.fact", _("Choose a fact.")
            continue
        for name, value in (("value", one.value), ("exit_value", one.exit_value)):
            problem = "" if value is None else threshold_problem(one.fact, one.op, value)
            if problem:
                yield f"{where}.{name}", problem
