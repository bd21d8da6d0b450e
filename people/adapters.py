"""How the login machinery behaves in this house."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from people.actions.notices import queue_notice
from people.models import User
from portal.kit import clock
from portal.kit.requests import new_request_id


class AccountAdapter(DefaultAccountAdapter):
    """Sends login mails through the outbox, so that no request waits for SMTP."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue what allauth wants to say. Codes and links are wiped once sent."""
        message = self.render_mail(template_prefix, email, context)
        html = next(
            (body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"),
            "",
        )
        is_html = message.content_subtype == "html"
        queue_notice(
            kind="account",
            recipient=User.objects.filter(email__iexact=email).first(),
            address=email,
            dedupe_key=f"account:{new_request_id()}",
            subject=message.subject,
            body_text="" if is_html else str(message.body),
            body_html=str(message.body) if is_html else html,
            is_secret=True,
            now=clock.now(),
        )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Anybody may sign up; without an organization they see no ticket."""
        return True
