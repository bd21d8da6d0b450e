"""Try again to tell people what could not be delivered."""

from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from people.models import Notice, User
from portal.kit.refused import NotPermitted, Refused

RETRY_BATCH = 500


def retry_notice(*, notice: Notice, by: User, now: datetime) -> Notice:
    """Put a notice that was given up back into the outbox, due at once.

    Its attempts start anew and its Message-ID stays, so that a receiver who has
    the mail already drops the copy. Raises Refused for a notice that was not
    given up, and for one whose secret content was wiped when it was.
    """
    _check_ops(by)
    if not _revive(Notice.objects.filter(pk=notice.pk), now):
        notice.refresh_from_db()
        if notice.dead_at is None:
            raise Refused("not_dead", _("This notice has not been given up."))
        raise Refused(
            "notice_wiped",
            _("It held a code or link that was wiped. The person has to ask for a new one."),
        )
    notice.refresh_from_db()
    return notice


@transaction.atomic
def retry_dead_notices(*, by: User, now: datetime, limit: int = RETRY_BATCH) -> int:
    """Put every notice that was given up and can still be sent back; return how many.

    For the morning after an outage. Oldest first, at most ``limit`` at once.
    """
    _check_ops(by)
    oldest = Notice.objects.dead().filter(is_secret=False).order_by("dead_at", "pk")
    return _revive(
        Notice.objects.filter(pk__in=list(oldest.values_list("pk", flat=True)[:limit])), now
    )


def _revive(notices: models.QuerySet[Notice], now: datetime) -> int:
    """Bring given-up notices back in one statement: of two who try, one finds them dead."""
    return notices.filter(dead_at__isnull=False, sent_at=None, is_secret=False).update(
        dead_at=None, attempts=0, next_try_at=now, lease_until=None
    )


def _check_ops(by: User) -> None:
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops send notices again."))
