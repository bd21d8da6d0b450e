"""HubSpot as the core sees it: implements ``integrations.crm.vendor.Vendor``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

from django.conf import settings as portal_settings
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.crm.hubspot.client import NEEDED_SCOPES, HubSpotClient
from integrations.crm.hubspot.events import events_in, hints_in, is_for, without_attempt
from integrations.crm.hubspot.signature import (
    SIGNATURE_OLD,
    SIGNATURE_V3,
    TIMESTAMP,
    VERSION_OLD,
    is_old_valid,
    is_v3_valid,
)
from integrations.crm.vendor import Answer, Hint, Input, Refusal, Renew, Secrets, Unreadable, Words
from portal.kit import clock

COMPANY_TYPE_ID = "0-2"
ONLY_V3 = "v3"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HubSpotVendor:
    """One for the process; keeps nothing about any connection."""

    key = "hubspot"
    label = "HubSpot"
    credential_fields: Sequence[Input] = (
        Input(
            "app_secret",
            _("App secret"),
            _("Signs what HubSpot sends us. During a rotation: the new one first, one per line."),
            is_secret=True,
            is_multiline=True,
        ),
        Input(
            "access_token",
            _("Access token"),
            _("Of a private app or service key. Leave it empty for a public app."),
            is_secret=True,
            is_required=False,
        ),
        Input(
            "client_id",
            _("Client ID"),
            _("Of a public app (OAuth) only."),
            is_secret=True,
            is_required=False,
        ),
        Input(
            "refresh_token",
            _("Refresh token"),
            _("Of a public app (OAuth) only; access tokens are renewed with it."),
            is_secret=True,
            is_required=False,
        ),
    )
    setting_fields: Sequence[Input] = (
        Input(
            "signatures",
            _("Accepted signatures"),
            _("Versions 1 and 2 do not protect against repeated requests."),
            default=ONLY_V3,
            choices=(
                (ONLY_V3, _("Version 3 only")),
                ("v2", _("Version 3, and version 2")),
                ("v1", _("Version 3, and version 1")),
            ),
        ),
        Input(
            "time_zone",
            _("Time zone of the account"),
            _("When the daily limit of calls begins anew, like Europe/Berlin."),
            is_required=False,
        ),
    )
    steps: Sequence[Words] = (
        _("In HubSpot, open the settings of your app (Development, then the app)."),
        format_lazy("{} {}", _("Give it these permissions:"), ", ".join(NEEDED_SCOPES)),
        _("To write tiers back, also give it crm.objects.companies.write."),
        _("Copy its access token and its app secret into this page."),
        _(
            "Under Webhooks, enter the address shown here and subscribe to companies: created, "
            "deleted, restored, merged, and every property that you map to a fact."
        ),
    )

    def verified(
        self,
        secrets: Secrets,
        settings: Mapping[str, str],
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> Refusal | None:
        """Say why a request is not HubSpot's for this account; None when it is."""
        known = [line.strip() for line in secrets["app_secret"].splitlines() if line.strip()]
        if not known:
            return Refusal("the connection has no app secret")
        given = headers.get(SIGNATURE_V3) or ""
        old_version = headers.get(VERSION_OLD) or ""
        if given:
            now_ms = (now - EPOCH) // timedelta(milliseconds=1)
            timestamp = headers.get(TIMESTAMP) or ""
            if not is_v3_valid(
                known, method=method, uri=url, body=body, timestamp=timestamp,
                signature=given, now_ms=now_ms,
            ):  # fmt: skip
                return Refusal("signature v3 or its timestamp is not right")
        elif old_version and old_version == settings.get("signatures", ONLY_V3):
            if not is_old_valid(
                known, version=old_version, method=method, uri=url, body=body,
                signature=headers.get(SIGNATURE_OLD) or "",
            ):  # fmt: skip
                return Refusal(f"signature {old_version} is not right")
        else:
            return Refusal(f"no signature v3 (version {old_version or 'none'} given)")
        return _other_account(body, settings.get("account_id", ""))

    def storable(self, body: bytes) -> bytes:
        """Return a body that is the same at every attempt to deliver it."""
        return without_attempt(body)

    def hints(self, body: bytes, settings: Mapping[str, str]) -> list[Hint]:
        """Read a verified and stored body."""
        return hints_in(body, settings.get("account_id", ""))

    def answer(self, accepted: bool) -> Answer:
        """Return an empty 200; 503 when it could not be stored, which HubSpot tries again."""
        return Answer(200 if accepted else 503)

    def settings_refused(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Return a sentence for every setting that cannot be accepted."""
        refused = {}
        zone = settings.get("time_zone", "")
        if zone and zone not in available_timezones():
            refused["time_zone"] = gettext("Write a time zone like Europe/Berlin.")
        if settings.get("signatures", ONLY_V3) not in (ONLY_V3, "v1", "v2"):
            refused["signatures"] = gettext("Choose one of the versions.")
        return refused

    def client(
        self, secrets: Secrets, settings: Mapping[str, str], renew: Renew | None = None
    ) -> HubSpotClient:
        """Return a client; calls nobody yet. The address comes from the environment alone."""
        host: str = portal_settings.HUBSPOT_API_URL
        # The one place of this folder that reads a clock: how long an access token still counts.
        return HubSpotClient(secrets, settings, renew, host=host, now=clock.now)

    def record_url(self, settings: Mapping[str, str], record_id: str) -> str:
        """Return the company's page in HubSpot."""
        account, record = settings.get("account_id", ""), record_id
        if not account or not record:
            return ""
        app = portal_settings.HUBSPOT_APP_URL
        return f"{app}/contacts/{account}/record/{COMPANY_TYPE_ID}/{record}"


def _other_account(body: bytes, account_id: str) -> Refusal | None:
    """Refuse a signed body that holds nothing for this account: the app may be in several.

    What cannot be read is accepted: the worker says so, while a refusal would be sent ten times.
    """
    try:
        events = events_in(body)
    except Unreadable:
        return None
    if events and not any(is_for(event, account_id) for event in events):
        return Refusal("the events are of another HubSpot account", status=404)
    return None
