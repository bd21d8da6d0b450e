"""Publish a version of the support program: one goes, the next one counts from that instant."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput, Refused
from tiers.actions.policies import (
    check_runs_operations,
    locked_draft,
    locked_live,
)
from tiers.models import OpenTickets, TierPolicy
from tiers.policy_checks import faults_of

NOTE_LENGTH = 300


@transaction.atomic
def publish_policy(
    *,
    policy: TierPolicy,
    treatment: str,
    change_note: str,
    published_by: User,
    now: datetime,
) -> TierPolicy:
    """Let a draft replace the version in force, from ``now`` on; return it.

    ``treatment`` (``OpenTickets``) is kept with it as the choice that was made; the
    rooms above act on it in the same transaction. Raises NotPermitted unless ops
    publish, InvalidInput for a missing note or an unknown treatment, and Refused
    when it is no draft any more, when another version went live since the draft was
    begun (``code`` "superseded": rebase it), or when it has faults.
    """
    check_runs_operations(published_by)
    note = _checked(treatment, change_note)
    live = locked_live()
    draft = locked_draft(policy, published_by)
    if draft.parent_id != live.pk:
        raise Refused(
            "superseded",
            _(
                "Version %(live)s went live after this draft was begun. Bring the draft up to "
                "date first, so that nothing of version %(live)s is lost unseen."
            )
            % {"live": live.version},
        )
    faults = faults_of(draft)
    if faults:
        raise Refused("policy_has_faults", " ".join([_("This draft cannot go live."), *faults]))
    live.status, live.retired_at = TierPolicy.Status.RETIRED, now
    live.save(update_fields=["status", "retired_at"])
    draft.status, draft.effective_from = TierPolicy.Status.LIVE, now
    draft.treatment, draft.change_note, draft.published_by = treatment, note, published_by
    draft.save(
        update_fields=["status", "effective_from", "treatment", "change_note", "published_by"]
    )
    return draft


def _checked(treatment: str, change_note: str) -> str:
    """Return the note as it is kept; InvalidInput names what is missing."""
    problems, note = {}, change_note.strip()
    if treatment not in OpenTickets.values:
        problems["treatment"] = _("Say what happens to tickets that are open.")
    if not note:
        problems["change_note"] = _("Say what changed and why.")
    elif len(note) > NOTE_LENGTH:
        problems["change_note"] = _("At most %(count)s characters.") % {"count": NOTE_LENGTH}
    if problems:
        raise InvalidInput("publishing_invalid", _("Nothing was published."), fields=problems)
    return note
