"""Keep every edit of a draft: who, when, where, what it said before and after."""

from datetime import datetime
from typing import Any

from people.models import User
from tiers.models import PolicyEdit, TierPolicy


def keep_edit(
    draft: TierPolicy,
    what: str,
    place: list[str | int],
    *,
    before: Any,
    after: Any,
    by: User,
    now: datetime,
) -> PolicyEdit:
    """Write one edit down; to be called in the transaction that makes it."""
    return PolicyEdit.objects.create(
        policy=draft, what=what, place=place, before=before, after=after, by=by, at=now
    )
