"""Ask for a rating after a solve, and take the answer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import claim, lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tickets.actions.events import By, locked, record_event
from tickets.actions.telling import audience_of, tell
from tickets.models import SatisfactionRating, Ticket, TicketEvent
from tickets.rules import satisfaction

SALT = "tickets.rating"
# Long enough for a reopening "no, it still fails", short enough to remember the answer.
ASK_AFTER = timedelta(minutes=1)


def rating_link(ticket: Ticket, user: User) -> str:
    """Return the address at which one person rates one ticket without logging in."""
    token = signing.dumps([ticket.pk, user.pk], salt=SALT)
    return settings.BASE_URL + reverse("rate_by_link", args=[token])


def read_rating_token(token: str) -> tuple[Ticket, User] | None:
    """Return ticket and person of a rating link; None for a forged or expired one."""
    try:
        ticket_id, user_id = signing.loads(
            token, salt=SALT, max_age=timedelta(days=satisfaction.RATE_WITHIN_DAYS)
        )
    except (signing.BadSignature, ValueError, TypeError):
        return None
    ticket = Ticket.objects.select_related("organization").filter(pk=ticket_id).first()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return (ticket, user) if ticket and user else None


def ask_for_ratings(*, now: datetime, limit: int = 200) -> int:
    """Ask the requesters of freshly solved tickets, once per ticket; return how many.

    Who solved the ticket alone, without an answer of ours, is not asked: there
    is nothing of ours to rate.
    """
    solved = Ticket.objects.filter(
        status=Ticket.Status.SOLVED,
        solved_at__lte=now - ASK_AFTER,
        solved_at__gt=now - timedelta(days=1),
        rating=None,
        first_replied_at__isnull=False,
    ).order_by("solved_at")
    asked = 0
    while asked < limit:
        with transaction.atomic():
            found = claim(solved, 1).first()
            if found is None:
                break
            _ask(locked(found), now)
            asked += 1
    return asked


def _ask(ticket: Ticket, now: datetime) -> None:
    _rating, created = SatisfactionRating.objects.get_or_create(
        ticket=ticket, defaults={"tier": ticket.tier, "requested_at": now}
    )
    if not created:
        return
    requesters = [user for user in audience_of(ticket) if user.pk == ticket.requester_id]
    for user in requesters:
        tell(
            ticket=ticket, kind="rating_asked", recipients=[user], once=str(ticket.pk), now=now,
            rating_link=rating_link(ticket, user), scores=satisfaction.SCORES,
        )  # fmt: skip


@transaction.atomic
def rate(
    *, ticket: Ticket, by: User, score: int, comment: str, now: datetime
) -> SatisfactionRating:
    """Take or change a rating.

    Raises InvalidInput for a score that is none, NotPermitted for anybody but the
    person who asked, and Refused when the ticket was never solved, the time to
    rate is over, or the time to change is over.
    """
    if not satisfaction.is_score(score):
        raise InvalidInput(
            "score_invalid", _("Choose 1 to 5 stars."), fields={"score": _("Choose 1 to 5.")}
        )
    if by.pk != ticket.requester_id:
        raise NotPermitted("not_the_requester", _("Only the person who asked rates the answer."))
    row = locked(ticket)
    rating = lock(SatisfactionRating.objects.filter(ticket=row)).first()
    _check_open(row, rating, now)
    if rating is None:
        rating = SatisfactionRating(ticket=row, tier=row.tier, requested_at=now)
    changed = rating.score is not None
    if changed and rating.score == score and rating.comment == comment.strip()[:2000]:
        return rating
    old = str(rating.score or "")
    rating.score, rating.comment = score, comment.strip()[:2000].replace("\x00", "")
    rating.rated_at = rating.rated_at or now
    rating.changed_at = now
    rating.rated_by = by
    rating.save()
    record_event(
        ticket=row, kind=TicketEvent.Kind.RATED, now=now, actor=by, by=By.CUSTOMER, old=old,
        new=str(score),
    )  # fmt: skip
    row.save(update_fields=["last_event_seq", "last_event_at", "updated_at"])
    return rating


def _check_open(ticket: Ticket, rating: SatisfactionRating | None, now: datetime) -> None:
    if rating is not None and rating.rated_at is not None:
        if not satisfaction.may_change(rating.rated_at, now):
            raise Refused(
                "rating_final",
                _("Your rating can no longer be changed. Thank you for it."),
            )
        return
    asked_at = ticket.solved_at or (rating.requested_at if rating else None)
    if not satisfaction.may_rate(asked_at, now):
        raise Refused("rating_closed", _("This ticket cannot be rated now."))
