"""The pages of the Demo CRM: what people do there is what the API's callers do elsewhere."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Event, RLock, Thread
from typing import Any
from urllib.parse import quote, urlsplit

from integrations.crm.hubspot.contract.account import Account, Call
from integrations.crm.hubspot.contract.answers import Answer
from integrations.crm.hubspot.contract.companies import READ_ONLY, Company, Property
from integrations.crm.hubspot.contract.demo import html
from integrations.crm.hubspot.contract.demo.keeping import Keeper
from integrations.crm.hubspot.contract.demo.style import STYLE
from integrations.crm.hubspot.contract.webhooks import post_over_http

Page = tuple[int, dict[str, str], bytes]
MODES = {
    "works": "Works",
    "down": "Fails (502), as in an outage",
    "limited": "Refuses more calls for today (429)",
}
FAULTS: dict[str, dict[str, Any]] = {
    "down": {"status": 502, "text": "Bad Gateway"},
    "limited": {
        "status": 429,
        "body": {"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY"},
    },
}
FOR_EVER = 10**9
# Written by the portal alone.
TIER = "support_tier"
FIRST = ("acv", "name", "domain", "seats")
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
# How often a page that waits for the portal's answer is loaded again, one second apart.
WAITS = 6


class DemoPages:
    """Answers pages; everything else is left to the API (``None``)."""

    def __init__(self, account: Account, keeper: Keeper, *, portal: str, names: set[str]) -> None:
        self.account = account
        self.keeper = keeper
        self.portal = portal
        # The names under which a browser may call this server, "host:port".
        self.names = names
        self.mode = "works"
        self.sent: deque[html.Sent] = deque(maxlen=50)
        self.sending = RLock()
        account.webhooks.post = self._post

    def __call__(self, call: Call) -> Page | None:
        """Answer a page, or None where the path is not one."""
        if call.path.startswith(("/crm/", "/oauth/", "/account-info/")):
            return None
        if call.headers.get("host", "") not in self.names:
            # Another name for this machine: somebody's page tries to reach in.
            return self._plain(421, "This address is not served here.")
        if call.path.startswith("/__"):
            return None
        if call.method == "GET":
            return self._get(call)
        if call.method != "POST" or not self._is_own(call):
            return self._plain(403, "Only forms of these pages may do this.")
        try:
            return self._changed(call)
        except Answer as refusal:
            message = str(refusal.body.get("message", "")) if refusal.body else ""
            return self._page(
                "Not saved",
                html.notice(message or "That is not possible.", good=False)
                + '<p><a class="button" href="/">To the companies</a></p>',
                status=refusal.status,
            )

    def _is_own(self, call: Call) -> bool:
        origin = call.headers.get("origin")
        return origin is not None and urlsplit(origin).netloc in self.names

    # -- reading ---------------------------------------------------------------

    def _get(self, call: Call) -> Page:
        if call.path == "/style.css":
            return 200, {**HEADERS, "Content-Type": "text/css"}, STYLE.encode()
        if call.path == "/":
            return self._page("Companies", self._list(call.one("q")))
        if call.path == "/deliveries":
            return self._page("Deliveries", html.delivery_list(list(self.sent)))
        if call.path == "/trouble":
            mischief = self.account.webhooks.mischief
            on = {
                "shuffle": mischief.shuffle,
                "duplicate": mischief.duplicate > 0,
                "lose": mischief.lose > 0,
            }
            return self._page("Trouble", html.trouble_page(self.mode, on, MODES))
        company = self._company(call.path.removeprefix(self.place.company(0)[:-1]))
        if company is None:
            return self._page(
                "Not found",
                html.notice("There is no such company (any more).", good=False),
                status=404,
            )
        return self._company_page(company, call)

    @property
    def place(self) -> html.Place:
        """Where things are now."""
        return html.Place(self.portal, self.account.access.portal_id, self.mode)

    def _list(self, sought: str) -> str:
        with self.account.companies.lock:
            rows = sorted(
                self.account.companies.rows.values(), key=lambda one: one.value("name") or ""
            )
        found = [one for one in rows if sought.casefold() in (one.value("name") or "").casefold()]
        living = [one for one in found if one.archived_at is None]
        gone = [one for one in rows if one.archived_at is not None]
        return html.company_list(self.place, living, gone, self.account.currency, sought)

    def _company(self, key: str) -> Company | None:
        company = self.account.companies.rows.get(int(key)) if key.isdecimal() else None
        return company if company is not None and company.archived_at is None else None

    def _company_page(self, company: Company, call: Call) -> Page:
        left = call.one("wait")
        waits = int(left) if left.isdecimal() and int(left) <= WAITS else 0
        told = (
            html.notice(call.one("told"), good=call.one("bad") != "1") if call.one("told") else ""
        )
        others = [
            one
            for one in self.account.companies.rows.values()
            if one.archived_at is None and one.id != company.id
        ]
        body = html.company_page(
            self.place,
            company,
            self._fields(),
            sorted(others, key=lambda one: one.value("name") or ""),
            currency=self.account.currency,
            link=str(self.keeper.state["links"].get(str(company.id), "")),
            notice=told,
        )
        # The portal writes the tier back within seconds: look again, without any script.
        headers = {}
        if waits:
            again = f"{call.path}?wait={waits - 1}&told={quote(call.one('told'))}"
            headers["Refresh"] = f"1; url={again}"
        return self._page(company.value("name") or str(company.id), body, headers=headers)

    def _fields(self) -> list[Property]:
        known = self.account.companies.known
        own = [name for name in self.keeper_properties if name not in FIRST and name != TIER]
        return [known[name] for name in [*FIRST, *own] if name in known]

    @property
    def keeper_properties(self) -> list[str]:
        """The demo's own properties, in their order."""
        return [one["name"] for one in self.keeper.state["properties"]]

    # -- changing --------------------------------------------------------------

    def _changed(self, call: Call) -> Page:
        form = call.form()
        if call.path == "/trouble":
            self._make_trouble(form)
            return self._to("/trouble")
        if call.path == "/companies":
            made = self.account.companies.create({name: form.get(name) for name in FIRST[:3]})
            return self._told(made.id)
        path, _, verb = call.path.removeprefix(self.place.company(0)[:-1]).partition("/")
        acts: Mapping[str, Callable[[int, Mapping[str, str]], int | None]] = {
            "": self._save,
            "delete": self._delete,
            "restore": self._restore,
            "merge": self._merge,
        }
        if not path.isdecimal() or verb not in acts:
            return self._plain(404, "There is no such page.")
        survivor = acts[verb](int(path), form)
        return self._told(survivor) if survivor else self._told_on_list()

    def _save(self, company_id: int, form: Mapping[str, str]) -> int:
        company = self.account.companies.living(company_id)
        names = [one.name for one in self._fields() if one.name not in READ_ONLY]
        changed = {
            name: form.get(name, "").strip()
            for name in names
            if form.get(name, "").strip() != (company.value(name) or "")
        }
        if changed:
            self.account.companies.update(company_id, _plain_numbers(changed))
        return company_id

    def _delete(self, company_id: int, form: Mapping[str, str]) -> None:
        self.account.companies.archive(company_id)

    def _restore(self, company_id: int, form: Mapping[str, str]) -> int:
        self.account.companies.restore(company_id)
        return company_id

    def _merge(self, company_id: int, form: Mapping[str, str]) -> int:
        other = form.get("other", "")
        if not other.isdecimal():
            raise Answer(400, {"message": "Choose the company that is to be merged into this one."})
        return self.account.companies.merge(company_id, int(other)).id

    def _make_trouble(self, form: Mapping[str, str]) -> None:
        self.mode = form.get("mode", "works") if form.get("mode") in MODES else "works"
        self.account.faults.clear()
        if self.mode in FAULTS:
            for path in ("/crm/", "/account-info/"):
                self.account.faults.add({"path": path, "times": FOR_EVER, **FAULTS[self.mode]})
        mischief = self.account.webhooks.mischief
        mischief.shuffle = "shuffle" in form
        mischief.duplicate = 0.5 if "duplicate" in form else 0.0
        mischief.lose = 0.5 if "lose" in form else 0.0

    # -- telling the portal ----------------------------------------------------

    def send(self) -> list[int]:
        """Send what waits; one at a time, so that the log is in order."""
        with self.sending:
            statuses = self.account.webhooks.deliver()
            self.keeper.save(self.account)
            return statuses

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        started = time.monotonic()
        status = post_over_http(url, headers, body)
        took = round((time.monotonic() - started) * 1000)
        events = Call("POST", "", {}, {"content-type": "application/json"}, body).json()
        kinds = [
            str(one.get("propertyName") or str(one["subscriptionType"]).partition(".")[2])
            for one in events
        ]
        what = f"{events[0]['objectId']}: {', '.join(dict.fromkeys(kinds))}"
        at = datetime.now(UTC).strftime("%H:%M:%S")  # noqa: TID251  (of another company's computer)
        attempt = int(events[0]["attemptNumber"]) + 1
        self.sent.appendleft(html.Sent(at, what[:80], status, took, attempt))
        return status

    def _words(self) -> tuple[str, bool]:
        statuses = self.send()
        if not statuses:
            return "Saved. Nothing was sent to the portal.", True
        if all(200 <= status < 300 for status in statuses):
            return (
                f"Saved. The portal took the signed webhook in {self.sent[0].milliseconds} ms.",
                True,
            )
        return "Saved. The portal did not take the webhook; it is sent again.", False

    def _told(self, company_id: int) -> Page:
        words, is_good = self._words()
        bad = "" if is_good else "&bad=1"
        return self._to(f"{self.place.company(company_id)}?wait={WAITS}&told={quote(words)}{bad}")

    def _told_on_list(self) -> Page:
        self._words()
        return self._to("/")

    # -- answers ---------------------------------------------------------------

    def _page(
        self, title: str, body: str, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Page:
        whole = html.page(self.place, title, body)
        return status, {**HEADERS, **(headers or {})}, whole.encode()

    def _plain(self, status: int, text: str) -> Page:
        return status, {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}, text.encode()

    def _to(self, path: str) -> Page:
        return 303, {**HEADERS, "Location": path}, b""


def _plain_numbers(values: Mapping[str, str]) -> dict[str, str]:
    """Let people write 31,000 where the API takes 31000."""
    plain = dict(values)
    if "acv" in plain:
        plain["acv"] = plain["acv"].replace(",", "").replace(" ", "")
    return plain


def keep_sending(pages: DemoPages, stopping: Event) -> Thread:
    """Send in the background what was not taken, further and further apart; also saves."""

    def work() -> None:
        pause = 1.0
        while not stopping.wait(pause):
            statuses = pages.send()
            failed = any(not 200 <= status < 300 for status in statuses)
            pause = min(pause * 2, 30.0) if failed else 1.0

    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread
