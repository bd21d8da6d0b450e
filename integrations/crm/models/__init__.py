"""Tables of the CRM sync. Callers import from here, not from the modules."""

from integrations.crm.models.connection import (
    CrmConnection,
    CurrencyRate,
    FieldMapping,
    token_digest,
)
from integrations.crm.models.delivery import DirtyRecord, WebhookDelivery
from integrations.crm.models.ledger import CrmEvent
from integrations.crm.models.record import CrmRecord
from integrations.crm.models.run import SyncDifference, SyncRun, TierWrite

__all__ = [
    "CrmConnection",
    "CrmEvent",
    "CrmRecord",
    "CurrencyRate",
    "DirtyRecord",
    "FieldMapping",
    "SyncDifference",
    "SyncRun",
    "TierWrite",
    "WebhookDelivery",
    "token_digest",
]
