"""What differs between two versions of the support program, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from people.models import AccountTeamMember
from portal.kit.words import METRICS, SEVERITIES, Words, metric_label, tier_label
from tiers.criteria_words import threshold_words
from tiers.fact_words import fact_label
from tiers.ladder import CHANNEL_WORDS, SELF_SERVICE_WORDS
from tiers.models import TierPolicy, TierPromise
from tiers.program import Program, PromisedTarget, read_program
from tiers.promise_words import listed, target_parts, target_words

Said = dict[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is said otherwise. An empty ``old`` or ``new``: it is not said there."""

    what: str
    old: str
    new: str
    severity: int | None = None

    @property
    def kind(self) -> str:
        """Whether it was added, removed or changed."""
        if not self.old:
            return "added"
        return "changed" if self.new else "removed"


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Changes of one tier, or of the version as a whole (``tier`` is empty then)."""

    title: Words
    tier: str
    changes: tuple[Change, ...]


def changes_between(
    old: TierPolicy, new: TierPolicy, calendars: Mapping[str, str]
) -> list[ChangeGroup]:
    """Return what a reader of the old version has to know to know the new one.

    ``calendars`` are the names of the calendars by key. Empty when both say the same.
    """
    before, after = read_program(old.pk), read_program(new.pk)
    whole = _compared(_settings(old, before), _settings(new, after))
    groups = [ChangeGroup(_("The version as a whole"), "", tuple(whole))]
    gone = [tier for tier in old.tier_order if tier not in new.tier_order]
    for tier in [*reversed(new.tier_order), *gone]:
        changes = (
            *_compared(_rules(tier, before), _rules(tier, after)),
            *_targets(before.targets.get(tier, {}), after.targets.get(tier, {}), calendars),
            *_compared(_services(before.promises.get(tier)), _services(after.promises.get(tier))),
        )
        groups.append(ChangeGroup(tier_label(tier), tier, changes))
    return [group for group in groups if group.changes]


def count_changes(groups: list[ChangeGroup]) -> int:
    """Return how many things differ."""
    return sum(len(group.changes) for group in groups)


def _compared(old: Said, new: Said, severity: int | None = None) -> Iterator[Change]:
    for what in dict.fromkeys([*old, *new]):
        if old.get(what, "") != new.get(what, ""):
            yield Change(what, old.get(what, ""), new.get(what, ""), severity)


def _settings(policy: TierPolicy, program: Program) -> Said:
    return {
        _("Name"): policy.name,
        _("Tiers, the lowest first"): listed([tier_label(tier) for tier in policy.tier_order]),
        _("Tier without a matching rule"): str(tier_label(policy.default_tier)),
        _("Currency"): policy.currency,
        _("Days of grace before a step down"): str(policy.demote_grace_days),
        _("Most steps down at once"): str(policy.max_step_down),
        _("Days after which a fact is stale"): str(policy.stale_days),
        _("Rules in turn"): listed([tier_label(r.tier) for r in program.rules.rules_in_turn]),
    }


def _rules(tier: str, program: Program) -> Said:
    said: Said = {}
    rules = [rule for rule in program.rules.rules_in_turn if rule.tier == tier]
    for place, rule in enumerate(rules, start=1):
        name = _("Rule") if len(rules) == 1 else _("Rule %(place)s") % {"place": place}
        said[_("%(rule)s: needs") % {"rule": name}] = (
            _("all of its criteria") if rule.match == "all" else _("any of its criteria")
        )
        said[_("%(rule)s: a fact is missing") % {"rule": name}] = (
            _("the tier is held") if rule.missing == "hold" else _("counts as not met")
        )
        for one in rule.criteria:
            text = threshold_words(one.fact, one.op, one.value, program.currency)
            if one.exit_value is not None:
                kept = threshold_words(one.fact, one.op, one.exit_value, program.currency)
                text = _("%(text)s, kept with %(kept)s") % {"text": text, "kept": kept}
            what = f"{name}: {fact_label(one.fact)}"
            said[what] = _(" or ").join([said[what], text]) if what in said else text
    return said


def _services(promise: TierPromise | None) -> Said:
    if promise is None:
        return {}
    duties: Mapping[str, Words] = dict(AccountTeamMember.Duty.choices)
    days = promise.review_cadence_days
    return {
        _("Queue"): promise.queue_key,
        _("Channels"): listed([CHANNEL_WORDS.get(key, key) for key in promise.channels]),
        _("Named people"): listed([duties.get(key, key) for key in promise.account_team]),
        _("Self-service"): listed([SELF_SERVICE_WORDS.get(k, k) for k in promise.self_service]),
        _("Days between account reviews"): str(days) if days else "–",
    }


def _targets(
    old: Mapping[tuple[int, str], PromisedTarget],
    new: Mapping[tuple[int, str], PromisedTarget],
    calendars: Mapping[str, str],
) -> Iterator[Change]:
    """Compare promise by promise; one that came or went is one line, not six."""
    for metric in METRICS:
        label = metric_label(metric, for_customer=False)
        for severity in SEVERITIES:
            before, after = old.get((severity, metric)), new.get((severity, metric))
            if before is not None and after is not None:
                parts = zip(
                    target_parts(before, calendars).items(),
                    target_parts(after, calendars).values(),
                    strict=True,
                )
                for (part, was), now in parts:
                    if was != now:
                        yield Change(f"{label}: {part}", was, now, severity)
            elif before is not None or after is not None:
                was = target_words(before, calendars) if before else ""
                now = target_words(after, calendars) if after else ""
                yield Change(str(label), was, now, severity)
