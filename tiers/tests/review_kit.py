"""The way of a draft through its review in one line, for tests that are about something else."""

from datetime import datetime

from people.actions import create_user
from people.models import User
from tiers.actions import ask_for_review, sign_off
from tiers.models import TierPolicy


def second_person() -> User:
    """Return somebody of ops who writes nothing and signs what others wrote."""
    found = User.objects.filter(email="sigrid@tidewater.example").first()
    return found or create_user(
        email="sigrid@tidewater.example",
        name="Sigrid Second",
        email_is_verified=True,
        staff_role="ops",
        time_zone="Europe/Berlin",
    )


def signed_off(policy: TierPolicy, *, by: User, now: datetime, note: str = "Test") -> TierPolicy:
    """Have a draft reviewed: ``by`` asks, a second person signs. Return it as it is then.

    What is no draft is left alone.
    """
    if not TierPolicy.objects.drafts().filter(pk=policy.pk).exists():
        return policy
    asked = ask_for_review(policy=policy, change_note=note, by=by, now=now)
    sign_off(policy=asked, seen=asked.content_hash, by=second_person(), now=now)
    return TierPolicy.objects.get(pk=policy.pk)
