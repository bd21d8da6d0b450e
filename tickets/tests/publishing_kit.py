"""Publishing in one line, for tests."""

from datetime import datetime, timedelta
from typing import Any

from conftest import TUESDAY
from people.models import User
from tickets.actions import advance_run, publish_policy
from tickets.models import RecomputeRun
from tiers.actions import draft_from_live
from tiers.models import PromiseTarget, TierPolicy
from tiers.tests.review_kit import signed_off

LATER = TUESDAY + timedelta(minutes=10)


def halved(author: User, by: float = 0.5, **which: object) -> TierPolicy:
    """Return a draft of the live program with its targets multiplied, all or some of them."""
    draft = draft_from_live(author=author, now=TUESDAY)
    for row in PromiseTarget.objects.filter(policy=draft, **which):
        row.target_seconds = max(60, int(row.target_seconds * by))
        row.floor_seconds = row.target_seconds * 2
        row.save()
    return draft


def publish(draft: TierPolicy, treatment: str, by: User, now: datetime = LATER) -> Any:
    """Publish a draft of the program; return the run, which "next_ticket" has none of."""
    signed_off(draft, by=by, now=now)
    return publish_policy(
        policy=draft, treatment=treatment, change_note="Faster", published_by=by, now=now
    )


def work_off(run: RecomputeRun | None, now: datetime = LATER) -> None:
    """Let a worker finish a run at an instant that stands still."""
    while run is not None and advance_run(run_id=run.pk, now=now, limit=2) is not None:
        pass
