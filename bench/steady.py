"""A portal under steady load, in a process and a database of its own: ``python -m bench.steady``.

Its settings are in the environment, as for ``make run``: SQLite and the broker that needs no
server, or PostgreSQL and Redis. Prints one JSON line.

The worker and the beat are those that ``make run`` starts, real processes. Most of the open
tickets wait; of the others one clock comes to its breach, or to its warning at 75 %, every
twentieth of a second, while somebody opens tickets and answers. Every such event has assignee
and leads to tell by mail. ``at`` is a whole second, so the twenty of a second come together.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import django

from bench.apart import running

LOADED_AT_ONCE = 2_000
AGENTS, CUSTOMERS = 20, 50
EVENTS_PER_SECOND, ACTS_PER_SECOND = 20, 4
# How long worker and beat may take to come up, and from then to the first second that counts.
COMING_UP = 300
WARM_UP = timedelta(seconds=25)
# How long after the last second the outcome is looked at.
PATIENCE = 15
LOOK_EVERY = 0.05


@dataclass(slots=True)
class Company:
    """Who works and asks in this portal, and what they are promised."""

    agents: list[Any]
    customers: list[Any]
    organizations: dict[str, Any]
    terms: dict[str, Any]
    queue: Any


@dataclass(slots=True)
class Seen:
    """What a reader of the database saw of the events, and what the writer's acts took."""

    events: dict[int, float] = field(default_factory=dict)
    acts: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_over: bool = False


def main() -> None:
    """Fill the database, run the load, print the line."""
    tickets, seconds = int(sys.argv[1]), int(sys.argv[2])
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from portal.kit import clock

    call_command("migrate", verbosity=0)
    company = found_company()
    due = seconds * EVENTS_PER_SECOND
    load_waiting(company, tickets - due)
    seen = Seen()
    watcher = threading.Thread(target=watch, args=(seen,), daemon=True)
    with running(worker_and_beat()):
        wait_for_the_first_sweep(company)
        begin = clock.now().replace(microsecond=0) + WARM_UP
        load_due(company, begin, due)
        end = begin + timedelta(seconds=seconds)
        watcher.start()
        work(company, end, seen)
        time.sleep(PATIENCE)
        seen.is_over = True
        watcher.join(10)
    connection.close()
    line = outcome(begin, end, due, seen)
    sys.stdout.write(json.dumps({"open_tickets": tickets, "seconds": seconds, **line}) + "\n")


def found_company() -> Company:
    """Make the people, and read what their tiers are promised."""
    from people.actions import create_organization, create_user, give_membership
    from portal.kit import clock
    from tickets.actions.clocks import keep_terms
    from tickets.models import Queue
    from tiers.actions import record_facts
    from tiers.promises import promise_for

    now = clock.now()
    agents = [
        create_user(email=f"agent{n}@bench.example", name=f"Agent {n}", staff_role="agent")
        for n in range(AGENTS)
    ]
    create_user(email="lead@bench.example", name="Lead", staff_role="lead")
    organizations, terms = {}, {}
    for tier, acv in (("enterprise", "50000"), ("starter", "100")):
        organization = create_organization(name=f"Company in {tier}")
        record_facts(organization=organization, values={"acv": acv}, source="ops", now=now)
        organizations[tier] = organization
        terms[tier] = keep_terms(promise_for(organization, now))
    customers = []
    for n in range(CUSTOMERS):
        customer = create_user(email=f"customer{n}@bench.example", name=f"Customer {n}")
        for organization in organizations.values():
            give_membership(user=customer, organization=organization)
        customers.append(customer)
    return Company(agents, customers, organizations, terms, Queue.objects.get(key="enterprise"))


def load_waiting(company: Company, count: int) -> None:
    """Load open tickets of the last two weeks that are counted in business hours."""
    from portal.kit import clock

    now = clock.now()
    spread = timedelta(days=14) / max(count, 1)
    import_opened(company, "starter", 3, [now - spread * (n + 1) for n in range(count)])


def load_due(company: Company, begin: datetime, count: int) -> None:
    """Load tickets counted around the clock whose first reply is broken, or at risk, in turn."""
    target = 3600  # severity 1, Enterprise: one hour, whatever the hour
    gap = timedelta(seconds=1) / EVENTS_PER_SECOND
    moments = [begin + gap * n for n in range(count)]
    ahead = cycle((timedelta(seconds=target + 1), timedelta(seconds=target * 0.75)))
    opened = [(moment - back).replace(microsecond=0) for moment, back in zip(moments, ahead)]  # noqa: B905
    import_opened(company, "enterprise", 1, opened)


