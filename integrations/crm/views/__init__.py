"""Doors of the CRM sync: where webhooks come in, and the pages of operations."""

from integrations.crm.views.hooks import hook, hook_address, public_address

__all__ = ["hook", "hook_address", "public_address"]
