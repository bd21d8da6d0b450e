"""Finds the vendors by their dotted paths in settings."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.crm.vendor import Vendor


@cache
def _made(path: str) -> Vendor:
    vendor: Vendor = import_string(path)()
    return vendor


def vendor_of(key: str) -> Vendor:
    """Return the vendor of a key; LookupError when none is configured under it."""
    try:
        path = settings.CRM_VENDORS[key]
    except KeyError as error:
        raise LookupError(f"No CRM vendor {key!r} in CRM_VENDORS.") from error
    return _made(path)


def vendors() -> list[Vendor]:
    """Return every configured vendor, sorted by label."""
    return sorted((vendor_of(key) for key in settings.CRM_VENDORS), key=lambda it: str(it.label))
