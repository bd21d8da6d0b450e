"""What publishing a promise or a calendar would do to the open tickets. Changes nothing.

The engine answers twice for each open ticket that the new terms reach: as it is, and with
the event that the run would append. So what is shown beforehand is what happens, but for
what happens on the tickets in between.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from django.db.models import F

from people.models import Organization
from portal.kit import clock
from tickets.actions.clocks import History, histories_of, parsed_terms
from tickets.models import Clock, PromiseTerms, Ticket
from tickets.models.ticket import TicketQuerySet
from tickets.rules import clocks as rules
from tickets.terms import Content, CountedIn, NewTerms, PromisedAt, engine_terms
from tiers.calendars import calendars_by_key, compiled_versions, pinned
from tiers.models import CalendarVersion, OpenTickets, TierPolicy
from tiers.program import read_program
from tiers.rules.business_time import BusinessCalendar

CHUNK = 1000
EXAMPLES = 20
# So many open tickets are looked at one by one; of more, a sample of about as many.
EXACTLY = 5000
# Ids are scattered over this many places (a prime, so that each has a place of its own), by a
# step that has nothing to do with any pattern in which tickets come in.
PLACES, STEP = 1_000_003, 618_033
# The share of a target, in percent, from which a running clock is at risk.
AT_RISK = 75
LIVE = frozenset({"running", "paused", "breached"})
# Treatments that leave running clocks as they are.
# The engine's word for each of the others; "correct" is its own.
MODES = {OpenTickets.RETARGET.value: "retarget"}
MOVES_NOTHING = frozenset({OpenTickets.KEEP, OpenTickets.NEXT_TICKET})
Calendars = Mapping[str, BusinessCalendar]


@dataclass(slots=True)
class Counts:
    """What would happen to the open tickets of one tier, or of all."""

    open_tickets: int = 0
    clocks_running: int = 0
    clocks_changed: int = 0
    clocks_started: int = 0
    newly_broken: int = 0
    newly_at_risk: int = 0
    no_longer_broken: int = 0

    def add(self, other: "Counts") -> None:
        """Count another's too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class TierEffect:
    """What would happen to the tickets that are worked under a tier now."""

    tier: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Example:
    """One clock that would change. ``due_before`` and ``due_after`` are None while paused."""

    ticket_id: int
    subject: str
    organization: str
    tier: str
    severity: int
    metric: str
    target_before: int
    target_after: int
    due_before: datetime | None
    due_after: datetime | None
    is_newly_broken: bool
    is_newly_at_risk: bool
    is_cancelled: bool

    @property
    def reference(self) -> str:
        """The name that people use for the ticket."""
        return f"T-{self.ticket_id}"


@dataclass(frozen=True, slots=True)
class PublishPreview:
    """What a treatment would do. ``examples`` are the worst first, at most 20.

    ``looked_at`` open tickets were counted, of ``in_all``; where they are fewer they are a
    sample, the same one each time, and every number is that of the sample.
    """

    treatment: str
    open_tickets: int
    clocks_running: int
    clocks_changed: int
    clocks_started: int
    newly_broken: int
    newly_at_risk: int
    no_longer_broken: int
    per_tier: tuple[TierEffect, ...]
    examples: tuple[Example, ...]
    looked_at: int
    in_all: int

    @property
    def is_sample(self) -> bool:
        """Whether not all open tickets were looked at."""
        return self.looked_at < self.in_all

    @property
    def percent(self) -> float:
        """The share of the open tickets that were looked at."""
        return round(self.looked_at * 100 / self.in_all, 1) if self.in_all else 100.0


def preview_policy(*, policy: TierPolicy, treatment: str, now: datetime) -> PublishPreview:
    """Return what publishing a draft would do now to tickets opened under other versions."""
    terms = PromisedAt(now, read_program(policy.pk))
    return _preview(terms, treatment, now, calendars_by_key())


def preview_calendar(*, version: CalendarVersion, treatment: str, now: datetime) -> PublishPreview:
    """Return what publishing a calendar's draft would do now to tickets that count in it."""
    key = version.calendar.key
    known = CalendarVersion.objects.published().filter(calendar=version.calendar_id)
    draft = CalendarVersion(
        number=version.number, valid_from=version.valid_from or now, definition=version.definition
    )
    compiled = compiled_versions([*known.order_by("number"), draft])
    calendars = _With(pinned(key, version.number), compiled, calendars_by_key())
    return _preview(CountedIn(key, version.number), treatment, now, calendars)


