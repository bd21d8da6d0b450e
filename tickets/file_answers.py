"""Answer with an attachment: the one way in which a file of a customer leaves the house.

The caller has looked the file up through ``Attachment.objects.visible_to``. What
comes from customers is never trusted: the type is the one decided at upload, the
browser may not guess another, and should it run the content after all, a sandbox
without any right is where it runs.
"""

import structlog
from django.http import FileResponse
from django.utils.translation import gettext as _

from portal.kit.refused import Refused
from tickets.models import Attachment

log = structlog.get_logger("tickets.files")

# What a browser draws without being able to run any of it.
SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class FileGone(Refused):
    """The row is there and the file is not."""

    status = 410


def answer_file(attachment: Attachment, *, as_download: bool = False) -> FileResponse:
    """Return the streamed file; raises FileGone when the storage no longer has it."""
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        log.error(
            "attachment file missing", attachment=attachment.pk, stored_as=attachment.file.name
        )
        raise FileGone(
            "file_gone",
            _("The file “%(name)s” is no longer there. We have been told; please send it again.")
            % {"name": attachment.name},
        ) from error
    response = FileResponse(
        content,
        as_attachment=as_download or attachment.content_type not in SHOWN_INLINE,
        filename=attachment.name,
        content_type=attachment.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
