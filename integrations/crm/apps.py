"""The Django app of the CRM sync."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    """One app for the core and all vendor folders: vendors have no tables."""

    name = "integrations.crm"
    label = "crm"
    verbose_name = _("CRM sync")
