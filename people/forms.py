"""Forms of the people room."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SignUpDetailsForm(forms.Form):
    """What sign-up asks besides address and password."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    field_order = ["name", "email", "password1", "password2"]

    def signup(self, request: object, user: object) -> None:
        """Keep the name; allauth stores the rest."""
        user.name = self.cleaned_data["name"].strip()  # type: ignore[attr-defined]
        user.save(update_fields=["name"])  # type: ignore[attr-defined]
