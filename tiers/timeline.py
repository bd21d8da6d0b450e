"""Everything that happened to an organization's tier, newest first, page by page.

Five kinds of events meet here: assignments, facts that came to be different, overrides (asked,
decided, reminded of, ended), policy versions, and that a version judged the account again and
left it as it is. A page is cut by time, never inside one
instant, so that no event is lost or shown twice between pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal

from django.db.models import Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.models import Organization, User
from portal.kit.words import Words
from tiers.fact_links import links_of
from tiers.fact_words import fact_label, fact_value, source_label
from tiers.history import FactChange, Step, steps_of
from tiers.models import (
    AccountFact,
    OverrideRequest,
    PolicyRun,
    TierAssignment,
    TierOverride,
    TierPolicy,
)

EVENTS = 25
Kind = Literal["assignment", "facts", "override", "judged", "policy"]
# What led to something stands below it when both carry the same instant.
_PLACE: dict[Kind, int] = {"assignment": 3, "override": 2, "facts": 1, "judged": 1, "policy": 0}
Status = OverrideRequest.Status


@dataclass(frozen=True, slots=True)
class Recorded:
    """Facts that one source said at one moment, where they differ from what was known."""

    source: Words
    note: str
    link: str
    by: User | None
    changes: tuple[FactChange, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``step`` is an assignment, ``recorded`` what led to it.

    ``sentence`` says the other kinds; ``request_id`` and ``version`` lead to their pages.
    """

    at: datetime
    kind: Kind
    tier: str = ""
    sentence: str = ""
    quote: str = ""
    step: Step | None = None
    recorded: tuple[Recorded, ...] = ()
    request_id: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of events; ``earlier`` is where the next page begins, None at the beginning."""

    events: tuple[Event, ...]
    earlier: datetime | None


def timeline(
    organization: Organization,
    now: datetime,
    *,
    before: datetime | None = None,
    limit: int = EVENTS,
) -> Timeline:
    """Return the latest events, or those earlier than ``before``; eleven queries at most."""
    steps = steps_of(organization, limit + 1, before)
    found = [
        *(
            Event(at=step.assignment.valid_from, kind="assignment", step=step)
            for step in reversed(steps)
        ),
        *_facts(organization, before, limit + 1),
        *_overrides(organization),
        *_policies(organization, now),
        *_judged_unchanged(organization, before, limit + 1),
    ]
    seen = [event for event in found if before is None or event.at < before]
    # Each kind is listed as it happened, so that of two at one instant the later stands first.
    seen = sorted(seen, key=lambda event: (event.at, _PLACE[event.kind]))[::-1]
    shown = seen[:limit]
    if shown:
        shown += [event for event in seen[limit:] if event.at == shown[-1].at]
    more = len(seen) > len(shown)
    return Timeline(tuple(_joined(shown)), shown[-1].at if more else None)


def _joined(events: list[Event]) -> Iterator[Event]:
    """Put facts and the assignment that they led to into one event."""
    for _at, same in groupby(events, key=lambda event: event.at):
        together = list(same)
        assigned = [event for event in together if event.kind == "assignment"]
        facts = tuple(one for event in together for one in event.recorded)
        for event in together:
            if not assigned or event.kind in {"override", "judged", "policy"}:
                yield event
            elif event is assigned[-1]:
                yield Event(at=event.at, kind="assignment", step=event.step, recorded=facts)
            elif event.kind == "assignment":
                yield event


def _facts(organization: Organization, before: datetime | None, limit: int) -> Iterator[Event]:
    rows = AccountFact.objects.filter(organization=organization)
    if before is not None:
        rows = rows.filter(recorded_at__lt=before)
    earlier = (
        AccountFact.objects.filter(
            organization=organization, fact=OuterRef("fact"), id__lt=OuterRef("id")
        )
        .order_by("-id")
        .values("value")[:1]
    )
    different = rows.annotate(old=Coalesce(Subquery(earlier), Value(""))).exclude(old=F("value"))
    instants = list(
        different.order_by("-recorded_at").values_list("recorded_at", flat=True).distinct()[:limit]
    )
    if not instants:
        return
    told = list(
        different.filter(recorded_at__gte=instants[-1])
        .select_related("recorded_by")
        .order_by("recorded_at", "source", "note", "id")
    )
    links = links_of(told)
    for at, same in groupby(told, key=lambda row: row.recorded_at):
        by_source = groupby(same, key=lambda row: (row.source, row.note, row.recorded_by))
        recorded = tuple(
            _recorded(source, note, by, list(group), links)
            for (source, note, by), group in by_source
        )
        yield Event(at=at, kind="facts", recorded=recorded)


def _recorded(
    source: str, note: str, by: User | None, rows: list[AccountFact], links: dict[int, str]
) -> Recorded:
    return Recorded(
        source=source_label(source),
        note=note,
        link=next((links[row.pk] for row in rows if row.pk in links), ""),
        by=by,
        changes=tuple(
            FactChange(
                fact_label(row.fact),
                fact_value(row.fact, row.old, row.currency),  # type: ignore[attr-defined]
                fact_value(row.fact, row.value, row.currency),
            )
            for row in rows
        ),
    )


def _overrides(organization: Organization) -> Iterator[Event]:
    requests = OverrideRequest.objects.filter(organization=organization).with_people()
    asked_for = set()
    for request in requests:
        asked_for.add(request.override_id)
        yield from _of_request(request)
    given = TierOverride.objects.filter(organization=organization)
    for override in given.select_related("requested_by", "approved_by", "withdrawn_by"):
        yield from _of_override(override, is_asked=override.pk in asked_for)


def _of_request(request: OverrideRequest) -> Iterator[Event]:
    words = {
        "person": request.requested_by,
        "decider": request.decided_by,
        "day": date_format(request.expires, _("j M Y")),
    }
    if request.extends_id:
        said = _("%(person)s asked to extend the override until %(day)s.") % words
    else:
        said = _("%(person)s asked for an override until %(day)s.") % words
    yield _told(request.requested_at, request.tier, said, request.reason, request.pk)
    if request.decided_at is None:
        return
    match request.status:
        case Status.APPROVED:
            said = _("%(decider)s approved the override.")
        case Status.REFUSED:
            said = _("%(decider)s refused the override.")
        case Status.WITHDRAWN:
            said = _("%(decider)s took the request back.")
        case _undecided:
            said = _("Nobody decided about the override in time.")
    yield _told(request.decided_at, request.tier, said % words, request.decision_note, request.pk)


def _of_override(override: TierOverride, *, is_asked: bool) -> Iterator[Event]:
    words = {
        "asker": override.requested_by,
        "approver": override.approved_by,
        "taker": override.withdrawn_by,
    }
    if not is_asked:
        said = _("%(asker)s asked for an override, %(approver)s approved it.") % words
        yield _told(override.created_at, override.tier, said, override.reason)
    if override.reminded_at is not None:
        said = _("A reminder went out that the override ends soon.")
        yield _told(override.reminded_at, override.tier, said)
    if override.withdrawn_at is not None:
        said = (
            _("%(taker)s took the override back.") % words
            if override.withdrawn_by
            else _("The override was taken back.")
        )
        yield _told(override.withdrawn_at, override.tier, said)
    if override.lapsed_at is not None:
        yield _told(override.lapsed_at, override.tier, _("The override ended on its day."))


def _told(
    at: datetime, tier: str, sentence: str, quote: str = "", request_id: int | None = None
) -> Event:
    return Event(
        at=at, kind="override", tier=tier, sentence=sentence, quote=quote, request_id=request_id
    )


def _policies(organization: Organization, now: datetime) -> Iterator[Event]:
    """The versions that came into force since the organization is here."""
    rows = TierPolicy.objects.filter(
        effective_from__gte=organization.created_at, effective_from__lte=now
    )
    for policy in rows:
        if policy.effective_from is not None:
            yield Event(
                at=policy.effective_from,
                kind="policy",
                sentence=_("Policy version %(version)s came into force.")
                % {"version": policy.version},
                quote=policy.change_note,
                version=policy.version,
            )


def _judged_unchanged(
    organization: Organization, before: datetime | None, limit: int
) -> Iterator[Event]:
    """The runs of versions that left the account as it is; of those nothing is kept per account.

    What a run changes has an assignment by its version, made while it ran. Accounts that
    somebody held when their batch came are judged before the run ends; until then they are
    not told of.
    """
    mine = TierAssignment.objects.filter(organization=organization)
    runs = PolicyRun.objects.that_judged(organization.pk).filter(
        Exists(mine.filter(valid_from__lte=OuterRef("judged_at"))),
        ~Exists(
            mine.filter(
                policy=OuterRef("policy"),
                evaluation__evaluated_at__gte=OuterRef("judged_at"),
                evaluation__evaluated_at__lte=Coalesce(
                    OuterRef("finished_at"), OuterRef("judged_at")
                ),
            )
        ),
    )
    if before is not None:
        runs = runs.filter(judged_at__lt=before)  # type: ignore[misc]  # annotated
    for run in runs.select_related("policy")[:limit]:
        if organization.pk in run.held:
            continue
        version = run.policy.version
        yield Event(
            at=run.judged_at,  # type: ignore[attr-defined]
            kind="judged",
            sentence=_("Judged again under policy version %(version)s, unchanged.")
            % {"version": version},
            version=version,
        )
