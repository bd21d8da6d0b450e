"""Write notices into the outbox."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from people.models import Notice, User
from people.rules.delivery import message_id
from portal.kit.requests import current_request_id


def queue_notice(
    *,
    kind: str,
    recipient: User | None,
    dedupe_key: str,
    subject: str,
    body_text: str,
    now: datetime,
    address: str = "",
    body_html: str = "",
    about: str = "",
    in_reply_to: str = "",
    is_secret: bool = False,
    transport: str = "mail",
) -> None:
    """Write one notice in the caller's transaction; the same key twice is one notice."""
    address = address or (recipient.email if recipient else "")
    if not address:
        raise ValueError(f"The notice {dedupe_key!r} has nobody to go to.")
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    Notice.objects.bulk_create(
        [
            Notice(
                kind=kind,
                recipient=recipient,
                address=address,
                dedupe_key=dedupe_key,
                # One line, whatever was typed: a line break would start a new header.
                subject=" ".join(_storable(subject).split())[:200],
                body_text=_storable(body_text),
                body_html=_storable(body_html),
                about=about,
                in_reply_to=in_reply_to,
                is_secret=is_secret,
                transport=transport,
                message_id=message_id(dedupe_key, host),
                request_id=current_request_id(),
                next_try_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def _storable(text: str) -> str:
    """PostgreSQL refuses the NUL character, and no mail needs it."""
    return text.replace("\x00", "")
