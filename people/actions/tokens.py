"""Issue, find and revoke API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from people.models import ApiToken, User
from portal.kit.refused import InvalidInput, Refused

PREFIX = "kept_"
MOST_PER_PERSON = 20
_last_used_grain = timedelta(minutes=1)


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(
    *, user: User, name: str, now: datetime, valid_for: timedelta | None = None
) -> tuple[ApiToken, str]:
    """Create a token; the second value is the token itself, shown once."""
    if not name.strip():
        message = _("Say what the token is for.")
        raise InvalidInput("name_missing", message, fields={"name": message})
    if ApiToken.objects.usable_at(now).filter(user=user).count() >= MOST_PER_PERSON:
        raise Refused(
            "too_many_tokens", _("You have enough tokens. Revoke one that is no longer used.")
        )
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        digest=digest_of(token),
        hint=token[-4:],
        expires_at=now + valid_for if valid_for else None,
    )
    return row, token


def find_token_user(token: str, *, now: datetime) -> User | None:
    """Return whom a token acts for, or None; remembers its use to the minute."""
    row = (
        ApiToken.objects.usable_at(now)
        .select_related("user")
        .filter(digest=digest_of(token))
        .first()
    )
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at > _last_used_grain:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    return row.user


def revoke_token(*, token: ApiToken, now: datetime) -> None:
    """Stop a token from opening anything; harmless when repeated."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
