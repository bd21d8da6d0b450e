"""What goes into the clocks: a ticket's events, the terms it was promised, the targets in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Self

METRICS = (
    "first_reply",
    "next_reply",
    "periodic_update",
    "requester_wait",
    "agent_work",
    "resolution",
    "first_resolution",
)

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
DONE = frozenset({"solved", "closed"})
SEVERITIES = (1, 2, 3, 4)

Kind = Literal[
    "opened", "message", "status", "severity", "terms", "no_reply_needed", "merged", "took_in"
]
Mode = Literal["retarget", "restart", "keep", "correct"]


@dataclass(frozen=True, slots=True)
class Target:
    """One promise: so many business seconds in a calendar; broken when more have elapsed.

    `floor_seconds` is the least the contract allows and only travels along; `pause_on` are the
    ticket statuses in which this clock does not count; `warn_at` are the steps of the warning
    ladder before the breach: percent of `seconds`, or, negative, business minutes before their
    end. `tell` says who is told at a step ("100" is the breach) and only travels along as well.
    """

    seconds: int
    calendar: str
    floor_seconds: int | None = None
    pause_on: frozenset[str] = frozenset()
    warn_at: tuple[int, ...] = (50, 75, 90)
    tell: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    warn_seconds: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError("A target is at least one second.")
        unknown = set(self.pause_on) - set(STATUSES)
        if unknown:
            raise ValueError(f"Unknown ticket status to pause on: {', '.join(sorted(unknown))}.")
        if any(step == 0 or step >= 100 for step in self.warn_at):
            raise ValueError(
                "Warning steps are 1 to 99 percent or negative minutes; 100 is the breach."
            )
        tidy = object.__setattr__  # the dataclass is frozen; this is still its construction
        # What has elapsed at each step; one that would lie before the start never comes.
        steps = sorted((self._counted_at(step), step) for step in set(self.warn_at))
        reachable = [(counted, step) for counted, step in steps if counted > 0]
        tidy(self, "warn_at", tuple(step for _, step in reachable))
        tidy(self, "warn_seconds", tuple(counted for counted, _ in reachable))
        tidy(self, "pause_on", frozenset(self.pause_on))

    def _counted_at(self, step: int) -> int:
        """Return the seconds counted at a warning step, percent rounded up to whole ones."""
        return self.seconds + 60 * step if step < 0 else -(-self.seconds * step // 100)

    def to_json(self) -> dict[str, Any]:
        return {
            "seconds": self.seconds,
            "calendar": self.calendar,
            "floor_seconds": self.floor_seconds,
            "pause_on": sorted(self.pause_on),
            "warn_at": list(self.warn_at),
            "tell": {step: list(roles) for step, roles in self.tell.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            seconds=data["seconds"],
            calendar=data["calendar"],
            floor_seconds=data["floor_seconds"],
            pause_on=frozenset(data["pause_on"]),
            warn_at=tuple(data["warn_at"]),
            tell={step: tuple(roles) for step, roles in data.get("tell", {}).items()},
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What a ticket is promised, as of one policy version: a target per severity and metric.

    Its JSON form is the copy a ticket keeps, so that no later edit of the policy reaches it.
    """

    key: str
    tier: str
    policy_version: int
    targets: Mapping[tuple[int, str], Target] = field(hash=False)
    metrics: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for severity, metric in self.targets:
            if severity not in SEVERITIES:
                raise ValueError(f"Severity {severity!r} is not 1 to 4.")
            if metric not in METRICS:
                raise ValueError(f"Unknown metric {metric!r}.")
        object.__setattr__(self, "metrics", frozenset(metric for _, metric in self.targets))

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "tier": self.tier,
            "policy_version": self.policy_version,
            "targets": [
                {"severity": severity, "metric": metric, **target.to_json()}
                for (severity, metric), target in sorted(
                    self.targets.items(), key=lambda item: item[0]
                )
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            key=data["key"],
            tier=data["tier"],
            policy_version=data["policy_version"],
            targets={
                (entry["severity"], entry["metric"]): Target.from_json(entry)
                for entry in data["targets"]
            },
        )


class Turn(NamedTuple):
    """A status or severity that another ticket took on."""

    at: int
    status: str | None = None
    severity: int | None = None


class Taken(NamedTuple):
    """What a ticket inherits from another: one merged into it, or the one it was split from.

    `opened_at` is the earlier opening to count from; `waiting_since` the oldest customer message
    that nobody answered there; `updated_at` the last public agent reply, where an update is owed
    since. None: nothing of the kind. `turns` are the other ticket's, oldest first, from its
    opening on: that time is counted as it was spent there. `holds` names what goes on under the
    other's promise (the event's terms) because that is due sooner: (our metric, theirs).
    """

    opened_at: int | None = None
    waiting_since: int | None = None
    updated_at: int | None = None
    turns: tuple[Turn, ...] = ()
    holds: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "opened_at": self.opened_at,
            "waiting_since": self.waiting_since,
            "updated_at": self.updated_at,
            "turns": [list(turn) for turn in self.turns],
            "holds": [list(pair) for pair in self.holds],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            opened_at=data["opened_at"],
            waiting_since=data["waiting_since"],
            updated_at=data["updated_at"],
            turns=tuple(Turn(*turn) for turn in data["turns"]),
            holds=tuple((ours, theirs) for ours, theirs in data["holds"]),
        )


class Event(NamedTuple):
    """Something that happened to a ticket. Ordered by (at, seq); see `engine.in_order`.

    `opened` comes first and carries status, severity and terms; opened by a customer, it is also
    their first message. `message` is public or an internal note; an automatic one (bot,
    auto-reply, out-of-office) never counts. `severity` and `terms` change what is promised, and
    `mode` says what that does to the clocks that live: they keep what has elapsed (retarget) or
    begin anew (restart); new terms may also leave them alone (keep), or be counted as if they had
    been agreed at the start (correct). Terms None means that nothing is promised any more.
    `merged` ends every clock for good; `took_in` is the other side of it and carries what was
    `taken`. `recorded`: written down in the order in which it happened, so that its place among
    the events of its second is known.
    """

    at: int
    seq: int
    kind: Kind
    by: Literal["customer", "agent", "system"] = "system"
    public: bool = True
    automatic: bool = False
    status: str | None = None
    severity: int | None = None
    terms: Terms | None = None
    mode: Mode = "retarget"
    taken: Taken | None = None
    recorded: bool = False


class Options(NamedTuple):
    """Departures from our rules, for contracts that define a metric otherwise.

    `next_reply_from_first_message`: next reply runs from the first customer message, not only
    from those after the first reply (as in Zammad). `periodic_update_from_opening`: a customer's
    ticket is owed its first update from the start. `pause_every_metric_on`: statuses in which no
    clock at all counts, in addition to each target's own.
    """

    next_reply_from_first_message: bool = False
    periodic_update_from_opening: bool = False
    pause_every_metric_on: frozenset[str] = frozenset()