def preview_organization(
    *, organization: Organization, treatment: str, now: datetime
) -> PublishPreview:
    """Return what bringing one organization's open tickets in line would do now."""
    return _preview(PromisedAt(now), treatment, now, calendars_by_key(), organization=organization)


class _With(Mapping[str, BusinessCalendar]):
    """The calendars there are, and one more."""

    def __init__(self, name: str, calendar: BusinessCalendar, others: Calendars) -> None:
        self._name, self._calendar, self._others = name, calendar, others

    def __getitem__(self, name: str) -> BusinessCalendar:
        return self._calendar if name == self._name else self._others[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._others, self._name])

    def __len__(self) -> int:
        return len(self._others) + 1


def _preview(
    new_terms: NewTerms,
    treatment: str,
    now: datetime,
    calendars: Calendars,
    organization: Organization | None = None,
) -> PublishPreview:
    tickets = Ticket.objects.active().filter(created_at__lte=now)
    if organization is not None:
        tickets = tickets.filter(organization=organization)
    in_all, looked_at = tickets.count(), 0
    if in_all > EXACTLY:
        tickets = _sample(tickets, EXACTLY / in_all)
    looking = _Looking(new_terms, treatment, now, calendars)
    for chunk in _chunks(tickets.only(*READ).order_by("pk")):
        looking.look_at(chunk)
        looked_at += len(chunk)
    total = Counts()
    for counts in looking.per_tier.values():
        total.add(counts)
    return PublishPreview(
        treatment=treatment,
        **{name: getattr(total, name) for name in Counts.__slots__},
        per_tier=tuple(TierEffect(tier, of) for tier, of in sorted(looking.per_tier.items())),
        examples=_named(looking.examples),
        looked_at=looked_at,
        in_all=in_all,
    )


def _sample(tickets: TicketQuerySet, share: float) -> TicketQuerySet:
    """Return about this share of tickets, by nothing but their ids: the same ones each time."""
    place = F("pk") % PLACES * STEP % PLACES
    return tickets.alias(sample_place=place).filter(sample_place__lt=int(PLACES * share))


# What is read of a ticket.
READ = ("subject", "organization", "tier", "severity", "terms", "last_event_seq", "last_event_at")


