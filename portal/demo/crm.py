"""Connect the demo's customers with the Demo CRM, so that a change there is seen here.

The Demo CRM is the strict stand-in for HubSpot (``integrations/crm/hubspot/contract``). While the
connection is made it runs inside this process; afterwards ``manage.py serve`` runs it beside the
portal, with the companies in the same file.
"""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from integrations.crm import actions
from integrations.crm.hubspot.contract.clock import to_ms
from integrations.crm.hubspot.contract.demo.keeping import Keeper, write_file
from integrations.crm.hubspot.contract.server import running
from integrations.crm.models import CrmConnection, CrmRecord
from people.models import Organization, User
from portal.demo.logins import OPS
from portal.kit import clock
from portal.kit.secrets import CannotDecrypt
from tiers.models import AccountFact, TierAssignment
from tiers.program import live_policy_at

NAME = "Demo CRM"
VENDOR = "hubspot"
PORTAL_ID = 4242
FIRST_ID = 9001
TIER_FIELD = "support_tier"
# fact -> the property that holds it, in the words of HubSpot's properties
PROPERTIES: dict[str, dict[str, Any]] = {
    "acv": {"label": "Annual contract value", "type": "number", "field_type": "number",
            "shows_currency": True},
    "seats": {"label": "Seats", "type": "number", "field_type": "number"},
    "usage_criticality": {"label": "Usage criticality (1-5)", "type": "number",
                          "field_type": "number"},
    "strategic": {"label": "Strategic account", "type": "bool", "field_type": "booleancheckbox"},
    "region": {"label": "Region"},
    "contract_start": {"label": "Contract start", "type": "date", "field_type": "date"},
    "contract_renewal": {"label": "Contract renewal", "type": "date", "field_type": "date"},
    "contract_floor": {"label": "Tier fixed by contract", "type": "enumeration",
                       "field_type": "select"},
}  # fmt: skip


def demo_crm_file() -> Path:
    """Return where the Demo CRM keeps its companies."""
    return Path(settings.DATA_DIR) / "demo_crm.json"


def connect_demo_crm(*, now: datetime) -> bool:
    """Make the connection, the mapping and the links; return whether there was anything to do.

    Does nothing when all of it is there. When only the file was lost it is written anew from what
    the portal knows, and the webhook address is renewed.
    """
    connection = CrmConnection.objects.filter(vendor=VENDOR, name=NAME).first()
    if connection is not None and demo_crm_file().exists():
        return False
    by = User.objects.get(email=OPS)
    with transaction.atomic():
        if connection is None:
            _connect(by, now)
        else:
            _write_anew(connection, by, now)
    return True


def _connect(by: User, now: datetime) -> None:
    credentials = {
        "app_secret": secrets.token_urlsafe(32),
        "access_token": f"pat-demo-{secrets.token_urlsafe(24)}",
    }
    connection, token = actions.create_connection(
        vendor=VENDOR, name=NAME, credentials=credentials, settings={}, by=by, now=now
    )
    organizations = list(Organization.objects.order_by("name", "pk").prefetch_related("domains"))
    ids = {row.pk: FIRST_ID + place for place, row in enumerate(organizations)}
    _write(credentials, token, {ids[row.pk]: row for row in organizations}, now)
    keeper = Keeper(demo_crm_file())
    account = keeper.account()
    with running(account, port=settings.DEMO_CRM_PORT):
        actions.test_connection(connection=connection, by=by, now=now)
        fields = actions.fields_of(connection=connection, by=by, now=now)
        by_name = {field.name: field for field in fields}
        for fact in PROPERTIES:
            actions.map_field(connection=connection, fact=fact, field=by_name[fact], by=by, now=now)
        actions.set_write_back(connection=connection, field=TIER_FIELD, values={}, by=by, now=now)
        actions.resume_connection(connection=connection, by=by, now=now)
        actions.poll(connection=CrmConnection.objects.get(pk=connection.pk), now=clock.now())
        for row in organizations:
            record = CrmRecord.objects.get(connection=connection, external_id=str(ids[row.pk]))
            actions.link_record(record=record, organization=row, by=by, now=clock.now())
        # Looking at an account may end a grace period that was over: the CRM knows it at once.
        connection = CrmConnection.objects.get(pk=connection.pk)
        actions.queue_tier_writes(connection=connection, now=clock.now())
        actions.write_tiers(connection=connection, now=clock.now(), limit=len(organizations))
    keeper.save(account)


def _write_anew(connection: CrmConnection, by: User, now: datetime) -> None:
    token = actions.new_address(connection=connection, by=by)
    records = CrmRecord.objects.linked().filter(connection=connection)
    companies = {
        int(record.external_id): record.organization
        for record in records.select_related("organization").order_by("pk")
        if record.organization is not None
    }
    try:
        credentials = dict(connection.secrets.values)
    except CannotDecrypt:
        # The secret key was lost with the file: both sides get new ones.
        credentials = {
            "app_secret": secrets.token_urlsafe(32),
            "access_token": f"pat-demo-{secrets.token_urlsafe(24)}",
        }
        actions.change_connection(connection=connection, by=by, credentials=credentials)
    _write(credentials, token, companies, now)


def _write(
    credentials: dict[str, str], token: str, companies: dict[int, Organization], now: datetime
) -> None:
    """Write the file of the Demo CRM: what the portal knows of these organizations today."""
    tiers = list(live_policy_at(now).tier_order)
    facts: dict[int, dict[str, str]] = {}
    for fact in AccountFact.objects.filter(fact__in=PROPERTIES).current():
        facts.setdefault(fact.organization_id, {})[fact.fact] = fact.value
    held = dict(TierAssignment.objects.open().values_list("organization_id", "tier"))
    at = to_ms(now)
    write_file(
        demo_crm_file(),
        {
            **credentials,
            "portal_id": PORTAL_ID,
            "webhook_path": reverse("crm:hook", args=[VENDOR, token]),
            "currency": live_policy_at(now).currency,
            "time_zone": "UTC",
            "properties": [
                {"name": name, **one, **({"options": tiers} if name == "contract_floor" else {})}
                for name, one in PROPERTIES.items()
            ]
            + [{"name": TIER_FIELD, "label": "Support tier", "type": "enumeration",
                "field_type": "select", "options": tiers}],
            "companies": [
                {
                    "id": company,
                    "created": at,
                    "updated": at,
                    "properties": {
                        "name": row.name,
                        "domain": next((one.domain for one in row.domains.all()), ""),
                        **{name: value or None for name, value in facts.get(row.pk, {}).items()},
                        TIER_FIELD: held.get(row.pk),
                    },
                }
                for company, row in companies.items()
            ],
            "merged": {},
            "links": {
                str(company): reverse("ops_organization", args=[row.public_id])
                for company, row in companies.items()
            },
        },
    )  # fmt: skip
