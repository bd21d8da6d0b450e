"""Forms of one's own account."""

import functools
import zoneinfo
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from people.actions.users import check_quiet_hours
from people.models import User
from portal.kit import clock
from portal.kit.refused import InvalidInput

REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
)  # fmt: skip
QUIET = ("quiet_from", "quiet_until", "critical_when_quiet")
FOR_STAFF = ("mail_on_assignment", "mail_on_clock", *QUIET)


@functools.cache
def _cities() -> dict[str, list[str]]:
    """Return the names of the time zone database by region, without old aliases like US/Eastern."""
    cities: dict[str, list[str]] = defaultdict(list)
    for name in sorted(zoneinfo.available_timezones()):
        region, _slash, city = name.partition("/")
        if city and region in REGIONS:
            cities[region].append(name)
    return dict(cities)


def zone_choices(present: str, now: datetime) -> list[Any]:
    """Return the zones by region, each called by its city first, so that typing finds it.

    ``present`` is offered too when it is none of these.
    """
    groups: list[Any] = [("UTC", "UTC")]
    names = {name for names in _cities().values() for name in names}
    if present not in names | {"UTC"}:
        groups.append((present, present))
    for region, zones in _cities().items():
        groups.append((region, [(name, _label(name, now)) for name in zones]))
    return groups


def _label(name: str, now: datetime) -> str:
    city = name.partition("/")[2].replace("_", " ").replace("/", ", ")
    offset = now.astimezone(zoneinfo.ZoneInfo(name)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "−" if minutes < 0 else "+"
    return f"{city} (UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02})"


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What people say about themselves, and which mails they want."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("All times are shown in this zone. Type the name of your city to find it."),
        widget=forms.Select(attrs={"data-time-zone": ""}),
    )

    class Meta:
        model = User
        fields = [
            "name", "job_title", "time_zone", "language", "mail_on_reply", "mail_on_status",
            "mail_on_assignment", "mail_on_clock", *QUIET,
        ]  # fmt: skip
        labels = {
            "mail_on_reply": _("A ticket of mine is answered"),
            "mail_on_status": _("A ticket of mine changes status, or we ask how it went"),
            "mail_on_assignment": _("I am given a ticket"),
            "mail_on_clock": _("A promise is at risk or broken"),
            "quiet_from": _("From"),
            "quiet_until": pgettext_lazy("hours", "Until"),
            "critical_when_quiet": _("What is critical reaches me in quiet hours too"),
        }
        help_texts = {
            "mail_on_clock": _(
                "Without it you only hear of a promise that is broken on a critical or high ticket."
            ),
            "critical_when_quiet": _(
                "Everything about critical tickets, and a broken promise on a high one."
            ),
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "job_title": forms.TextInput(attrs={"autocomplete": "organization-title"}),
            "quiet_from": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "quiet_until": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = zone_choices(self.instance.time_zone, clock.now())
        self.fields["name"].required = True
        if not self.instance.works_here:
            for name in FOR_STAFF:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Say at its field what is wrong with quiet hours, before the database would."""
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        if {"quiet_from", "quiet_until"} <= set(asked):
            try:
                check_quiet_hours(asked["quiet_from"], asked["quiet_until"])
            except InvalidInput as error:
                for name, sentence in error.fields.items():
                    self.add_error(name, sentence)
        return asked

    def mails(self) -> list[forms.BoundField]:
        """Return the switches of mails, which the page shows apart."""
        return [self[name] for name in self.fields if name.startswith("mail_")]

    def quiet(self) -> list[forms.BoundField]:
        """Return when mails about promises wait; only staff get any."""
        return [self[name] for name in QUIET if name in self.fields]

    def details(self) -> list[forms.BoundField]:
        """Return everything else."""
        apart = {bound.name for bound in (*self.mails(), *self.quiet())}
        return [self[name] for name in self.fields if name not in apart]


class TokenForm(forms.Form):
    """What an API token is for, and how long it works."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=80,
        help_text=_("So that you know later which one to revoke, like “Monitoring, warehouse 2”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=_("It works for"),
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("one year"))],
        coerce=int,
        initial=90,
    )
