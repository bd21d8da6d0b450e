"""How the login machinery behaves in this house."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as login_context
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, override

from people.actions.notices import queue_notice
from people.models import User
from portal.kit import clock
from portal.kit.requests import new_request_id


class AccountAdapter(DefaultAccountAdapter):
    """Sends login mails through the outbox, so that no request waits for SMTP."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue what allauth wants to say, in the reader's language.

        Codes and links are wiped once sent.
        """
        recipient = User.objects.filter(email__iexact=email).first()
        values = {
            "request": login_context.request,
            "email": email,
            # What allauth's own templates call us; django.contrib.sites is not installed.
            "current_site": {
                "name": f"{settings.VENDOR_NAME} Support",
                "domain": urlsplit(settings.BASE_URL).netloc,
            },
            "vendor_name": settings.VENDOR_NAME,
            "base_url": settings.BASE_URL,
            **context,
        }
        with override(recipient.language if recipient else get_language()):
            message = self.render_mail(template_prefix, email, values)
        html = next(
            (body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"),
            "",
        )
        is_html = message.content_subtype == "html"
        queue_notice(
            kind="account",
            recipient=recipient,
            address=email,
            dedupe_key=f"account:{new_request_id()}",
            subject=message.subject,
            body_text="" if is_html else str(message.body),
            body_html=str(message.body) if is_html else html,
            is_secret=True,
            now=clock.now(),
        )

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it is: the sender's name says already who writes."""
        return str(subject)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link for the mail at our own address, whatever host was asked."""
        return at_our_address(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Return the link for the mail at our own address, whatever host was asked."""
        return at_our_address(super().get_email_confirmation_url(request, emailconfirmation))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Anybody may sign up; without an organization they see no ticket."""
        return True


def display_name(user: User) -> str:
    """Return how the login machinery's mails and pages call somebody: by their address.

    Not by the name: whoever signs up types it, and the first mail goes to an
    address that nobody proved yet. It must not carry a stranger's text.
    """
    return user.email


def at_our_address(link: str) -> str:
    """Return the link with the scheme and host of BASE_URL."""
    ours, theirs = urlsplit(settings.BASE_URL), urlsplit(link)
    return urlunsplit(theirs._replace(scheme=ours.scheme, netloc=ours.netloc))
