"""The contract server itself: HTTP on 127.0.0.1, one org behind it."""

import base64
import binascii
import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from integrations.crm.salesforce.contract.records import NotThere, SField, described
from integrations.crm.salesforce.contract.soql import Query, SoqlRefused, parse, parse_instant
from integrations.crm.salesforce.contract.state import Asked, Fault, LoginRefused, Org
from integrations.crm.salesforce.contract.wire import Refusal, as_json, instant, written
from integrations.crm.salesforce.ids import canonical_id
from portal.kit import clock

VERSIONS = tuple(f"{number}.0" for number in range(31, 68))
LONGEST_URL = 16_384
LONGEST_BODY = 1_000_000
WINDOW = timedelta(days=30)
_REST = re.compile(r"/services/data/v(?P<version>\d+\.\d)/(?P<rest>.*)")
_BATCH = re.compile(r"batchSize=(\d+)")


class ContractServer:
    """Runs one org on a free port of 127.0.0.1. Use as a context, or ``start`` and ``stop``."""

    def __init__(self, org: Org | None = None, port: int = 0) -> None:
        self.org = org or Org(now=clock.now)
        handler = type("OrgHandler", (_Handler,), {"org": self.org})
        self._http = _Http(("127.0.0.1", port), handler)
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> Self:
        """Begin to answer in a thread."""
        Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop answering."""
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up; an error of ours is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: otherwise each answer waits for an acknowledgement.
    wbufsize = -1
    org: Org
    status = 0

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PATCH(self) -> None:
        self._handle("PATCH")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing; the org's log holds every request."""

    def _handle(self, method: str) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LONGEST_BODY))
        host = self.headers.get("Host", "").partition(":")[0]
        if parts.path.startswith("/__"):
            self._control(method, parts.path, body)
            return
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        fault = self.org.fault_for(method, parts.path)
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        if fault is None or fault.after or not (fault.status or fault.drop):
            status, answer = self._answer(method, host, parts.path, query, body)
        else:
            status, answer = 0, None
        if fault is not None and fault.status:
            status, answer = fault.status, fault.body
        self.org.note(Asked(method, host, parts.path, query, status))
        if fault is not None and fault.drop:
            self.close_connection = True
            return
        self._write(status, answer, fault)

    def _answer(
        self, method: str, host: str, path: str, query: Mapping[str, str], body: bytes
    ) -> tuple[int, Any]:
        try:
            if len(self.path) > LONGEST_URL:
                raise Refusal(414, "URI_TOO_LONG", "The URI is longer than 16384 bytes.")
            if path == "/services/oauth2/token":
                return 200, self._token(method, host, body)
            found = _REST.fullmatch(path)
            if found is None or host != self.org.host:
                raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
            self._authorised()
            if found["version"] not in VERSIONS:
                raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
            return self._rest(method, found["version"], found["rest"], query, body)
        except Refusal as refusal:
            return refusal.status, refusal.body
        except LoginRefused as refused:
            return refused.status, {
                "error": refused.error,
                "error_description": refused.description,
            }

    # -- Logging in ------------------------------------------------------------

    def _token(self, method: str, host: str, body: bytes) -> dict[str, Any]:
        kind = self.headers.get("Content-Type", "")
        if method != "POST" or kind != "application/x-www-form-urlencoded":
            raise LoginRefused("invalid_request", "must use HTTP POST with a form")
        token = self.org.token(host, self._basic(), dict(parse_qsl(body.decode())))
        return {
            "access_token": token,
            "instance_url": f"https://{self.org.host}",
            "id": f"https://login.salesforce.com/id/{self.org.org_id}/005000000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(self.org.now().timestamp() * 1000)),
            "signature": "not-checked-by-anybody",
            "scope": "api",
        }

    def _basic(self) -> tuple[str, str]:
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return "", ""
        try:
            key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return key, secret

    def _authorised(self) -> None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            raise Refusal(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if token not in self.org.sessions:
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if not self.org.counted():
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    # -- REST ------------------------------------------------------------------

    def _rest(
        self, method: str, version: str, rest: str, query: Mapping[str, str], body: bytes
    ) -> tuple[int, Any]:
        parts = [unquote(part) for part in rest.split("/") if part]
        if parts and parts[0] in ("query", "queryAll") and method == "GET":
            return 200, self._query(version, parts, query)
        if parts[:1] == ["sobjects"] and len(parts) == 3:
            fields = self.org.records.fields_of(parts[1])
            if fields is None:
                raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
            if parts[2] == "describe" and method == "GET":
                return 200, described(parts[1], fields)
            if parts[1] == "Account":
                return self._account(method, parts[2], fields, query, body)
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")

    def _account(
        self,
        method: str,
        name: str,
        fields: tuple[SField, ...],
        query: Mapping[str, str],
        body: bytes,
    ) -> tuple[int, Any]:
        if name in ("updated", "deleted") and method == "GET":
            start, end = self._window(query)
            return 200, self._updated(start, end) if name == "updated" else self._deleted(
                start, end
            )
        if method == "PATCH":
            self._write_account(name, fields, body)
            return 204, None
        raise Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.")

    def _query(self, version: str, parts: list[str], asked: Mapping[str, str]) -> dict[str, Any]:
        path = f"/services/data/v{version}/{parts[0]}"
        if len(parts) == 2:
            more = self.org.more(parts[1], path)
            if more is None:
                raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
            fields, (rows, total, following) = more
            return _result("Account", version, fields, rows, total, following, path)
        if set(asked) != {"q"} or len(parts) != 1:
            raise Refusal(400, "MALFORMED_QUERY", "A query has the parameter q and no other.")
        try:
            query = parse(asked["q"], self.org.records.types)
        except SoqlRefused as refused:
            raise Refusal(400, refused.code, refused.message) from refused
        rows = self.org.records.found(query, deleted_too=parts[0] == "queryAll")
        shown = [{name: row[name] for name in query.fields} for row in rows]
        page, total, following = self.org.page(query.fields, shown, self._batch(query), path)
        return _result(query.source, version, query.fields, page, total, following, path)

    def _batch(self, query: Query) -> int:
        options = self.headers.get("Sforce-Query-Options", "")
        if not options:
            return self.org.page_size
        found = _BATCH.fullmatch(options)
        if found is None or not 200 <= int(found[1]) <= 2_000:
            raise Refusal(400, "INVALID_QUERY_OPTIONS", "batchSize is between 200 and 2000.")
        return min(int(found[1]), self.org.page_size)

    # -- What changed ----------------------------------------------------------

    def _window(self, query: Mapping[str, str]) -> tuple[datetime, datetime]:
        """Read start and end; the vendor cuts their seconds off before it compares."""
        if set(query) != {"start", "end"}:
            raise Refusal(400, "INVALID_REPLICATION_DATE", "start and end are needed.")
        try:
            start, end = (parse_instant(query[name]) for name in ("start", "end"))
        except ValueError as error:
            raise Refusal(400, "INVALID_REPLICATION_DATE", "not a date and time") from error
        start, end = (it.replace(second=0, microsecond=0) for it in (start, end))
        if start >= end:
            message = "startDate and endDate must be at least one minute apart"
            raise Refusal(400, "INVALID_REPLICATION_DATE", message)
        if start < self.org.now() - WINDOW:
            message = "startDate cannot be more than 30 days ago"
            raise Refusal(400, "INVALID_REPLICATION_DATE", message)
        if end > self.org.now() + timedelta(minutes=1):
            message = "endDate cannot be in the future"
            raise Refusal(400, "INVALID_REPLICATION_DATE", message)
        return start, end

    def _changed(self, start: datetime, end: datetime, *, deleted: bool) -> list[dict[str, Any]]:
        with self.org.records.lock:
            rows = [dict(row) for row in self.org.records.accounts.values()]
        return [
            row
            for row in rows
            if row["IsDeleted"] is deleted and start <= row["SystemModstamp"] <= end
        ]

    def _covered(self, end: datetime) -> datetime:
        return min(end, self.org.now() - self.org.index_lag)

    def _updated(self, start: datetime, end: datetime) -> dict[str, Any]:
        end = self._covered(end)
        rows = self._changed(start, end, deleted=False)
        if len(rows) > self.org.updated_limit:
            raise Refusal(400, "EXCEEDED_ID_LIMIT", "exceeded max number of distinct ids")
        return {"ids": [row["Id"] for row in rows], "latestDateCovered": instant(end)}

    def _deleted(self, start: datetime, end: datetime) -> dict[str, Any]:
        end = self._covered(end)
        rows = self._changed(start, end, deleted=True)
        return {
            "deletedRecords": [
                {"id": row["Id"], "deletedDate": instant(row["SystemModstamp"])} for row in rows
            ],
            "earliestDateAvailable": instant(self.org.now() - WINDOW),
            "latestDateCovered": instant(end),
        }

    # -- Writing ---------------------------------------------------------------

    def _write_account(self, name: str, fields: tuple[SField, ...], body: bytes) -> None:
        try:
            values = json.loads(body, parse_float=Decimal)
        except ValueError as error:
            raise Refusal(400, "JSON_PARSER_ERROR", "Unexpected character") from error
        if not isinstance(values, dict):
            raise Refusal(400, "JSON_PARSER_ERROR", "An object is expected.")
        known = {f.name: f for f in fields}
        read = {}
        for field_name, value in values.items():
            if field_name not in known:
                message = f"No such column '{field_name}' on sobject of type Account"
                raise Refusal(400, "INVALID_FIELD", message)
            if not known[field_name].updateable:
                message = (
                    f"Unable to create/update fields: {field_name}. Please check the security "
                    "settings of this field and verify that it is read/write for your profile "
                    "or permission set."
                )
                raise Refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, (field_name,))
            read[field_name] = written(known[field_name], value)
        try:
            self.org.records.update(canonical_id(name) or name, **read)
        except NotThere as missing:
            if missing.is_deleted:
                raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted") from missing
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist") from missing

    # -- Out -------------------------------------------------------------------

    def _control(self, method: str, path: str, body: bytes) -> None:
        """Script faults and read the log: for tests and the demo, no part of the vendor."""
        if method == "POST" and path == "/__faults":
            try:
                faults = [Fault(**one) for one in json.loads(body)]
            except (TypeError, ValueError) as error:
                self._write(400, {"error": str(error)}, None)
                return
            with self.org.lock:
                self.org.faults.extend(faults)
            self._write(200, {"waiting": len(self.org.faults)}, None)
        elif method == "GET" and path == "/__log":
            self._write(200, [asdict(asked) for asked in self.org.log], None)
        else:
            self._write(404, {"error": "There are POST /__faults and GET /__log."}, None)

    def _write(self, status: int, answer: Any, fault: Fault | None) -> None:
        body = b"" if answer is None else as_json(answer).encode()
        if isinstance(answer, str):
            body = answer.encode()
        self.send_response_only(status)
        headers = {
            "Date": format_datetime(self.org.now().astimezone(UTC), usegmt=True),
            "Content-Type": "application/json;charset=UTF-8",
            "Sforce-Limit-Info": self.org.usage(),
        }
        for name, value in (headers | dict(fault.headers if fault else {})).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault is not None and fault.truncate:
            body = body[: fault.truncate]
            self.close_connection = True
        self.wfile.write(body)
        self.wfile.flush()


def _result(
    source: str,
    version: str,
    fields: tuple[str, ...],
    rows: list[dict[str, Any]],
    total: int,
    following: str,
    path: str,
) -> dict[str, Any]:
    def shown(row: dict[str, Any]) -> dict[str, Any]:
        attributes: dict[str, str] = {"type": source}
        if "Id" in row:
            attributes["url"] = f"/services/data/v{version}/sobjects/{source}/{row['Id']}"
        return {"attributes": attributes, **{name: row[name] for name in fields}}

    answer: dict[str, Any] = {"totalSize": total, "done": not following}
    if following:
        answer["nextRecordsUrl"] = f"{path}/{following}"
    return answer | {"records": [shown(row) for row in rows]}
