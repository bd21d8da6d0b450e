"""What a vendor asks ops to enter, as a form: secrets can be written and never be read."""

from collections.abc import Iterable

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from integrations.crm.models import CrmConnection
from integrations.crm.vendor import Input, Vendor


class ConnectionForm(forms.Form):
    """A connection: its name, the vendor's settings, its secrets.

    Of an existing connection, a secret that is left empty stays what it was.
    """

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What your people call it, for example “HubSpot, production”."),
    )
    unknown_companies = forms.ChoiceField(
        label=_("Companies that no organization is linked to"),
        choices=CrmConnection.Unknown.choices,
    )
    follows_names = forms.BooleanField(
        label=_("Rename organizations when their company is renamed in the CRM"), required=False
    )

    def __init__(
        self, data: QueryDict | None, *, vendor: Vendor, connection: CrmConnection | None = None
    ) -> None:
        initial: dict[str, object] = {"name": vendor.label}
        if connection is not None:
            initial = {
                "name": connection.name,
                "unknown_companies": connection.unknown_companies,
                "follows_names": connection.follows_names,
                **{f"setting_{name}": value for name, value in connection.settings.items()},
            }
        super().__init__(data, initial=initial)
        self.vendor, self.is_new = vendor, connection is None
        if self.is_new:
            del self.fields["unknown_companies"], self.fields["follows_names"]
        stored = () if connection is None else secret_names(connection)
        for one in vendor.setting_fields:
            self.fields[f"setting_{one.name}"] = _setting_field(one)
        for one in vendor.credential_fields:
            self.fields[f"secret_{one.name}"] = _secret_field(one, one.name in stored)

    @property
    def settings_shown(self) -> list[forms.BoundField]:
        """The fields of the vendor's settings."""
        return [self[f"setting_{one.name}"] for one in self.vendor.setting_fields]

    @property
    def secrets_shown(self) -> list[forms.BoundField]:
        """The fields of the vendor's secrets, always empty."""
        return [self[f"secret_{one.name}"] for one in self.vendor.credential_fields]

    def settings_given(self) -> dict[str, str]:
        """Return the settings as the actions take them."""
        return self._given("setting_", self.vendor.setting_fields)

    def secrets_given(self) -> dict[str, str]:
        """Return the secrets as the actions take them."""
        return self._given("secret_", self.vendor.credential_fields)

    def _given(self, prefix: str, inputs: Iterable[Input]) -> dict[str, str]:
        return {one.name: self.cleaned_data.get(f"{prefix}{one.name}", "") for one in inputs}


def secret_names(connection: CrmConnection) -> frozenset[str]:
    """Return which secrets are stored; none when they cannot be read with our keys."""
    try:
        return frozenset(name for name, value in connection.secrets.values.items() if value)
    except Exception:  # whatever is wrong with the seal: they have to be entered again
        return frozenset()


def _setting_field(one: Input) -> forms.Field:
    if one.choices:
        return forms.ChoiceField(
            label=str(one.label),
            help_text=str(one.help),
            required=one.is_required,
            choices=one.choices,
            initial=one.default,
        )
    return forms.CharField(
        label=str(one.label),
        help_text=str(one.help),
        required=one.is_required,
        initial=one.default,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}) if one.is_multiline else forms.TextInput(),
    )


def _secret_field(one: Input, is_stored: bool) -> forms.Field:
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    if is_stored:
        attributes["placeholder"] = str(_("stored; leave empty to keep it"))
    widget: forms.Widget
    if one.is_multiline:
        widget = forms.Textarea(attrs={**attributes, "rows": 3})
    elif one.is_secret:
        widget = forms.PasswordInput(attrs={**attributes, "autocomplete": "new-password"})
    else:
        widget = forms.TextInput(attrs=attributes)
    return forms.CharField(
        label=str(one.label),
        help_text=str(one.help),
        required=one.is_required and not is_stored,
        widget=widget,
        strip=True,
    )
