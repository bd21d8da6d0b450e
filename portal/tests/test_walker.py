"""The walker: every address, every actor, every method.

Nobody enters where they are not meant to be, nobody reads another
organization's mark, no safe method changes anything, nothing answers 5xx, and
no route goes without saying who it is for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from conftest import TUESDAY
from people.actions import invite, issue_token
from people.models import Organization, User
from people.viewers import viewer_of
from portal.kit.access import may_enter
from portal.tests.walker_declarations import BOOKKEEPING_TABLES, BY_PREFIX, WRITES_NOTHING
from tickets.models import Attachment, Ticket, Trigger
from tiers.actions import draft_calendar_version
from tiers.models import Calendar

pytestmark = [pytest.mark.walker, pytest.mark.django_db]

SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
OUTSIDE_MARK = "MARK-OF-OUTSIDE"
NOTE_MARK = "MARK-OF-A-NOTE"
REFUSED = {301, 302, 401, 403, 404, 405}


@dataclass(frozen=True)
class Route:
    """One address as Django resolves it."""

    pattern: str
    view: Any
    name: str

    @property
    def audience(self) -> str | None:
        """Who it is for, or None when nobody said."""
        for holder in (
            self.view,
            getattr(self.view, "cls", None),
            getattr(self.view, "view_class", None),
        ):
            if declared := getattr(holder, "access", None):
                return str(declared)
        matching = [prefix for prefix in BY_PREFIX if self.pattern.startswith(prefix)]
        return BY_PREFIX[max(matching, key=len)] if matching else None

    @property
    def is_ours(self) -> bool:
        """Whether one of our rooms wrote the view."""
        module = getattr(getattr(self.view, "cls", self.view), "__module__", "")
        return module.split(".")[0] in {
            "portal", "people", "tiers", "kb", "tickets", "integrations", "reports",
        }  # fmt: skip


def routes(resolver: Any = None, prefix: str = "") -> Iterator[Route]:
    """Yield every route of the portal."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, pattern)
        elif isinstance(entry, URLPattern):
            yield Route(pattern, entry.callback, entry.name or "")


def test_every_route_says_whom_it_is_for():
    silent = [route.pattern for route in routes() if route.audience is None]
    assert not silent, "declare with @access: " + ", ".join(silent)


def test_a_route_that_says_nothing_is_noticed():
    def view(request):
        return HttpResponse()

    assert Route("somewhere/new/", view, "").audience is None


@pytest.fixture
def world(ada, colin, paul, stella, olga, agnes, lena, oscar, root, open_for):
    """A portal in which everybody has something, and Olga's things bear her mark."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    outside = olga.memberships.get().organization
    Organization.objects.filter(pk=outside.pk).update(name=f"{OUTSIDE_MARK} Ltd")
    file = SimpleUploadedFile("log.txt", f"{OUTSIDE_MARK} file".encode())
    foreign = open_for(
        olga, subject=f"{OUTSIDE_MARK} subject", body=f"{OUTSIDE_MARK} body", files=[file]
    )
    own = open_for(stella)
    from tickets import actions

    for ticket in (foreign, own):
        actions.reply_as_agent(
            ticket=ticket, author=lena, body=f"{NOTE_MARK} of {ticket.reference}",
            is_public=False, now=TUESDAY,
        )  # fmt: skip
    office = Calendar.objects.get(key="business-hours")
    draft_calendar_version(calendar=office, by=oscar, now=TUESDAY)
    invitation = invite(organization=outside, email="new@outside.example", by=olga, now=TUESDAY)
    token, _secret = issue_token(user=olga, name=f"{OUTSIDE_MARK} token", now=TUESDAY)
    return {
        "foreign": foreign,
        "own": own,
        "invitation": invitation,
        "token": token,
        "organization": outside,
        "attachment": Attachment.objects.get(),
    }


def arguments(name: str, world: dict[str, Any]) -> list[str]:
    """Return values for a placeholder: Olga's thing, Stella's thing, nothing at all."""
    foreign, own = world["foreign"], world["own"]
    if "reference" in name or "ticket" in name:
        return [foreign.reference, own.reference, "T-999999"]
    if name in {"public_id", "organization", "organization_id"}:
        return [world["attachment"].public_id, world["organization"].public_id, "0" * 12]
    if "token" in name or name in {"key", "uidb36"}:
        return ["general", "starter", "business-hours", "x" * 43]
    return ["1", "999999"]


def addresses(route: Route, world: dict[str, Any]) -> list[str]:
    """Return the addresses of a route with its placeholders filled."""
    pattern = route.pattern.replace("\\Z", "").replace("^", "").replace("$", "")
    pattern = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", pattern)
    names = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
    choices = {name: arguments(name, world) for name in names}
    found = []
    for index in range(max([len(values) for values in choices.values()], default=1)):
        address = pattern
        for name, values in choices.items():
            value = values[min(index, len(values) - 1)]
            address = re.sub(rf"<(?:\w+:)?{name}>", value, address, count=1)
        found.append("/" + re.sub(r"[\\?]", "", address))
    return found


class Writes:
    """Collects the statements that change rows somebody could see."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Note a write, and let it happen."""
        is_write = re.match(r"\s*(INSERT|UPDATE|DELETE|WITH\b.*\bUPDATE)", sql, re.I | re.S)
        if is_write and not any(table in sql for table in BOOKKEEPING_TABLES):
            self.statements.append(sql)
        return execute(sql, params, many, context)


