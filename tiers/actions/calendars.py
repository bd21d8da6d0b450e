"""Calendars: a draft is written, published, and from then on followed, never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.models import Calendar, CalendarVersion
from tiers.rules.business_time import CalendarDefinition, CalendarError

NAME_LENGTH = 80
KEY_LENGTH = 40
REASON_LENGTH = 300
DAY_NAME_LENGTH = 120


@transaction.atomic
def create_calendar(
    *,
    name: str,
    definition: Mapping[str, Any],
    by: User,
    now: datetime,
    holiday_names: Mapping[str, str] | None = None,
) -> CalendarVersion:
    """Add a calendar with a first draft; its key is made from the name and never changes.

    Nothing can be promised in it before the draft is published.
    """
    _check_ops(by)
    name = _free_name(name)
    key = slugify(name)[:KEY_LENGTH].strip("-")
    # The address of the page that adds one.
    key = "calendar-new" if key == "new" else key
    if not key:
        message = _("Use at least one letter or digit that a web address can hold.")
        raise InvalidInput("name_invalid", message, fields={"name": message})
    says = _checked(definition)
    try:
        # Its own savepoint: the caller's transaction survives the refusal.
        with transaction.atomic():
            calendar = Calendar.objects.create(key=key, name=name)
    except IntegrityError as error:
        raise _name_taken() from error
    return CalendarVersion.objects.create(
        calendar=calendar,
        number=1,
        definition=says,
        holiday_names=_names(holiday_names or {}),
        created_by=by,
        edited_by=by,
        edited_at=now,
    )


@transaction.atomic
def rename_calendar(*, calendar: Calendar, name: str, by: User) -> Calendar:
    """Give a calendar another name; promises know it by its key, which stays."""
    _check_ops(by)
    row: Calendar = lock(Calendar.objects.filter(pk=calendar.pk)).get()
    row.name = _free_name(name, but=row)
    row.save(update_fields=["name"])
    return row


@transaction.atomic
def draft_calendar_version(
    *, calendar: Calendar, by: User | None, now: datetime
) -> CalendarVersion:
    """Return the draft of a calendar; a new one says what the newest version says.

    Nobody (``by`` None) is the holiday feed.
    """
    if by is not None:
        _check_ops(by)
    row = lock(Calendar.objects.filter(pk=calendar.pk)).get()
    versions = CalendarVersion.objects.filter(calendar=row).order_by("-number")
    newest = versions[0]
    if newest.is_draft:
        return newest
    return CalendarVersion.objects.create(
        calendar=row,
        number=newest.number + 1,
        definition=newest.definition,
        holiday_names=newest.holiday_names,
        created_by=by,
        edited_by=by,
        edited_at=now,
    )


@transaction.atomic
def save_calendar_draft(
    *,
    version: CalendarVersion,
    definition: Mapping[str, Any],
    holiday_names: Mapping[str, str],
    valid_from: datetime | None,
    reason: str,
    revision: int,
    by: User | None,
    now: datetime,
    source: tuple[str, str] | None = None,
) -> CalendarVersion:
    """Keep what a draft says; it still counts nowhere.

    ``valid_from`` None means from the moment of publishing (of a first version:
    since ever). ``source`` is the country and state whose holidays are offered the
    next time. ``revision`` is the one the editor saw: when somebody has saved
    since, nothing is kept and Refused says so.
    """
    if by is not None:
        _check_ops(by)
    row = _locked_draft(version)
    if row.revision != revision:
        raise Refused("draft_changed", changed_meanwhile(row))
    row.definition = _checked(definition)
    row.holiday_names = _names(holiday_names)
    row.valid_from = valid_from if row.number > 1 else None
    row.reason = _reason(reason, needed=False)
    _check_start(row, now)
    row.revision += 1
    row.edited_by, row.edited_at = by, now
    row.save()
    if source is not None:
        country, subdivision = source
        row.calendar.holiday_country = country[:2]
        row.calendar.holiday_subdivision = subdivision[:10]
        row.calendar.save(update_fields=["holiday_country", "holiday_subdivision"])
    return row


@transaction.atomic
def discard_calendar_draft(*, version: CalendarVersion, by: User) -> bool:
    """Throw a draft away; whether there was one. A calendar without any version goes with it."""
    _check_ops(by)
    calendar = lock(Calendar.objects.filter(pk=version.calendar_id)).first()
    if calendar is None:
        return False
    row = CalendarVersion.objects.filter(pk=version.pk).first()
    if row is None:
        return False
    if not row.is_draft:
        raise _already_published(row)
    row.delete()
    if row.number == 1:
        _delete_unused(calendar)
    return True


@transaction.atomic
def publish_calendar_version(
    *,
    version: CalendarVersion,
    reason: str,
    published_by: User,
    now: datetime,
    revision: int | None = None,
) -> CalendarVersion:
    """Let a draft count from its ``valid_from`` on, or from now where it names none.

    Moves no running clock: those know the calendar up to the version of their
    terms. Raises Refused when it is published already or was thrown away, when it
    would start before an earlier version does, when it was edited after
    ``revision`` was looked at, and InvalidInput when nobody says why or when what
    it says is no calendar.
    """
    _check_ops(published_by)
    row = _locked_draft(version)
    if revision is not None and row.revision != revision:
        raise Refused("draft_changed", changed_meanwhile(row))
    row.definition = _checked(row.definition)
    row.reason = _reason(reason, needed=True)
    if row.number > 1 and row.valid_from is None:
        row.valid_from = now
    _check_start(row, now)
    row.published_at, row.published_by = now, published_by
    row.save()
    return row


def _delete_unused(calendar: Calendar) -> None:
    try:
        calendar.delete()
    except ProtectedError as error:
        raise Refused(
            "calendar_in_use",
            _("Something is to be promised in %(name)s. Choose another calendar there first.")
            % {"name": calendar},
        ) from error


def changed_meanwhile(row: CalendarVersion) -> str:
    """Say who saved the draft while somebody else had it open."""
    if row.edited_by is None:
        return _("The holiday feed changed this draft while you had it open.")
    return _("%(person)s changed this draft while you had it open.") % {"person": row.edited_by}


def _locked_draft(version: CalendarVersion) -> CalendarVersion:
    """Return the draft anew, its calendar locked."""
    lock(Calendar.objects.filter(pk=version.calendar_id)).first()
    row = (
        CalendarVersion.objects.select_related("calendar", "edited_by")
        .filter(pk=version.pk)
        .first()
    )
    if row is None:
        raise Refused("draft_gone", _("Somebody threw this draft away. Start a new one."))
    if not row.is_draft:
        raise _already_published(row)
    return row


def _check_start(row: CalendarVersion, now: datetime) -> None:
    """Refuse a start before that of an earlier version: the order of numbers is that of time."""
    last = (
        CalendarVersion.objects.published()
        .filter(calendar=row.calendar_id, valid_from__gt=row.valid_from or now)
        .order_by("-valid_from")
        .first()
    )
    if row.number == 1 or last is None or last.valid_from is None:
        return
    zone = CalendarDefinition.from_json(row.definition).zone
    start = date_format(timezone.localtime(last.valid_from, zone), _("j M Y, H:i"))
    message = _(
        "Version %(number)s counts from %(start)s on, and a later version cannot start before "
        "it. Choose that moment or a later one."
    ) % {"number": last.number, "start": start}
    raise InvalidInput("starts_before_earlier", message, fields={"valid_from": message})


def _checked(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition in its one canonical form, or refuse it."""
    try:
        return CalendarDefinition.from_json(definition).to_json()
    except CalendarError as error:
        # The rules speak to programs; the form has said it in the reader's words before.
        raise InvalidInput(
            "calendar_invalid",
            _("This is not a calendar that can be counted in: %(why)s") % {"why": error},
            fields={"definition": str(error)},
        ) from error


