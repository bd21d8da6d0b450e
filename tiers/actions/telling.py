"""Write the mails of the tiers room into the outbox, each in its reader's language and zone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from people.actions import queue_notice
from people.models import StaffRole, User

RUNS_OPERATIONS = (StaffRole.OPS, StaffRole.ADMIN)


@transaction.atomic
def tell_ops(
    *,
    kind: str,
    once: str,
    page: tuple[str, Sequence[Any]],
    now: datetime,
    besides: User | None = None,
    **context: Any,
) -> None:
    """Queue one mail to everybody who runs operations; ``once`` names the occasion.

    ``besides`` did it themselves and need not be told. Subject and body come from
    ``templates/emails/<kind>.subject.txt``, ``.txt`` and ``.html``; ``page`` is the name and
    arguments of the address to go to.
    """
    name, arguments = page
    link = settings.BASE_URL + reverse(name, args=arguments)
    told = User.objects.filter(staff_role__in=RUNS_OPERATIONS, is_active=True).order_by("pk")
    for user in told:
        if user == besides:
            continue
        values = {
            "recipient": user,
            "vendor_name": settings.VENDOR_NAME,
            "base_url": settings.BASE_URL,
            "link": link,
            **context,
        }
        with translation.override(user.language), timezone.override(user.zone):
            queue_notice(
                kind=kind,
                recipient=user,
                dedupe_key=f"{kind}:{once}:{user.pk}",
                subject=render_to_string(f"emails/{kind}.subject.txt", values),
                body_text=render_to_string(f"emails/{kind}.txt", values).strip() + "\n",
                body_html=render_to_string(f"emails/{kind}.html", values),
                now=now,
            )


@dataclass(frozen=True, slots=True)
class News:
    """What one mail says: the heading is its subject too; ``lines`` are a list after the rest."""

    heading: str
    sentences: tuple[str, ...]
    lines: tuple[str, ...] = ()


def tell_news(
    *, kind: str, once: str, user: User, words: Callable[[], News], page: str, now: datetime
) -> None:
    """Queue one mail in the layout of all news; ``once`` names the occasion.

    ``words`` is asked while the reader's language and zone are active. ``page`` is the
    address to go to.
    """
    with translation.override(user.language), timezone.override(user.zone):
        news = words()
        values = {
            "recipient": user,
            "vendor_name": settings.VENDOR_NAME,
            "base_url": settings.BASE_URL,
            "link": settings.BASE_URL + page,
            "news": news,
        }
        queue_notice(
            kind=kind,
            recipient=user,
            dedupe_key=f"{kind}:{once}:{user.pk}",
            subject=news.heading,
            body_text=render_to_string("emails/news.txt", values).strip() + "\n",
            body_html=render_to_string("emails/news.html", values),
            now=now,
        )
