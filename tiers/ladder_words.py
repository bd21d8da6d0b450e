"""The warning ladder in the reader's language: "75 %", "30 min before the end"."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit.words import Words
from tiers.calendar_words import amount_words
from tiers.reason_words import sentence
from tiers.rules import ladders

# Who can be told at a step, and by a trigger.
ROLES: dict[str, Words] = {
    "assignee": gettext_lazy("whoever has the ticket"),
    "lead": gettext_lazy("the leads"),
    "queue": gettext_lazy("everybody who serves its queue"),
    "account_team": gettext_lazy("the account team"),
}


def step_words(step: int) -> str:
    """Return a step as it stands in a sentence."""
    if step < 0:
        return _("%(time)s before the end") % {"time": amount_words(-60 * step)}
    return _("%(step)s %%") % {"step": step}


def steps_words(steps: Iterable[int]) -> str:
    """Return several steps; ``parse_steps`` of the rules reads this back."""
    return ", ".join(step_words(step) for step in steps)


def say(reason: ladders.LadderReason) -> str:
    """Return what is wrong with a ladder as a sentence."""
    shown = {}
    for name, value in reason.params.items():
        if name in {"step", "other"} and isinstance(value, int):
            shown[name] = step_words(value)
        elif name == "target" and isinstance(value, int):
            shown[name] = amount_words(value)
        elif isinstance(value, tuple):
            shown[name] = ", ".join(str(ROLES.get(one, one)) for one in value)
        else:
            shown[name] = str(value)
    return sentence(reason, shown)
