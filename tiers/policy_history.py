"""How a version came about, newest first: its edits and the steps of its review, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from people.models import User
from portal.kit.words import Words
from tiers.models import PolicyEdit, PolicyEvent, TierPolicy
from tiers.policy_diff import Change, edit_changes
from tiers.promise_words import place_words

What = PolicyEdit.What


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened: who, when, and what it changed or said."""

    at: datetime
    by: User | None
    title: str
    note: str = ""
    changes: Sequence[Change] = ()
    kind: str = ""
    meant_for: datetime | None = None
    is_step: bool = False


def history_of(policy: TierPolicy, calendars: Mapping[str, str]) -> list[HistoryLine]:
    """Return everything that happened to a version; ``calendars`` are names by key."""
    edits = [
        line_of_edit(edit, policy, calendars) for edit in policy.edits.select_related("by").all()
    ]
    return sorted([*edits, *steps_of(policy)], key=lambda line: line.at, reverse=True)


def steps_of(policy: TierPolicy) -> list[HistoryLine]:
    """Return the steps of a version's way alone, the oldest first."""
    found = PolicyEvent.objects.filter(policy=policy).select_related("by", "replaced_by")
    return [_of_event(event) for event in found]


def _of_event(event: PolicyEvent) -> HistoryLine:
    title: Words = event.get_kind_display()
    if event.replaced_by is not None:
        title = _("Retired: version %(version)s took its place") % {
            "version": event.replaced_by.version
        }
    return HistoryLine(
        event.at, event.by, str(title), event.note, kind=event.kind,
        meant_for=event.meant_for, is_step=True,
    )  # fmt: skip


def line_of_edit(edit: PolicyEdit, policy: TierPolicy, calendars: Mapping[str, str]) -> HistoryLine:
    """Return one edit with what it changed, in words."""
    return HistoryLine(
        edit.at,
        edit.by,
        _title(edit),
        changes=edit_changes(edit, policy.currency, calendars),
        kind=edit.what,
    )


def _title(edit: PolicyEdit) -> str:
    label = str(edit.get_what_display())
    if edit.what == What.BEGUN and edit.place:
        return _("Draft begun with the content of version %(version)s") % {"version": edit.place[0]}
    if edit.what == What.TAKEN_OVER and edit.place:
        return _("Wrote version %(version)s, which was taken over unpublished") % {
            "version": edit.place[0]
        }
    if edit.what == What.TARGET and len(edit.place) == 3:
        return place_words(*edit.place)
    return label
