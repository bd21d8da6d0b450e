"""What sign-up asks besides address and password."""

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
    field_order = ["name", "email", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound and not self.initial.get("email"):
            self.initial["email"] = invited_address(login_context.request)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep the name and the language of the page; allauth stores the rest."""
        update_profile(user=user, name=self.cleaned_data["name"], language=get_language() or "en")
