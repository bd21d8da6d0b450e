"""Add, change, order and switch triggers. Only what the rules can read is ever stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions.queues import SERVES_QUEUES
from tickets.models import Queue, Ticket, Trigger
from tickets.rules import triggers as rules
from tiers.program import live_policy_at

NAME_LENGTH = 120
# Room between two places, as in the triggers that ship.
GAP = 10
ATTEMPTS = 3


def known_values(now: datetime) -> dict[str, list[str]]:
    """Return what exists, by field: the values that conditions and actions may name."""
    return {
        "tier": list(live_policy_at(now).tier_order),
        "queue": list(Queue.objects.values_list("key", flat=True)),
        "status": list(Ticket.Status.values),
        "channel": list(Ticket.Channel.values),
        "assignee": list(
            User.objects.filter(is_active=True, staff_role__in=SERVES_QUEUES)
            .order_by("email")
            .values_list("email", flat=True)
        ),
    }


def save_trigger(
    *,
    name: str,
    event: str,
    conditions: Mapping[str, Sequence[Mapping[str, Any]]],
    actions: Sequence[Mapping[str, Any]],
    by: User,
    now: datetime,
    trigger: Trigger | None = None,
) -> Trigger:
    """Add a trigger at the end of its event's list, or change one in its place.

    Raises InvalidInput with every problem of conditions and actions in words. A
    trigger that listens to another event from now on goes to that list's end.
    """
    _check_ops(by)
    name = _checked(name, event, conditions, actions, now)
    for attempt in range(ATTEMPTS):
        try:
            return _store(trigger, name, event, conditions, actions)
        except IntegrityError:
            # Somebody added to an empty list at the same moment: there was no row to wait at.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _store(
    trigger: Trigger | None,
    name: str,
    event: str,
    conditions: Mapping[str, Sequence[Mapping[str, Any]]],
    actions: Sequence[Mapping[str, Any]],
) -> Trigger:
    rows = _locked_triggers()
    row = _find(rows, trigger) if trigger else Trigger()
    if row.pk is None or row.event != event:
        listed = [one.position for one in rows if one.event == event]
        row.position = max(listed, default=0) + GAP
    row.name, row.event = name, event
    row.conditions, row.actions = dict(conditions), list(actions)
    row.save()
    return row


@transaction.atomic
def set_trigger_enabled(*, trigger: Trigger, is_enabled: bool, by: User) -> Trigger:
    """Switch a trigger on or off; it keeps its place."""
    _check_ops(by)
    row = _find(_locked_triggers(), trigger)
    row.is_enabled = is_enabled
    row.save(update_fields=["is_enabled"])
    return row


@transaction.atomic
def move_trigger(*, trigger: Trigger, is_up: bool, by: User) -> Trigger:
    """Exchange a trigger's place with its neighbour's; at the end of the list nothing happens."""
    _check_ops(by)
    everything = _locked_triggers()
    row = _find(everything, trigger)
    rows = [one for one in everything if one.event == row.event]
    neighbour = rows.index(row) + (-1 if is_up else 1)
    if not 0 <= neighbour < len(rows):
        return row
    other, free = rows[neighbour], rows[-1].position + 1
    old, new = row.position, other.position
    # One at a time: the database allows no two on one place, not even for a moment.
    for moved, position in ((row, free), (other, old), (row, new)):
        moved.position = position
        moved.save(update_fields=["position"])
    return row


@transaction.atomic
def remove_trigger(*, trigger: Trigger, by: User) -> None:
    """Delete a trigger; what it did to tickets stays in their history. Harmless when repeated."""
    _check_ops(by)
    Trigger.objects.filter(pk=trigger.pk).delete()


def _locked_triggers() -> list[Trigger]:
    """Return all triggers in their order, locked: whoever changes the order waits for the other.

    All of them and always in the same sequence, so that no two wait for each other.
    Read again afterwards: what the other one added is not among the rows waited for.
    """
    list(lock(Trigger.objects.order_by("pk")).values_list("pk"))
    return list(Trigger.objects.order_by("event", "position"))


def _find(rows: list[Trigger], trigger: Trigger) -> Trigger:
    found = next((row for row in rows if row.pk == trigger.pk), None)
    if found is None:
        raise Refused("trigger_gone", _("This trigger was deleted meanwhile."))
    return found


def _checked(
    name: str,
    event: str,
    conditions: Mapping[str, Sequence[Mapping[str, Any]]],
    actions: Sequence[Mapping[str, Any]],
    now: datetime,
) -> str:
    name = " ".join(name.split())
    problems: dict[str, str] = {}
    if not name or len(name) > NAME_LENGTH:
        problems["name"] = _("Give it a name of at most %(count)s characters.") % {
            "count": NAME_LENGTH
        }
    if event not in Trigger.Event.values:
        problems["event"] = _("Choose what it listens to.")
    known = known_values(now)
    wrong = [reason.text for reason in rules.validate_conditions(conditions, known)]
    if wrong:
        problems["conditions"] = " ".join(wrong)
    wrong = [reason.text for reason in rules.validate_actions(actions, known)]
    if wrong:
        problems["actions"] = " ".join(wrong)
    if problems:
        raise InvalidInput(
            "trigger_invalid", _("The trigger cannot be kept like this."), fields=problems
        )
    return name


def _check_ops(by: User) -> None:
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops change triggers."))
