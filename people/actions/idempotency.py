"""Answer a repeated request as the first time, without doing the work again."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from people.models import IdempotentRequest, User
from portal.kit.refused import InvalidInput, Refused, Unprocessable

KEEP_FOR = timedelta(hours=24)
_acceptable = re.compile(r"[\x21-\x7e]{1,100}")


def digest_request(*parts: bytes) -> str:
    """Return the digest that decides whether two requests are the same."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def answer_once(
    *,
    user: User,
    key: str,
    request_digest: str,
    now: datetime,
    work: Callable[[], tuple[int, dict[str, Any]]],
) -> tuple[int, dict[str, Any], bool]:
    """Do ``work`` at most once per user and key; return (status, answer, was_replayed).

    Work and memory are one transaction: a crash leaves neither. The same key
    with other content raises Unprocessable (422); a key still being worked on
    raises Refused (409) when the database does not let us wait for it. Keys
    are forgotten after 24 hours.
    """
    if not _acceptable.fullmatch(key):
        raise InvalidInput(
            "idempotency_key_invalid",
            _("An Idempotency-Key has 1 to 100 visible ASCII characters."),
        )
    IdempotentRequest.objects.filter(user=user, key=key, expires_at__lte=now).delete()
    with transaction.atomic():
        row = _remember(user, key, request_digest, now)
        if row is None:
            return _replay(user, key, request_digest)
        status, answer = work()
        row.status, row.answer = status, answer
        row.save(update_fields=["status", "answer"])
        return status, answer, False


def _remember(user: User, key: str, request_digest: str, now: datetime) -> IdempotentRequest | None:
    """Insert the key first, before any work; None when it is there already.

    A savepoint of its own: an error of the database inside the work is not
    about the key and must come out as what it is.
    """
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(
                user=user,
                key=key,
                request_digest=request_digest,
                created_at=now,
                expires_at=now + KEEP_FOR,
            )
    except IntegrityError:
        return None
    except OperationalError as error:
        # lock_timeout: the first request with this key has not finished yet.
        raise Refused(
            "request_in_progress", _("A request with this Idempotency-Key is being worked on.")
        ) from error


def _replay(user: User, key: str, request_digest: str) -> tuple[int, dict[str, Any], bool]:
    row = IdempotentRequest.objects.filter(user=user, key=key).first()
    if row is None or row.status is None:
        raise Refused(
            "request_in_progress", _("A request with this Idempotency-Key is being worked on.")
        )
    if row.request_digest != request_digest:
        raise Unprocessable(
            "idempotency_key_reused",
            _("This Idempotency-Key was used before with other content. Use a new one."),
        )
    return row.status, row.answer or {}, True
