"""Calendars: when business time runs. Published versions are never changed, only followed."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User


class CalendarQuerySet(models.QuerySet["Calendar"]):
    """Questions about calendars."""

    def usable(self) -> "CalendarQuerySet":
        """Return the calendars in which something can be promised: those that say something."""
        said = CalendarVersion.objects.published().filter(calendar=models.OuterRef("pk"))
        return self.filter(models.Exists(said))


class Calendar(models.Model):
    """A named calendar; what it says is in its versions. ``key`` is used in promises."""

    key = models.SlugField(_("key"), unique=True, max_length=40)
    name = models.CharField(_("name"), max_length=80)
    # Where holidays come from: ISO 3166 codes, and an iCalendar feed that is looked at daily.
    holiday_country = models.CharField(_("holidays of"), max_length=2, blank=True)
    holiday_subdivision = models.CharField(_("state or province"), max_length=10, blank=True)
    feed_url = models.URLField(_("holiday feed (iCalendar)"), max_length=500, blank=True)
    # What the feed said when it was last read: "2026-12-25" -> "Christmas Day".
    feed_days: "models.JSONField[Any, Any]" = models.JSONField(default=dict, blank=True)
    feed_checked_at = models.DateTimeField(_("feed looked at"), null=True, blank=True)
    feed_error = models.CharField(_("what went wrong"), max_length=300, blank=True)

    objects = CalendarQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CalendarVersionQuerySet(models.QuerySet["CalendarVersion"]):
    """Questions about calendar versions."""

    def published(self) -> "CalendarVersionQuerySet":
        """Return the versions that count; a draft counts nowhere."""
        return self.filter(published_at__isnull=False)

    def drafts(self) -> "CalendarVersionQuerySet":
        """Return what is being written; at most one per calendar."""
        return self.filter(published_at=None)

    def in_force_at(self, instant: datetime) -> "CalendarVersionQuerySet":
        """Return the versions that have begun, the one in force first."""
        begun = models.Q(valid_from=None) | models.Q(valid_from__lte=instant)
        return self.published().filter(begun).order_by("-number")


class CalendarVersion(models.Model):
    """One version of a calendar, in force from ``valid_from`` until the next one's.

    ``definition`` is the JSON of ``tiers.rules.business_time.CalendarDefinition``:
    time zone, weekly spans, holidays, special hours and breaks, each holiday
    written out as a date so that past answers never move; what the holidays are
    called stands beside it. A draft has no ``published_at`` and counts nowhere.
    What a published version says is never changed: the database refuses it.
    """

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    # Null: since ever, which only the first version can say, or, of a later draft,
    # from the moment in which it is published.
    valid_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    definition = models.JSONField(_("definition"))
    # "2026-12-25" -> "Christmas Day", for people alone.
    holiday_names: "models.JSONField[Any, Any]" = models.JSONField(default=dict, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # Counts the saves of a draft, so that of two people who edit it the later one is told.
    revision = models.PositiveIntegerField(default=1)
    edited_at = models.DateTimeField(_("last edited"), null=True, blank=True)
    edited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = CalendarVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar version")
        verbose_name_plural = _("calendar versions")
        ordering = ["calendar", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "number"], name="tiers_calendar_version_once"
            ),
            models.UniqueConstraint(
                fields=["calendar"],
                condition=models.Q(published_at=None),
                name="tiers_calendar_one_draft",
            ),
            models.CheckConstraint(
                condition=models.Q(number=1)
                | models.Q(valid_from__isnull=False)
                | models.Q(published_at=None),
                name="tiers_calendar_later_version_has_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"

    @property
    def is_draft(self) -> bool:
        """Whether this is still being written and counts nowhere."""
        return self.published_at is None

    def reaches_back(self, now: datetime) -> bool:
        """Whether time that has gone by would be counted anew: a correction."""
        return self.number > 1 and self.valid_from is not None and self.valid_from < now