def request_once(client: Client, method: str, address: str) -> tuple[Any, list[str]]:
    """Make one request, undo whatever it did, and return the answer and its writes."""
    writes = Writes()
    point = transaction.savepoint()
    try:
        with connection.execute_wrapper(writes):
            response: Any = client.generic(method, address)
            if response.streaming:
                response.getvalue()
    finally:
        transaction.savepoint_rollback(point)
    return response, writes.statements


def is_let_in(response: HttpResponse) -> bool:
    """Whether an answer shows the page itself."""
    return response.status_code < 300


def may(route: Route, user: User | None) -> bool:
    """Whether an actor may enter a route."""
    audience = route.audience
    viewer = viewer_of(user) if user else viewer_of(None)
    if audience == "wagtail":
        return viewer.runs_operations
    if audience == "superuser":
        return bool(user and user.is_superuser)
    return may_enter(audience, viewer)  # type: ignore[arg-type]


ACTORS = ("nobody", "ada", "colin", "paul", "stella", "agnes", "lena", "oscar", "root")
# Libraries test their own pages; of theirs we walk the doors, not every floor.
DOOR_ACTORS = ("nobody", "ada", "agnes", "oscar")


def body_of(response: HttpResponse) -> str:
    return response.getvalue().decode("utf-8", "replace")


@pytest.mark.parametrize("actor", ACTORS)
def test_walk(actor, world, request: pytest.FixtureRequest, at_door: Callable[..., Client]):
    user = None if actor == "nobody" else request.getfixturevalue(actor)
    client = at_door(user)
    client.raise_request_exception = False
    wrong: list[str] = []
    for route in routes():
        if not route.is_ours and actor not in DOOR_ACTORS:
            continue
        methods = (*SAFE, *UNSAFE) if route.is_ours else ("GET", "POST")
        for address in addresses(route, world):
            for method in methods:
                wrong += check(client, user, route, method, address)
    assert not wrong, "\n".join(wrong[:40])


def check(
    client: Client, user: User | None, route: Route, method: str, address: str
) -> Iterator[str]:
    """Yield what is wrong with one answer."""
    response, writes = request_once(client, method, address)
    told = f"{method} {address} as {user or 'nobody'}: {response.status_code}"
    if response.status_code >= 500 and not (response.status_code == 503 and "readyz" in address):
        yield f"{told} (must not break)"
    if not may(route, user) and is_let_in(response) and method != "OPTIONS":
        yield f"{told} (must not enter: for {route.audience})"
    if not may(route, user) and writes:
        yield f"{told} (wrote although not let in: {writes[0][:90]})"
    if method in SAFE and writes and not address.startswith(WRITES_NOTHING):
        yield f"{told} (a safe method wrote: {writes[0][:120]})"
    text = body_of(response)
    staff_sees_all = user is not None and user.staff_role in {"lead", "ops", "admin"}
    if OUTSIDE_MARK in text and not staff_sees_all:
        yield f"{told} (shows Olga's mark)"
    if NOTE_MARK in text and (user is None or not user.works_here):
        yield f"{told} (shows an internal note)"


def test_somebody_elses_ticket_looks_exactly_like_a_missing_one(world, stella, agnes, at_door):
    """The same bytes, whatever the door; only ids that were sent themselves may differ."""
    references = (world["foreign"].reference, "T-999999")
    for user in (stella, agnes):
        client = at_door(user)
        for start, end in (("/tickets/", "/"), ("/desk/tickets/", "/"), ("/api/v1/tickets/", "")):
            answers = [client.get(f"{start}{reference}{end}") for reference in references]
            allowed = {404} if user.works_here or "desk" not in start else {403}
            assert {answer.status_code for answer in answers} <= allowed, start
            bodies = [
                body_of(answer).replace(reference, "")
                for answer, reference in zip(answers, references, strict=True)
            ]
            assert bodies[0] == bodies[1], start


def test_staff_without_a_second_factor_find_every_door_shut(world, agnes, oscar, root, at_door):
    for user in (agnes, oscar, root):
        client = at_door(user, second_factor=False)
        client.raise_request_exception = False
        for route in routes():
            if route.pattern.startswith("accounts/") or route.audience == "system":
                continue
            if route.audience == "public":
                continue
            for address in addresses(route, world)[:1]:
                for method in ("GET", "POST"):
                    response, writes = request_once(client, method, address)
                    assert response.status_code in REFUSED, (method, address, response.status_code)
                    assert not writes, (method, address, writes)


def test_the_walk_covers_tickets_and_triggers(world):
    """A walk through an empty house proves nothing."""
    assert Ticket.objects.count() == 2
    assert Trigger.objects.exists()
    assert len(list(routes())) > 100
