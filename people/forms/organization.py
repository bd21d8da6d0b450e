"""Forms of the organization's page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from people.models import Membership

ROLES = [
    (Membership.Role.MEMBER, _("Member: own tickets, and those they follow")),
    (Membership.Role.MANAGER, _("Manager: all tickets of the organization, and its people")),
]


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, initial=Membership.Role.MEMBER)


class DomainForm(forms.Form):
    """An e-mail domain of the organization."""

    domain = forms.CharField(
        label=_("E-mail domain"),
        max_length=253,
        help_text=_("The part after the @ of your addresses at work, like example.com."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class JoiningForm(forms.Form):
    """How people with a verified domain come in."""

    joins_by_domain = forms.TypedChoiceField(
        label=_("People with an address of a verified domain"),
        choices=[
            ("false", _("wait until a manager lets them in")),
            ("true", _("join at once, as members")),
        ],
        coerce=lambda value: value == "true",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, joins_by_domain: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"joins_by_domain": str(joins_by_domain).lower()})
        super().__init__(*args, **kwargs)
