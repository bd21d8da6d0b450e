"""The fields of a CRM, kept for some minutes after they were asked for: a page asks often."""

import dataclasses
from collections.abc import Sequence

from django.core.cache import cache

from integrations.crm.models import CrmConnection
from integrations.crm.vendor import Field, FieldType

KEPT_SECONDS = 900


def keep_fields(connection: CrmConnection, fields: Sequence[Field]) -> None:
    """Remember what the CRM answered."""
    rows = [{**dataclasses.asdict(one), "label": str(one.label)} for one in fields]
    cache.set(_key(connection), rows, KEPT_SECONDS)


def kept_fields(connection: CrmConnection) -> list[Field] | None:
    """Return what the CRM answered lately, or None."""
    rows = cache.get(_key(connection))
    if rows is None:
        return None
    return [
        Field(**{**row, "type": FieldType(row["type"]), "options": tuple(row["options"])})
        for row in rows
    ]


def _key(connection: CrmConnection) -> str:
    return f"crm-fields:{connection.public_id}:{connection.account_id}"
