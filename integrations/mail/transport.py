"""Send a notice as a mail."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

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
    try:
        _as_mail(notice).send()
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise DeliveryError(_words(code, answer), permanent=code in PERMANENT_CODES) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError) as error:
        # Our address or password is wrong: it is about us, not about this mail.
        raise DeliveryError(_words(error.smtp_code, error.smtp_error), is_outage=True) from error
    except smtplib.SMTPDataError as error:
        raise DeliveryError(
            _words(error.smtp_code, error.smtp_error),
            permanent=error.smtp_code in PERMANENT_CODES,
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        # The address has letters outside ASCII before the @, and the server knows none.
        raise DeliveryError(str(error), permanent=True) from error
    except (OSError, smtplib.SMTPException) as error:
        # No connection, lost on the way, refused at the greeting: nobody gets through.
        raise DeliveryError(str(error) or type(error).__name__, is_outage=True) from error
    except ValueError as error:
        # A header with a line break, or an address that cannot be written down.
        raise DeliveryError(str(error), permanent=True) from error


def _as_mail(notice: Notice) -> EmailMultiAlternatives:
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
    )
    if notice.body_html:
        mail.attach_alternative(notice.body_html, "text/html")
    return mail


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {text}"
