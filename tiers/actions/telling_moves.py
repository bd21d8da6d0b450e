"""Say what a published version did: to ops all of it, to account teams their own accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db.models import F, OuterRef, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.actions import queue_notice
from people.models import AccountTeamMember, User
from portal.kit.words import tier_label
from tiers.actions.telling import RUNS_OPERATIONS
from tiers.models import PolicyRun, TierAssignment

# Accounts that one mail names; the others are counted.
NAMED = 30


@dataclass(frozen=True, slots=True)
class News:
    """What one mail says: the heading is its subject too, ``lines`` are a list."""

    heading: str
    sentence: str
    lines: tuple[str, ...]
    more: str = ""


def tell_moves(*, run: PolicyRun, now: datetime) -> None:
    """Queue the mails of a finished run; nobody is told of a version that moved nobody."""
    if not run.moves:
        return
    page = reverse("ops_policy_run", args=[run.policy.version])
    ops = User.objects.filter(staff_role__in=RUNS_OPERATIONS, is_active=True)
    for user in ops.order_by("pk"):
        _tell("policy_applied", user, run, lambda: _summary(run), page, now)
    for user, moved in _of_teams(run, now):
        _tell("accounts_moved", user, run, partial(_own, run, moved), "/desk/", now)


def _summary(run: PolicyRun) -> News:
    return News(
        heading=_("Version %(version)s counts for all accounts") % {"version": run.policy.version},
        sentence=ngettext(
            "%(all)s accounts were judged; %(moved)s got another tier.",
            "%(all)s accounts were judged; %(moved)s got another tier.",
            run.moved,
        )
        % {"all": number_format(run.done, force_grouping=True), "moved": run.moved},
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
    more = len(moved) - NAMED
    return News(
        heading=ngettext(
            "%(count)s of your accounts has another tier",
            "%(count)s of your accounts have another tier",
            len(moved),
        )
        % {"count": len(moved)},
        sentence=_("Version %(version)s of the support program was published: %(note)s")
        % {"version": run.policy.version, "note": run.policy.change_note or run.policy.name},
        lines=tuple(
            _("%(name)s: %(before)s to %(after)s")
            % {"name": name, "before": tier_label(before), "after": tier_label(after)}
            for name, before, after in moved[:NAMED]
        ),
        more=ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more}
        if more > 0
        else "",
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


def _tell(
    kind: str, user: User, run: PolicyRun, words: Callable[[], News], page: str, now: datetime
) -> None:
    with translation.override(user.language), timezone.override(user.zone):
        news = words()
        values = {
            "recipient": user,
            "vendor_name": settings.VENDOR_NAME,
            "base_url": settings.BASE_URL,
            "link": settings.BASE_URL + page,
            "news": news,
        }
        queue_notice(
            kind=kind,
            recipient=user,
            dedupe_key=f"{kind}:{run.pk}:{user.pk}",
            subject=news.heading,
            body_text=render_to_string("emails/program_news.txt", values).strip() + "\n",
            body_html=render_to_string("emails/program_news.html", values),
            now=now,
        )
