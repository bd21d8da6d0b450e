"""Shapes of what operations type. What it may mean is up to the actions."""

from tiers.forms.custom_targets import CustomTargetForm
from tiers.forms.fact_imports import ColumnsForm, UploadForm
from tiers.forms.organization import (
    DomainForm,
    FactsForm,
    OrganizationForm,
    TeamForm,
)
from tiers.forms.override import ExtensionForm, OverrideRequestForm, RefusalForm
from tiers.forms.targets import LadderRows, TargetForm, TargetSheet

__all__ = [
    "ColumnsForm",
    "CustomTargetForm",
    "DomainForm",
    "ExtensionForm",
    "FactsForm",
    "LadderRows",
    "OrganizationForm",
    "OverrideRequestForm",
    "RefusalForm",
    "TargetForm",
    "TargetSheet",
    "TeamForm",
    "UploadForm",
]
