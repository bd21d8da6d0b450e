"""One account of the stand-in: its state, and the calls it answers."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from integrations.crm.hubspot.contract.access import (
    READ,
    SCHEMA,
    SCHEMA_WRITE,
    WRITE,
    Access,
    Limits,
)
from integrations.crm.hubspot.contract.answers import Answer, error, invalid, not_found
from integrations.crm.hubspot.contract.clock import Clock, to_text
from integrations.crm.hubspot.contract.companies import (
    DEFAULT_PROPERTIES,
    Companies,
    Company,
    Property,
)
from integrations.crm.hubspot.contract.faults import Faults
from integrations.crm.hubspot.contract.searching import search
from integrations.crm.hubspot.contract.shapes import choice, integer, names, only
from integrations.crm.hubspot.contract.webhooks import Webhooks

PER_LIST_PAGE = 100
PER_BATCH = 100
COMPANIES = "/crm/v3/objects/companies"
PROPERTIES = "/crm/v3/properties/companies"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    raw: bytes

    def json(self) -> Any:
        """Return the body, which must be JSON and say so."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            raise error(415, "Content-Type must be application/json.", "VALIDATION_ERROR")
        try:
            return json.loads(self.raw)
        except ValueError:
            raise invalid("Invalid input JSON.") from None

    def form(self) -> dict[str, str]:
        """Return the body of a form."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            raise error(415, "A form is expected.", "VALIDATION_ERROR")
        return {name: values[-1] for name, values in parse_qs(self.raw.decode()).items()}

    def allow(self, *parameters: str) -> None:
        """Refuse query parameters that are not documented."""
        unknown = set(self.query) - set(parameters)
        if unknown:
            raise invalid(f"Unknown parameter {', '.join(sorted(unknown))}.")

    def one(self, name: str, default: str = "") -> str:
        """Return a parameter that comes once."""
        return self.query.get(name, [default])[-1]

    def properties(self) -> tuple[str, ...]:
        """Return the properties asked for, repeated or separated by commas."""
        found = [one for many in self.query.get("properties", []) for one in many.split(",")]
        return tuple(found) or DEFAULT_PROPERTIES


@dataclass
class Account:
    """The whole state of one stand-in: companies, access, limits, faults, log, webhooks.

    ``index_delay_ms`` is how long a change takes to be found by a search. ``call_ms`` moves a
    standing clock with every call, so that limits matter only to tests that set it to zero.
    """

    clock: Clock = field(default_factory=Clock)
    time_zone: str = "Europe/Berlin"
    currency: str = "EUR"
    index_delay_ms: int = 0
    call_ms: int = 0
    name: str = "demo-crm.example"

    def __post_init__(self) -> None:
        self.access = Access(self.clock)
        self.limits = Limits(self.clock)
        self.faults = Faults()
        self.webhooks = Webhooks(self.access, self.clock)
        self.companies = Companies(self.clock, self.webhooks.tell)
        self.log: list[tuple[str, str, int]] = []

    @classmethod
    def standing_at(cls, instant: datetime, **more: Any) -> "Account":
        """Return an account whose clock moves only when it is moved, and with each call."""
        return cls(Clock(instant), **{"call_ms": 250, **more})

    def answer(self, call: Call) -> Answer:
        """Answer one call, as the vendor would."""
        self.clock.advance(self.call_ms / 1000)
        try:
            reply = self._route(call)
        except Answer as refusal:
            reply = refusal
        if isinstance(reply.body, dict) and reply.status >= 400:
            reply.body.setdefault("correlationId", f"{len(self.log):032x}")
        self.log.append((call.method, call.path, reply.status))
        return reply

    def calls_to(self, path: str, method: str = "") -> int:
        """Return how many calls came to addresses that begin like this."""
        return sum(
            1 for how, where, _ in self.log if where.startswith(path) and method in ("", how)
        )

    def _route(self, call: Call) -> Answer:
        for method, pattern, scope, handler in ROUTES:
            found = re.fullmatch(pattern, call.path)
            if not found or method != call.method:
                continue
            headers = {}
            if scope is not None:
                self.access.check(call.headers.get("authorization"), *scope)
                headers = self.limits.count(is_search=call.path.endswith("/search"))
            reply = handler(self, call, *map(unquote, found.groups()))
            reply.headers |= headers
            return reply
        raise error(404, f"Unable to route {call.method} {call.path}.", "OBJECT_NOT_FOUND")

    # -- who is asking ---------------------------------------------------------

    def token(self, call: Call) -> Answer:
        """``POST /oauth/v1/token``."""
        return Answer(200, self.access.grant(call.form()))

    def token_info(self, call: Call, token: str) -> Answer:
        """``GET /oauth/v1/access-tokens/{token}``."""
        return Answer(200, self.access.describe(token))

    def private_app_info(self, call: Call) -> Answer:
        """``POST /oauth/v2/private-apps/get/access-token-info``."""
        body = call.json()
        only(body, ("tokenKey",))
        return Answer(200, self.access.describe_private_app(str(body.get("tokenKey"))))

    def account_info(self, call: Call) -> Answer:
        """``GET /account-info/v3/details`` (evidence D)."""
        call.allow()
        return Answer(
            200,
            {
                "portalId": self.access.portal_id,
                "accountType": "STANDARD",
                "timeZone": self.time_zone,
                "companyCurrency": self.currency,
                "additionalCurrencies": [],
                "utcOffset": "+01:00",
                "utcOffsetMilliseconds": 3_600_000,
                "uiDomain": "app-eu1.hubspot.com",
                "dataHostingLocation": "eu1",
            },
        )

    # -- companies -------------------------------------------------------------

    def do_search(self, call: Call) -> Answer:
        """``POST /crm/v3/objects/companies/search``."""
        call.allow()
        newest = self.clock.now_ms() - self.index_delay_ms
        return Answer(200, search(self.companies, call.raw, call.json(), newest))

    def batch_read(self, call: Call) -> Answer:
        """``POST .../batch/read``: 200, or 207 when some ids are not there."""
        call.allow("archived")
        archived = choice(call.one("archived", "false"), "archived", ("true", "false")) == "true"
        body = call.json()
        only(body, ("properties", "propertiesWithHistory", "idProperty", "inputs"))
        if body.get("idProperty") is not None or body.get("propertiesWithHistory"):
            raise invalid("Only reading by record id without history is supported here.")
        inputs = body.get("inputs") or []
        if not 1 <= len(inputs) <= PER_BATCH:
            raise invalid(f"1 to {PER_BATCH} inputs.")
        ids = []
        for one in inputs:
            only(one, ("id",))
            ids.append(str(one.get("id")))
        wanted = names(body.get("properties"), "properties") or DEFAULT_PROPERTIES
        with self.companies.lock:
            found = {key: self._found(key, archived=archived) for key in dict.fromkeys(ids)}
            results = [
                company.as_json(wanted, self.companies.known)
                for company in found.values()
                if company is not None
            ]
        return self._batch(results, [key for key, company in found.items() if company is None])

    def _found(self, key: str, *, archived: bool) -> Company | None:
        company = self.companies.rows.get(int(key)) if key.isdecimal() else None
        if company is None or (company.archived_at is not None) != archived:
            return None
        return company

    def _batch(self, results: list[Any], missing: list[str]) -> Answer:
        now = to_text(self.clock.now_ms())
        body: dict[str, Any] = {
            "status": "COMPLETE",
            "results": results,
            "startedAt": now,
            "completedAt": now,
        }
        if not missing:
            return Answer(200, body)
        body["numErrors"] = 1
        body["errors"] = [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some COMPANY objects, they may be deleted or not "
                "exist. Check that ids are valid.",
                "context": {"ids": missing},
            }
        ]
        return Answer(207, body)

    def list_page(self, call: Call) -> Answer:
        """``GET /crm/v3/objects/companies``, by record id, archived ones apart."""
        call.allow("limit", "after", "properties", "archived")
        limit = integer(call.one("limit", "10"), "limit", low=1, high=PER_LIST_PAGE)
        after = integer(call.one("after") or "0", "after", low=0)
        archived = choice(call.one("archived", "false"), "archived", ("true", "false")) == "true"
        with self.companies.lock:
            rows = sorted(
                (
                    one
                    for one in self.companies.rows.values()
                    if one.id > after and (one.archived_at is not None) == archived
                ),
                key=lambda one: one.id,
            )
            page = rows[:limit]
            results = [one.as_json(call.properties(), self.companies.known) for one in page]
        body: dict[str, Any] = {"results": results}
        if len(rows) > limit:
            body["paging"] = {"next": {"after": str(page[-1].id), "link": "?after="}}
        return Answer(200, body)

    def get(self, call: Call, key: str) -> Answer:
        """``GET .../{companyId}``."""
        call.allow("properties", "archived")
        archived = choice(call.one("archived", "false"), "archived", ("true", "false")) == "true"
        company = self._found(key, archived=archived)
        if company is None:
            raise not_found()
        return Answer(200, company.as_json(call.properties(), self.companies.known))

    def create(self, call: Call) -> Answer:
        """``POST /crm/v3/objects/companies``."""
        body = call.json()
        only(body, ("properties", "associations"))
        company = self.companies.create(body.get("properties") or {})
        return Answer(201, company.as_json(company.properties, self.companies.known))

    def patch(self, call: Call, key: str) -> Answer:
        """``PATCH .../{companyId}``."""
        call.allow()
        body = call.json()
        only(body, ("properties",))
        if not isinstance(body.get("properties"), dict) or not key.isdecimal():
            raise invalid("properties must be an object.")
        company = self.companies.update(int(key), body["properties"])
        return Answer(200, company.as_json(body["properties"], self.companies.known))

    def delete(self, call: Call, key: str) -> Answer:
        """``DELETE .../{companyId}``; deleting what is gone is fine."""
        company = self._found(key, archived=False)
        if company is not None:
            self.companies.archive(company.id)
        return Answer(204)

    def merge(self, call: Call) -> Answer:
        """``POST .../merge``."""
        body = call.json()
        only(body, ("primaryObjectId", "objectIdToMerge"))
        ids = [integer(body.get(name), name, low=1) for name in body]
        if len(ids) != 2:
            raise invalid("primaryObjectId and objectIdToMerge are needed.")
        survivor = self.companies.merge(int(body["primaryObjectId"]), int(body["objectIdToMerge"]))
        return Answer(200, survivor.as_json(DEFAULT_PROPERTIES, self.companies.known))

    # -- properties ------------------------------------------------------------

    def list_properties(self, call: Call) -> Answer:
        """``GET /crm/v3/properties/companies``."""
        call.allow("archived", "properties", "dataSensitivity")
        return Answer(200, {"results": [one.as_json() for one in self.companies.known.values()]})

    def add_property(self, call: Call) -> Answer:
        """``POST /crm/v3/properties/companies``."""
        body = call.json()
        only(
            body,
            ("name", "label", "type", "fieldType", "groupName", "description", "options",
             "displayOrder", "hidden", "formField", "hasUniqueValue"),
        )  # fmt: skip
        missing = {"name", "label", "type", "fieldType", "groupName"} - set(body)
        if missing:
            raise invalid(f"{', '.join(sorted(missing))} is required.")
        options = tuple(str(one["value"]) for one in body.get("options") or ())
        new = Property(body["name"], body["label"], body["type"], body["fieldType"], options)
        self.companies.add_property(new)
        return Answer(201, new.as_json())


Handler = Callable[..., Answer]
ONE = COMPANIES + r"/(\d+)"
# Scopes of None: a call that needs no token and counts for no limit.
ROUTES: tuple[tuple[str, str, tuple[str, ...] | None, Handler], ...] = (
    ("POST", "/oauth/v1/token", None, Account.token),
    ("GET", r"/oauth/v1/access-tokens/([^/]+)", None, Account.token_info),
    ("POST", "/oauth/v2/private-apps/get/access-token-info", (), Account.private_app_info),
    ("GET", "/account-info/v3/details", (), Account.account_info),
    ("POST", COMPANIES + "/search", (READ,), Account.do_search),
    ("POST", COMPANIES + "/batch/read", (READ,), Account.batch_read),
    ("POST", COMPANIES + "/merge", (READ, WRITE), Account.merge),
    ("GET", COMPANIES, (READ,), Account.list_page),
    ("POST", COMPANIES, (WRITE,), Account.create),
    ("GET", ONE, (READ,), Account.get),
    ("PATCH", ONE, (WRITE,), Account.patch),
    ("DELETE", ONE, (WRITE,), Account.delete),
    ("GET", PROPERTIES, (SCHEMA,), Account.list_properties),
    ("POST", PROPERTIES, (SCHEMA_WRITE,), Account.add_property),
)


def read_call(method: str, target: str, headers: Mapping[str, str], raw: bytes) -> Call:
    """Return a request in its parts."""
    parts = urlsplit(target)
    query = parse_qs(parts.query, keep_blank_values=True)
    lower = {name.lower(): value for name, value in headers.items()}
    return Call(method, parts.path, query, lower, raw)