def _chunks(tickets: TicketQuerySet) -> Iterator[list[Ticket]]:
    last = 0
    while chunk := list(tickets.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


@dataclass(slots=True)
class _Looking:
    """The open tickets while they are looked at, a chunk at a time."""

    new_terms: NewTerms
    treatment: str
    now: datetime
    calendars: Calendars
    per_tier: dict[str, Counts] = field(default_factory=dict)
    examples: list[tuple[int, int, Ticket, rules.Reading, rules.Reading]] = field(
        default_factory=list
    )
    parsed: dict[str, rules.Terms] = field(default_factory=dict)

    def look_at(self, tickets: Sequence[Ticket]) -> None:
        """Count what happens to a chunk of tickets, in a fixed number of statements."""
        stored = PromiseTerms.objects.in_bulk({ticket.terms_id for ticket in tickets})
        wanted = self.new_terms.of(tickets, stored)
        reached = [ticket for ticket in tickets if ticket.pk in wanted]
        self._count_running(reached)
        if self.treatment in MOVES_NOTHING:
            return
        felt = []
        for ticket in reached:
            old, new = parsed_terms(stored[ticket.terms_id]), self._terms(wanted[ticket.pk])
            if _is_felt(ticket, old, new):
                felt.append(ticket)
        histories = histories_of(ticket.pk for ticket in felt)
        for ticket in felt:
            try:
                self._compare(ticket, histories[ticket.pk], self._terms(wanted[ticket.pk]))
            except (LookupError, TypeError, ValueError, ArithmeticError):
                continue  # the run will count it as failed, and ops are shown it
        self.examples = sorted(self.examples, key=itemgetter(0, 1))[:EXAMPLES]

    def _terms(self, content: Content) -> rules.Terms:
        if content.digest not in self.parsed:
            self.parsed[content.digest] = engine_terms(content)
        return self.parsed[content.digest]

    def _counts(self, tier: str) -> Counts:
        return self.per_tier.setdefault(tier, Counts())

    def _count_running(self, tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            self._counts(ticket.tier).open_tickets += 1
        live = Clock.objects.filter(ticket__in=tickets, stopped_at=None, status__in=LIVE)
        tiers = {ticket.pk: ticket.tier for ticket in tickets}
        for ticket_id in live.values_list("ticket_id", flat=True):
            self._counts(tiers[ticket_id]).clocks_running += 1

    def _compare(self, ticket: Ticket, history: History, terms: rules.Terms) -> None:
        """Evaluate a ticket as it is and as it would be, and count what differs."""
        at = max(clock.to_epoch(self.now), clock.to_epoch(ticket.last_event_at))
        before = _live(rules.evaluate(history.events, self.calendars, at))
        event = rules.Event(
            at=at, seq=ticket.last_event_seq + 1, kind="terms", terms=terms,
            mode=MODES.get(self.treatment, self.treatment),  # type: ignore[arg-type]
        )  # fmt: skip
        after = {
            (reading.metric, reading.cycle): reading
            for reading in rules.evaluate([*history.events, event], self.calendars, at)
        }
        counts = self._counts(ticket.tier)
        for key, starts in _live(tuple(after.values())).items():
            if key not in before:
                _count_started(counts, starts)
        for key, was in before.items():
            becomes = after.get(key)
            if becomes is not None and _shown(was) != _shown(becomes):
                rank = _count(counts, was, becomes, at)
                due = was.due_at if was.due_at is not None else at
                self.examples.append((rank, due, ticket, was, becomes))


def _is_felt(ticket: Ticket, old: rules.Terms, new: rules.Terms) -> bool:
    """Whether any clock of a ticket may be promised something else under new terms."""
    metrics = old.metrics | new.metrics
    severity = ticket.severity
    return any(
        old.targets.get((severity, metric)) != new.targets.get((severity, metric))
        for metric in metrics
    )


def _live(readings: Sequence[rules.Reading]) -> dict[tuple[str, int], rules.Reading]:
    return {
        (reading.metric, reading.cycle): reading
        for reading in readings
        if reading.stopped_at is None and reading.status in LIVE
    }


def _shown(reading: rules.Reading) -> tuple[object, ...]:
    return (reading.status, reading.target_seconds, reading.due_at, reading.elapsed_seconds)


NEWLY_BROKEN, NEWLY_AT_RISK, CHANGED, NO_LONGER_BROKEN = range(4)


def _count(counts: Counts, was: rules.Reading, becomes: rules.Reading, at: int) -> int:
    """Count a clock that changes; return how bad that is, the worst first."""
    counts.clocks_changed += 1
    if becomes.status == "breached" and was.status != "breached":
        counts.newly_broken += 1
        return NEWLY_BROKEN
    if was.status == "breached" and becomes.status in {"running", "paused"}:
        counts.no_longer_broken += 1
        return NO_LONGER_BROKEN
    if _is_at_risk(becomes) and not _is_at_risk(was):
        counts.newly_at_risk += 1
        return NEWLY_AT_RISK
    return CHANGED


def _count_started(counts: Counts, starts: rules.Reading) -> None:
    """Count a clock that is promised anew; it may have gone by already."""
    counts.clocks_started += 1
    counts.newly_broken += int(starts.status == "breached")
    counts.newly_at_risk += int(_is_at_risk(starts))


def _is_at_risk(reading: rules.Reading) -> bool:
    used = reading.elapsed_seconds * 100
    return reading.status == "running" and used >= reading.target_seconds * AT_RISK


def _named(
    found: Sequence[tuple[int, int, Ticket, rules.Reading, rules.Reading]],
) -> tuple[Example, ...]:
    names = dict(
        Organization.objects.filter(
            pk__in={ticket.organization_id for _, _, ticket, _, _ in found}
        ).values_list("pk", "name")
    )
    return tuple(
        Example(
            ticket_id=ticket.pk,
            subject=ticket.subject,
            organization=names[ticket.organization_id],
            tier=ticket.tier,
            severity=ticket.severity,
            metric=was.metric,
            target_before=was.target_seconds,
            target_after=becomes.target_seconds,
            due_before=_instant(was.due_at),
            due_after=_instant(becomes.due_at),
            is_newly_broken=rank == NEWLY_BROKEN,
            is_newly_at_risk=rank == NEWLY_AT_RISK,
            is_cancelled=becomes.status == "cancelled",
        )
        for rank, _, ticket, was, becomes in found
    )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else clock.from_epoch(seconds)
