"""The ledger in words: what came of an event and why, and what is wrong with a value."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.crm.models import CrmEvent
from portal.kit.words import Words

REASONS: dict[str, Words] = {
    "not_about_companies": gettext_lazy("It asks for no reading of a company."),
    "older": gettext_lazy("Something newer was known already."),
    "not_found": gettext_lazy("The CRM does not know this company."),
    "known_already": gettext_lazy("This was known already."),
    "exists_again": gettext_lazy("The company was there again when we looked."),
    "deleted_again": gettext_lazy("The company was gone again when we looked."),
    "deleted_since": gettext_lazy("The company is not in the CRM any more."),
    "own_write": gettext_lazy("This is the field that we write the tier into."),
    "not_mapped": gettext_lazy("No fact is read from this field."),
    "not_linked": gettext_lazy("The company is linked to no organization."),
    "superseded": gettext_lazy("A later event of the same field brought the change."),
    "no_change": gettext_lazy("The CRM says what we knew."),
    "with_changes": gettext_lazy("Brought changes; they have rows of their own."),
    "kept_by_other_source": gettext_lazy(
        "The CRM has no value any more; what counts came from somebody else and stays."
    ),
    "detached": gettext_lazy("The organization stays; it has no company in the CRM any more."),
    "linked_again": gettext_lazy("The company is back, and linked as before."),
    "taken": gettext_lazy("The company is back, but its organization has another one now."),
    "renamed": gettext_lazy("The organization has the new name too."),
    "name_noted": gettext_lazy("The organization keeps the name it has here."),
    "same_id": gettext_lazy("Linked to the organization that has this id."),
    "organization_created": gettext_lazy("An organization was created for it."),
    "in_inbox": gettext_lazy("It waits for ops to link it."),
    "survivor": gettext_lazy("Other companies were merged into this one."),
    "merged": gettext_lazy("Merged into %(into)s."),
    "organization_moved": gettext_lazy("Merged into %(into)s; the organization went along."),
    "two_organizations": gettext_lazy(
        "Merged into %(into)s, which is another organization here. Ops decide."
    ),
    "by_ops": gettext_lazy("Decided by ops."),
    "written": gettext_lazy("The tier stands in the CRM."),
    "not_written": gettext_lazy("The CRM did not take it: %(error)s"),
}
PROBLEMS: dict[str, Words] = {
    "not_a_number": gettext_lazy("“%(value)s” is not a plain number like 31000 or 31000.50."),
    "negative": gettext_lazy("“%(value)s” is below zero."),
    "too_large": gettext_lazy("“%(value)s” is too large."),
    "no_currency": gettext_lazy("“%(value)s” has no currency."),
    "no_rate": gettext_lazy("There is no rate for the currency of “%(value)s”."),
    "not_whole": gettext_lazy("“%(value)s” is not a whole number."),
    "out_of_range": gettext_lazy("“%(value)s” is outside of what this fact can be."),
    "not_yes_no": gettext_lazy("“%(value)s” is neither yes nor no."),
    "not_a_day": gettext_lazy("“%(value)s” is not a day like 2026-12-31."),
    "too_long": gettext_lazy("“%(value)s” is too long for one line."),
    "no_such_tier": gettext_lazy("“%(value)s” is no tier. Translate it in the field mapping."),
}


def why(event: CrmEvent) -> str:
    """Return the sentence that says what came of an event, or an empty string."""
    if event.outcome == CrmEvent.Outcome.RECEIVED:
        return _("It waits for its company to be read.")
    if event.reason == "unreadable":
        return problem_words(event.detail)
    words = REASONS.get(event.reason)
    return str(words) % {"into": "?", "error": "", **event.detail} if words is not None else ""


def problem_words(problem: Mapping[str, Any]) -> str:
    """Return what is wrong with a value; ``problem`` is one of ``CrmRecord.problems``."""
    words = PROBLEMS.get(str(problem.get("code", "")))
    value = {"value": problem.get("value", "")}
    return str(words) % value if words is not None else _("It cannot be read.")
