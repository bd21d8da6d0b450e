"""A portal whose CRM changes, in a process of its own: ``python -m bench.following``.

Its settings are in the environment, as for ``make run``: SQLite and the broker that needs no
server, or PostgreSQL and Redis. Prints one JSON line.

Web, worker, beat and the Demo CRM are those that ``make run`` starts, real processes; the change
is saved on the Demo CRM's page, which sends its signed webhook. Each change lifts an account from
Starter to Enterprise, with three open tickets. It counts as seen when another reader of the
database finds the tier, the queue of every open ticket, and the promise of the next ticket.
"""

import json
import os
import socket
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import django

from bench.apart import running
from bench.steady import shares

ACCOUNTS = 250
TICKETS_EACH = 3
COMING_UP = 120
PATIENCE = 60
LOOK_EVERY = 0.02


def main() -> None:
    """Fill the database, start everything, change one account after the other, print the line."""
    changes = int(sys.argv[1])
    port, crm_port = free_port(), free_port()
    os.environ["DEMO_CRM_PORT"] = str(crm_port)
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from portal.management.commands.serve import children

    call_command("migrate", verbosity=0)
    organizations = found_customers(changes)
    with running(children("127.0.0.1", port)):
        wait_for(f"http://127.0.0.1:{port}/healthz")
        wait_for(f"http://127.0.0.1:{crm_port}/")
        # The first one waits for worker and beat to come up, and is not counted.
        warm = follow(organizations[0], crm_port)
        if warm is None:
            sys.exit("the worker did not come up")
        found = [follow(one, crm_port) for one in organizations[1 : changes + 1]]
    connection.close()
    line = {
        name: shares(sorted(one[name] for one in found if one is not None))
        for name in ("tier", "queue", "promise")
    }
    explained = sum(one["explained"] for one in found if one is not None)
    print(json.dumps({
        "accounts": ACCOUNTS, "changes": len(found), "lost": found.count(None),
        "explained": explained, **line, "load": os.getloadavg()[0],
    }))  # fmt: skip


def found_customers(changes: int) -> list[Any]:
    """Make the customers, all Starter, those to be changed with open tickets; connect the CRM."""
    from people.actions import create_organization, create_user, give_membership
    from portal.demo.crm import connect_demo_crm
    from portal.demo.logins import OPS
    from portal.kit import clock
    from tickets.actions import open_ticket
    from tiers.actions import record_facts

    now = clock.now()
    create_user(email=OPS, name="Ops", staff_role="ops")
    customer = create_user(email="customer@bench.example", name="Customer")
    organizations = []
    for number in range(ACCOUNTS):
        row = create_organization(name=f"Company {number:04}", external_id=f"bench-{number}")
        record_facts(organization=row, values={"acv": "1900", "seats": "9"}, source="ops", now=now)
        organizations.append(row)
    for row in organizations[: changes + 1]:
        give_membership(user=customer, organization=row)
        for _ in range(TICKETS_EACH):
            open_ticket(
                organization=row, requester=customer, subject="The scanner does not answer",
                body="It is dark.", severity=2, now=now,
            )  # fmt: skip
    connect_demo_crm(now=now)
    return organizations


def follow(organization: Any, crm_port: int) -> dict[str, float] | None:
    """Save a contract value in the CRM; return the seconds until each effect, None if lost."""
    from integrations.crm.models import CrmEvent, CrmRecord
    from portal.kit import clock
    from tickets.models import Ticket
    from tiers.models import AccountFact, TierAssignment
    from tiers.promises import promise_for

    record = CrmRecord.objects.get(organization=organization)
    url = f"http://127.0.0.1:{crm_port}"
    form = urllib.parse.urlencode({"name": record.name, "acv": "31000", "seats": "9"}).encode()
    path = f"{url}/contacts/4242/record/0-2/{record.external_id}"
    tickets = Ticket.objects.filter(organization=organization)
    effects: dict[str, Callable[[], bool]] = {
        "tier": lambda: (
            TierAssignment.objects.open().get(organization=organization).tier == "enterprise"
        ),
        "queue": lambda: not tickets.exclude(queue__key="enterprise").exists(),
        "promise": lambda: promise_for(organization, clock.now()).tier == "enterprise",
    }
    found: dict[str, float] = {}
    started = time.monotonic()
    request = urllib.request.Request(path, form, {"Origin": url})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        answer.read()
    while len(found) < len(effects):
        if time.monotonic() - started > PATIENCE:
            return None
        for name, is_there in effects.items():
            if name not in found and is_there():
                found[name] = time.monotonic() - started
        time.sleep(LOOK_EVERY)
    event = CrmEvent.objects.get(organization=organization, field="acv", new="31000")
    note = AccountFact.objects.get(organization=organization, fact="acv", value="31000").note
    found["explained"] = float(f"CRM event {event.pk}: acv 1900 -> 31000" in note)
    return found


def wait_for(url: str) -> None:
    """Wait until somebody answers."""
    deadline = time.monotonic() + COMING_UP
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
                answer.read()
            return
        except OSError:
            if time.monotonic() > deadline:
                sys.exit(f"{url} did not come up")
            time.sleep(0.2)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