def _names(names: Mapping[str, str]) -> dict[str, str]:
    return {
        day: " ".join(name.split())[:DAY_NAME_LENGTH]
        for day, name in sorted(names.items())
        if name.strip()
    }


def _reason(reason: str, *, needed: bool) -> str:
    reason = reason.strip()
    if needed and not reason:
        raise InvalidInput("reason_missing", _("Say why."), fields={"reason": _("Say why.")})
    if len(reason) > REASON_LENGTH:
        message = _("At most %(count)s characters.") % {"count": REASON_LENGTH}
        raise InvalidInput("reason_too_long", message, fields={"reason": message})
    return reason


def _free_name(name: str, but: Calendar | None = None) -> str:
    name = " ".join(name.split())
    if not name:
        message = _("Give the calendar a name.")
        raise InvalidInput("name_missing", message, fields={"name": message})
    if len(name) > NAME_LENGTH:
        message = _("At most %(count)s characters.") % {"count": NAME_LENGTH}
        raise InvalidInput("name_too_long", message, fields={"name": message})
    others = Calendar.objects.exclude(pk=but.pk) if but else Calendar.objects.all()
    if others.filter(name__iexact=name).exists():
        raise _name_taken()
    return name


def _name_taken() -> InvalidInput:
    message = _("There is a calendar of this name already. Choose another one.")
    return InvalidInput("name_taken", message, fields={"name": message})


def _already_published(row: CalendarVersion) -> Refused:
    return Refused(
        "already_published",
        _("Version %(number)s is published already. Changes need a new draft.")
        % {"number": row.number},
    )


def _check_ops(user: User) -> None:
    if not user.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may change calendars."))
