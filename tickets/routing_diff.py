"""What a trigger or a queue said, line by line, and what differs between two of its states."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from people.models import User
from portal.kit.differences import Difference
from portal.kit.words import tier_label
from tickets.models import RoutingChange
from tickets.rules import triggers as rules
from tickets.trigger_words import EVENTS, Names, action_words, condition_words
from tiers.rules.evaluation import InputError

State = Mapping[str, Any]
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Says states in words. ``people`` are the names of all who were ever in one of them."""

    names: Names
    people: Mapping[int, str]

    @classmethod
    def of(cls, changes: list[RoutingChange], names: Names) -> "Reader":
        """Read the names of the people that the states of these changes mention."""
        wanted = {
            pk
            for change in changes
            for state in (change.before, change.after)
            for pk in (state or {}).get("members", ())
        }
        return cls(names, {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)})

    def differences(self, subject: str, old: State | None, new: State | None) -> list[Difference]:
        """Return what differs between two states, in the order in which a state is read."""
        lines: Callable[[State], list[Line]]
        lines = self.trigger_lines if subject == RoutingChange.Subject.TRIGGER else self.queue_lines
        return compared(lines(old) if old else [], lines(new) if new else [])

    def trigger_lines(self, state: State) -> list[Line]:
        """Return what a trigger said; a condition or an action is a line of its own."""
        event = str(state["event"])
        switch = pgettext("switch", "on") if state["is_enabled"] else pgettext("switch", "off")
        return [
            (_("Name"), str(state["name"])),
            (_("When"), str(EVENTS.get(event, event))),
            (_("Place"), str(state["place"])),
            (_("Switched"), switch),
            *self._conditions(state["conditions"]),
            *self._actions(state["actions"]),
        ]

    def _conditions(self, stored: Any) -> list[Line]:
        try:
            found = rules.conditions_from_json(stored)
        except InputError:
            return [(_("Conditions that cannot be read"), str(stored))]
        return [
            *((_("If"), condition_words(one, self.names)) for one in found.all),
            *((_("Or one of"), condition_words(one, self.names)) for one in found.any),
        ]

    def _actions(self, stored: Any) -> list[Line]:
        try:
            found = rules.actions_from_json(stored)
        except InputError:
            return [(_("Actions that cannot be read"), str(stored))]
        return [(_("Then"), action_words(one, self.names)) for one in found]

    def queue_lines(self, state: State) -> list[Line]:
        """Return what a queue was; each person who serves it is a line of its own."""
        gone = _("somebody who is gone")
        lines = [
            (_("Name"), str(state["name"])),
            (_("Made for tier"), str(tier_label(state["tier"])) if state["tier"] else ""),
            (_("Place"), str(state["place"])),
            *((_("Served by"), self.people.get(pk, gone)) for pk in state["members"]),
        ]
        if state["is_archived"]:
            lines.append((_("Archived"), _("yes")))
        if state["moves_to"]:
            lines.append((_("Its tickets go to"), self.names.shown("queue", state["moves_to"])))
        return [line for line in lines if line[1]]


def compared(old: list[Line], new: list[Line]) -> list[Difference]:
    """Return what differs between two lists of lines.

    What is said once on both sides is a change; of what may be said several times, each
    line is there or not.
    """
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    labels = dict.fromkeys(label for label, _text in [*old, *new])
    found: list[Difference] = []
    for label in labels:
        before = [text for one, text in gone.elements() if one == label]
        after = [text for one, text in come.elements() if one == label]
        if len(before) == len(after) == 1:
            found.append(Difference(label, before[0], after[0]))
        else:
            found += [Difference(label, text, "") for text in before]
            found += [Difference(label, "", text) for text in after]
    return found
