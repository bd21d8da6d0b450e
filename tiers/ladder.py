"""The support program at one glance: a column per tier, a row per criterion and promise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from people.models import AccountTeamMember
from portal.kit.words import CHANNELS, METRICS, SEVERITIES, Words
from tiers.calendar_words import amount_words
from tiers.criteria_words import threshold_words
from tiers.fact_words import fact_label
from tiers.models import TierPromise
from tiers.program import Program
from tiers.promise_table import CalendarBook
from tiers.rules.evaluation import Criterion, Rule

CHANNEL_WORDS: Mapping[str, Words] = CHANNELS | {"mail": gettext_lazy("E-mail")}
SELF_SERVICE_WORDS: Mapping[str, Words] = {
    "knowledge_base": gettext_lazy("Knowledge base"),
    "community": gettext_lazy("Community"),
    "assistant": gettext_lazy("Assistant"),
}


@dataclass(frozen=True, slots=True)
class LadderCell:
    """What one tier has in one row: a line, and a quieter one below it."""

    text: str
    note: str = ""
    is_nothing: bool = False
    is_around_the_clock: bool = False


NOTHING = LadderCell("–", is_nothing=True)


@dataclass(frozen=True, slots=True)
class LadderRow:
    """One criterion or promise over all tiers."""

    label: Words
    cells: tuple[LadderCell, ...]
    severity: int | None = None


@dataclass(frozen=True, slots=True)
class LadderGroup:
    """Rows that belong together."""

    title: Words
    rows: tuple[LadderRow, ...]


def ladder(program: Program, tiers: list[str], calendars: CalendarBook) -> list[LadderGroup]:
    """Return the whole program as groups of rows; ``tiers`` are its columns."""
    return [
        LadderGroup(_("Who gets it"), tuple(_criteria(program, tiers))),
        *_targets(program, tiers, calendars),
        LadderGroup(_("What else it includes"), tuple(_services(program, tiers))),
    ]


def _criteria(program: Program, tiers: list[str]) -> Iterator[LadderRow]:
    rules = {tier: [r for r in program.rules.rules_in_turn if r.tier == tier] for tier in tiers}
    default = program.rules.default_tier
    facts = dict.fromkeys(
        criterion.fact for rule in program.rules.rules_in_turn for criterion in rule.criteria
    )
    yield LadderRow(
        _("Rule"), tuple(_turn(rules[tier], is_default=tier == default) for tier in tiers)
    )
    for fact in facts:
        asked = {
            tier: [one for rule in rules[tier] for one in rule.criteria if one.fact == fact]
            for tier in tiers
        }
        yield LadderRow(
            fact_label(fact),
            tuple(_criterion(asked[tier], program.currency) for tier in tiers),
        )
    yield LadderRow(
        _("A fact is missing"), tuple(_missing(rules[tier], tier == default) for tier in tiers)
    )


def _turn(rules: list[Rule], *, is_default: bool) -> LadderCell:
    if not rules:
        return LadderCell(_("everybody else")) if is_default else NOTHING
    places = _(" and ").join(_place(rule.precedence) for rule in rules)
    several = [rule for rule in rules if len(rule.criteria) > 1]
    needs = _("needs all criteria") if all(r.match == "all" for r in several) else _("needs any")
    return LadderCell(_("asked %(places)s") % {"places": places}, needs if several else "")


def _place(precedence: int) -> str:
    named = {1: _("first"), 2: _("second"), 3: _("third")}
    return named.get(precedence) or _("in place %(place)s") % {"place": precedence}


def _criterion(asked: list[Criterion], currency: str) -> LadderCell:
    if not asked:
        return NOTHING
    text = _(" or ").join(threshold_words(o.fact, o.op, o.value, currency) for o in asked)
    kept = [
        threshold_words(one.fact, one.op, one.exit_value, currency)
        for one in asked
        if one.exit_value is not None
    ]
    return LadderCell(
        text, _("kept with %(kept)s") % {"kept": _(" or ").join(kept)} if kept else ""
    )


def _missing(rules: list[Rule], is_default: bool) -> LadderCell:
    if not rules or is_default:
        return NOTHING
    holds = any(rule.missing == "hold" for rule in rules)
    return LadderCell(_("the tier is held") if holds else _("counts as not met"))


def _targets(program: Program, tiers: list[str], calendars: CalendarBook) -> Iterator[LadderGroup]:
    promised = {metric for targets in program.targets.values() for _severity, metric in targets}
    for metric in (one for one in METRICS if one in promised):
        yield LadderGroup(
            METRICS[metric].desk_label,
            tuple(
                LadderRow(
                    severity.label,
                    tuple(
                        _target(program, tier, severity.level, metric, calendars) for tier in tiers
                    ),
                    severity.level,
                )
                for severity in SEVERITIES.values()
            ),
        )


def _target(
    program: Program, tier: str, severity: int, metric: str, calendars: CalendarBook
) -> LadderCell:
    target = program.targets.get(tier, {}).get((severity, metric))
    if target is None:
        return NOTHING
    around = calendars.is_around_the_clock(target.calendar)
    return LadderCell(
        amount_words(target.seconds),
        _("day and night") if around else calendars.name(target.calendar),
        is_around_the_clock=around,
    )


def _services(program: Program, tiers: list[str]) -> Iterator[LadderRow]:
    duties: Mapping[str, Words] = dict(AccountTeamMember.Duty.choices)
    promises = [program.promises.get(tier) for tier in tiers]
    yield LadderRow(_("Queue"), tuple(LadderCell(p.queue_key) if p else NOTHING for p in promises))
    for label, column, words in (
        (_("Channels"), "channels", CHANNEL_WORDS),
        (_("Named people"), "account_team", duties),
        (_("Self-service"), "self_service", SELF_SERVICE_WORDS),
    ):
        yield LadderRow(label, tuple(_listed(promise, column, words) for promise in promises))
    yield LadderRow(_("Account reviews"), tuple(_reviews(promise) for promise in promises))


def _listed(promise: TierPromise | None, column: str, words: Mapping[str, Words]) -> LadderCell:
    keys = getattr(promise, column, [])
    if not keys:
        return NOTHING
    return LadderCell(", ".join(str(words.get(key, key)) for key in keys))


def _reviews(promise: TierPromise | None) -> LadderCell:
    days = promise.review_cadence_days if promise else None
    if not days:
        return NOTHING
    return LadderCell(ngettext("every day", "every %(days)s days", days) % {"days": days})
