"""Accept files: limits, honest types, private storage, random names."""

import hashlib
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.storage import Storage
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from portal.kit.refused import InvalidInput
from portal.kit.uploads import Upload
from tickets.models import Attachment, Message
from tickets.models.conversation import attachments_storage

# Extension -> (type it is served as, first bytes that prove it; none for text).
ACCEPTED: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "pdf": ("application/pdf", (b"%PDF-",)),
    "zip": ("application/zip", (b"PK\x03\x04", b"PK\x05\x06")),
    "gz": ("application/gzip", (b"\x1f\x8b",)),
    "docx": ("application/octet-stream", (b"PK\x03\x04",)),
    "xlsx": ("application/octet-stream", (b"PK\x03\x04",)),
    "pptx": ("application/octet-stream", (b"PK\x03\x04",)),
    "txt": ("text/plain; charset=utf-8", ()),
    "log": ("text/plain; charset=utf-8", ()),
    "csv": ("text/plain; charset=utf-8", ()),
    "json": ("text/plain; charset=utf-8", ()),
    "xml": ("text/plain; charset=utf-8", ()),
    "yaml": ("text/plain; charset=utf-8", ()),
    "yml": ("text/plain; charset=utf-8", ()),
    "md": ("text/plain; charset=utf-8", ()),
    "har": ("text/plain; charset=utf-8", ()),
}
SNIFFED_BYTES = 2048


def check_files(files: Sequence[Upload]) -> None:
    """Raise InvalidInput naming every file that cannot be accepted, before anything is stored."""
    problems = [
        f"{shown_name(file)}: {problem}" for file in files if (problem := problem_with(file))
    ]
    if len(files) > settings.ATTACHMENT_MAX_COUNT:
        problems.append(
            _("At most %(count)s files at once.") % {"count": settings.ATTACHMENT_MAX_COUNT}
        )
    if problems:
        raise InvalidInput(
            "attachment_refused", " ".join(problems), fields={"attachments": " ".join(problems)}
        )


def problem_with(file: Upload) -> str:
    """Return why a file cannot be accepted, or an empty string."""
    size = file.size or 0
    if size == 0:
        return _("the file is empty.")
    if size > settings.ATTACHMENT_MAX_BYTES:
        limit = settings.ATTACHMENT_MAX_BYTES // (1024 * 1024)
        return _("larger than %(limit)s MB.") % {"limit": limit}
    extension = extension_of(shown_name(file))
    if extension not in ACCEPTED:
        return _("this type of file is not accepted. Put it into a zip file.")
    _type, signatures = ACCEPTED[extension]
    file.seek(0)
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    if signatures and not _proves(extension, head, signatures):
        return _("the content is not what the name says.")
    if not signatures and b"\x00" in head:
        return _("this is not a text file.")
    return ""


def _proves(extension: str, head: bytes, signatures: tuple[bytes, ...]) -> bool:
    """Whether the first bytes are those of the type; RIFF alone may be sound or video."""
    return head.startswith(signatures) and (extension != "webp" or head[8:12] == b"WEBP")


def shown_name(file: Upload) -> str:
    """Return a name that is safe to show and to offer for saving.

    Normalised first and checked afterwards: look-alike dots, invisible and
    direction-changing characters are gone before the extension is read.
    """
    name = unicodedata.normalize("NFKC", str(file.name or "file"))
    name = "".join(character for character in name if unicodedata.category(character)[0] not in "C")
    name = PurePosixPath(name.replace("\\", "/")).name.strip(" .") or "file"
    try:
        name = get_valid_filename(name)
    except ValueError:
        name = "file"
    stem, dot, extension = name.rpartition(".")
    return f"{stem[:100]}{dot}{extension[:20]}" if dot else name[:100]


def extension_of(name: str) -> str:
    """Return the last extension in lower case."""
    return name.rpartition(".")[2].lower() if "." in name else ""


@contextmanager
def removed_unless_kept() -> Iterator[list[Attachment]]:
    """Collect attachments as they are stored; remove their files when the block fails.

    Wraps the transaction: rows roll back by themselves, files do not.
    """
    stored: list[Attachment] = []
    try:
        yield stored
    except BaseException:
        for attachment in stored:
            attachment.file.storage.delete(str(attachment.file.name))
        raise


def attach(
    *,
    message: Message,
    files: Sequence[Upload],
    now: datetime,
    stored: list[Attachment],
) -> None:
    """Store checked files on a message and note them in ``stored``."""
    for file in files:
        name = shown_name(file)
        digest = hashlib.sha256()
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
        attachment = Attachment(
            message=message,
            name=name,
            content_type=ACCEPTED[extension_of(name)][0],
            size=file.size or 0,
            sha256=digest.hexdigest(),
            created_at=now,
        )
        attachment.file.save(f"{now:%Y/%m}/{secrets.token_hex(16)}", file, save=False)
        stored.append(attachment)
        attachment.save()


def remove_orphans(*, now: datetime, older_than: timedelta = timedelta(days=1)) -> int:
    """Remove files without a row: what a process killed between file and commit left.

    Looks at files older than ``older_than`` alone, so that an upload in flight
    is never taken for an orphan. Returns how many files went.
    """
    storage = attachments_storage()
    removed = 0
    for folder in _folders(storage):
        names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
        known = set(Attachment.objects.filter(file__in=names).values_list("file", flat=True))
        for name in names:
            if name not in known and now - storage.get_modified_time(name) > older_than:
                storage.delete(name)
                removed += 1
    return removed


def _folders(storage: Storage) -> list[str]:
    try:
        years = storage.listdir("")[0]
    except FileNotFoundError:
        return []
    return [f"{year}/{month}" for year in years for month in storage.listdir(year)[0]]