def wait_for_the_first_sweep(company: Company) -> None:
    """Let one promise break at once, and wait until the worker has seen it."""
    from portal.kit import clock
    from tickets.models import ClockEvent

    known = ClockEvent.objects.count()
    load_due(company, clock.now() + timedelta(seconds=2), 1)
    deadline = time.monotonic() + COMING_UP
    while ClockEvent.objects.count() <= known:
        if time.monotonic() > deadline:
            sys.exit("the worker did not come up")
        time.sleep(0.2)


def import_opened(company: Company, tier: str, severity: int, instants: Sequence[datetime]) -> None:
    from portal.kit import clock
    from tickets.actions.importing import PastEvent, PastTicket, import_tickets

    agents, customers = cycle(company.agents), cycle(company.customers)
    for place in range(0, len(instants), LOADED_AT_ONCE):
        import_tickets(
            pasts=[
                PastTicket(
                    organization=company.organizations[tier],
                    requester=(customer := next(customers)),
                    subject="The scanner does not answer",
                    severity=severity,
                    terms=company.terms[tier],
                    queue=company.queue,
                    events=[PastEvent(at=at, actor=customer, body="It is dark and says nothing.")],
                    assignee=next(agents),
                )
                for at in instants[place : place + LOADED_AT_ONCE]
            ],
            now=clock.now(),
        )


def worker_and_beat() -> list[dict[str, Any]]:
    """Return one worker and one beat as ``make run`` starts them."""
    from portal.management.commands.serve import children

    return [child for child in children("127.0.0.1", 0) if child["name"] in ("worker", "beat")]


def work(company: Company, end: datetime, seen: Seen) -> None:
    """Open tickets and answer them at an even pace until the end."""
    from portal.kit import clock
    from tickets.actions import open_ticket, reply_as_agent, reply_as_customer

    agents, customers = cycle(company.agents), cycle(company.customers)
    turn, next_at = 0, time.monotonic()
    while clock.now() < end:
        started = time.monotonic()
        try:
            if turn % 3 == 0:
                customer = next(customers)
                ticket = open_ticket(
                    organization=company.organizations["enterprise"], requester=customer,
                    subject="A new matter", body="It began today.", severity=2, now=clock.now(),
                )  # fmt: skip
            elif turn % 3 == 1:
                reply_as_agent(
                    ticket=ticket, author=next(agents), body="We look at it.", now=clock.now()
                )
            else:
                reply_as_customer(
                    ticket=ticket, author=customer, body="Thank you.", now=clock.now()
                )
        except Exception as error:
            seen.failures.append(repr(error))
        seen.acts.append(time.monotonic() - started)
        turn += 1
        next_at += 1 / ACTS_PER_SECOND
        time.sleep(max(0.0, next_at - time.monotonic()))


def watch(seen: Seen) -> None:
    """Look for new events as somebody else would, and note when each could be seen."""
    from django.db import connection

    from portal.kit import clock
    from tickets.models import ClockEvent

    # A sweep's rows become visible together, but two sweeps may commit out of order.
    newest = ClockEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while not seen.is_over:
        found = ClockEvent.objects.filter(pk__gt=newest - 2_000).values_list("pk", flat=True)
        at = clock.now().timestamp()
        for key in found:
            seen.events.setdefault(key, at)
        newest = max(newest, max(seen.events, default=0))
        time.sleep(LOOK_EVERY)
    connection.close()


def outcome(begin: datetime, end: datetime, due: int, seen: Seen) -> dict[str, Any]:
    """Return the lags of all events of the measured seconds, and what came of them."""
    from people.models import Notice
    from tickets.models import ClockEvent

    rows = list(
        ClockEvent.objects.filter(at__gte=begin, at__lt=end).values_list(
            "pk", "at", "recorded_at", "announced_at"
        )
    )
    recorded = sorted((noted - at).total_seconds() for _, at, noted, _ in rows)
    visible = sorted(seen.events.get(key, float("inf")) - at.timestamp() for key, at, _, _ in rows)
    told = sorted((heard - at).total_seconds() for _, at, _, heard in rows if heard is not None)
    return {
        "due": due,
        "recorded": len(rows),
        "recorded_lag": shares(recorded),
        "seen_lag": shares(visible),
        "told": len(told),
        "told_lag": shares(told),
        "notices": Notice.objects.count(),
        "notices_sent": Notice.objects.exclude(sent_at=None).count(),
        "acts": len(seen.acts),
        "act_ms": shares(sorted(took * 1000 for took in seen.acts)),
        "failed_acts": seen.failures[:3],
        "load": os.getloadavg()[0],
    }


def shares(ordered: Sequence[float]) -> dict[str, float]:
    """Return the middle, the 99th percentile and the largest of sorted values."""
    last = len(ordered) - 1
    places = {"p50": last // 2, "p99": round(last * 0.99), "max": last}
    return {name: round(ordered[place], 3) for name, place in places.items()} if ordered else {}


if __name__ == "__main__":
    main()
