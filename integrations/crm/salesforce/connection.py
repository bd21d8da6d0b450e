"""Being connected to one org: its session, one call, and logging in again once.

simple-salesforce logs in again by itself, but for calls on an object without end, and keeps
no session between two pieces of work. So we log in ourselves (``login``) and hand it the
session: one login, and one more when Salesforce says that the session is over.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.utils.translation import gettext as _
from simple_salesforce.api import Salesforce, SFType
from simple_salesforce.exceptions import SalesforceError

from integrations.crm.salesforce import errors, login
from integrations.crm.salesforce.ids import same_id
from integrations.crm.salesforce.queries import PAGE
from integrations.crm.salesforce.transport import SalesforceSession
from integrations.crm.vendor import LookingRests, Renew, Revoked, Unavailable

T = TypeVar("T")
DEFAULT_SHARE = 80
# How long polling rests when the org's calls of the day are nearly used up.
RESTING_SECONDS = 900.0
_PAGES = {"Sforce-Query-Options": f"batchSize={PAGE}"}


class LocatorGone(Exception):
    """What was behind a ``nextRecordsUrl`` is no longer kept: ask from the last row on."""


class Connection:
    """One org with its session. ``settings`` are those of the connection."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        settings: Mapping[str, str],
        renew: Renew | None,
        contract_address: str = "",
    ) -> None:
        self.session = SalesforceSession(contract_address)
        self.settings = settings
        self._credentials = credentials
        self._renew = renew
        self._api: Salesforce | None = None
        # Only the test may meet another org than the one that is connected: it says which.
        self.any_org = False

    def query(self, soql: str, *, deleted_too: bool = False) -> Mapping[str, Any]:
        """Ask one question and return the first page of the answer."""

        def ask() -> Any:
            return self._connected().query(soql, include_deleted=deleted_too, headers=_PAGES)

        return _page(self.call(ask))

    def query_more(self, path: str) -> Mapping[str, Any]:
        """Return the next page of an answer; raises LocatorGone."""
        # The library glues this to the host: it must not become another host.
        if not path.startswith("/services/data/"):
            raise errors.not_understood()

        def ask() -> Any:
            try:
                return self._connected().query_more(path, identifier_is_url=True, headers=_PAGES)
            except SalesforceError as error:
                if errors.LOCATOR_GONE in (code for code, _message in errors.codes_of(error)):
                    raise LocatorGone from None
                raise

        return _page(self.call(ask))

    def accounts(self) -> SFType:
        """Return the library's handle on the Account object."""
        return cast(SFType, self._connected().Account)

    def call(self, work: Callable[[], T]) -> T:
        """Do one call; log in again once when the session is over. Raises CrmError."""
        with errors.translated():
            try:
                return work()
            except SalesforceError as error:
                if not errors.is_session_over(error):
                    raise
        self._log_in()
        with errors.translated():
            return work()

    def heed_share(self) -> None:
        """Stop polling when the org has used up its share of the day's calls."""
        if self.session.usage is None:
            return
        used, total = self.session.usage
        share = poll_share(self.settings)
        if total and used * 100 >= share * total:
            raise LookingRests(
                _(
                    "%(used)s of %(total)s API calls of the last 24 hours are used. Polling rests "
                    "above %(share)s %%, so that other programs can go on."
                )
                % {"used": used, "total": total, "share": share},
                retry_after=RESTING_SECONDS,
            )

    def close(self) -> None:
        """Give the sockets back."""
        self.session.close()

    def _connected(self) -> Salesforce:
        if self._api is None:
            kept = login.kept_session(self._credentials, self.settings)
            # Twice, because renewing may bring credentials that somebody entered just now, with
            # a session that was made with the ones before.
            for _attempt in range(2):
                if kept is None:
                    self._log_in()
                    kept = login.kept_session(self._credentials, self.settings)
            if kept is None:
                raise Unavailable(_("The credentials changed while Salesforce was asked."))
            token, host = kept
            self._check_org(login.org_of(token))
            self._api = Salesforce(
                session_id=token,
                instance_url=f"https://{host}",
                session=self.session,
                version=login.API_VERSION,
                parse_float=Decimal,
                object_pairs_hook=dict,
            )
        return self._api

    def _check_org(self, org: str) -> None:
        """Refuse credentials of another org: its accounts would be taken for ours."""
        ours = self.settings.get("account_id", "")
        if self.any_org or not org or not ours or same_id(org, ours):
            return
        raise Revoked(
            _(
                "These credentials belong to another org (%(org)s) than the one that is connected. "
                "Enter those of %(ours)s, or make a new connection."
            )
            % {"org": org, "ours": ours}
        )

    def _log_in(self) -> None:
        self._api = None

        def fetch(credentials: Mapping[str, str]) -> Mapping[str, str]:
            return login.logged_in(credentials, self.settings, self.session)

        if self._renew is None:
            self._credentials = fetch(self._credentials)
        else:
            self._credentials = self._renew(self._credentials, fetch)


def _page(answer: Any) -> Mapping[str, Any]:
    """Return an answer to a query when it has the shape of one."""
    records = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(records, list) or not isinstance(answer.get("done"), bool):
        raise errors.not_understood()
    if not all(isinstance(row, dict) for row in records):
        raise errors.not_understood()
    return cast(Mapping[str, Any], answer)


def poll_share(settings: Mapping[str, str]) -> int:
    """Return the share of the day's calls, in percent, above which polling rests."""
    text = settings.get("poll_share", "")
    return min(100, max(1, int(text))) if text.isdecimal() else DEFAULT_SHARE
