"""Shape of what operations type in about organizations. What it may mean is up to the actions."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.widgets import TextInput
from django.http import QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from people.models import AccountTeamMember, Organization, StaffRole, User
from portal.kit.words import tier_label
from tiers.actions.facts import NOTE_LENGTH, canonical_fact
from tiers.fact_words import fact_label
from tiers.models import AccountFact
from tiers.program import Program

Fact = AccountFact.Name


class OrganizationForm(forms.Form):
    """A new customer company."""

    name = forms.CharField(label=_("Name"), max_length=160)
    external_id = forms.CharField(
        label=_("Id in the CRM"),
        max_length=80,
        required=False,
        help_text=_("Leave it empty when the CRM does not know the company yet."),
    )
    joins_by_domain = forms.BooleanField(
        label=_("People with a verified e-mail domain join at once"),
        required=False,
        help_text=_("Otherwise a manager of the organization has to let them in."),
    )

    def clean_external_id(self) -> str:
        """Refuse an id that another organization has."""
        external_id: str = self.cleaned_data["external_id"].strip()
        taken = (
            Organization.objects.filter(external_id=external_id).first() if external_id else None
        )
        if taken is not None:
            raise forms.ValidationError(_("%(name)s has this id already."), params={"name": taken})
        return external_id


class FactsForm(forms.Form):
    """What is known about an account. Only what was changed here is recorded.

    Every field carries along what the person saw when the page was opened, so that
    a value the CRM changed meanwhile is not put back by saving another one.
    """

    acv = forms.CharField(required=False, max_length=40)
    seats = forms.CharField(required=False, max_length=12)
    usage_criticality = forms.ChoiceField(
        required=False,
        choices=[
            ("", _("Not known")),
            ("1", _("1 · hardly missed when it is down")),
            ("2", _("2 · a nuisance when it is down")),
            ("3", _("3 · work slows down without it")),
            ("4", _("4 · a department stops without it")),
            ("5", _("5 · the business stops without it")),
        ],
    )
    strategic = forms.ChoiceField(
        required=False, choices=[("", _("Not known")), ("true", _("Yes")), ("false", _("No"))]
    )
    region = forms.CharField(required=False, max_length=80)
    contract_start = forms.CharField(required=False, widget=TextInput(attrs={"type": "date"}))
    contract_renewal = forms.CharField(required=False, widget=TextInput(attrs={"type": "date"}))
    contract_floor = forms.ChoiceField(
        required=False, help_text=_("The account never falls below it, whatever the facts say.")
    )
    note = forms.CharField(
        label=_("How do you know?"),
        max_length=NOTE_LENGTH,
        help_text=_("For example “Order form signed on 3 March”. Kept with the facts."),
    )

    def __init__(self, data: QueryDict | None, *, program: Program, known: Mapping[str, str]):
        super().__init__(data, initial={name: known.get(name, "") for name in self.base_fields})
        self.known = known
        for name in self.fact_names:
            self.fields[name].label = str(fact_label(name))
            self.fields[name].show_hidden_initial = True
        self.fields["acv"].help_text = _("In %(currency)s a year. Empty: not known.") % {
            "currency": program.currency
        }
        self.fields["acv"].widget.attrs["inputmode"] = "decimal"
        self.fields["seats"].widget.attrs["inputmode"] = "numeric"
        floor = self.fields["contract_floor"]
        assert isinstance(floor, forms.ChoiceField)
        # A floor that the policy no longer knows stays choosable: it must not vanish unseen.
        tiers = [*reversed(program.rules.order)]
        signed = known.get("contract_floor", "")
        tiers += [signed] if signed and signed not in tiers else []
        floor.choices = [("", _("None")), *((tier, tier_label(tier)) for tier in tiers)]

    @property
    def fact_names(self) -> list[str]:
        """The fields that are facts, in the order of the page."""
        return [name for name in self.fields if name in Fact.values]

    @property
    def seen(self) -> SafeString:
        """What the person saw, as hidden fields."""
        return format_html_join(
            "", "{}", ((self[name].as_hidden(only_initial=True),) for name in self.fact_names)
        )

    def changed_facts(self) -> dict[str, str]:
        """Return what the person changed and what is not known like that already."""
        typed = {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name in Fact.values and name in self.cleaned_data
        }
        return {name: value for name, value in typed.items() if not self._is_known(name, value)}

    def _is_known(self, name: str, value: str) -> bool:
        try:
            return canonical_fact(name, value) == self.known.get(name, "")
        except ValueError:
            return False


class StaffChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for mypy alone
    """One of the vendor's people, with the role behind the name."""

    def label_from_instance(self, obj: Any) -> str:
        """Return what the list shows."""
        return f"{obj} ({obj.get_staff_role_display()})"


def staff() -> Any:
    """Return the vendor's people who work here now."""
    return User.objects.filter(is_active=True).exclude(staff_role="").order_by("name", "email")


class DomainForm(forms.Form):
    """An e-mail domain of an organization."""

    domain = forms.CharField(
        label=_("E-mail domain"),
        max_length=253,
        widget=TextInput(attrs={"placeholder": "example.com"}),
    )


class TeamForm(forms.Form):
    """Who of the vendor's people is named to a customer, and as what."""

    duty = forms.ChoiceField(label=_("Duty"), choices=AccountTeamMember.Duty.choices)
    user = StaffChoiceField(label=_("Person"), queryset=User.objects.none())

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        person = self.fields["user"]
        assert isinstance(person, forms.ModelChoiceField)
        person.queryset = staff().filter(
            staff_role__in=[StaffRole.AGENT, StaffRole.LEAD, StaffRole.ADMIN]
        )
