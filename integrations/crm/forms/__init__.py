"""Shapes of what operations type about CRMs. What it may mean is up to the actions."""

from integrations.crm.forms.connection import ConnectionForm
from integrations.crm.forms.mapping import MappingForm, RateForm, WriteBackForm

__all__ = ["ConnectionForm", "MappingForm", "RateForm", "WriteBackForm"]
