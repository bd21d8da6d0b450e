"""What keeps a draft from going live, in words: for its page, and for the act itself."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal.kit.words import tier_label
from tiers.models import AccountFact, Calendar, PromiseTarget, TierPolicy, TierPromise
from tiers.program import rules_of
from tiers.reason_words import say
from tiers.rules import evaluation
from tiers.rules.evaluation.values import InputError


def faults_of(policy: TierPolicy) -> list[str]:
    """Return why a version must not go live, a sentence each; empty when it may."""
    return [*_rules(policy), *_promises(policy), *_calendars(policy)]


def _rules(policy: TierPolicy) -> Iterator[str]:
    try:
        rules = rules_of(TierPolicy.objects.with_everything().get(pk=policy.pk))
    except InputError as error:
        yield _("The criteria cannot be read: %(problem)s") % {"problem": error}
        return
    for finding in evaluation.validate(rules, AccountFact.Name.values):
        if finding.level == "error":
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
