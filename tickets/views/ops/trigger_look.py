"""Look over a trigger before it is saved: what is odd about it, and what it does to a ticket."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.viewer import Viewer
from tickets.forms.ops import TryForm
from tickets.models import Trigger
from tickets.rules import triggers as rules
from tickets.trigger_checks import draft_of, warnings_about, with_draft
from tickets.views.ops.explaining import Answer, TriggerAnswer, answer_about, find_ticket
from tiers.program import live_policy_at


@dataclass(slots=True)
class Look:
    """A draft of a trigger, as if it were saved and on; nothing is."""

    draft: rules.Trigger
    warnings: Sequence[str]
    # Whether somebody asked for it, rather than tried to save.
    is_asked: bool = False
    answer: Answer | None = None

    @classmethod
    def at(cls, said: Mapping[str, Any], row: Trigger | None, *, is_asked: bool) -> "Look":
        """Look at what a sheet says; ``row`` is what it would replace.

        Raises InputError for what no trigger can be.
        """
        draft = draft_of(said, row)
        warnings = warnings_about(draft, live_policy_at(clock.now()).tier_order)
        return cls(draft, warnings, is_asked)

    def is_accepted(self, sent: Mapping[str, Any]) -> bool:
        """Whether there is nothing odd, or whoever sends it has seen what is."""
        return not self.warnings or sent.get("accepted") == self.fingerprint

    @property
    def fingerprint(self) -> str:
        """Stand for these warnings: whoever sends it along has seen them. Empty without any."""
        if not self.warnings:
            return ""
        return hashlib.sha256("\n".join(self.warnings).encode()).hexdigest()[:16]

    @property
    def own(self) -> TriggerAnswer | None:
        """What the draft itself makes of the ticket."""
        found = self.answer.triggers if self.answer else ()
        return next((one for one in found if one.pk == self.draft.key), None)

    def try_on(self, viewer: Viewer, form: TryForm) -> None:
        """Try the draft, among all the others, on the ticket that was named, if one was."""
        reference = form.cleaned_data["ticket"]
        if not reference:
            return
        ticket = find_ticket(viewer, reference)
        if ticket is None:
            form.add_error("ticket", _("There is no such ticket."))
        else:
            self.answer = answer_about(ticket, self.draft.event, with_draft(self.draft))
