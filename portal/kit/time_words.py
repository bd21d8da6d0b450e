"""Moments and promise clocks in words. Pure: the present instant is an argument."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kit import words

NEAR = timedelta(hours=24)
# Used when a clock carries no warning ladder of its own.
SOON_BEFORE = timedelta(hours=1)
NOW_BEFORE = timedelta(minutes=15)
SOON_STEP, NOW_STEP = 75, 90


def phrase(key: str, *amounts: object) -> str:
    """Return one of ``words.TIME_WORDS`` with its amounts filled in."""
    return _spoken(key, get_language() or "").format(*amounts)


# Lists draw the same few words hundreds of times; looking up a translation takes its time.
@lru_cache(maxsize=512)
def _spoken(key: str, language: str) -> str:
    return str(words.TIME_WORDS[key])


def duration_words(span: timedelta) -> str:
    """Return a length of time as one would say it, always rounded down."""
    minutes = int(abs(span).total_seconds() // 60)
    if minutes < 1:
        return phrase("moments")
    if minutes < 60:
        return phrase("minutes", minutes)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return phrase("days", hours // 24)
    if hours >= 10 or rest == 0:
        return phrase("hours", hours)
    return phrase("hours_minutes", hours, rest)


def absolute_words(instant: datetime, now: datetime) -> str:
    """Return date and time in the current zone, as short as the distance from now allows."""
    local, today = timezone.localtime(instant), timezone.localtime(now).date()
    clock = date_format(local, "H:i")
    days = (local.date() - today).days
    if days == 0:
        return clock
    if days in (-1, 1):
        return phrase("tomorrow" if days == 1 else "yesterday", clock)
    if -7 < days < 7:
        return phrase("on_day", date_format(local, "D"), clock)
    if local.year == today.year:
        return phrase("on_day", date_format(local, _("j M")), clock)
    return phrase("on_day", date_format(local, _("j M Y")), clock)


def full_words(instant: datetime) -> str:
    """Return weekday, date, time and zone in the current zone: the answer to "when exactly?"."""
    return _in_full(instant, timezone.get_current_timezone_name(), get_language() or "")


@lru_cache(maxsize=4096)
def _in_full(instant: datetime, zone: str, language: str) -> str:
    local = timezone.localtime(instant)
    return date_format(local, _("l j F Y, H:i")) + " " + zone_mark(local)


def promised_words(instant: datetime, now: datetime) -> str:
    """Return a promised moment as one says it to a customer: no year that goes without saying."""
    local = timezone.localtime(instant)
    if abs(instant - now) < timedelta(days=180):
        return date_format(local, _("l j F, H:i")) + " " + zone_mark(local)
    return full_words(instant)


def zone_mark(local: datetime) -> str:
    """Return the short name of a local moment's zone, as the reader's language has it."""
    name = local.tzname() or ""
    return str(words.ZONE_MARKS.get(name, name))


def moment_words(instant: datetime, now: datetime) -> str:
    """Return a past or coming moment: relative when near, else its date and time."""
    distance = instant - now
    if abs(distance) >= NEAR:
        return absolute_words(instant, now)
    if abs(distance) < timedelta(minutes=1):
        return phrase("just_now")
    return phrase("in" if distance > timedelta(0) else "ago", duration_words(distance))


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What a promise clock shows: its state, its words, and the instants a script needs."""

    metric: str
    state: str
    text: str
    due_at: datetime | None = None
    soon_at: datetime | None = None
    now_at: datetime | None = None
    reason: str = ""
    # Share of the time from start to due that has gone by the wall clock, 0 to 1.
    used: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether the text changes as time passes."""
        return self.state in {"fine", "soon", "now", "broken"} and self.due_at is not None


def clock_face(clock: object, now: datetime, *, for_customer: bool = True) -> ClockFace:
    """Return the face of a clock: a row, a reading of the engine, or a dict of the same names.

    Read are ``metric``, ``status``, ``due_at``, ``breached_at``, ``paused_reason`` and, when
    there, ``started_at`` and the warning ladder: ``alarms`` of a reading, ``ladder`` of a row.
    Instants are aware datetimes or epoch seconds UTC. A face is its own face.
    """
    if isinstance(clock, ClockFace):
        return clock
    metric = str(_read(clock, "metric") or "")
    status = str(_read(clock, "status") or "not_started")
    due_at = _instant(_read(clock, "due_at"))
    broken_at = _instant(_read(clock, "breached_at"))
    if status == "paused":
        why = words.pause_reason(
            str(_read(clock, "paused_reason") or ""), for_customer=for_customer
        )
        return ClockFace(metric, "paused", phrase("paused"), due_at, reason=str(why))
    if status == "met":
        return ClockFace(metric, "kept", phrase("kept"), due_at)
    if status == "met_late":
        return ClockFace(metric, "late", phrase("kept_late"))
    if status == "breached" or broken_at is not None:
        since = due_at or broken_at
        late = phrase("late", duration_words(now - since)) if since else phrase("due_now")
        return ClockFace(metric, "broken", late, since)
    if status == "running" and due_at is not None:
        return _running_face(clock, metric, due_at, now)
    return ClockFace(
        metric, "idle", phrase("cancelled" if status == "cancelled" else "not_started")
    )


def _running_face(clock: object, metric: str, due_at: datetime, now: datetime) -> ClockFace:
    started_at = _instant(_read(clock, "started_at"))
    soon_at, now_at = _warnings(clock, started_at, due_at, now)
    state = "now" if now >= now_at else "soon" if now >= soon_at else "fine"
    if now >= due_at:
        text = phrase("due_now")
    elif due_at - now < NEAR:
        text = phrase("in", duration_words(due_at - now))
    else:
        text = absolute_words(due_at, now)
    used = None
    if started_at and started_at < due_at:
        used = max(0.0, min(1.0, (now - started_at) / (due_at - started_at)))
    return ClockFace(metric, state, text, due_at, soon_at, now_at, used=used)


def _warnings(
    clock: object, started_at: datetime | None, due_at: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """Return when the clock becomes "soon" and "now".

    An engine's reading holds its whole ladder. A row holds only the steps still to come:
    when those of a kind are gone and half of the way lies behind us, they have passed.
    """
    steps = _ladder(clock)
    soon_at = min((at for step, at in steps if SOON_STEP <= step < NOW_STEP), default=None)
    now_at = min((at for step, at in steps if NOW_STEP <= step < 100), default=None)
    lowest = min((step for step, _ in steps), default=0)
    past_half = started_at is not None and now - started_at > due_at - now
    if soon_at is None:
        soon_at = now if lowest >= NOW_STEP and past_half else due_at - SOON_BEFORE
    if now_at is None:
        now_at = now if lowest >= 100 and past_half else due_at - NOW_BEFORE
    return min(soon_at, now_at), now_at


def _ladder(clock: object) -> list[tuple[int, datetime]]:
    alarms = [(_read(alarm, "step"), _read(alarm, "at")) for alarm in _read(clock, "alarms") or ()]
    pairs = [*alarms, *(_read(clock, "ladder") or ())]
    return [(int(step), at) for step, moment in pairs if (at := _instant(moment)) is not None]


def _read(source: object, name: str) -> Any:
    if isinstance(source, Mapping):
        return source.get(name)
    return getattr(source, name, None)


def _instant(value: object) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(int(str(value)), tz=UTC)
