"""How a calendar stands: what counts now, what is coming, who counts in it, what is missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit import clock
from portal.kit.time_words import absolute_words
from portal.kit.words import tier_label
from tiers.calendar_words import calendar_words, is_around_the_clock
from tiers.calendars import compiled_versions
from tiers.models import Calendar, CalendarVersion, OrganizationTarget, PromiseTarget, TierPolicy
from tiers.rules.business_time import CalendarDefinition

# From so many days before its last loaded holiday on a calendar asks for more.
WARN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Standing:
    """One calendar with its versions in the order of their numbers, and who counts in it."""

    calendar: Calendar
    published: Sequence[CalendarVersion]
    draft: CalendarVersion | None
    in_force: CalendarVersion | None
    now: datetime
    uses: Sequence[str] = ()

    @property
    def coming(self) -> list[CalendarVersion]:
        """Published versions that have not begun."""
        return [row for row in self.published if row.valid_from and row.valid_from > self.now]

    @property
    def says(self) -> CalendarDefinition:
        """What counts now; of a calendar that was never published, what its draft says."""
        row = self.in_force or self.draft
        assert row is not None
        return CalendarDefinition.from_json(row.definition)

    @property
    def newest(self) -> CalendarDefinition:
        """What the newest version says, published if there is one."""
        row = self.published[-1] if self.published else self.draft
        assert row is not None
        return CalendarDefinition.from_json(row.definition)

    @property
    def today(self) -> date:
        """The day it is there."""
        return timezone.localtime(self.now, self.says.zone).date()

    @property
    def hours(self) -> str:
        """Its open hours in words."""
        return calendar_words(self.says, self.today)

    @property
    def last_holiday(self) -> date | None:
        """The last day for which a holiday is loaded; None of a calendar without any."""
        return max(self.newest.closed_dates, default=None)

    @property
    def never_closes(self) -> bool:
        """Whether it needs no holidays because it is always open."""
        return is_around_the_clock(self.newest)

    @property
    def days_left(self) -> int | None:
        """Whole days until its last loaded holiday; None where there is none."""
        return (self.last_holiday - self.today).days if self.last_holiday else None

    @property
    def warning(self) -> str:
        """Say that the holidays run out soon, or have; nothing while there are enough."""
        left, last = self.days_left, self.last_holiday
        if not self.published or last is None or left is None or left > WARN_DAYS:
            return ""
        if left < 0:
            return _("The last loaded holiday was on %(day)s: load more.") % {
                "day": date_format(last, _("j M Y"))
            }
        if left == 0:
            return _("The last loaded holiday is today: load more.")
        return ngettext(
            "The last loaded holiday is in %(days)s day: load more.",
            "The last loaded holiday is in %(days)s days: load more.",
            left,
        ) % {"days": left}

    @property
    def open_now(self) -> bool:
        """Whether business time runs at this moment."""
        return bool(self.published) and compiled_versions(self.published).is_open(
            clock.to_epoch(self.now)
        )

    @property
    def now_words(self) -> str:
        """Say until when it is open, or when it opens, in its own zone."""
        if not self.published:
            return _("Not published yet: nothing is counted in it.")
        business, at = compiled_versions(self.published), clock.to_epoch(self.now)
        with timezone.override(self.says.zone):
            if not business.is_open(at):
                opens = clock.from_epoch(business.next_opening(at))
                return _("Closed now, opens %(when)s") % {"when": absolute_words(opens, self.now)}
            closes = business.closing(at)
            if closes is None or is_around_the_clock(self.says):
                return _("Open now, and always")
            return _("Open now until %(when)s") % {
                "when": absolute_words(clock.from_epoch(closes), self.now)
            }

    @property
    def feed_differs(self) -> list[date]:
        """Days that its feed closes and its newest version does not, from today on."""
        closed = self.newest.closed_dates
        days = (date.fromisoformat(day) for day in self.calendar.feed_days)
        return sorted(day for day in days if day >= self.today and day not in closed)


def standings(now: datetime, key: str = "") -> list[Standing]:
    """Return how calendars stand, by name; the same few queries for any number of them."""
    people = ("created_by", "edited_by", "published_by")
    versions = CalendarVersion.objects.select_related(*people).order_by("number")
    rows = Calendar.objects.prefetch_related(Prefetch("versions", versions))
    if key:
        rows = rows.filter(key=key)
    uses = _uses(now)
    return [_standing(row, now, uses.get(row.pk, [])) for row in rows]


def _standing(row: Calendar, now: datetime, uses: Sequence[str]) -> Standing:
    versions = list(row.versions.all())
    published = [version for version in versions if not version.is_draft]
    begun = [one for one in published if one.valid_from is None or one.valid_from <= now]
    drafts = [version for version in versions if version.is_draft]
    return Standing(
        calendar=row,
        published=published,
        draft=drafts[0] if drafts else None,
        in_force=begun[-1] if begun else None,
        now=now,
        uses=uses,
    )


def _uses(now: datetime) -> Mapping[int, list[str]]:
    """Return who is promised something in each calendar, in words."""
    found: dict[int, list[str]] = {}
    targets: dict[int, Counter[str]] = {}
    live = TierPolicy.objects.live().first()
    order = list(reversed(live.tier_order)) if live else []
    for calendar_id, tier in PromiseTarget.objects.filter(policy=live).values_list(
        "calendar_id", "tier"
    ):
        targets.setdefault(calendar_id, Counter())[tier] += 1
    for calendar_id, tiers in targets.items():
        ranked = [tier for tier in [*order, *sorted(tiers)] if tier in tiers]
        found[calendar_id] = [
            ngettext("%(tier)s: %(count)s target", "%(tier)s: %(count)s targets", tiers[tier])
            % {"tier": tier_label(tier), "count": tiers[tier]}
            for tier in dict.fromkeys(ranked)
        ]
    custom = (
        OrganizationTarget.objects.in_force_at(now)
        .order_by("organization__name")
        .values_list("calendar_id", "organization__name")
    )
    for (calendar_id, name), count in Counter(custom).items():
        found.setdefault(calendar_id, []).append(
            ngettext(
                "custom SLA of %(name)s: %(count)s target",
                "custom SLA of %(name)s: %(count)s targets",
                count,
            )
            % {"name": name, "count": count}
        )
    return found
