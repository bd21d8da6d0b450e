"""Say what a published version did: to ops all of it, to account teams their own accounts."""

from datetime import datetime
from functools import partial

from django.db.models import F, OuterRef, Subquery
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.models import AccountTeamMember, User
from portal.kit.words import tier_label
from tiers.actions.telling import RUNS_OPERATIONS, News, tell_news
from tiers.models import PolicyRun, TierAssignment

# Accounts that one mail names; the others are counted.
NAMED = 30


def tell_moves(*, run: PolicyRun, now: datetime) -> None:
    """Queue the mails of a finished run; nobody is told of a version that moved nobody."""
    if not run.moves:
        return
    once, page = str(run.pk), reverse("ops_policy_run", args=[run.policy.version])
    ops = User.objects.filter(staff_role__in=RUNS_OPERATIONS, is_active=True)
    for user in ops.order_by("pk"):
        tell_news(
            kind="policy_applied", once=once, user=user, words=partial(_summary, run), page=page,
            now=now,
        )  # fmt: skip
    for user, moved in _of_teams(run, now):
        tell_news(
            kind="accounts_moved", once=once, user=user, words=partial(_own, run, moved),
            page="/desk/", now=now,
        )  # fmt: skip


def _summary(run: PolicyRun) -> News:
    return News(
        heading=_("Version %(version)s counts for all accounts") % {"version": run.policy.version},
        sentences=(
            ngettext(
                "%(all)s accounts were judged; %(moved)s got another tier.",
                "%(all)s accounts were judged; %(moved)s got another tier.",
                run.moved,
            )
            % {"all": number_format(run.done, force_grouping=True), "moved": run.moved},
        ),
        lines=tuple(
            _("%(before)s to %(after)s: %(count)s")
            % {
                "before": tier_label(str(before)),
                "after": tier_label(str(after)),
                "count": number_format(int(str(accounts)), force_grouping=True),
            }
            for before, after, accounts in run.moves
        ),
    )


Moved = tuple[str, str, str]


def _own(run: PolicyRun, moved: list[Moved]) -> News:
    named = (
        _("%(name)s: %(before)s to %(after)s")
        % {"name": name, "before": tier_label(before), "after": tier_label(after)}
        for name, before, after in moved[:NAMED]
    )
    more = len(moved) - NAMED
    others = ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more}
    return News(
        heading=ngettext(
            "%(count)s of your accounts has another tier",
            "%(count)s of your accounts have another tier",
            len(moved),
        )
        % {"count": len(moved)},
        sentences=(
            _("Version %(version)s of the support program was published: %(note)s")
            % {"version": run.policy.version, "note": run.policy.change_note or run.policy.name},
        ),
        lines=(*named, *([others] if more > 0 else [])),
    )


def _of_teams(run: PolicyRun, now: datetime) -> list[tuple[User, list[Moved]]]:
    """Return who is named to accounts that moved, each with those accounts, in one query."""
    same = TierAssignment.objects.filter(organization=OuterRef("organization"))
    came = TierAssignment.objects.filter(
        policy=run.policy, valid_from__gte=run.created_at, organization=OuterRef("organization")
    ).order_by("valid_from", "id")
    before = same.filter(valid_to__gte=run.created_at, valid_from__lt=run.created_at)
    members = (
        AccountTeamMember.objects.serving_at(now)
        .filter(user__is_active=True)
        .annotate(
            was=Subquery(before.order_by("id").values("tier")[:1]),
            became=Subquery(came.values("tier")[:1]),
        )
        .filter(was__isnull=False, became__isnull=False)
        .exclude(was=F("became"))
        .select_related("user", "organization")
        .order_by("user_id", "organization__name")
    )
    found: dict[User, dict[int, Moved]] = {}
    for member in members:
        if member.user.works_here:
            known = found.setdefault(member.user, {})
            known[member.organization_id] = (
                member.organization.name,
                member.was,  # type: ignore[attr-defined]  # annotated above
                member.became,  # type: ignore[attr-defined]
            )
    return [(user, list(accounts.values())) for user, accounts in found.items()]
