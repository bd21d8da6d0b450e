"""Who did what: from the engine's code of a cause to the event that it stands for."""

from collections.abc import Iterable

from portal.kit import clock
from tickets.explaining.account import Cause
from tickets.models import TicketEvent

Kind = TicketEvent.Kind
# What a change of the promise did to a clock, written before the cause ("restart:severity:1").
MODES = frozenset({"retarget", "restart", "keep", "correct"})


def split_code(code: str) -> tuple[str, str]:
    """Return (mode, what happened); the mode is empty where none is written."""
    mode, _, rest = code.partition(":")
    return (mode, rest) if mode in MODES and rest else ("", code)


def code_of(event: TicketEvent) -> str:
    """Return the code under which the engine knows an event."""
    match event.kind:
        case Kind.MESSAGE if event.by == TicketEvent.By.CUSTOMER:
            return "customer_message"
        case Kind.MESSAGE:
            return "agent_reply"
        case Kind.STATUS:
            return f"status:{event.new}"
        case Kind.SEVERITY:
            return f"severity:{event.detail.get('severity', event.new)}"
        case Kind.TERMS:
            return f"terms:{event.terms.digest}" if event.terms else "no_terms"
    return str(event.kind)


class Causes:
    """The events of a ticket, found by code and instant."""

    def __init__(self, events: Iterable[TicketEvent]) -> None:
        """Take the events that the engine read, in their order."""
        self._by_code: dict[str, list[tuple[int, TicketEvent]]] = {}
        for event in events:
            is_said = event.kind == Kind.MESSAGE
            if is_said and (event.is_automatic or not event.is_public):
                continue  # starts and stops nothing, so it is no cause
            found = self._by_code.setdefault(code_of(event), [])
            found.append((clock.to_epoch(event.at), event))

    def of(self, code: str | None, at: int | None) -> Cause | None:
        """Return the cause of what began at an instant.

        That is the last event of its code up to the instant: a clock that starts on a waiting
        ticket stands still because of what somebody did before.
        """
        if not code:
            return None
        mode, plain = split_code(code)
        events = self._by_code.get(plain, ())
        event = next((one for when, one in reversed(events) if at is None or when <= at), None)
        if event is None:
            return Cause(plain, mode)
        actor = event.actor
        return Cause(
            code=plain,
            mode=mode,
            at=event.at,
            by=event.by,
            actor_id=actor.pk if actor else None,
            actor=str(actor) if actor else "",
            reason=event.reason,
            new=event.new,
            source=str((event.detail or {}).get("source", "")),
        )
