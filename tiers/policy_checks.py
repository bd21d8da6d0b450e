"""What keeps a draft from going live, and what its editor should hear before, in words."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from portal.kit.words import tier_label
from tiers.calendar_lengths import calendar_lengths
from tiers.contract_checks import contract_faults
from tiers.models import AccountFact, Calendar, PromiseTarget, TierPolicy, TierPromise
from tiers.program import rules_of, targets_by_tier
from tiers.promise_words import say_fairness
from tiers.reason_words import say
from tiers.rules import evaluation
from tiers.rules.evaluation.values import InputError
from tiers.rules.fairness import Offer, fairness


def faults_of(policy: TierPolicy) -> list[str]:
    """Return why a version must not go live, a sentence each; empty when it may."""
    return [*_rules(policy), *_promises(policy), *_calendars(policy), *contract_faults(policy)]


def warnings_of(policy: TierPolicy, at: datetime) -> list[str]:
    """Return what is odd about a version though it may be meant, a sentence each."""
    policy, lengths = _read(policy), calendar_lengths(at)
    names = {key: length.name for key, length in lengths.items()}
    offers = {
        (tier, severity, metric): Offer(
            seconds=target.seconds,
            floor_seconds=target.floor_seconds,
            calendar=target.calendar,
            open_seconds=lengths[target.calendar].week_seconds,
            warns=any(target.tell.get(str(step)) for step in target.warn_at),
        )
        for tier, targets in targets_by_tier(policy).items()
        for (severity, metric), target in targets.items()
        if target.calendar in lengths
    }
    said = [say_fairness(reason, names) for reason in fairness(policy.tier_order, offers)]
    with suppress(InputError):  # criteria that cannot be read are a fault, not a warning
        said += [say(one.reason, policy.currency) for one in _findings(policy, "warning")]
    return said


def _read(policy: TierPolicy) -> TierPolicy:
    return TierPolicy.objects.with_everything().get(pk=policy.pk)


def _findings(policy: TierPolicy, level: str) -> list[evaluation.Finding]:
    return [finding for finding in findings_of(rules_of(policy)) if finding.level == level]


def findings_of(rules: evaluation.Policy) -> tuple[evaluation.Finding, ...]:
    """Return what is to be said against criteria, each finding with the path of its row.

    Rules are called by their place and tier, as the editor shows them.
    """
    named = replace(
        rules,
        rules=tuple(
            replace(
                rule,
                key=_("%(place)s (%(tier)s)")
                % {"place": rule.precedence, "tier": tier_label(rule.tier)},
            )
            for rule in rules.rules
        ),
    )
    return evaluation.validate(named, AccountFact.Name.values)


def _rules(policy: TierPolicy) -> Iterator[str]:
    try:
        findings = _findings(_read(policy), "error")
    except InputError as error:
        yield _("The criteria cannot be read: %(problem)s") % {"problem": error}
        return
    for finding in findings:
        yield say(finding.reason, policy.currency)


def _promises(policy: TierPolicy) -> Iterator[str]:
    described = set(TierPromise.objects.filter(policy=policy).values_list("tier", flat=True))
    promised = set(PromiseTarget.objects.filter(policy=policy).values_list("tier", flat=True))
    for tier in reversed(policy.tier_order):
        if tier not in described:
            yield _("%(tier)s has no queue and no channels yet.") % {"tier": tier_label(tier)}
        if tier not in promised:
            yield _("%(tier)s is promised nothing. Promise it at least one answer.") % {
                "tier": tier_label(tier)
            }
    for tier in sorted(promised - set(policy.tier_order)):
        yield _("There are promises for %(tier)s, which is no tier of this version.") % {
            "tier": tier_label(tier)
        }


def _calendars(policy: TierPolicy) -> Iterator[str]:
    used = Calendar.objects.filter(
        pk__in=PromiseTarget.objects.filter(policy=policy).values("calendar")
    )
    for calendar in used.exclude(versions__published_at__isnull=False):
        yield _("The calendar %(name)s has no published version.") % {"name": calendar}
