"""What other ops pages show of CRMs: a banner at home, a card on the page of an organization."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from wagtail.admin.ui.components import Component

from integrations.crm.ledger_page import in_words
from integrations.crm.models import CrmConnection, CrmEvent, CrmRecord
from integrations.crm.registry import vendor_of
from integrations.crm.standing import trouble_in_words
from people.models import Organization

LATEST = 3


class TroublePanel(Component):
    """Says on the home page that a CRM is not reached; nothing while all is well."""

    order = 5

    def render_html(self, parent_context: Any = None) -> SafeString:
        """Return the banner."""
        sentence = trouble_in_words()
        if not sentence:
            return SafeString("")
        return render_to_string("integrations/crm/home_trouble.html", {"sentence": sentence})


class OrganizationPanel(Component):
    """Which company of which CRM an organization is, and what came of it lately."""

    def __init__(self, organization: Organization, now: datetime) -> None:
        self.organization, self.now = organization, now

    def render_html(self, parent_context: Any = None) -> SafeString:
        """Return the card; nothing where no CRM is connected."""
        if not CrmConnection.objects.exists():
            return SafeString("")
        records = (
            CrmRecord.objects.filter(organization=self.organization)
            .select_related("connection")
            .order_by("pk")
        )
        events = CrmEvent.objects.of_organization(self.organization).with_everything()[:LATEST]
        context = {
            "organization": self.organization,
            "events": in_words(list(events)),
            "records": [{"record": row, "url": record_address(row)} for row in records],
        }
        return render_to_string("integrations/crm/organization_panel.html", context)


def record_address(record: CrmRecord) -> str:
    """Return the page of a company in its CRM, or an empty string."""
    connection = record.connection
    try:
        vendor = vendor_of(connection.vendor)
    except LookupError:  # a vendor that is no longer configured has left its rows behind
        return ""
    return vendor.record_url(connection.vendor_settings, record.external_id)
