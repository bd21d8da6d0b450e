"""What is wrong with a policy, in words, before anybody depends on it.

Only what can be decided soundly is said. A rule is called unreachable when every account that
satisfies it satisfies an earlier rule too, whichever tier the account holds and whatever its
facts; a gap is reported when more of a fact, everything else being equal, means less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from .policy import Criterion, Policy, Rule
from .ranges import Atom, can_all_hold, samples
from .reasons import Param, Reason, gettext_noop
from .values import Threshold, Value, compare, same, value_to_json

Level = Literal["error", "warning"]


class PolicyReason(Reason):
    """A sentence about a policy's faults."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        "unknown_default_tier": gettext_noop("The default tier “{name}” is not one of the tiers."),
        "unknown_tier": gettext_noop("Rule {rule} leads to “{name}”, which is not a tier."),
        "unknown_fact": gettext_noop("Rule {rule} asks for “{name}”, a fact nobody delivers."),
        "holds_for_everybody": gettext_noop("Rule {rule} has no criteria: it holds for everybody."),
        "holds_for_nobody": gettext_noop("Rule {rule} has no criteria: it holds for nobody."),
        "same_precedence": gettext_noop(
            "Rules {other} and {rule} have the same precedence: say which is asked first."
        ),
        "same_key": gettext_noop("Two rules are called {rule}."),
        "never_satisfied": gettext_noop(
            "Rule {rule} can never be satisfied: it contradicts itself."
        ),
        "unreachable": gettext_noop(
            "Rule {rule} is never reached: whoever satisfies it satisfies {other} before."
        ),
        "lower_first": gettext_noop(
            "Rule {rule} leads to {tier}, but {other} is asked before it: whoever satisfies both "
            "gets only {goal}."
        ),
        "exit_tighter": gettext_noop(
            "Rule {rule}: keeping the tier must be easier than getting it, but {fact} has the "
            "stricter exit value {exit} beside the entry value {entry}."
        ),
        "exit_same": gettext_noop(
            "Rule {rule}: the exit value of {fact} is its entry value, so small swings change "
            "the tier."
        ),
        "no_way_in": gettext_noop(
            "No rule leads to {tier}: only overrides and contracts reach it."
        ),
        "gap": gettext_noop(
            "A gap: {fact} of {value} gives {goal}, although {beside} gives {tier}."
        ),
    }


@dataclass(frozen=True)
class Finding:
    """One fault. `path` points into the policy's JSON (for example `rules[2].tier`).

    An "error" must not go live; a "warning" may be meant.
    """

    level: Level
    path: str
    reason: PolicyReason


