"""Read the mails that ``MailboxBackend`` wrote."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import overload

# As MailboxBackend names them: instant in UTC, then chance. Nothing else is opened.
_name = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, as the viewer shows it."""

    name: str
    sent_at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


def mail_names(folder: Path) -> list[str]:
    """Return the names of all mails in the folder, the newest first."""
    names = (path.stem for path in folder.glob("*.eml"))
    return sorted((name for name in names if _name.fullmatch(name)), reverse=True)


class NewestFirst(Sequence[Mail]):
    """The folder's mails for a paginator: only the page's own files are opened."""

    def __init__(self, folder: Path, recipient: str = "") -> None:
        self.folder = folder
        self.names = mail_names(folder)
        if recipient:
            wanted = recipient.casefold()
            self.names = [mail.name for mail in self[:] if wanted in mail.to.casefold()]

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Mail: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mail]: ...
    def __getitem__(self, index: int | slice) -> Mail | list[Mail]:
        if isinstance(index, slice):
            return [mail for name in self.names[index] if (mail := read_mail(self.folder, name))]
        return self[index : index + 1][0]


def read_mail(folder: Path, name: str) -> Mail | None:
    """Return the mail of a name; None when there is none, or the name is none of ours."""
    if not _name.fullmatch(name):
        return None
    try:
        content = (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(
        name=name,
        sent_at=datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers=tuple((key, str(value)) for key, value in message.items()),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
