"""The sheet of tiers and criteria as it is typed: rows that come, go and move before saving.

Nothing here is judged against other rows; that is what ``tiers.policy_checks.findings_of`` says
while one types, and what ``save_criteria`` refuses.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.kit.words import Words, tier_label
from tiers.actions.criteria import MOST_CRITERIA, MOST_RULES, MOST_TIERS
from tiers.fact_words import FACTS
from tiers.forms.criteria_rows import CriterionRow, RuleRow, TierRow, count_of, row_of, rule_of
from tiers.models import AccountFact
from tiers.rules import evaluation

Row = TypeVar("Row")
MOVES = {"tier-up": -1, "tier-down": 1, "rule-up": -1, "rule-down": 1}
NUMBERS = ("demote_grace_days", "max_step_down", "stale_days")


@dataclass(slots=True)
class CriteriaSheet:
    """Everything that the criteria editor shows and sends. ``tiers`` are the highest first."""

    tiers: list[TierRow]
    rules: list[RuleRow]
    default_tier: str
    demote_grace_days: str
    max_step_down: str
    stale_days: str
    currency: str
    seen: str
    new_name: str = ""
    new_like: str = ""
    # What is wrong with the tier to be added; it keeps nothing else from being read.
    new_error: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_policy(cls, rules: evaluation.Policy, currency: str, seen: str) -> "CriteriaSheet":
        """Return the sheet of what is stored."""
        return cls(
            tiers=[TierRow(tier) for tier in reversed(rules.order)],
            rules=[
                RuleRow(rule.tier, rule.match, rule.missing, [row_of(one) for one in rule.criteria])
                for rule in rules.rules_in_turn
            ],
            default_tier=rules.default_tier,
            demote_grace_days=str(rules.demote_grace_days),
            max_step_down=str(rules.max_step_down),
            stale_days=str(rules.stale_days),
            currency=currency,
            seen=seen,
        )

    @classmethod
    def of_post(cls, data: QueryDict, currency: str) -> "CriteriaSheet":
        """Return the sheet as it was sent."""
        keys = dict.fromkeys(key.replace("\x00", "") for key in data.getlist("tier")[:MOST_TIERS])
        return cls(
            tiers=[TierRow(key, data.get(f"like-{key}", "")) for key in keys],
            rules=[rule_of(data, place) for place in range(count_of(data, "rules", MOST_RULES))],
            default_tier=data.get("default_tier", ""),
            currency=currency,
            seen=data.get("seen", ""),
            new_name=data.get("new_name", ""),
            new_like=data.get("new_like", ""),
            demote_grace_days=data.get("demote_grace_days", ""),
            max_step_down=data.get("max_step_down", ""),
            stale_days=data.get("stale_days", ""),
        )

    @property
    def begin_like(self) -> dict[str, str]:
        """New tier -> the one whose promises it begins with."""
        return {tier.key: tier.like for tier in self.tiers if tier.like}

    @property
    def facts(self) -> list[tuple[str, Words]]:
        """The facts to choose from."""
        return [(name, FACTS[name].label) for name in AccountFact.Name.values]

    @property
    def has_errors(self) -> bool:
        """Whether something typed has to be put right."""
        return bool(self.errors) or any(one.errors for rule in self.rules for one in rule.criteria)

    def error_lines(self) -> Iterator[tuple[str, str]]:
        """Yield every error with the anchor of its row."""
        for name, said in self.errors.items():
            yield name, said
        for place, rule in enumerate(self.rules):
            for at, one in enumerate(rule.criteria):
                for said in one.errors.values():
                    yield (
                        f"rule-{place}-{at}",
                        _("Rule %(place)s: %(problem)s")
                        % {
                            "place": place + 1,
                            "problem": said,
                        },
                    )

    def read(self) -> evaluation.Policy | None:
        """Return the criteria that were typed, or None with the errors at their places."""
        self.errors = {}
        numbers = {name: self._number(name) for name in NUMBERS}
        if not self.tiers:
            self.errors["tiers"] = _("A program has at least one tier.")
        rules = [self._rule(place, row) for place, row in enumerate(self.rules, start=1)]
        if self.has_errors:
            return None
        return evaluation.Policy(
            order=tuple(tier.key for tier in reversed(self.tiers)),
            default_tier=self.default_tier,
            rules=tuple(rules),
            **numbers,  # type: ignore[arg-type]  # all are known, or there are errors
        )

    def _rule(self, place: int, row: RuleRow) -> evaluation.Rule:
        read = [one.read() for one in row.criteria]
        return evaluation.Rule(
            tier=row.tier,
            precedence=place,
            criteria=tuple(one for one in read if one is not None),
            match="any" if row.match == "any" else "all",
            missing="fail" if row.missing == "fail" else "hold",
        )

    def _number(self, name: str) -> int | None:
        typed = getattr(self, name).strip()
        least = 0 if name == "demote_grace_days" else 1
        if not re.fullmatch(r"[0-9]{1,4}", typed) or int(typed) < least:
            self.errors[name] = _("Write a whole number, %(least)s or more.") % {"least": least}
            return None
        return int(typed)

    def step(self, asked: str) -> str:
        """Do what a button other than saving asks for; return what to say about it, if anything.

        ``asked`` is a verb and its place, such as ``criterion-add:0`` or ``tier-up:gold``.
        """
        verb, _colon, where = asked.partition(":")
        if verb == "tier-add":
            return self._add_tier()
        if verb == "tier-remove":
            return self._remove_tier(where)
        if verb == "rule-add":
            return self._add_rule()
        if verb == "criterion-add":
            return self._add_criterion(where)
        if verb.startswith("tier-"):
            names = [tier.key for tier in self.tiers]
            _move(self.tiers, names.index(where) if where in names else -1, MOVES.get(verb, 0))
        elif verb.startswith("rule-"):
            self._step_of_rule(verb, where)
        elif verb.startswith("criterion-"):
            self._remove_criterion(where)
        return ""

    def _step_of_rule(self, verb: str, where: str) -> None:
        place = _place(where, self.rules)
        if verb == "rule-remove":
            _drop(self.rules, place)
        else:
            _move(self.rules, place, MOVES.get(verb, 0))

    def _remove_criterion(self, where: str) -> None:
        first, _colon, second = where.partition(":")
        place = _place(first, self.rules)
        if place < 0:
            return
        criteria = self.rules[place].criteria
        _drop(criteria, _place(second, criteria))

    def _add_criterion(self, where: str) -> str:
        place = _place(where, self.rules)
        if place >= 0 and not self._is_full:
            self.rules[place].criteria.append(CriterionRow())
        return self._full_words if self._is_full else ""

    @property
    def _is_full(self) -> bool:
        return sum(len(rule.criteria) for rule in self.rules) >= MOST_CRITERIA

    @property
    def _full_words(self) -> str:
        return _("At most %(count)s criteria altogether.") % {"count": MOST_CRITERIA}

    def _add_tier(self) -> str:
        key = re.sub(r"[^a-z0-9]+", "_", self.new_name.strip().lower()).strip("_")[:30]
        if not key:
            self.new_error = _("Give the tier a name of letters and digits.")
        elif key in {tier.key for tier in self.tiers}:
            self.new_error = _("There is a tier of this name already.")
        elif len(self.tiers) >= MOST_TIERS:
            self.new_error = _("At most %(count)s tiers.") % {"count": MOST_TIERS}
        else:
            self.tiers.insert(0, TierRow(key, self.new_like))
            self.new_name = ""
            return _("%(tier)s stands at the top. Move it to its place and give it a rule.") % {
                "tier": tier_label(key)
            }
        return ""

    def _remove_tier(self, key: str) -> str:
        if len(self.tiers) < 2 or key not in {tier.key for tier in self.tiers}:
            return ""
        self.tiers = [tier for tier in self.tiers if tier.key != key]
        gone = len([rule for rule in self.rules if rule.tier == key])
        self.rules = [rule for rule in self.rules if rule.tier != key]
        if self.default_tier == key:
            self.default_tier = self.tiers[-1].key
        return _(
            "%(tier)s is taken out, with its rules (%(count)s). Once you save, its promises go too."
        ) % {"tier": tier_label(key), "count": gone}

    def _add_rule(self) -> str:
        if self._is_full:
            return self._full_words
        if len(self.rules) >= MOST_RULES:
            return _("At most %(count)s rules.") % {"count": MOST_RULES}
        taken = {rule.tier for rule in self.rules} | {self.default_tier}
        keys = [tier.key for tier in self.tiers]
        tier = next((key for key in keys if key not in taken), keys[0] if keys else "")
        self.rules.append(RuleRow(tier, criteria=[CriterionRow()]))
        return ""

    def put(self, problems: Mapping[str, str]) -> None:
        """Put what the action refused at its places."""
        for path, said in problems.items():
            found = re.fullmatch(r"rules\[(\d+)\]\.criteria\[(\d+)\]\.(\w+)", path)
            if found:
                row = self.rules[int(found[1])].criteria[int(found[2])]
                row.errors[found[3].replace("exit_value", "exit")] = said
            else:
                self.errors[path] = said


def anchor_of(path: str) -> str:
    """Return the anchor of the row that a finding points to (``rules[2].criteria[0].value``)."""
    found = re.match(r"rules\[(\d+)\](?:\.criteria\[(\d+)\])?", path)
    if not found:
        return "tiers" if path != "rules" else "rules"
    return f"rule-{found[1]}" + (f"-{found[2]}" if found[2] else "")


def _place(text: str, rows: list[Row]) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) and int(text) < len(rows) else -1


def _move(rows: list[Row], place: int, by: int) -> None:
    if 0 <= place < len(rows) and 0 <= place + by < len(rows):
        rows[place], rows[place + by] = rows[place + by], rows[place]


def _drop(rows: list[Row], place: int) -> None:
    if place >= 0:
        del rows[place]
