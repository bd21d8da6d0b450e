"""The only writers of the CRM sync. Callers import from here."""

from integrations.crm.actions.connecting import (
    change_connection,
    create_connection,
    disconnect,
    look_now,
    new_address,
    pause_connection,
    resume_connection,
    rotate_keys,
    set_write_back,
    test_connection,
)
from integrations.crm.actions.gone import confirm_gone
from integrations.crm.actions.health import alert_of_long_silence
from integrations.crm.actions.housekeeping import forget_old_bodies, forget_old_runs
from integrations.crm.actions.intake import mark_dirty, read_deliveries, store_delivery
from integrations.crm.actions.linking import (
    acknowledge_record,
    create_organization_for,
    dismiss_record,
    link_record,
    proposals,
    retry_deliveries,
    retry_parked,
    take_back_record,
    unlink_record,
)
from integrations.crm.actions.looking import compare, poll
from integrations.crm.actions.mapping import (
    DryFact,
    DryRow,
    dry_run,
    fields_for,
    fields_of,
    map_field,
    set_rate,
    unmap_field,
)
from integrations.crm.actions.refreshing import refresh_dirty
from integrations.crm.actions.writing import queue_tier_writes, write_tiers

__all__ = [
    "DryFact",
    "DryRow",
    "acknowledge_record",
    "alert_of_long_silence",
    "change_connection",
    "compare",
    "confirm_gone",
    "create_connection",
    "create_organization_for",
    "disconnect",
    "dismiss_record",
    "dry_run",
    "fields_for",
    "fields_of",
    "forget_old_bodies",
    "forget_old_runs",
    "link_record",
    "look_now",
    "map_field",
    "mark_dirty",
    "new_address",
    "pause_connection",
    "poll",
    "proposals",
    "queue_tier_writes",
    "read_deliveries",
    "refresh_dirty",
    "resume_connection",
    "retry_deliveries",
    "retry_parked",
    "rotate_keys",
    "set_rate",
    "set_write_back",
    "store_delivery",
    "take_back_record",
    "test_connection",
    "unlink_record",
    "unmap_field",
    "write_tiers",
]
