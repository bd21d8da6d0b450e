"""The terms that tickets get: a promise word for word, its calendars pinned.

``Content`` is what ``PromiseTerms`` stores; it can be made without storing anything,
so that "what would happen" and "make it happen" speak of the same terms.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tickets.models import PromiseTerms, Ticket
from tickets.rules import clocks as rules
from tiers.calendars import calendar_key, pinned, pinned_names, pinned_number
from tiers.program import Program
from tiers.promises import Promise, promises_for

# Stored terms by their id.
StoredTerms = Mapping[int, PromiseTerms]


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Terms, stored or not. ``digest`` is the SHA-256 of the canonical JSON of ``body``."""

    digest: str
    body: Mapping[str, Any]

    @property
    def tier(self) -> str:
        """The tier that promises it."""
        return str(self.body["tier"])

    @property
    def policy_version(self) -> int:
        """The version of the support program that promises it."""
        return int(self.body["policy_version"])

    @property
    def stored_form(self) -> dict[str, Any]:
        """What the row holds: the digest is its key for the engine."""
        return {"key": self.digest, **self.body}


def content_of(promise: Promise, calendars: Mapping[str, str]) -> Content:
    """Return a promise word for word; ``calendars`` maps each key to its pinned name."""
    return _content(
        {
            "tier": promise.tier,
            "policy_version": promise.policy_version,
            "targets": [
                {
                    "severity": severity,
                    "metric": metric,
                    "seconds": target.seconds,
                    "floor_seconds": target.floor_seconds,
                    "calendar": calendars[target.calendar],
                    "pause_on": sorted(target.pause_on),
                    "warn_at": sorted(target.warn_at),
                    "tell": {step: list(roles) for step, roles in sorted(target.tell.items())},
                    # Only where it is not the tier: the digest of all other terms stays the same.
                    **({} if target.by == "tier" else {"by": target.by}),
                }
                for (severity, metric), target in sorted(promise.targets.items())
            ],
        }
    )


def moved_on(content: Mapping[str, Any], key: str, number: int) -> Content | None:
    """Return stored terms with one calendar's pin moved on; None where that changes nothing."""
    changed = False
    targets = []
    for target in content["targets"]:
        name = str(target["calendar"])
        newest = pinned_number(name)
        if calendar_key(name) == key and newest is not None and newest < number:
            changed, name = True, pinned(key, number)
        targets.append({**target, "calendar": name})
    if not changed:
        return None
    body = {name: value for name, value in content.items() if name != "key"}
    return _content({**body, "targets": targets})


def _content(body: Mapping[str, Any]) -> Content:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Content(hashlib.sha256(canonical.encode()).hexdigest(), body)


class NewTerms(Protocol):
    """What gives open tickets new terms."""

    def of(self, tickets: Iterable[Ticket], stored: StoredTerms) -> dict[int, Content]:
        """Return the terms each ticket should have, by ticket; left out: it keeps what it has.

        ``stored`` holds the terms of the tickets, by id.
        """


class PromisedAt:
    """The promise of each ticket's organization at an instant, or under another program."""

    def __init__(self, at: datetime, program: Program | None = None) -> None:
        self._at, self._program = at, program
        self._calendars: dict[str, str] = {}
        self._usual: dict[str, Content] = {}

    def of(self, tickets: Iterable[Ticket], stored: StoredTerms) -> dict[int, Content]:
        """Return the terms of each ticket; three queries, whatever their number."""
        rows = list(tickets)
        promises = promises_for({row.organization_id for row in rows}, self._at, self._program)
        contents = {pk: self._content(promise) for pk, promise in promises.items()}
        return {row.pk: contents[row.organization_id] for row in rows}

    def _content(self, promise: Promise) -> Content:
        """Return a promise's terms; those without a custom target are the same per tier."""
        is_usual = all(target.by == "tier" for target in promise.targets.values())
        if is_usual and promise.tier in self._usual:
            return self._usual[promise.tier]
        missing = {target.calendar for target in promise.targets.values()} - set(self._calendars)
        if missing:
            self._calendars |= pinned_names(missing)
        content = content_of(promise, self._calendars)
        if is_usual:
            self._usual[promise.tier] = content
        return content


class CountedIn:
    """Each ticket's own terms, with one calendar known up to a newer version."""

    def __init__(self, key: str, number: int) -> None:
        self._key, self._number = key, number
        self._moved: dict[int, Content | None] = {}

    def of(self, tickets: Iterable[Ticket], stored: StoredTerms) -> dict[int, Content]:
        """Return the terms of the tickets that count in the calendar."""
        found = {}
        for row in tickets:
            if row.terms_id not in self._moved:
                content = stored[row.terms_id].content
                self._moved[row.terms_id] = moved_on(content, self._key, self._number)
            moved = self._moved[row.terms_id]
            if moved is not None:
                found[row.pk] = moved
        return found


def engine_terms(content: Content) -> rules.Terms:
    """Return terms as the engine reads them, stored or not."""
    return rules.Terms.from_json(content.stored_form)
