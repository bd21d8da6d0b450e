"""Salesforce as a vendor of the CRM core: what ops enter, what comes in, what is asked."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings as django_settings
from django.utils.translation import gettext as _

from integrations.crm.salesforce import words
from integrations.crm.salesforce.client import SalesforceClient
from integrations.crm.salesforce.ids import canonical_id, same_id
from integrations.crm.salesforce.login import JWT_BEARER, my_domain_host
from integrations.crm.salesforce.receiver import (
    NotAMessage,
    acknowledgement,
    read_message,
    without_session,
)
from integrations.crm.vendor import (
    Answer,
    Client,
    Hint,
    Refusal,
    Renew,
    Secrets,
    Unreadable,
)

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_XML = "text/xml; charset=utf-8"


class SalesforceVendor:
    """Salesforce, by REST and Outbound Messages."""

    key = "salesforce"
    label = "Salesforce"
    credential_fields = words.CREDENTIALS
    setting_fields = words.SETTINGS
    steps = words.STEPS

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
        """Accept an Outbound Message of the connected org and nothing else.

        Salesforce signs nothing: that the address was known is what speaks for the sender, and
        the core has checked that. A refused message comes again for 24 hours.
        """
        if method != "POST":
            return Refusal("not a POST", 405)
        try:
            message = read_message(body)
        except NotAMessage as error:
            return Refusal(f"no outbound message: {error}", 400)
        if not same_id(message.org_id, settings.get("account_id", "")):
            return Refusal("a message of another org, or the connection was never tested")
        return None

    def storable(self, body: bytes) -> bytes:
        """Return the envelope without the session id that an admin may have switched on."""
        try:
            return without_session(body)
        except NotAMessage:
            return b""

    def hints(self, body: bytes, settings: Mapping[str, str]) -> list[Hint]:
        """Read the accounts that a message is about."""
        try:
            return list(read_message(body).hints)
        except NotAMessage as error:
            raise Unreadable(_("This is no Outbound Message: %(why)s.") % {"why": error}) from error

    def answer(self, accepted: bool) -> Answer:
        """Acknowledge what is stored; anything else makes Salesforce send it again."""
        return Answer(200 if accepted else 503, _XML, acknowledgement(accepted))

    def settings_refused(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Say what is wrong with settings, by name."""
        refused = {}
        if not my_domain_host(settings.get("my_domain", "")):
            refused["my_domain"] = _(
                "Enter the My Domain address, like https://example.my.salesforce.com. It stands "
                "in Salesforce under Setup, My Domain; addresses of Lightning pages do not work."
            )
        if settings.get("login_flow") == JWT_BEARER and not settings.get("username", "").strip():
            refused["username"] = _("The JWT flow needs the user name of the run-as user.")
        currency = settings.get("currency", "").strip()
        if currency and not _CURRENCY.fullmatch(currency):
            refused["currency"] = _("Enter a currency of three letters, like EUR.")
        share = settings.get("poll_share", "").strip()
        if share and not (share.isdecimal() and 1 <= int(share) <= 100):
            refused["poll_share"] = _("Enter a whole number from 1 to 100.")
        return refused

    def client(
        self, secrets: Secrets, settings: Mapping[str, str], renew: Renew | None = None
    ) -> Client:
        """Return a client for one piece of work."""
        contract = getattr(django_settings, "SALESFORCE_CONTRACT_URL", "")
        return SalesforceClient(secrets.values, settings, renew, contract)

    def record_url(self, settings: Mapping[str, str], record_id: str) -> str:
        """Return the account's page in Salesforce."""
        host, known = my_domain_host(settings.get("my_domain", "")), canonical_id(record_id)
        return f"https://{host}/{known}" if host and known else ""
