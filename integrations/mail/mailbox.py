"""A mailbox made of files, for demo and development: every mail is one ``.eml``."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from portal.kit import clock


def mailbox_folder() -> Path | None:
    """Return the folder of the mailbox, or None where mails really leave the house."""
    return Path(settings.MAILBOX_DIR) if settings.MAILBOX_DIR is not None else None


class MailboxBackend(BaseEmailBackend):
    """Write mails to ``MAILBOX_DIR`` instead of sending them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store each message whole or not at all; the name sorts by time."""
        folder = mailbox_folder()
        if folder is None:
            raise ImproperlyConfigured("MAILBOX_DIR is not set: mails have no file to go to.")
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            part = folder / f"{name}.part"
            part.write_bytes(message.message().as_bytes())
            os.replace(part, folder / f"{name}.eml")
        return len(email_messages)
