"""Send a notice as a mail."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from people.actions.notices import DeliveryError
from people.models import Notice

# RFC 5321: 5xx is final, but 552 (full mailbox) and 554 after a greylist are worth another try.
PERMANENT_CODES = frozenset({501, 503, 510, 511, 521, 523, 541, 550, 551, 553, 556})


def send_notice(notice: Notice) -> None:
    """Send one notice; raises DeliveryError, which says whether to try again.

    The Message-ID is the notice's own and stays the same over retries.
    """
    headers = {"Message-ID": notice.message_id, "Auto-Submitted": "auto-generated"}
    if notice.request_id:
        headers["X-Request-Id"] = notice.request_id
    if notice.in_reply_to:
        headers["In-Reply-To"] = headers["References"] = notice.in_reply_to
    message = EmailMultiAlternatives(
        subject=notice.subject,
        body=notice.body_text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.address],
        headers=headers,
    )
    if notice.body_html:
        message.attach_alternative(notice.body_html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise DeliveryError(str(error), permanent=code in PERMANENT_CODES) from error
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"{error.smtp_code} {error.smtp_error!r}",
            permanent=error.smtp_code in PERMANENT_CODES,
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(str(error) or type(error).__name__) from error
