"""Where CRMs send their webhooks: verify, store, answer, and nothing else."""

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from integrations.crm.actions import store_delivery
from integrations.crm.models import CrmConnection
from integrations.crm.registry import vendor_of
from integrations.crm.vendor import Answer
from portal.kit import clock
from portal.kit.access import access
from portal.kit.secrets import CannotDecrypt
from portal.kit.webhooks import refused_unread

log = structlog.get_logger("integrations.crm")

# What a vendor's retries say of themselves; never a signature, a token or a cookie.
HEADERS_KEPT = ("Content-Type", "User-Agent")


@csrf_exempt
@access("system")
def hook(request: HttpRequest, vendor: str, token: str) -> HttpResponse:
    """Store the verified body of a webhook; workers do the rest.

    An address that leads nowhere is a 404, whether the vendor or the token is wrong. Whatever
    breaks is answered here: Django's own log of a failure names the address, which is a secret.
    """
    try:
        return _taken_in(request, vendor, token)
    except Exception:
        log.exception("crm webhook failed", vendor=vendor)
        return _plain("try again later", 503)


def _taken_in(request: HttpRequest, vendor: str, token: str) -> HttpResponse:
    if (refusal := refused_unread(request)) is not None:
        return _unlogged(refusal)
    connection = CrmConnection.objects.by_token(vendor, token)
    if connection is None:
        return _plain("there is nothing at this address", 404)
    now = clock.now()
    try:
        kind = vendor_of(vendor)
        refused = kind.verified(
            connection.secrets,
            connection.vendor_settings,
            method=request.method or "",
            url=public_address(request.get_full_path()),
            headers=request.headers,
            body=request.body,
            now=now,
        )
    except (LookupError, CannotDecrypt) as error:
        # Ours to put right: the vendor keeps the event and comes again.
        log.error("crm webhook cannot be verified", connection=connection.pk, error=str(error))
        return _plain("try again later", 503)
    if refused is not None:
        log.warning("crm webhook refused", connection=connection.pk, reason=refused.reason)
        return _plain("signature not valid", refused.status)
    store_delivery(
        connection=connection,
        # Without what must not be kept, and the same at every attempt to deliver it.
        body=kind.storable(request.body),
        headers={name: request.headers[name] for name in HEADERS_KEPT if name in request.headers},
        verified_by=f"{vendor} webhook",
        now=now,
    )
    return _answer(kind.answer(True))


def public_address(path: str) -> str:
    """Return the address by which the world knows a path.

    From our own setting: what a request says of its host is for whoever sends it to choose.
    """
    return settings.BASE_URL + path


def hook_address(connection: CrmConnection, token: str) -> str:
    """Return the address that ops enter in the CRM."""
    return public_address(reverse("crm:hook", args=[connection.vendor, token]))


def _answer(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _plain(text: str, status: int) -> HttpResponse:
    return _unlogged(HttpResponse(text, status=status, content_type="text/plain"))


def _unlogged(answer: HttpResponse) -> HttpResponse:
    """Keep the address, which ends in a secret, out of Django's log of what was refused.

    What happened is in our own log, with the connection instead of its address.
    """
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer
