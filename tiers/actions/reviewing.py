"""The review of a version: asked for, talked about, taken back, signed off by a second person.

A version under review is not changed; taking it back to draft voids what was signed. What is
signed is the print of the content, so that nothing else can go live under the signature.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions.policies import locked_draft, locked_live, locked_version
from tiers.actions.telling import tell_ops
from tiers.models import PolicyEvent, PolicySchedule, PolicySignOff, TierPolicy
from tiers.models.review import COMMENT_LENGTH
from tiers.policy_checks import faults_of
from tiers.policy_content import content_fingerprint
from tiers.rules.governance import Objection, may, objection_to_signer

NOTE_LENGTH = 300
Kind = PolicyEvent.Kind


@transaction.atomic
def ask_for_review(*, policy: TierPolicy, change_note: str, by: User, now: datetime) -> TierPolicy:
    """Ask for the sign-off of a draft; everybody who runs operations is told.

    ``change_note`` says what changed and why. Raises InvalidInput without one, and Refused
    when it is no draft, is not up to date with the live version, or has faults.
    """
    live = locked_live()
    draft = locked_draft(policy, by)
    note = change_note.strip().replace("\x00", "")
    if not 1 <= len(note) <= NOTE_LENGTH:
        said = _("Say in 1 to %(count)s characters what changed and why.") % {"count": NOTE_LENGTH}
        raise InvalidInput("change_note", _("Nobody was asked."), fields={"change_note": said})
    check_not_superseded(draft, live)
    faults = faults_of(draft)
    if faults:
        raise Refused("policy_has_faults", " ".join([_("This draft cannot go live."), *faults]))
    draft.status, draft.content_hash = TierPolicy.Status.IN_REVIEW, content_fingerprint(draft)
    draft.change_note, draft.asked_by, draft.asked_at = note, by, now
    draft.save(update_fields=["status", "content_hash", "change_note", "asked_by", "asked_at"])
    event = keep_event(draft, Kind.ASKED, by=by, now=now, note=note, fingerprint=draft.content_hash)
    _tell("policy_review", event, now)
    return draft


@transaction.atomic
def comment_on_policy(*, policy: TierPolicy, text: str, by: User, now: datetime) -> PolicyEvent:
    """Say something about a version, whatever its status; ops are told while it is underway."""
    found = locked_version(policy, by)
    event = keep_event(found, Kind.COMMENTED, by=by, now=now, note=_words(text))
    if found.is_underway:
        _tell("policy_answer", event, now)
    return event


@transaction.atomic
def ask_for_changes(*, policy: TierPolicy, text: str, by: User, now: datetime) -> TierPolicy:
    """Send a version back to draft with words about what shall be different."""
    found = locked_version(policy, by)
    said = _words(text)
    _check_step(found, may("ask_for_changes", found.status))
    _back_to_draft(found, now)
    event = keep_event(found, Kind.CHANGES_ASKED, by=by, now=now, note=said)
    _tell("policy_answer", event, now)
    return found


@transaction.atomic
def take_back(*, policy: TierPolicy, by: User, now: datetime) -> TierPolicy:
    """Take a version back to draft to change it; harmless for a draft.

    What was signed off counts no longer, and what was scheduled is cancelled.
    """
    found = locked_version(policy, by)
    if found.is_draft:
        return found
    _check_step(found, may("take_back", found.status))
    _back_to_draft(found, now)
    keep_event(found, Kind.WITHDRAWN, by=by, now=now)
    return found


@transaction.atomic
def sign_off(
    *, policy: TierPolicy, seen: str, by: User, now: datetime, comment: str = ""
) -> PolicySignOff:
    """Sign a version off as a second person; the same person twice signs once.

    ``seen`` is the print of what the reviewer looked at. Raises NotPermitted for whoever
    began, edited or proposed it, superusers too, and Refused when it is not under review,
    somebody else signed it ("already_signed_off"), or it says something else by now
    ("content_changed").
    """
    found = locked_version(policy, by)
    said = _words(comment, required=False)
    objection = objection_of(found, by)
    if objection:
        raise NotPermitted("own_work", objection_words(objection))
    signed = PolicySignOff.objects.standing().filter(policy=found).select_related("by").first()
    if signed is not None:
        if signed.by == by:
            return signed
        raise Refused(
            "already_signed_off",
            _("%(person)s has signed this version off already.") % {"person": signed.by or "–"},
        )
    _check_step(found, may("sign_off", found.status))
    print_now = content_fingerprint(found)
    if not seen == found.content_hash == print_now:
        raise Refused(
            "content_changed",
            _("The version says something else than what you looked at. Look at it again."),
        )
    signed = PolicySignOff.objects.create(
        policy=found, by=by, at=now, fingerprint=print_now, comment=said
    )
    found.status = TierPolicy.Status.APPROVED
    found.save(update_fields=["status"])
    event = keep_event(found, Kind.SIGNED_OFF, by=by, now=now, note=said, fingerprint=print_now)
    _tell("policy_answer", event, now)
    return signed


def standing_sign_off(policy: TierPolicy) -> PolicySignOff:
    """Return the sign-off under which a version may go live; Refused without a valid one.

    It must be on what the version says now, by somebody who neither wrote nor proposed it,
    and who still runs operations: the word of whoever was suspended since counts no longer.
    """
    signed = PolicySignOff.objects.standing().filter(policy=policy).select_related("by").first()
    signer = signed.by if signed else None
    if signed is None or signer is None or not _still_signs(policy, signer):
        raise Refused(
            "not_signed_off",
            _("Version %(version)s has no valid sign-off. Take it back and ask for a review.")
            % {"version": policy.version},
        )
    if not signed.fingerprint == policy.content_hash == content_fingerprint(policy):
        raise Refused(
            "content_changed",
            _(
                "Version %(version)s says something else than what was signed off. Take it back "
                "to draft and ask for a review again."
            )
            % {"version": policy.version},
        )
    return signed


def _still_signs(policy: TierPolicy, signer: User) -> bool:
    return signer.is_active and signer.runs_operations and objection_of(policy, signer) is None


def objection_of(policy: TierPolicy, signer: User) -> Objection | None:
    """Return why somebody cannot sign a version off, None when they may."""
    return objection_to_signer(
        signer.pk,
        author=policy.author_id,
        editors=set(policy.edits.order_by().values_list("by", flat=True)),
        proposer=policy.asked_by_id,
    )


def objection_words(objection: Objection) -> str:
    """Return an objection to a signer as a sentence to them."""
    return {
        "author": _("You began this draft. Somebody else has to sign it off."),
        "editor": _("You changed something in this version. Somebody else has to sign it off."),
        "proposer": _("You asked for this review. Somebody else has to sign it off."),
    }[objection]


def check_not_superseded(policy: TierPolicy, live: TierPolicy) -> None:
    """Refuse a version that does not follow the one in force."""
    if policy.parent_id != live.pk:
        raise Refused(
            "superseded",
            _(
                "Version %(live)s went live after this draft was begun. Bring the draft up to "
                "date first, so that nothing of version %(live)s is lost unseen."
            )
            % {"live": live.version},
        )


def keep_event(
    policy: TierPolicy,
    kind: str,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    fingerprint: str = "",
    meant_for: datetime | None = None,
    replaced_by: TierPolicy | None = None,
) -> PolicyEvent:
    """Write one step of a version's way down."""
    return PolicyEvent.objects.create(
        policy=policy, kind=kind, by=by, at=now, note=note, fingerprint=fingerprint,
        meant_for=meant_for, replaced_by=replaced_by,
    )  # fmt: skip


