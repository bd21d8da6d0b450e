"""Clients of connections: credentials in, errors in one language out."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import structlog
from django.db import transaction

from integrations.crm.actions.health import in_words
from integrations.crm.models import CrmConnection
from integrations.crm.registry import vendor_of
from integrations.crm.vendor import Client, CrmError, Unavailable
from portal.kit.claims import lock
from portal.kit.secrets import CannotDecrypt, seal

log = structlog.get_logger("integrations.crm")


@contextmanager
def client_of(connection: CrmConnection) -> Iterator[Client]:
    """Give a client for one piece of work. Whatever goes wrong inside is a CrmError.

    An error's text is stored and shown, so secrets are taken out of it; an error that is none of
    the vendor's own is logged and called unavailable, because the next try may be another day.
    """
    try:
        secrets = connection.secrets
        vendor = vendor_of(connection.vendor)
        client = vendor.client(secrets, connection.vendor_settings, partial(renewed, connection))
    except (CannotDecrypt, LookupError) as error:
        raise CrmError(str(error)) from error
    try:
        yield client
    except CrmError as error:
        error.message = in_words(secrets.values, error.message)
        raise
    finally:
        _closed(client)


def _closed(client: Client) -> None:
    try:
        client.close()
    except Exception:
        log.exception("crm client did not close")


@transaction.atomic
def renewed(
    connection: CrmConnection,
    stale: Mapping[str, str],
    fetch: Callable[[Mapping[str, str]], Mapping[str, str]],
) -> Mapping[str, str]:
    """Return credentials newer than ``stale``: another worker's, or fetched now and stored.

    The connection is locked meanwhile, so that of two workers whose token ended one fetches.
    """
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    present = row.secrets.values
    if dict(present) != dict(stale):
        return present
    fresh = dict(fetch(present))
    row.sealed_credentials = seal(json.dumps(fresh))
    row.save(update_fields=["sealed_credentials"])
    return fresh


def as_crm_error(error: Exception) -> CrmError:
    """Return an error as one that the core knows what to do with."""
    if isinstance(error, CrmError):
        return error
    log.error("crm client broke", exc_info=error)
    return Unavailable(f"The connection broke: {type(error).__name__}.")
