"""Calls to one HubSpot account, through the vendor's library ``hubspot-api-client``."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from hubspot import HubSpot
from hubspot.crm import companies as sdk

from integrations.crm.hubspot.access import AccessTokens
from integrations.crm.hubspot.calls import TIMEOUTS, Caller, Expired, library
from integrations.crm.hubspot.reading import (
    MERGED_IDS,
    asked_for,
    merged_away,
    merged_ids,
    read_field,
    read_record,
    rows_of,
)
from integrations.crm.vendor import (
    Connected,
    Field,
    FieldType,
    MissingScope,
    Page,
    Record,
    Rejected,
    Renew,
    Revoked,
    Secrets,
    Unavailable,
)

PER_BATCH = 100
PER_LIST_PAGE = 100
PER_SEARCH_PAGE = 200
# The search answers 400 past 10,000 results; a new search starts before that.
LAST_AFTER = 9_800
# What a search finds lags behind; changes this far before the cursor are looked at again.
OVERLAP = timedelta(minutes=10)
# At most so many groups of filters in a search.
IDS_PER_SEARCH = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MODIFIED, OBJECT_ID = "hs_lastmodifieddate", "hs_object_id"
READ_SCOPE = "crm.objects.companies.read"
SCHEMA_SCOPE = "crm.schemas.companies.read"
CONTACTS_SCOPE = "crm.objects.contacts.read"
WRITE_SCOPE = "crm.objects.companies.write"
# Without contacts.read HubSpot sends no webhook about any record of the CRM.
NEEDED_SCOPES = (READ_SCOPE, SCHEMA_SCOPE, CONTACTS_SCOPE)


class HubSpotClient:
    """Implements ``integrations.crm.vendor.Client``. One piece of work, one thread."""

    def __init__(
        self,
        secrets: Secrets,
        settings: Mapping[str, str],
        renew: Renew | None = None,
        *,
        host: str,
        now: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self.host = host
        self.caller = Caller(
            now=now, time_zone=settings.get("time_zone", ""), pause=pause, timeouts=timeouts
        )
        self.access = AccessTokens(secrets, renew, host=host, call=self.caller, now=now)
        self._library: HubSpot | None = None
        self._apis: dict[str, Any] = {}

    # -- who we are ------------------------------------------------------------

    def test(self) -> Connected:
        """Ask which account this is and what the app may do there."""
        details = self._raw("GET", "/account-info/v3/details")
        scopes, name = self._scopes()
        missing = self._missing(scopes)
        notes = []
        if scopes and WRITE_SCOPE not in scopes:
            notes.append(
                _("Tiers cannot be written back: the app lacks the permission %(scope)s.")
                % {"scope": WRITE_SCOPE}
            )
        account_id = str(details.get("portalId") or "")
        return Connected(
            account_id=account_id,
            account_name=name or _("HubSpot account %(id)s") % {"id": account_id},
            scopes=scopes,
            missing_scopes=missing,
            currency=str(details.get("companyCurrency") or ""),
            notes=tuple(notes),
        )

    def _scopes(self) -> tuple[tuple[str, ...], str]:
        """Return what the token may do and the account's domain, as far as HubSpot says."""
        token = self._token()
        try:
            if self.access.is_oauth:
                info = self.caller(self._oauth_api().get, token)
                return tuple(info.scopes or ()), str(info.hub_domain or "")
            found = self._raw(
                "POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": token}
            )
        except (Rejected, MissingScope):  # a kind of token that this address does not know
            return (), ""
        return tuple(map(str, found.get("scopes") or ())), ""

    def _missing(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if scopes:
            return tuple(scope for scope in NEEDED_SCOPES if scope not in scopes)
        missing = []
        for scope, probe in (
            (READ_SCOPE, lambda: self._call("basic_api", "get_page", limit=1)),
            (SCHEMA_SCOPE, self.fields),
        ):
            try:
                probe()
            except MissingScope:
                missing.append(scope)
        return tuple(missing)

    # -- what there is ---------------------------------------------------------

    def fields(self) -> list[Field]:
        """Return the properties of companies, sorted by label."""
        found = self._call("core_api", "get_all", "companies").results
        if not isinstance(found, list):
            raise Unavailable(_("HubSpot's answer could not be read: it holds no properties."))
        shown = [one for one in found if not one.hidden and not one.archived]
        return sorted(map(read_field, shown), key=lambda field: field.label.casefold())

    @cached_property
    def _types(self) -> Mapping[str, FieldType]:
        try:
            return {field.name: field.type for field in self.fields()}
        except MissingScope:
            # Values are then taken as they are written, which is right for nearly all of them.
            return {}

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Return the records of these ids as they are now."""
        wanted = list(dict.fromkeys(one for one in ids if one.isascii() and one.isdecimal()))
        records: dict[str, Record] = {}
        for archived in (False, True):
            left = [one for one in wanted if one not in records]
            for start in range(0, len(left), PER_BATCH):
                asked = left[start : start + PER_BATCH]
                for answer in self._batch(asked, fields, archived=archived):
                    records[str(answer.id)] = self._record(answer, fields)
                    # An account may answer a merged id with the record that survived.
                    for old in set(merged_ids(answer)) & set(wanted):
                        records[old] = merged_away(old, answer)
        self._find_survivors([one for one in wanted if one not in records], records)
        return [records[one] for one in wanted if one in records]

    def _batch(self, ids: Sequence[str], fields: Sequence[str], *, archived: bool) -> Iterable[Any]:
        body = sdk.BatchReadInputSimplePublicObjectId(
            properties=asked_for(fields),
            properties_with_history=[],
            inputs=[{"id": i} for i in ids],
        )
        # 207 says by name which ids are not there; what was found is in both answers.
        return rows_of(self._call("batch_api", "read", body, archived=_yes_no(archived)))

    def _find_survivors(self, ids: Sequence[str], records: dict[str, Record]) -> None:
        """Find out what became of records that are neither there nor archived."""
        for start in range(0, len(ids), IDS_PER_SEARCH):
            few = ids[start : start + IDS_PER_SEARCH]
            groups = [[_filter(MERGED_IDS, "CONTAINS_TOKEN", one)] for one in few]
            for answer in rows_of(self._search(groups, (), sort=OBJECT_ID)):
                for old in set(merged_ids(answer)) & set(few):
                    records[old] = merged_away(old, answer)

    # -- what changed ----------------------------------------------------------

    def cursor_at(self, instant: datetime) -> str:
        """Return the cursor of an instant: milliseconds since 1970."""
        return str(_milliseconds(instant))

    def changed_since(self, cursor: str, fields: Sequence[str]) -> Iterator[Page]:
        """Yield the records changed since shortly before the cursor, oldest change first.

        Each page is a search of its own that begins where the last one ended, not a further page
        of one search: a record that changes meanwhile moves to the end, which would pull another
        over the edge of a page unseen. Only where one instant fills a page are its further pages
        asked for, and past 9,800 of one instant its records by id.
        """
        if not cursor.isascii() or not cursor.isdecimal():
            raise Rejected(_("The place to continue from cannot be read: %(c)s") % {"c": cursor})
        begin = max(int(cursor) - OVERLAP // timedelta(milliseconds=1), 0)
        newest = int(cursor)
        seen: set[tuple[str, datetime]] = set()
        after = 0
        while True:
            answer = self._search([[_filter(MODIFIED, "GTE", begin)]], fields, after=after)
            rows = rows_of(answer)
            if rows:
                newest = max(newest, _milliseconds(rows[-1].updated_at))
                yield Page(self._unseen(rows, fields, seen), str(newest))
            if _is_last(answer):
                return
            end = _milliseconds(rows[-1].updated_at)
            if end > begin:
                begin, after = end, 0
            elif after + PER_SEARCH_PAGE < LAST_AFTER:
                after += PER_SEARCH_PAGE
            else:
                for rows in self._of_one_instant(begin, fields):
                    yield Page(self._unseen(rows, fields, seen), str(newest))
                begin, after = begin + 1, 0

    def _of_one_instant(self, instant: int, fields: Sequence[str]) -> Iterator[list[Any]]:
        """Yield the records of one instant by id, when they are too many for one search."""
        last = "0"
        while True:
            filters = [_filter(MODIFIED, "EQ", instant), _filter(OBJECT_ID, "GT", last)]
            answer = self._search([filters], fields, sort=OBJECT_ID)
            if rows := rows_of(answer):
                yield rows
                last = str(rows[-1].id)
            if _is_last(answer):
                return

    def _unseen(
        self, rows: Iterable[Any], fields: Sequence[str], seen: set[tuple[str, datetime]]
    ) -> list[Record]:
        records = []
        for row in rows:
            if (row.id, row.updated_at) not in seen:
                seen.add((row.id, row.updated_at))
                records.append(self._record(row, fields))
        return records

    def everything(self, fields: Sequence[str]) -> Iterator[Record]:
        """Yield every record, and after them the archived ones."""
        for archived in (False, True):
            after = None
            while True:
                page = self._call(
                    "basic_api",
                    "get_page",
                    limit=PER_LIST_PAGE,
                    properties=asked_for(fields),
                    archived=_yes_no(archived),
                    **({"after": after} if after else {}),
                )
                for row in rows_of(page):
                    yield self._record(row, fields)
                after = page.paging.next.after if page.paging and page.paging.next else None
                if not after:
                    break

    def _record(self, answer: Any, fields: Sequence[str]) -> Record:
        return read_record(answer, fields, lambda name: self._types.get(name))

    def _search(
        self,
        groups: Sequence[Sequence[Any]],
        fields: Sequence[str],
        *,
        sort: str = MODIFIED,
        after: int = 0,
    ) -> Any:
        request = sdk.PublicObjectSearchRequest(
            limit=PER_SEARCH_PAGE,
            after=str(after),
            properties=asked_for(fields),
            sorts=[{"propertyName": sort, "direction": "ASCENDING"}],
            filter_groups=[sdk.FilterGroup(filters=list(group)) for group in groups],
        )
        return self._call("search_api", "do_search", request)

    # -- writing ---------------------------------------------------------------

    def write(self, record_id: str, values: Mapping[str, str]) -> None:
        """Set properties of one company."""
        body = sdk.SimplePublicObjectInput(properties=dict(values))
        self._call("basic_api", "update", record_id, body)

    def close(self) -> None:
        """Close the kept connections."""
        for api in self._apis.values():
            api.api_client.rest_client.pool_manager.clear()
        self._apis.clear()
        self._library = None

    # -- the library -----------------------------------------------------------

    def _token(self) -> str:
        """Return the token to call with; what was made with another one is made anew."""
        token = self.access.current()
        if self._library is None or self._library.access_token != token:
            self.close()
            self._library = library(self.host, token)
        return token

    def _api(self, name: str) -> Any:
        """Return one of the library's parts, kept: each has connections of its own."""
        self._token()
        if name not in self._apis:
            assert self._library is not None
            crm = self._library.crm
            home = crm.properties if name == "core_api" else crm.companies
            self._apis[name] = getattr(home, name)
        return self._apis[name]

    def _oauth_api(self) -> Any:
        if "oauth" not in self._apis:
            assert self._library is not None
            self._apis["oauth"] = self._library.oauth.access_tokens_api
        return self._apis["oauth"]

    def _call(self, api: str, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._with_fresh_token(
            lambda: self.caller(getattr(self._api(api), method), *args, **kwargs)
        )

    def _raw(self, method: str, path: str, body: Any = None) -> Mapping[str, Any]:
        """Call an address that the library has no method for, over its own transport."""

        def call() -> Mapping[str, Any]:
            transport = self._api("basic_api").api_client
            answer = self.caller(
                transport.call_api,
                path,
                method,
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
                body=body,
                auth_settings=["oauth2"],
                response_types_map={200: "object"},
                _return_http_data_only=True,
            )
            return answer if isinstance(answer, dict) else {}

        found: Mapping[str, Any] = self._with_fresh_token(call)
        return found

    def _with_fresh_token(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Expired as problem:
            # Usually renewed before its end; the two clocks may differ, so once more.
            if not self.access.is_oauth:
                raise Revoked(problem.message) from None
            self.access.refresh()
        try:
            return call()
        except Expired as problem:
            raise Revoked(problem.message) from None


def _filter(name: str, operator: str, value: object) -> Any:
    return sdk.Filter(property_name=name, operator=operator, value=str(value))


def _yes_no(value: bool) -> str:
    """Return what the documentation writes; the library would send Python's True and False."""
    return "true" if value else "false"


def _milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _is_last(answer: Any) -> bool:
    return not answer.results or answer.paging is None or answer.paging.next is None
