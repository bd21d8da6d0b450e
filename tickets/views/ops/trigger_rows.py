"""Triggers as rows of a page: a sentence each, and what is wrong with the set of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock
from tickets.actions.routing import rule_of
from tickets.models import Trigger
from tickets.rules import triggers as rules
from tickets.trigger_checks import queues_without_people, unserved
from tickets.trigger_words import Names, action_words, conditions_words, say
from tiers.program import live_policy_at
from tiers.rules.evaluation import InputError
from tiers.views.ops.frame import Crumb


def list_crumb() -> Crumb:
    """Return the way back to the list."""
    return reverse("ops_triggers"), _("Triggers")


def names_now() -> Names:
    """Return what the values in triggers are called."""
    return Names.load(live_policy_at(clock.now()).tier_order)


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """One trigger in words. ``fault`` says why it cannot be read, when it cannot."""

    trigger: Trigger
    conditions: str
    actions: tuple[str, ...]
    warnings: tuple[str, ...]
    fault: str = ""


def listed(
    triggers: Iterable[Trigger], names: Names, tier_order: Sequence[str]
) -> list[TriggerRow]:
    """Return triggers as rows in their order, with warnings about the readable ones."""
    rules_of: dict[int, rules.Trigger] = {}
    faults: dict[int, str] = {}
    rows = list(triggers)
    for row in rows:
        try:
            rules_of[row.pk] = rule_of(row)
        except InputError as error:
            faults[row.pk] = error.problem
    found: dict[str, list[str]] = {}
    for warning in rules.warnings(list(rules_of.values()), tier_order):
        found.setdefault(warning.trigger.key, []).append(say(warning.reason))
    alone = queues_without_people()
    for rule in rules_of.values():
        if rule.enabled:
            found.setdefault(rule.key, []).extend(unserved(rule, alone))
    return [
        _row(row, rules_of[row.pk], names, found.get(str(row.pk), []))
        if row.pk in rules_of
        else TriggerRow(row, "", (), (), faults[row.pk])
        for row in rows
    ]


def _row(row: Trigger, rule: rules.Trigger, names: Names, warnings: list[str]) -> TriggerRow:
    return TriggerRow(
        trigger=row,
        conditions=conditions_words(rule.conditions, names),
        actions=tuple(action_words(action, names) for action in rule.actions),
        warnings=tuple(warnings),
    )
