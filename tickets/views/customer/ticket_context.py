"""What the pages of a ticket show, read once for the page and for what is new on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from people.models import Membership, User
from portal.kit.viewer import Viewer
from tickets.actions import may_share
from tickets.explaining import ClockAccount, explain
from tickets.explaining.sentences import sentence
from tickets.forms.customer import RatingForm, ReopenForm, ReplyForm
from tickets.models import Clock, SatisfactionRating, Ticket
from tickets.rules import moves, satisfaction
from tickets.views.customer.conversation import conversation_of

# A list to choose from, not a directory; beyond it people are asked for by address.
COLLEAGUES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Promises:
    """A ticket's clocks: the one that counts next, the others, and those that are over.

    ``says`` is the sentence about the next one; ``is_faulty`` that nothing can be said.
    """

    next: ClockAccount | None
    others: Sequence[ClockAccount]
    over: Sequence[ClockAccount]
    says: str
    is_faulty: bool


def promises_of(ticket: Ticket, now: datetime) -> Promises:
    """Return how the promises of a ticket stand: the account that every other page reads too."""
    account = explain(ticket, now)
    live = [one for one in account.present if one.is_live]
    live.sort(key=lambda one: (one.metric != ticket.rank_metric, one.due_at is None))
    over = [one for one in account.present if one.is_over and one.status != "cancelled"]
    over.sort(key=lambda one: (one.stopped_at, one.metric == "resolution"))
    return Promises(
        next=live[0] if live else None,
        others=live[1:],
        over=over,
        says=sentence(live[0]) if live else "",
        is_faulty=bool(account.fault),
    )


def news_mark(ticket: Ticket, seq: int) -> str:
    """Return what an open page compares: the last public event, and the promises broken so far.

    A broken promise is no event of the story, but a page that stands open must own up to it.
    """
    broken = Clock.objects.filter(ticket=ticket, breached_at__isnull=False).count()
    return f"{seq}.{broken}"


def live_parts(
    ticket: Ticket, person: User, now: datetime, *, whole: bool = False
) -> dict[str, Any]:
    """Return what changes while the page stands open."""
    conversation = conversation_of(ticket, person, whole=whole)
    return {
        "ticket": ticket,
        "now": now,
        "conversation": conversation,
        "news_mark": news_mark(ticket, conversation.seq),
        "promises": promises_of(ticket, now),
        "is_requester": ticket.requester_id == person.pk,
        "is_preview": person.works_here,
        "closes_at": moves.closes_at(ticket.solved_at) if ticket.solved_at else None,
        **rating_parts(ticket, person, now),
        "reopen_form": ReopenForm(auto_id="reopen_%s"),
    }


def rating_parts(ticket: Ticket, person: User, now: datetime) -> dict[str, Any]:
    """Return the rating so far and, for whoever asked, the form while it can be given."""
    rating = SatisfactionRating.objects.filter(ticket=ticket).first()
    may = ticket.requester_id == person.pk and may_rate(ticket, rating, now)
    form = RatingForm(
        auto_id="rating_%s",
        initial={"score": rating.score, "comment": rating.comment} if rating else None,
    )
    return {"rating": rating, "rating_form": form if may else None}


def may_rate(ticket: Ticket, rating: SatisfactionRating | None, now: datetime) -> bool:
    """Whether a rating can be given or changed now."""
    if rating is not None and rating.rated_at is not None:
        return satisfaction.may_change(rating.rated_at, now)
    return satisfaction.may_rate(ticket.solved_at, now)


def whole_page(
    ticket: Ticket, person: User, viewer: Viewer, now: datetime, *, whole: bool = False
) -> dict[str, Any]:
    """Return everything the ticket's page shows."""
    followers = [
        row.user for row in ticket.followers.select_related("user").order_by("user__name", "pk")
    ]
    shares = may_share(person, ticket)
    return {
        **live_parts(ticket, person, now, whole=whole),
        "reply_form": ReplyForm(),
        "followers": followers,
        "follows": any(follower.pk == person.pk for follower in followers),
        "may_share": shares,
        "colleagues": _colleagues(ticket, followers) if shares else [],
        "names_organization": len(viewer.organization_ids) != 1,
        "most_files": settings.ATTACHMENT_MAX_COUNT,
        "most_megabytes": settings.ATTACHMENT_MAX_BYTES // 2**20,
    }


def _colleagues(ticket: Ticket, followers: Sequence[User]) -> list[User]:
    """Return the people of the organization who could be brought in."""
    there = {ticket.requester_id, *(follower.pk for follower in followers)}
    rows = (
        Membership.objects.active()
        .filter(organization_id=ticket.organization_id)
        .exclude(user_id__in=there)
        .select_related("user")
        .order_by("user__name", "user__email")
    )
    return [row.user for row in rows[:COLLEAGUES_SHOWN]]
