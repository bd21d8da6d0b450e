"""Forget what nobody needs any more."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models

from people.models import IdempotentRequest, Invitation, Notice

BATCH = 1000
KEEP_UNUSED_INVITATIONS = timedelta(days=90)
KEEP_SENT_TEXT = timedelta(days=90)


def forget_expired_rows(*, now: datetime, batch: int = BATCH) -> dict[str, int]:
    """Remove expired rows; return how many of each kind. Safe to run twice, and at once.

    Of a notice sent long ago only the text goes: the row stays, so that the
    same occasion is never told a second time.
    """
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    old_texts = Notice.objects.filter(sent_at__lt=now - KEEP_SENT_TEXT).exclude(
        body_text="", body_html=""
    )
    return {
        "idempotent requests": _delete(
            IdempotentRequest.objects.filter(expires_at__lte=now), batch
        ),
        "invitations": _delete(
            Invitation.objects.filter(
                accepted_at=None, expires_at__lte=now - KEEP_UNUSED_INVITATIONS
            ),
            batch,
        ),
        "devices": _delete(_ended_sessions(), batch),
        "notice texts": _first(old_texts, batch).update(body_text="", body_html=""),
    }


def _ended_sessions() -> "models.QuerySet[Any]":
    """Return the list of devices' rows whose session is gone."""
    running = Session.objects.filter(session_key=models.OuterRef("session_key"))
    rows: models.QuerySet[Any] = UserSession.objects.filter(~models.Exists(running))
    return rows


def _first(rows: "models.QuerySet[Any]", batch: int) -> "models.QuerySet[Any]":
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:batch])
    return rows.filter(pk__in=keys)


def _delete(rows: "models.QuerySet[Any]", batch: int) -> int:
    return _first(rows, batch).delete()[0]
