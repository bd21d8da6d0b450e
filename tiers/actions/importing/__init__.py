"""Bring in facts from a file: upload, choose columns, look at what would change, apply that."""

from tiers.actions.importing.choosing import choose_columns
from tiers.actions.importing.ending import apply_import, cancel_import
from tiers.actions.importing.uploading import upload_facts
from tiers.actions.importing.working import continue_fact_imports

__all__ = [
    "apply_import",
    "cancel_import",
    "choose_columns",
    "continue_fact_imports",
    "upload_facts",
]
