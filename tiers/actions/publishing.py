"""Publish a version of the support program: one goes, the next one counts from that instant."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput, Refused
from tiers.actions.policies import check_runs_operations, locked_live, locked_version
from tiers.actions.reviewing import NOTE_LENGTH, check_not_superseded, keep_event, standing_sign_off
from tiers.models import OpenTickets, PolicyEvent, PolicySchedule, TierPolicy
from tiers.policy_checks import faults_of
from tiers.rules.governance import may


@transaction.atomic
def publish_policy(
    *,
    policy: TierPolicy,
    treatment: str,
    published_by: User,
    now: datetime,
    change_note: str = "",
    meant_for: datetime | None = None,
) -> TierPolicy:
    """Let a version that is signed off replace the one in force, from ``now`` on; return it.

    ``treatment`` (``OpenTickets``) is kept with it as the choice that was made; the
    rooms above act on it in the same transaction. Without a ``change_note`` the one of the
    review stays. ``meant_for`` is the instant of a schedule that is carried out. Raises
    NotPermitted unless ops publish, InvalidInput for an unknown treatment, and Refused
    when nobody signed exactly this content off ("not_signed_off"), when it was published
    before ("already_published"), when another version went live since it was begun
    ("superseded": rebase it), or when it has faults.
    """
    check_runs_operations(published_by)
    note = _checked(treatment, change_note)
    live = locked_live()
    found = locked_version(policy, published_by)
    _check_publishable(found)
    check_not_superseded(found, live)
    faults = faults_of(found)
    if faults:
        raise Refused("policy_has_faults", " ".join([_("This draft cannot go live."), *faults]))
    signed = standing_sign_off(found)
    live.status, live.retired_at = TierPolicy.Status.RETIRED, now
    live.save(update_fields=["status", "retired_at"])
    found.status, found.effective_from = TierPolicy.Status.LIVE, now
    found.treatment, found.published_by = treatment, published_by
    found.change_note = note or found.change_note
    found.save(
        update_fields=["status", "effective_from", "treatment", "change_note", "published_by"]
    )
    PolicySchedule.objects.waiting().filter(policy=found).update(
        state=PolicySchedule.State.DONE, ended_at=now
    )
    keep_event(
        found, PolicyEvent.Kind.PUBLISHED, by=published_by, now=now, note=note,
        fingerprint=signed.fingerprint, meant_for=meant_for,
    )  # fmt: skip
    keep_event(live, PolicyEvent.Kind.RETIRED, by=published_by, now=now, replaced_by=found)
    return found


def _check_publishable(policy: TierPolicy) -> None:
    if may("publish", policy.status):
        return
    if policy.effective_from is not None:
        raise Refused(
            "already_published",
            _("Version %(version)s is published already.") % {"version": policy.version},
        )
    raise Refused(
        "not_signed_off",
        _(
            "Version %(version)s cannot go live before a second person has signed it off. Ask for "
            "a review first."
        )
        % {"version": policy.version},
    )


def _checked(treatment: str, change_note: str) -> str:
    """Return the note as it is kept; InvalidInput names what is missing."""
    problems, note = {}, change_note.strip().replace("\x00", "")
    if treatment not in OpenTickets.values:
        problems["treatment"] = _("Say what happens to tickets that are open.")
    if len(note) > NOTE_LENGTH:
        problems["change_note"] = _("At most %(count)s characters.") % {"count": NOTE_LENGTH}
    if problems:
        raise InvalidInput("publishing_invalid", _("Nothing was published."), fields=problems)
    return note
