"""Small forms about calendars; what a draft says is typed on a sheet of its own."""

from datetime import datetime

from django import forms
from django.forms.widgets import TextInput
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from people.forms.profile import zone_choices
from tiers.actions.calendars import NAME_LENGTH
from tiers.actions.holiday_feeds import URL_LENGTH
from tiers.models import Calendar


class NewCalendarForm(forms.Form):
    """A new calendar: its name, and what its first draft begins with."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        help_text=_("For example “Customer care New York”. It can be changed later."),
    )
    like = forms.ModelChoiceField(
        label=_("Begin with"),
        queryset=Calendar.objects.none(),
        required=False,
        empty_label=_("Monday to Friday 09:00–17:00, no holidays"),
    )
    zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, data: QueryDict | None, *, zone: str, now: datetime):
        super().__init__(data, initial={"zone": zone})
        like, zones = self.fields["like"], self.fields["zone"]
        assert isinstance(like, forms.ModelChoiceField)
        assert isinstance(zones, forms.ChoiceField)
        like.queryset = Calendar.objects.usable()
        zones.choices = zone_choices(zone, now)


class NameForm(forms.Form):
    """Another name for a calendar."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)


class FeedForm(forms.Form):
    """The address of a holiday feed."""

    feed_url = forms.CharField(
        label=_("Address of the feed"),
        max_length=URL_LENGTH,
        required=False,
        widget=TextInput(
            attrs={"inputmode": "url", "placeholder": "https://example.com/holidays.ics"}
        ),
    )
