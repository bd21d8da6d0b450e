"""Reasons: a code and its parameters, with an English sentence for whoever has no translation.

The interface translates `template` through gettext and fills in `params` in the reader's own
number and date formats; logs, the command line and tests read `text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from .values import shown

Param = str | int | bool | None | tuple[str, ...]
Params = Mapping[str, Param]

# Names that plain capitalisation would get wrong.
FACT_LABELS: Mapping[str, str] = {
    "acv": "ACV",
    "usage_criticality": "usage criticality",
    "severity_mix_90d": "share of urgent tickets in 90 days",
    "tickets_90d": "tickets in 90 days",
    "contract_end": "contract end",
}
_TIER_PARAMS = frozenset({"tier", "previous", "goal", "floor"})
_VERBATIM_PARAMS = frozenset({"name", "rule", "other"})


def gettext_noop(message: str) -> str:
    """Marks a sentence for makemessages; rules stay free of Django, so it returns its argument."""
    return message


def tier_label(tier: str) -> str:
    """The English name of a tier key: "enterprise" -> "Enterprise"."""
    return tier.replace("_", " ").replace("-", " ").title()


def fact_label(fact: str) -> str:
    """The English name of a fact key, as it stands inside a sentence."""
    return FACT_LABELS.get(fact, fact.replace("_", " "))


@dataclass(frozen=True)
class Reason:
    """Why something is as it is. `code` is stable; `params` are plain JSON values."""

    code: str
    params: Params = field(default_factory=dict)

    TEMPLATES: ClassVar[Mapping[str, str]] = {}

    @property
    def template(self) -> str:
        """The English sentence with {named} places: the message id for gettext."""
        return self.TEMPLATES[self.code]

    @property
    def text(self) -> str:
        sentence = self.template.format(
            **{name: self.shown_param(name, value) for name, value in self.params.items()}
        )
        return sentence[:1].upper() + sentence[1:]

    def shown_param(self, name: str, value: Param) -> str:
        """One parameter in English."""
        if name in _TIER_PARAMS:
            return tier_label(str(value))
        if name == "fact":
            return fact_label(str(value))
        return str(value) if name in _VERBATIM_PARAMS else shown(value)

    def to_json(self) -> dict[str, object]:
        params = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.params.items()
        }
        return {"code": self.code, "params": params, "text": self.text}


class TierReason(Reason):
    """A sentence about an account's tier."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "contract_floor": gettext_noop(
            "The contract guarantees at least {floor}; the facts alone call for {goal}."
        ),
        "contract_floor_unsure": gettext_noop("The contract guarantees at least {floor}."),
        "contract_floor_unknown": gettext_noop(
            "The contract names the tier “{name}”, which this policy does not have: nothing is "
            "lowered until that is settled."
        ),
        "override": gettext_noop("An override sets {tier}; it ends on {expires}."),
        "override_changes": gettext_noop("Without the override it would be {tier}."),
        "override_redundant": gettext_noop("It would be {tier} without the override as well."),
        "override_below_floor": gettext_noop(
            "An override to {tier} counts only down to {floor}, which the contract guarantees."
        ),
        "override_blocked": gettext_noop(
            "An override to {tier} is set aside: the tier that the contract names cannot be read, "
            "so nothing is lowered."
        ),
        "override_superseded": gettext_noop(
            "An override to {tier} is set aside: another one counts."
        ),
        "override_tier_unknown": gettext_noop(
            "An override to “{name}” is set aside: this policy has no such tier."
        ),
        "previous_tier_gone": gettext_noop(
            "The tier held before, “{name}”, is no longer part of the policy; the account is "
            "placed afresh."
        ),
        "default_tier": gettext_noop(
            "No rule is satisfied; {tier} is the tier for everybody else."
        ),
        "promoted": gettext_noop("Raised from {previous} to {tier} at once."),
        "in_grace": gettext_noop(
            "Below {tier} since {since}: the facts call for {goal}. {tier} is kept until {until}."
        ),
        "recovered": gettext_noop(
            "The facts are good enough for {tier} again; the grace that began on {since} is void."
        ),
        "demoted": gettext_noop(
            "Below {previous} since {since} and the grace of {days} days is over: lowered to "
            "{tier}."
        ),
        "demoted_step": gettext_noop(
            "The facts call for {goal}, but a tier falls by at most {steps} at a time."
        ),
        "held": gettext_noop("{tier} is held: no tier is lowered for lack of facts."),
        "held_new": gettext_noop("Too little is known yet; {tier} counts until the facts arrive."),
        "fact_missing": gettext_noop("{fact} is not known, so {tier} cannot be checked."),
        "fact_unreadable": gettext_noop(
            "{fact} is “{actual}”, which cannot be compared, so {tier} cannot be checked."
        ),
        "fact_observed_later": gettext_noop(
            "{fact} is dated {observed_on}, after the day of this evaluation, so {tier} cannot be "
            "checked."
        ),
        "fact_stale": gettext_noop(
            "{fact} was last seen on {observed_on}, {age} days ago, and counts for {limit} days, "
            "so {tier} cannot be checked."
        ),
        "enter_gte": gettext_noop("{fact} is {actual}; {tier} needs at least {threshold}."),
        "enter_gt": gettext_noop("{fact} is {actual}; {tier} needs more than {threshold}."),
        "enter_lte": gettext_noop("{fact} is {actual}; {tier} needs at most {threshold}."),
        "enter_lt": gettext_noop("{fact} is {actual}; {tier} needs less than {threshold}."),
        "enter_eq": gettext_noop("{fact} is {actual}; {tier} needs {threshold}."),
        "enter_in": gettext_noop("{fact} is {actual}; {tier} needs one of {threshold}."),
        "enter_between": gettext_noop("{fact} is {actual}; {tier} needs {low} up to {high}."),
        "enter_changed_within": gettext_noop(
            "{fact} changed {age} days ago; {tier} needs a change within {threshold} days."
        ),
        "keep_gte": gettext_noop("{fact} is {actual}; keeping {tier} needs at least {threshold}."),
        "keep_gt": gettext_noop("{fact} is {actual}; keeping {tier} needs more than {threshold}."),
        "keep_lte": gettext_noop("{fact} is {actual}; keeping {tier} needs at most {threshold}."),
        "keep_lt": gettext_noop("{fact} is {actual}; keeping {tier} needs less than {threshold}."),
        "keep_eq": gettext_noop("{fact} is {actual}; keeping {tier} needs {threshold}."),
        "keep_in": gettext_noop("{fact} is {actual}; keeping {tier} needs one of {threshold}."),
        "keep_between": gettext_noop(
            "{fact} is {actual}; keeping {tier} needs {low} up to {high}."
        ),
        "keep_changed_within": gettext_noop(
            "{fact} changed {age} days ago; keeping {tier} needs a change within {threshold} days."
        ),
    }


