"""Follow a ticket: a colleague reads along and is told what happens."""

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Membership, User
from portal.kit.refused import NotPermitted
from tickets.actions.events import locked
from tickets.models import Ticket, TicketFollower


@transaction.atomic
def follow(*, ticket: Ticket, user: User, by: User) -> bool:
    """Let somebody of the organization follow a ticket; return whether that is new.

    Who may read the ticket may follow it; to bring in somebody else takes its
    requester or a manager, since following is what lets a member read it. The
    caller has checked that ``by`` may see the ticket.
    """
    row = locked(ticket)
    if by.pk != user.pk:
        _check_may_share(by, row)
    if not _belongs(user, row):
        raise NotPermitted(
            "not_a_colleague", _("Only people of the ticket's organization can follow it.")
        )
    follower, created = TicketFollower.objects.get_or_create(ticket=row, user=user)
    if follower.reads_since is not None and by.pk != user.pk:
        # Brought here by a merge, and now by somebody to whom the ticket belongs.
        follower.reads_since = None
        follower.save(update_fields=["reads_since"])
    return created


@transaction.atomic
def unfollow(*, ticket: Ticket, user: User, by: User) -> bool:
    """Let somebody no longer follow a ticket; return whether they did."""
    row = locked(ticket)
    if by.pk != user.pk:
        _check_may_share(by, row)
    removed, _per_model = TicketFollower.objects.filter(ticket=row, user=user).delete()
    return removed > 0


def may_share(user: User, ticket: Ticket) -> bool:
    """Whether this person decides who else of the organization reads the ticket."""
    if user.works_here:
        return False
    mine = Membership.objects.active().filter(user=user, organization_id=ticket.organization_id)
    if ticket.requester_id != user.pk:
        mine = mine.filter(role=Membership.Role.MANAGER)
    return mine.exists()


def _check_may_share(by: User, ticket: Ticket) -> None:
    if not may_share(by, ticket):
        raise NotPermitted(
            "not_yours_to_share",
            _("Only the person who asked or a manager decides who else reads this ticket."),
        )


def _belongs(user: User, ticket: Ticket) -> bool:
    return (
        Membership.objects.active()
        .filter(user=user, organization_id=ticket.organization_id)
        .exists()
    )
