"""What is wrong with a set of triggers, and with one that is still being written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from tickets.actions.routing import rule_of
from tickets.models import Queue, QueueMember, Trigger
from tickets.rules import triggers as rules
from tickets.trigger_words import say
from tiers.rules.evaluation import InputError

DRAFT = "draft"


def readable(rows: Iterable[Trigger]) -> list[rules.Trigger]:
    """Return stored triggers as the rules read them; those that cannot be read are left out."""
    found = []
    for row in rows:
        try:
            found.append(rule_of(row))
        except InputError:
            continue
    return found


def draft_of(said: Mapping[str, Any], row: Trigger | None) -> rules.Trigger:
    """Return what is being written as a trigger that is on, in the place it would have."""
    stays = row is not None and row.event == said["event"]
    return rules.Trigger(
        key=str(row.pk) if row else DRAFT,
        name=said["name"],
        event=said["event"],
        position=row.position if row and stays else 1_000_000,
        conditions=rules.conditions_from_json(said["conditions"]),
        actions=rules.actions_from_json(said["actions"]),
    )


def with_draft(draft: rules.Trigger) -> list[rules.Trigger]:
    """Return the triggers there are, with the draft in the place of what it replaces."""
    others = [one for one in readable(Trigger.objects.all()) if one.key != draft.key]
    return [*others, draft]


def warnings_about(draft: rules.Trigger, tier_order: Sequence[str]) -> list[str]:
    """Return what would be odd once a draft is on: about it, and about others because of it."""
    told = []
    for warning in rules.warnings(with_draft(draft), tier_order):
        if warning.trigger.key == draft.key:
            told.append(say(warning.reason))
        elif warning.other is not None and warning.other.key == draft.key:
            words = {"name": warning.trigger.name, "warning": say(warning.reason)}
            told.append(_("About “%(name)s”: %(warning)s") % words)
    return [*told, *unserved(draft, queues_without_people())]


def unserved(trigger: rules.Trigger, queues: Mapping[str, str]) -> list[str]:
    """Return a warning for each queue that a trigger fills and nobody serves."""
    filled = [str(one.value) for one in trigger.actions if one.do == "set_queue"]
    said = _("Nobody serves %(queue)s: only leads and admins will see what it puts there.")
    return [said % {"queue": queues[key]} for key in filled if key in queues]


def queues_without_people() -> dict[str, str]:
    """Return the queues in use that no active agent or lead serves: key and name."""
    serving = QueueMember.objects.filter(queue=OuterRef("pk"), agent__is_active=True)
    return dict(Queue.objects.in_use().filter(~Exists(serving)).values_list("key", "name"))
