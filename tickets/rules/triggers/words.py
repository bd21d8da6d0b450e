"""The sentences about triggers: what is wrong with one, and why one fired or did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tiers.rules.evaluation import Param, Reason, gettext_noop


class TriggerReason(Reason):
    """A sentence about a trigger. `field`, `name` and the like are keys the interface labels."""

    TEMPLATES: ClassVar[Mapping[str, str]] = {
        # What a condition asks, and what was found.
        "is": gettext_noop("{field} is {actual}; asked for {value}"),
        "is_not": gettext_noop("{field} is {actual}; asked for anything but {value}"),
        "in": gettext_noop("{field} is {actual}; asked for one of {value}"),
        "not_in": gettext_noop("{field} is {actual}; asked for none of {value}"),
        "contains": gettext_noop("{field} is {actual}; asked to contain {value}"),
        "not_contains": gettext_noop("{field} is {actual}; asked not to contain {value}"),
        "at_least": gettext_noop("{field} is {actual}; asked for {value} or more"),
        "at_most": gettext_noop("{field} is {actual}; asked for {value} or less"),
        "at_least_severity": gettext_noop("severity is {actual}; asked for {value} or worse"),
        "at_most_severity": gettext_noop("severity is {actual}; asked for {value} or milder"),
        # Why a trigger fired or not.
        "disabled": gettext_noop("It is switched off."),
        "other_event": gettext_noop("It listens to {event}, and this is {actual}."),
        "not_met": gettext_noop("These conditions are not met:"),
        "none_of_any": gettext_noop("None of these alternatives is met:"),
        "always": gettext_noop("It has no conditions, so it always fires."),
        "all_met": gettext_noop("Every condition is met."),
        "all_met_and_one": gettext_noop("Every condition is met, and this alternative:"),
        "field_taken": gettext_noop("“{other}” came first and set {field} already."),
        "done_already": gettext_noop("“{other}” came first and did the same."),
        # What is wrong with conditions and actions.
        "not_an_object": gettext_noop("{path} must be an object."),
        "not_a_list": gettext_noop("{path} must be a list."),
        "unknown_part": gettext_noop("{path} is not known; known are {known}."),
        "unknown_field": gettext_noop(
            "{path}: “{name}” is not something to ask; known are {known}."
        ),
        "unknown_op": gettext_noop(
            "{path}: {field} cannot be compared with “{name}”; it has {known}."
        ),
        "unknown_action": gettext_noop(
            "{path}: “{name}” is not something to do; known are {known}."
        ),
        "value_missing": gettext_noop("{path}: give a value."),
        "list_wanted": gettext_noop("{path}: give a list of at least one value."),
        "single_wanted": gettext_noop("{path}: give one value, not a list."),
        "number_wanted": gettext_noop("{path}: {field} is a whole number."),
        "text_wanted": gettext_noop("{path}: {field} is a text."),
        "severity_range": gettext_noop(
            "{path}: severity goes from 1 (Critical) to 4 (Low), not {value}."
        ),
        "step_range": gettext_noop(
            "{path}: a step is a percentage from 1 to 100 or minutes before the end, not {value}."
        ),
        "step_not_ordered": gettext_noop(
            "{path}: “at least” and “at most” compare percentages; ask whether it is one of the "
            "times before the end."
        ),
        "unknown_value": gettext_noop("{path}: “{value}” is not known; known are {known}."),
        "no_actions": gettext_noop("It does nothing: give at least one action."),
        "set_twice": gettext_noop("{path}: it sets the same field twice; the first one counts."),
        # What a set of triggers does to itself.
        "same_position": gettext_noop("“{other}” has the same place; say which goes first."),
        "never_true": gettext_noop("Its conditions contradict each other, so it never fires."),
        "no_clock_here": gettext_noop(
            "It asks for {field}, which only exists when a promise is at risk or broken, so it "
            "never fires on {event}."
        ),
        "always_taken": gettext_noop(
            "Its “{do}” never counts: whenever it fires, “{other}” has set that field before."
        ),
        "changes_nothing": gettext_noop(
            "It never changes anything: whenever it fires, earlier triggers have done it all."
        ),
        "overlap": gettext_noop(
            "It and “{other}” can fire for the same ticket and want “{do}” differently; “{other}” "
            "wins because it goes first."
        ),
    }

    def shown_param(self, name: str, value: Param) -> str:
        if isinstance(value, tuple):
            return ", ".join(str(one) for one in value)
        if value is None:
            return "empty"
        return str(value).replace("_", " ") if name == "field" else str(value)
