"""The rows of the criteria sheet as they are typed, each reading what stands in it."""

import re
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from typing import cast

from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.kit.words import Words, tier_label
from tiers.actions.criteria import MOST_CRITERIA
from tiers.criteria_reading import OP_WORDS, kind_of, ops_for, read_threshold, typed_form
from tiers.models import AccountFact
from tiers.rules import evaluation
from tiers.rules.evaluation import Threshold
from tiers.rules.evaluation.values import InputError


@dataclass(slots=True)
class CriterionRow:
    """One criterion as it stands in the form."""

    fact: str = AccountFact.Name.ACV.value
    op: str = "gte"
    value: str = ""
    high: str = ""
    exit_value: str = ""
    exit_high: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What the value is typed as."""
        return "days" if self.op == "changed_within" else kind_of(self.fact)

    @property
    def is_span(self) -> bool:
        """Whether it has two bounds."""
        return self.op == "between"

    @property
    def ops(self) -> list[tuple[str, Words]]:
        """The comparisons to choose from; one that does not fit any more stays to be seen."""
        fitting: list[str] = [*ops_for(self.fact)]
        if self.op not in fitting and self.op in OP_WORDS:
            fitting.append(self.op)
        return [(op, OP_WORDS[op]) for op in fitting]

    def read(self) -> evaluation.Criterion | None:
        """Return what was typed, or None with the errors beside it."""
        self.errors = {}
        if self.fact not in AccountFact.Name.values:
            self.errors["fact"] = _("Choose a fact.")
            return None
        if self.op not in ops_for(self.fact):
            self.errors["op"] = _("This comparison does not fit this fact.")
            return None
        value = self._threshold("value", self.value, self.high)
        leave = None
        if self.exit_value.strip() or self.exit_high.strip():
            leave = self._threshold("exit", self.exit_value, self.exit_high)
        if self.errors:
            return None
        try:
            return evaluation.Criterion(
                fact=self.fact,
                op=self.op,
                value=cast(Threshold, value),
                exit_value=cast(Threshold | None, leave),
            )
        except InputError as error:
            name = "exit" if error.field == "exit_value" else "value"
            self.errors[name] = _bounds_words(self.op)
            return None

    def _threshold(self, name: str, low: str, high: str) -> object:
        try:
            return read_threshold(self.fact, self.op, low, high)
        except ValueError as error:
            self.errors[name] = str(error)
            return None


def _bounds_words(op: str) -> str:
    if op == "between":
        return _("The first bound has to be the lower one.")
    return _("This comparison needs a number or a day.")


@dataclass(slots=True)
class RuleRow:
    """One rule as it stands in the form."""

    tier: str = ""
    match: str = "all"
    missing: str = "hold"
    criteria: list[CriterionRow] = field(default_factory=list)


@dataclass(slots=True)
class TierRow:
    """One tier; a new one may begin with the promises of another."""

    key: str
    like: str = ""

    @property
    def label(self) -> Words:
        """What the tier is called."""
        return tier_label(self.key)


def row_of(one: evaluation.Criterion) -> CriterionRow:
    """Return the row of a stored criterion."""
    value, high = typed_form(one.fact, one.op, one.value)
    leave, leave_high = typed_form(one.fact, one.op, one.exit_value)
    return CriterionRow(one.fact, one.op, value, high, leave, leave_high)


def rule_of(data: QueryDict, place: int) -> RuleRow:
    """Return a rule as it was sent."""
    name = f"rule-{place}"
    return RuleRow(
        tier=data.get(f"{name}-tier", ""),
        match=data.get(f"{name}-match", "all"),
        missing=data.get(f"{name}-missing", "hold"),
        criteria=[
            _criterion_of(data, f"{name}-{at}")
            for at in range(count_of(data, f"{name}-criteria", MOST_CRITERIA))
        ],
    )


def _criterion_of(data: QueryDict, name: str) -> CriterionRow:
    fact, op, value, high, leave, leave_high = (
        data.get(f"{name}-{part}", "")
        for part in ("fact", "op", "value", "high", "exit_value", "exit_high")
    )
    row = CriterionRow(fact, op, value, high, leave, leave_high)
    if row.fact in AccountFact.Name.values and row.op not in ops_for(row.fact):
        # Another fact was chosen: begin with a comparison that fits it.
        row = replaced(row, op=ops_for(row.fact)[0])
    return row


def count_of(data: QueryDict, name: str, most: int) -> int:
    """Return how many rows were sent, at most so many."""
    text = data.get(name, "")
    return min(int(text), most) if re.fullmatch(r"[0-9]{1,4}", text) else 0
