"""What sign-up asks besides address and password."""

import zoneinfo
from typing import Any

from allauth.core import context as login_context
from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from people.actions import update_profile
from people.invited import invited_address
from people.models import User


class SignUpDetailsForm(forms.Form):
    """The base of allauth's sign-up form: adds the name, and the address that was invited."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    # Filled in by people/js/device-zone.js; without scripts it stays empty.
    time_zone = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput(attrs={"data-device-zone": ""})
    )
    field_order = ["name", "email", "password1", "password2"]

    class Media:
        js = [forms.Script("people/js/device-zone.js", type="module")]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound and not self.initial.get("email"):
            self.initial["email"] = invited_address(login_context.request)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep name, language of the page and zone of the device; allauth stores the rest."""
        zone = self.cleaned_data["time_zone"]
        update_profile(
            user=user,
            name=self.cleaned_data["name"],
            language=get_language() or "en",
            time_zone=zone if zone in zoneinfo.available_timezones() else user.time_zone,
        )
