"""Shapes of what operations type. What it may mean is up to the actions."""

from tiers.forms.organization import (
    DomainForm,
    FactsForm,
    OrganizationForm,
    OverrideForm,
    TeamForm,
)

__all__ = ["DomainForm", "FactsForm", "OrganizationForm", "OverrideForm", "TeamForm"]