def validate(policy: Policy, known_facts: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Everything that can be said against a policy, errors first.

    `known_facts`: the facts that some source delivers; None when that is not to be checked.
    """
    findings = [
        *_names(policy, known_facts),
        *_bands(policy),
        *_order_of_rules(policy),
        *_reach(policy),
        *_gaps(policy),
    ]
    return tuple(sorted(findings, key=lambda finding: finding.level == "warning"))


def _finding(level: Level, path: str, code: str, params: Mapping[str, Param]) -> Finding:
    return Finding(level, path, PolicyReason(code, params))


def _placed(policy: Policy) -> Iterator[tuple[str, Rule]]:
    for index, rule in enumerate(policy.rules):
        yield f"rules[{index}]", rule


def _names(policy: Policy, known_facts: Collection[str] | None) -> Iterator[Finding]:
    if policy.default_tier not in policy.ranks:
        params: dict[str, Param] = {"name": policy.default_tier}
        yield _finding("error", "default_tier", "unknown_default_tier", params)
    for path, rule in _placed(policy):
        if rule.tier not in policy.ranks:
            params = {"rule": rule.label, "name": rule.tier}
            yield _finding("error", f"{path}.tier", "unknown_tier", params)
        if not rule.criteria:
            code = "holds_for_everybody" if rule.match == "all" else "holds_for_nobody"
            yield _finding("warning", f"{path}.criteria", code, {"rule": rule.label})
        for index, criterion in enumerate(rule.criteria):
            if known_facts is not None and criterion.fact not in known_facts:
                params = {"rule": rule.label, "name": criterion.fact}
                yield _finding("error", f"{path}.criteria[{index}].fact", "unknown_fact", params)
    led_to = {rule.tier for rule in policy.rules} | {policy.default_tier}
    for tier in policy.order:
        if tier not in led_to:
            yield _finding("warning", "rules", "no_way_in", {"tier": tier})


def _bands(policy: Policy) -> Iterator[Finding]:
    """Exit values that are stricter than entry, or that make no band at all."""
    for path, rule in _placed(policy):
        for index, criterion in enumerate(rule.criteria):
            if criterion.exit_value is None:
                continue
            where = f"{path}.criteria[{index}].exit_value"
            if not _is_looser(criterion):
                yield _finding("error", where, "exit_tighter", _band_params(rule, criterion))
            elif _is_same(criterion.value, criterion.exit_value):
                params: dict[str, Param] = {"rule": rule.label, "fact": criterion.fact}
                yield _finding("warning", where, "exit_same", params)


def _band_params(rule: Rule, criterion: Criterion) -> dict[str, Param]:
    def told(threshold: Threshold | None) -> Param:
        if isinstance(threshold, tuple):
            return tuple(str(value_to_json(one)) for one in threshold)
        return value_to_json(threshold)

    return {
        "rule": rule.label,
        "fact": criterion.fact,
        "exit": told(criterion.exit_value),
        "entry": told(criterion.value),
    }


def _is_looser(criterion: Criterion) -> bool:
    """Whether everything that gets in also stays in."""
    entry = Atom(criterion, "entry", True)
    not_kept = Atom(criterion, "exit", False)
    return not can_all_hold((entry, not_kept))


def _is_same(entry: Threshold, leave: Threshold) -> bool:
    if isinstance(entry, tuple) and isinstance(leave, tuple):
        return all(any(same(one, two) for two in entry) for one in leave)
    return not isinstance(entry, tuple) and not isinstance(leave, tuple) and same(entry, leave)


def _order_of_rules(policy: Policy) -> Iterator[Finding]:
    by_precedence: dict[int, Rule] = {}
    keys: set[str] = set()
    for path, rule in _placed(policy):
        if rule.precedence in by_precedence:
            params: dict[str, Param] = {
                "other": by_precedence[rule.precedence].label,
                "rule": rule.label,
            }
            yield _finding("warning", f"{path}.precedence", "same_precedence", params)
        by_precedence.setdefault(rule.precedence, rule)
        if rule.key and rule.key in keys:
            yield _finding("error", f"{path}.key", "same_key", {"rule": rule.key})
        keys.add(rule.key)


def _reach(policy: Policy) -> Iterator[Finding]:
    paths = {id(rule): path for path, rule in _placed(policy)}
    in_turn = [rule for rule in policy.rules_in_turn if rule.tier in policy.ranks]
    for place, rule in enumerate(in_turn):
        path = paths[id(rule)]
        if rule.criteria and not any(_ways(rule, held) for held in policy.order):
            yield _finding("error", path, "never_satisfied", {"rule": rule.label})
            continue
        for earlier in in_turn[:place]:
            if all(_implies(rule, earlier, held) for held in policy.order):
                params: dict[str, Param] = {"rule": rule.label, "other": earlier.label}
                yield _finding("warning", path, "unreachable", params)
                break
        else:
            yield from _lower_first(policy, rule, in_turn[:place], path)


def _lower_first(policy: Policy, rule: Rule, before: list[Rule], path: str) -> Iterator[Finding]:
    """A rule to a lower tier that is asked first and can hold together with this one."""
    for earlier in before:
        if policy.ranks[earlier.tier] < policy.ranks[rule.tier] and any(
            can_all_hold((*way, *other))
            for held in policy.order
            for way in _ways(rule, held)
            for other in _ways(earlier, held)
        ):
            params: dict[str, Param] = {
                "rule": rule.label,
                "tier": rule.tier,
                "other": earlier.label,
                "goal": earlier.tier,
            }
            yield _finding("warning", path, "lower_first", params)
            return


def _atoms(rule: Rule, held: str, positive: bool) -> tuple[Atom, ...]:
    band: Literal["entry", "exit"] = "exit" if rule.tier == held else "entry"
    return tuple(Atom(criterion, band, positive) for criterion in rule.criteria)


def _ways(rule: Rule, held: str) -> tuple[tuple[Atom, ...], ...]:
    """The ways to satisfy a rule, each a set of conditions that can all hold at once."""
    atoms = _atoms(rule, held, True)
    ways = (atoms,) if rule.match == "all" else tuple((atom,) for atom in atoms)
    return tuple(way for way in ways if can_all_hold(way))


def _implies(rule: Rule, earlier: Rule, held: str) -> bool:
    """Whether satisfying `rule` satisfies `earlier`, for an account that holds `held`."""
    against = _atoms(earlier, held, False)
    escapes = (against,) if earlier.match == "any" else tuple((atom,) for atom in against)
    return not any(can_all_hold((*way, *escape)) for way in _ways(rule, held) for escape in escapes)


def _gaps(policy: Policy) -> Iterator[Finding]:
    """Facts that rules ask alone, where the tier turns back on its way up or down.

    A fact points upward when its highest values give more than its lowest, or when every
    criterion on it asks for "at least", "more than" or a span; downward in the mirrored case. A
    fact that does neither (a region, say) has no gaps.
    """
    lone: dict[str, list[Rule]] = {}
    for rule in policy.rules_in_turn:
        facts = {criterion.fact for criterion in rule.criteria}
        by_value = all(criterion.op != "changed_within" for criterion in rule.criteria)
        if len(facts) == 1 and by_value and rule.tier in policy.ranks:
            lone.setdefault(facts.pop(), []).append(rule)
    if policy.default_tier in policy.ranks:
        for fact, rules in lone.items():
            yield from _falls(policy, fact, rules)


def _falls(policy: Policy, fact: str, rules: list[Rule]) -> Iterator[Finding]:
    """The first value, going the better way, that gives a lower tier than one before it."""
    criteria = [criterion for rule in rules for criterion in rule.criteria]
    numbers = sorted(one for one in samples(criteria) if isinstance(one, Decimal))
    placed = [(number, policy.ranks[_tier_by(policy, rules, number)]) for number in numbers]
    rise = placed[-1][1] - placed[0][1]
    ops = {criterion.op for criterion in criteria}
    if rise < 0 or (rise == 0 and ops <= {"lte", "lt"}):
        placed.reverse()
    elif not (rise > 0 or ops <= {"gte", "gt", "between"}):
        return
    best_number, best = placed[0]
    for number, rank in placed:
        if rank < best:
            params: dict[str, Param] = {
                "fact": fact,
                "value": value_to_json(number),
                "goal": policy.order[rank],
                "beside": value_to_json(best_number),
                "tier": policy.order[best],
            }
            yield _finding("warning", "rules", "gap", params)
            return
        if rank > best:
            best_number, best = number, rank


def _tier_by(policy: Policy, rules: list[Rule], value: Value) -> str:
    for rule in rules:
        met = [compare(one.op, one.value, value) is True for one in rule.criteria]
        if all(met) if rule.match == "all" else any(met):
            return rule.tier
    return policy.default_tier