def _back_to_draft(policy: TierPolicy, now: datetime) -> None:
    PolicySignOff.objects.standing().filter(policy=policy).update(voided_at=now)
    PolicySchedule.objects.waiting().filter(policy=policy).update(
        state=PolicySchedule.State.CANCELLED, ended_at=now
    )
    policy.status, policy.content_hash = TierPolicy.Status.DRAFT, ""
    policy.save(update_fields=["status", "content_hash"])


def _check_step(policy: TierPolicy, allowed: bool) -> None:
    if not allowed:
        raise Refused(
            "wrong_step",
            _("This cannot be done now: version %(version)s is “%(status)s”.")
            % {"version": policy.version, "status": policy.get_status_display()},
        )


def _words(text: str, *, required: bool = True) -> str:
    said = text.strip().replace("\x00", "")
    if len(said) > COMMENT_LENGTH or (required and not said):
        message = _("Write 1 to %(count)s characters.") % {"count": COMMENT_LENGTH}
        raise InvalidInput("comment", message, fields={"text": message})
    return said


def _tell(kind: str, event: PolicyEvent, now: datetime) -> None:
    tell_ops(
        kind=kind,
        once=str(event.pk),
        page=("ops_policy_review", [event.policy.version]),
        now=now,
        besides=event.by,
        policy=event.policy,
        event=event,
    )
