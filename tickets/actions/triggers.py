"""Add, change, order and switch triggers. Only what the rules can read is ever stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions.queues import SERVES_QUEUES, hold_queues
from tickets.actions.routing_history import (
    Kind,
    State,
    Subject,
    changed_meanwhile,
    note_change,
    state_of_trigger,
)
from tickets.models import Queue, RoutingChange, Ticket, Trigger
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
        "queue": list(Queue.objects.in_use().values_list("key", flat=True)),
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
    is_enabled: bool | None = None,
    revision: int | None = None,
) -> Trigger:
    """Add a trigger at the end of its event's list, or change one in its place.

    ``is_enabled`` None leaves the switch as it is; a new one is then on. ``revision`` is
    the one that was read before: Refused ("trigger_changed") when somebody changed it
    since. Raises InvalidInput with every problem of conditions and actions in words. A
    trigger that listens to another event from now on goes to that list's end.
    """
    _check_ops(by)
    said = {
        "name": _checked(name, event, conditions, actions, now),
        "event": event,
        "conditions": dict(conditions),
        "actions": list(actions),
    }
    for attempt in range(ATTEMPTS):
        try:
            return _store(trigger, said, is_enabled, revision, by, now)
        except IntegrityError:
            # Somebody added to an empty list at the same moment: there was no row to wait at.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _store(
    trigger: Trigger | None,
    said: Mapping[str, Any],
    is_enabled: bool | None,
    revision: int | None,
    by: User,
    now: datetime,
) -> Trigger:
    hold_queues(queues_named(said["conditions"], said["actions"]))
    rows = _locked_triggers()
    row = _find(rows, trigger) if trigger else Trigger()
    if trigger and revision is not None and row.revision != revision:
        raise _changed_meanwhile(row)
    before = state_of_trigger(row) if trigger else None
    if row.pk is None or row.event != said["event"]:
        listed = [one.position for one in rows if one.event == said["event"]]
        row.position = max(listed, default=0) + GAP
    switched = row.is_enabled if is_enabled is None else is_enabled
    told = {**said, "is_enabled": switched}
    if trigger and any(getattr(row, name) != value for name, value in told.items()):
        row.revision += 1
    for name, value in told.items():
        setattr(row, name, value)
    row.save()
    _note(row, Kind.CHANGED if trigger else Kind.ADDED, before, by, now)
    return row


@transaction.atomic
def set_trigger_enabled(*, trigger: Trigger, is_enabled: bool, by: User, now: datetime) -> Trigger:
    """Switch a trigger on or off; it keeps its place."""
    _check_ops(by)
    row = _find(_locked_triggers(), trigger)
    before = state_of_trigger(row)
    if row.is_enabled != is_enabled:
        # Who has it open must not switch it back unseen.
        row.revision += 1
    row.is_enabled = is_enabled
    row.save(update_fields=["is_enabled", "revision"])
    _note(row, Kind.SWITCHED, before, by, now)
    return row


@transaction.atomic
def move_trigger(*, trigger: Trigger, is_up: bool, by: User, now: datetime) -> Trigger:
    """Exchange a trigger's place with its neighbour's; at the end of the list nothing happens."""
    _check_ops(by)
    rows = _locked_triggers()
    row = _find(rows, trigger)
    before = state_of_trigger(row)
    _put(row, before["place"] + (-1 if is_up else 1), rows)
    _note(row, Kind.MOVED, before, by, now)
    return row


@transaction.atomic
def remove_trigger(*, trigger: Trigger, by: User, now: datetime) -> None:
    """Delete a trigger; its history and what it did to tickets stay. Harmless when repeated."""
    _check_ops(by)
    row = next((one for one in _locked_triggers() if one.pk == trigger.pk), None)
    if row is None:
        return
    note_change(
        subject=Subject.TRIGGER, subject_id=row.pk, kind=Kind.REMOVED,
        before=state_of_trigger(row), after=None, by=by, now=now,
    )  # fmt: skip
    row.delete()


def restore_trigger(*, change: RoutingChange, by: User, now: datetime) -> Trigger:
    """Bring back what a trigger said after a change, or before it was deleted, as a new change.

    A deleted one comes back under its own number, so that its history goes on. Raises
    InvalidInput when it names what is no longer there.
    """
    _check_ops(by)
    state = change.after or change.before
    if change.subject != Subject.TRIGGER or not state:
        raise Refused("no_state", _("There is no state here to bring back."))
    conditions, actions = state["conditions"], state["actions"]
    said = {
        "name": _checked(state["name"], state["event"], conditions, actions, now),
        "event": state["event"], "conditions": conditions, "actions": actions,
        "is_enabled": state["is_enabled"],
    }  # fmt: skip
    try:
        return _bring_back(change, said, by, now)
    except IntegrityError as error:
        # Somebody else brought it back at the same moment, and was first.
        raise Refused("trigger_changed", _("Somebody brought it back just now.")) from error


@transaction.atomic
def _bring_back(change: RoutingChange, said: Mapping[str, Any], by: User, now: datetime) -> Trigger:
    hold_queues(queues_named(said["conditions"], said["actions"]))
    rows = _locked_triggers()
    found = next((one for one in rows if one.pk == change.subject_id), None)
    before = state_of_trigger(found) if found else None
    row = found or Trigger(pk=change.subject_id)
    if found is None or row.event != said["event"]:
        listed = [one.position for one in rows if one.event == said["event"]]
        row.position = max(listed, default=0) + GAP
    row.revision += 1
    for name, value in said.items():
        setattr(row, name, value)
    row.save(force_insert=found is None)
    state = change.after or change.before
    _put(row, state["place"], list(Trigger.objects.order_by("event", "position")))
    note_change(
        subject=Subject.TRIGGER, subject_id=row.pk, kind=Kind.RESTORED, before=before,
        after=state_of_trigger(row), by=by, now=now, restored_from=change,
    )  # fmt: skip
    return row


def _put(row: Trigger, place: int, rows: list[Trigger]) -> None:
    """Put a trigger at a place among those of its event; the others move up or down by one."""
    others = [one for one in rows if one.event == row.event and one.pk != row.pk]
    others.sort(key=lambda one: one.position)
    others.insert(max(0, min(place - 1, len(others))), row)
    places = sorted(one.position for one in others)
    free = places[-1] + 1
    moved = [(one, to) for one, to in zip(others, places, strict=True) if one.position != to]
    # Out of the way first: the database allows no two on one place, not even for a moment.
    aside = [(one, free + index) for index, (one, _to) in enumerate(moved)]
    for one, position in [*aside, *moved]:
        Trigger.objects.filter(pk=one.pk).update(position=position)
    row.position = places[others.index(row)]


def _note(
    row: Trigger, kind: str, before: State | None, by: User, now: datetime
) -> RoutingChange | None:
    return note_change(
        subject=Subject.TRIGGER, subject_id=row.pk, kind=kind, before=before,
        after=state_of_trigger(row), by=by, now=now,
    )  # fmt: skip


def _changed_meanwhile(row: Trigger) -> Refused:
    who, _name = changed_meanwhile(Subject.TRIGGER, row.pk)
    message = _(
        "%(who)s changed this trigger while you were at it. What you typed is still here: look at "
        "their change in the history, then save again to put yours over it."
    ) % {"who": who or _("Somebody")}
    return Refused("trigger_changed", message)


def _locked_triggers() -> list[Trigger]:
    """Return all triggers in their order, locked: whoever changes the order waits for the other.

    All of them and always in the same sequence, so that no two wait for each other.
    Read again afterwards: what the other one added is not among the rows waited for.
    """
    list(lock(Trigger.objects.order_by("pk")).values_list("pk"))
    return list(Trigger.objects.order_by("event", "position"))


def queues_named(conditions: Any, actions: Any) -> set[str]:
    """Return the keys of the queues that a trigger asks for or puts tickets into."""
    found: set[str] = set()
    groups = conditions.values() if isinstance(conditions, Mapping) else ()
    rows = [*(one for group in groups if isinstance(group, list) for one in group)]
    for one in rows:
        if isinstance(one, Mapping) and one.get("field") == "queue":
            value = one.get("value")
            found |= {str(key) for key in (value if isinstance(value, list) else [value])}
    for one in actions if isinstance(actions, list) else ():
        if isinstance(one, Mapping) and one.get("do") == "set_queue":
            found.add(str(one.get("value")))
    return found


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
