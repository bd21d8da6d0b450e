"""Send a notice as a mail."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from people.actions import DeliveryError
from people.models import Notice

# What a server says about this one recipient or mail for good (RFC 5321, RFC 3463).
# Not 552 (the mailbox is full) and not 554 (some say it while greylisting): another
# try may help. Not 503: it is about the conversation, not about the mail.
PERMANENT_CODES = frozenset({501, 510, 511, 521, 523, 541, 550, 551, 553, 556})


def send_notice(notice: Notice) -> None:
    """Send one notice; raises DeliveryError, which says whether to try again.

    The Message-ID is the notice's own and stays the same over retries.
    """
    connection = get_connection()
    try:
        _open(connection)
        _send(notice, connection)
    finally:
        connection.close()


def _open(connection: BaseEmailBackend) -> None:
    """Reach the server and log in; what fails here is about us, not about a mail."""
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(str(error) or type(error).__name__, is_outage=True) from error


def _send(notice: Notice, connection: BaseEmailBackend) -> None:
    try:
        _as_mail(notice, connection).send()
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise DeliveryError(_words(code, answer), permanent=code in PERMANENT_CODES) from error
    except smtplib.SMTPSenderRefused as error:
        # Our own address: nobody's mail goes out with it.
        raise DeliveryError(_words(error.smtp_code, error.smtp_error), is_outage=True) from error
    except smtplib.SMTPDataError as error:
        raise DeliveryError(
            _words(error.smtp_code, error.smtp_error),
            permanent=error.smtp_code in PERMANENT_CODES,
        ) from error
    except (smtplib.SMTPNotSupportedError, ValueError) as error:
        # An address with letters outside ASCII before the @ for a server that knows none,
        # or one that cannot be written down at all.
        raise DeliveryError(str(error), permanent=True) from error
    except (OSError, smtplib.SMTPException) as error:
        # Lost on the way, perhaps after the server took the mail.
        raise DeliveryError(str(error) or type(error).__name__, is_outage=True) from error


def _as_mail(notice: Notice, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    # RFC 3834: programs that answer mails, like those of absent people, leave these alone.
    headers = {"Message-ID": notice.message_id, "Auto-Submitted": "auto-generated"}
    if notice.request_id:
        headers["X-Request-Id"] = notice.request_id
    if notice.in_reply_to:
        headers["In-Reply-To"] = headers["References"] = notice.in_reply_to
    mail = EmailMultiAlternatives(
        subject=notice.subject,
        body=notice.body_text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.address],
        headers=headers,
        connection=connection,
    )
    if notice.body_html:
        mail.attach_alternative(notice.body_html, "text/html")
    return mail


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {text}"
