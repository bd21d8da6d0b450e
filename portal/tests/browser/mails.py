"""The mails of a story: delivered by the real task, read as they arrived."""

import re

from django.core import mail
from django.core.mail import EmailMultiAlternatives

from people.models import User
from people.tasks import deliver_notices


def mails_to(person: User | str) -> list[EmailMultiAlternatives]:
    """Deliver what waits in the outbox; return what this person got, the newest first."""
    deliver_notices()
    address = person.email if isinstance(person, User) else person
    return [one for one in reversed(mail.outbox) if address in one.to]  # type: ignore[misc]


def newest_mail(person: User | str, *, about: str = "") -> EmailMultiAlternatives:
    """Return the newest mail that has these words in its subject."""
    found = [one for one in mails_to(person) if about in one.subject]
    assert found, f"No mail about “{about}”, only {[one.subject for one in mails_to(person)]}"
    return found[0]


def html_of(letter: EmailMultiAlternatives) -> str:
    """Return the body as mail programs show it."""
    return str(next(body for body, kind in letter.alternatives if kind == "text/html"))


def code_in(letter: EmailMultiAlternatives) -> str:
    """Return the code that stands on a line of its own."""
    found = re.search(r"^([A-Z0-9]{3,}(?:-[A-Z0-9]+)*)$", str(letter.body), re.MULTILINE)
    assert found, letter.body
    return found.group(1)
