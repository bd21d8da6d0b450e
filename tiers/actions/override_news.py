"""The mails about overrides: who hears what, each in their own language and zone.

The sentences are made here, while the reader's language is active.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.models import AccountTeamMember, Organization, User
from portal.kit.words import tier_label
from tiers.actions.telling import RUNS_OPERATIONS, News, tell_news
from tiers.models import OverrideRequest, TierAssignment, TierOverride


def tell_asked(request: OverrideRequest, now: datetime) -> None:
    """Ask everybody who may decide; whoever asked knows it already."""

    def words() -> News:
        named = _named(request)
        heading = (
            _("%(name)s: asked to extend the override to %(tier)s")
            if request.extends_id
            else _("%(name)s: asked for an override to %(tier)s")
        )
        return News(
            heading % named,
            (
                _("%(asker)s asks for %(tier)s from %(starts)s until %(expires)s.") % named,
                _("The reason: “%(reason)s”") % named,
                _("Nothing changes until somebody else than %(asker)s decides.") % named,
            ),
        )

    deciders = User.objects.filter(staff_role__in=RUNS_OPERATIONS, is_active=True)
    _tell(
        "override_asked",
        f"{request.pk}",
        (user for user in deciders.order_by("pk") if user.pk != request.requested_by_id),
        words,
        now,
        ops_page=reverse("ops_override_request", args=[request.pk]),
    )


def tell_approved(request: OverrideRequest, now: datetime) -> None:
    """Tell who asked and the account team."""

    def words() -> News:
        named = _named(request)
        sentences = [
            _("%(decider)s approved %(tier)s until %(expires)s, as %(asker)s asked.") % named,
            _("The reason: “%(reason)s”") % named,
        ]
        if request.decision_note:
            sentences.append(_("%(decider)s adds: “%(note)s”") % named)
        return News(_("%(name)s: override to %(tier)s approved") % named, tuple(sentences))

    readers = _concerned(request.organization, [request.requested_by], now, but=request.decided_by)
    _tell("override_approved", f"{request.pk}", readers, words, now, **_page(request.organization))


def tell_refused(request: OverrideRequest, now: datetime) -> None:
    """Tell who asked, with the reason."""

    def words() -> News:
        named = _named(request)
        return News(
            _("%(name)s: override to %(tier)s refused") % named,
            (_("%(decider)s refused it: “%(note)s”") % named,),
        )

    readers = [request.requested_by]
    _tell("override_refused", f"{request.pk}", readers, words, now, **_page(request.organization))


def tell_not_decided(request: OverrideRequest, now: datetime) -> None:
    """Tell who asked that the days passed without an answer."""

    def words() -> News:
        named = _named(request)
        return News(
            _("%(name)s: nobody decided about the override to %(tier)s") % named,
            (
                _("You asked for it until %(expires)s, and that day has come.") % named,
                _("If it is still needed, ask again."),
            ),
        )

    readers = [request.requested_by]
    _tell("override_undecided", f"{request.pk}", readers, words, now, **_page(request.organization))


def tell_ends_soon(override: TierOverride, now: datetime) -> None:
    """Remind whoever is concerned while there is still time to extend it."""

    def words() -> News:
        named = _given(override)
        return News(
            _("%(name)s: the override to %(tier)s ends on %(expires)s") % named,
            (
                _("The reason was: “%(reason)s”") % named,
                _("On that day the account returns to what its facts call for."),
                _("If it has to go on, ask for an extension now: somebody else has to approve it."),
            ),
        )

    _tell_concerned("override_reminder", override, words, now)


def tell_lapsed(override: TierOverride, assignment: TierAssignment, now: datetime) -> None:
    """Tell whoever is concerned that an override has ended and what counts now."""

    def words() -> News:
        named = _given(override, assignment)
        return News(
            _("%(name)s: the override to %(tier)s has ended") % named,
            (
                _("It was given until %(expires)s.") % named,
                _("%(name)s is %(now)s from now on.") % named,
            ),
        )

    _tell_concerned("override_lapsed", override, words, now)


def tell_taken_back(override: TierOverride, assignment: TierAssignment, now: datetime) -> None:
    """Tell whoever is concerned that an override was taken back and what counts now."""

    def words() -> News:
        named = _given(override, assignment)
        taken = (
            _("%(taker)s took it back before its end on %(expires)s.")
            if override.withdrawn_by
            else _("It was taken back before its end on %(expires)s.")
        )
        return News(
            _("%(name)s: the override to %(tier)s was taken back") % named,
            (taken % named, _("%(name)s is %(now)s from now on.") % named),
        )

    _tell_concerned("override_taken_back", override, words, now, but=override.withdrawn_by)


# --- Who, and in which words ------------------------------------------------------


def _concerned(
    organization: Organization, people: Iterable[User], now: datetime, but: User | None = None
) -> list[User]:
    """Return these people and the account team, each once, without one who did it."""
    team = AccountTeamMember.objects.serving_at(now).filter(organization=organization)
    found = {user.pk: user for user in people}
    found |= {member.user_id: member.user for member in team.select_related("user")}
    if but is not None:
        found.pop(but.pk, None)
    return [user for _pk, user in sorted(found.items()) if user.is_active and user.works_here]


def _tell_concerned(
    kind: str,
    override: TierOverride,
    words: Callable[[], News],
    now: datetime,
    but: User | None = None,
) -> None:
    people = [override.requested_by, override.approved_by]
    readers = _concerned(override.organization, people, now, but)
    _tell(kind, f"{override.pk}", readers, words, now, **_page(override.organization))


def _tell(
    kind: str,
    once: str,
    readers: Iterable[User],
    words: Callable[[], News],
    now: datetime,
    *,
    ops_page: str,
) -> None:
    for user in readers:
        # Only ops can open ops pages; at the desk, the account stands beside its tickets.
        page = ops_page if user.runs_operations else "/desk/"
        tell_news(kind=kind, once=once, user=user, words=words, page=page, now=now)


def _page(organization: Organization) -> dict[str, str]:
    return {"ops_page": reverse("ops_organization", args=[organization.public_id])}


def _named(request: OverrideRequest) -> dict[str, object]:
    return {
        "name": request.organization,
        "tier": tier_label(request.tier),
        "asker": request.requested_by,
        "decider": request.decided_by,
        "reason": request.reason,
        "note": request.decision_note,
        "starts": _day(request.starts),
        "expires": _day(request.expires),
    }


def _given(override: TierOverride, assignment: TierAssignment | None = None) -> dict[str, object]:
    return {
        "name": override.organization,
        "tier": tier_label(override.tier),
        "reason": override.reason,
        "taker": override.withdrawn_by,
        "expires": _day(override.expires),
        "now": tier_label(assignment.tier) if assignment else "",
    }


def _day(day: date) -> str:
    return date_format(day, _("j M Y"))