class CounterfactualReason(Reason):
    """A sentence about what would change an account's tier: effect and comparison in the code."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "promote_at_least": gettext_noop("{fact} of at least {value} would make it {tier}."),
        "promote_above": gettext_noop("{fact} above {value} would make it {tier}."),
        "promote_at_most": gettext_noop("{fact} of at most {value} would make it {tier}."),
        "promote_below": gettext_noop("{fact} below {value} would make it {tier}."),
        "promote_is": gettext_noop("{fact} {value} would make it {tier}."),
        "promote_is_not": gettext_noop("{fact} other than {value} would make it {tier}."),
        "keep_at_least": gettext_noop("{fact} of at least {value} keeps it {tier}."),
        "keep_above": gettext_noop("{fact} above {value} keeps it {tier}."),
        "keep_at_most": gettext_noop("{fact} of at most {value} keeps it {tier}."),
        "keep_below": gettext_noop("{fact} below {value} keeps it {tier}."),
        "keep_is": gettext_noop("{fact} {value} keeps it {tier}."),
        "keep_is_not": gettext_noop("{fact} other than {value} keeps it {tier}."),
        "demote_at_least": gettext_noop(
            "{fact} of at least {value} would lower it to {tier} from {on}."
        ),
        "demote_above": gettext_noop("{fact} above {value} would lower it to {tier} from {on}."),
        "demote_at_most": gettext_noop(
            "{fact} of at most {value} would lower it to {tier} from {on}."
        ),
        "demote_below": gettext_noop("{fact} below {value} would lower it to {tier} from {on}."),
        "demote_is": gettext_noop("{fact} {value} would lower it to {tier} from {on}."),
        "demote_is_not": gettext_noop(
            "{fact} other than {value} would lower it to {tier} from {on}."
        ),
    }
