"""A file of a conversation, for whoever may read the message it belongs to."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from portal.kit.access import access, viewer_of_request
from tickets.file_answers import answer_file
from tickets.models import Attachment


@access("customer")
@require_safe
def attachment(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Stream the file; ``?download`` offers even a picture for saving."""
    found = (
        Attachment.objects.visible_to(viewer_of_request(request))
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return answer_file(found, as_download="download" in request.GET)
