"""Shapes of what operations type. What it may mean is up to the actions."""

from tiers.forms.custom_targets import CustomTargetForm
from tiers.forms.fact_imports import ColumnsForm, UploadForm
from tiers.forms.organization import (
    DomainForm,
    FactsForm,
    OrganizationForm,
    OverrideForm,
    TeamForm,
)
from tiers.forms.targets import LadderRows, TargetForm, TargetSheet

__all__ = [
    "ColumnsForm",
    "CustomTargetForm",
    "DomainForm",
    "FactsForm",
    "LadderRows",
    "OrganizationForm",
    "OverrideForm",
    "TargetForm",
    "TargetSheet",
    "TeamForm",
    "UploadForm",
]
