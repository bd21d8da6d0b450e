"""What differs between two versions of the support program, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from people.models import AccountTeamMember
from portal.kit.differences import Difference
from portal.kit.words import METRICS, SEVERITIES, Words, metric_label, tier_label
from tiers.criteria_words import threshold_words
from tiers.fact_words import fact_label
from tiers.ladder import CHANNEL_WORDS, SELF_SERVICE_WORDS
from tiers.models import PolicyEdit, TierPolicy, TierPromise
from tiers.policy_content import content_of
from tiers.program import PromisedTarget, read_program
from tiers.promise_words import listed, target_parts, target_words
from tiers.rules import evaluation

Said = dict[str, str]


@dataclass(frozen=True, slots=True)
class Change(Difference):
    """One thing that a version says otherwise; of one severity, where it is about one."""

    severity: int | None = None


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
    whole = _compared(_settings(old, before.rules), _settings(new, after.rules))
    groups = [ChangeGroup(_("The version as a whole"), "", tuple(whole))]
    gone = [tier for tier in old.tier_order if tier not in new.tier_order]
    for tier in [*reversed(new.tier_order), *gone]:
        changes = (
            *_compared(
                _rules(tier, before.rules, before.currency),
                _rules(tier, after.rules, after.currency),
            ),
            *_targets(before.targets.get(tier, {}), after.targets.get(tier, {}), calendars),
            *_compared(_included(before.promises.get(tier)), _included(after.promises.get(tier))),
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


def edit_changes(
    edit: PolicyEdit, currency: str, calendars: Mapping[str, str]
) -> tuple[Change, ...]:
    """Return what one edit of a draft said otherwise, as lines that can be read."""
    match edit.what:
        case PolicyEdit.What.CRITERIA:
            return tuple(_criteria_changes(edit.before, edit.after, currency))
        case PolicyEdit.What.PROMISE:
            return tuple(_compared(_services(edit.before), _services(edit.after)))
        case PolicyEdit.What.TARGET:
            _tier, severity, metric = edit.place
            before, after = (
                {(severity, metric): _read_target(one)} if one else {}
                for one in (edit.before, edit.after)
            )
            return tuple(_targets(before, after, calendars))
        case PolicyEdit.What.NAME:
            return (Change(_("Name"), str(edit.before), str(edit.after)),)
        case PolicyEdit.What.REBASE:
            return tuple(_compared(_follows(edit.before), _follows(edit.after)))
    return ()


def _criteria_changes(old: object, new: object, currency: str) -> Iterator[Change]:
    """Compare two sets of tiers and criteria, as the history of edits keeps them."""
    before, after = (evaluation.Policy.from_json(one) for one in (old, new))
    yield from _compared(_way_of_criteria(before), _way_of_criteria(after))
    for tier in dict.fromkeys([*reversed(after.order), *before.order]):
        for change in _compared(_rules(tier, before, currency), _rules(tier, after, currency)):
            yield replace(change, what=f"{tier_label(tier)}: {change.what}")


def _read_target(stored: Mapping[str, Any]) -> PromisedTarget:
    return PromisedTarget(
        **{
            **stored,
            "pause_on": tuple(stored["pause_on"]),
            "warn_at": tuple(stored["warn_at"]),
            "tell": {step: tuple(roles) for step, roles in stored["tell"].items()},
        }
    )


def _follows(said: Mapping[str, Any]) -> Said:
    kept = [":".join(str(part) for part in key) for key in said["kept"]]
    return {
        _("Follows"): _("version %(version)s") % {"version": said["follows"]},
        _("Changed in both, the draft's kept"): listed(kept),
    }


def _settings(policy: TierPolicy, rules: evaluation.Policy) -> Said:
    way = _way_of_criteria(rules)
    return {_("Name"): policy.name, _("Currency"): policy.currency, **way}


def _way_of_criteria(rules: evaluation.Policy) -> Said:
    return {
        _("Tiers, the lowest first"): listed([tier_label(tier) for tier in rules.order]),
        _("Tier without a matching rule"): str(tier_label(rules.default_tier)),
        _("Days of grace before a step down"): str(rules.demote_grace_days),
        _("Most steps down at once"): str(rules.max_step_down),
        _("Days after which a fact is stale"): str(rules.stale_days),
        _("Rules in turn"): listed([tier_label(r.tier) for r in rules.rules_in_turn]),
    }


def _rules(tier: str, policy: evaluation.Policy, currency: str) -> Said:
    said: Said = {}
    rules = [rule for rule in policy.rules_in_turn if rule.tier == tier]
    for place, rule in enumerate(rules, start=1):
        name = _("Rule") if place == 1 else _("Rule %(place)s") % {"place": place}
        said[_("%(rule)s: needs") % {"rule": name}] = (
            _("all of its criteria") if rule.match == "all" else _("any of its criteria")
        )
        said[_("%(rule)s: a fact is missing") % {"rule": name}] = (
            _("the tier is held") if rule.missing == "hold" else _("counts as not met")
        )
        for one in rule.criteria:
            text = threshold_words(one.fact, one.op, one.value, currency)
            if one.exit_value is not None:
                kept = threshold_words(one.fact, one.op, one.exit_value, currency)
                text = _("%(text)s, kept with %(kept)s") % {"text": text, "kept": kept}
            what = f"{name}: {fact_label(one.fact)}"
            said[what] = _(" or ").join([said[what], text]) if what in said else text
    return said


def _included(promise: TierPromise | None) -> Said:
    return _services(content_of(promise, {"policy", "tier"}) if promise else None)


def _services(promise: Mapping[str, Any] | None) -> Said:
    if promise is None:
        return {}
    duties: Mapping[str, Words] = dict(AccountTeamMember.Duty.choices)
    days = promise["review_cadence_days"]
    return {
        _("Queue"): promise["queue_key"],
        _("Channels"): listed([CHANNEL_WORDS.get(key, key) for key in promise["channels"]]),
        _("Named people"): listed([duties.get(key, key) for key in promise["account_team"]]),
        _("Self-service"): listed(
            [SELF_SERVICE_WORDS.get(key, key) for key in promise["self_service"]]
        ),
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
