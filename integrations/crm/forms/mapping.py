"""Which CRM field is which fact, what currencies are worth, and where the tier is written."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from integrations.crm.models import CrmConnection, FieldMapping
from integrations.crm.rules.reading import KINDS
from integrations.crm.vendor import Field, FieldType
from portal.kit.words import tier_label
from tiers.fact_words import fact_label

YES_NO = (("", _("as it is")), ("true", _("yes")), ("false", _("no")))


def field_choice(field: Field) -> tuple[str, str]:
    """Return how a field is offered: its label with its name in the CRM."""
    return field.name, f"{field.label} ({field.name})" if field.label else field.name


class MappingForm(forms.Form):
    """The field of one fact; for amounts the currency, for choices what each value means."""

    field = forms.ChoiceField(label=_("CRM field"), required=False)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        fact: str,
        fields: Sequence[Field],
        mapping: FieldMapping | None,
        tiers: Sequence[str],
    ) -> None:
        self.fact, self.mapping = fact, mapping
        self.label = fact_label(fact)
        self.kind = KINDS[fact]
        by_name = {field.name: field for field in fields}
        present = mapping.field if mapping is not None else ""
        initial = {"field": present}
        if mapping is not None and mapping.currency_from == FieldMapping.Currency.FIXED:
            initial["currency"] = mapping.currency
        super().__init__(data, prefix=fact, initial=initial)
        chosen = self.fields["field"]
        assert isinstance(chosen, forms.ChoiceField)
        offered = [field_choice(field) for field in fields]
        if present and present not in by_name:
            offered.append((present, present))
        chosen.choices = [("", _("not from the CRM")), *offered]
        self.by_name = by_name
        if self.kind == "money":
            self.fields["currency"] = forms.CharField(
                label=_("Currency"), max_length=3, required=False,
                help_text=_("Empty: as the CRM says, where it says so."),
            )  # fmt: skip
        self.options = self._options(
            by_name.get(data.get(f"{fact}-field", "") if data else present)
        )
        known = mapping.translations if mapping is not None else {}
        for place, option in enumerate(self.options):
            self.fields[f"means_{place}"] = self._meaning(option, tiers, known.get(option, ""))

    def _options(self, field: Field | None) -> tuple[str, ...]:
        """Return the values of a choice that may have to be translated."""
        is_choice = field is not None and field.type == FieldType.CHOICE
        return field.options[:60] if is_choice and field is not None else ()

    def _meaning(self, option: str, tiers: Sequence[str], present: str) -> forms.Field:
        if self.kind == "tier":
            choices = [("", _("as it is")), *((tier, tier_label(tier)) for tier in reversed(tiers))]
            return forms.ChoiceField(label=option, choices=choices, required=False, initial=present)
        if self.kind == "yes_no":
            return forms.ChoiceField(label=option, choices=YES_NO, required=False, initial=present)
        return forms.CharField(label=option, max_length=80, required=False, initial=present)

    @property
    def meanings(self) -> list[forms.BoundField]:
        """The fields that say what each value of the CRM means."""
        return [self[f"means_{place}"] for place in range(len(self.options))]

    def translations(self) -> dict[str, str]:
        """Return our value for each value of the CRM that has one."""
        given = {
            option: self.cleaned_data.get(f"means_{place}", "")
            for place, option in enumerate(self.options)
        }
        return {option: value for option, value in given.items() if value}


class RateForm(forms.Form):
    """What one unit of another currency is worth."""

    currency = forms.CharField(label=_("One"), max_length=3)
    rate = forms.CharField(label=_("is worth"), max_length=20)


class WriteBackForm(forms.Form):
    """The CRM field that gets the tier, and the CRM's word for each tier."""

    field = forms.ChoiceField(label=_("CRM field for the tier"), required=False)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        connection: CrmConnection,
        fields: Sequence[Field],
        tiers: Sequence[str],
    ) -> None:
        super().__init__(data, prefix="tier", initial={"field": connection.tier_field})
        fit = {FieldType.TEXT, FieldType.CHOICE}
        offered = [field_choice(one) for one in fields if one.is_writable and one.type in fit]
        if connection.tier_field and connection.tier_field not in dict(offered):
            offered.append((connection.tier_field, connection.tier_field))
        chosen = self.fields["field"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [("", _("do not write it")), *offered]
        self.tiers = list(reversed(tiers))
        for tier in self.tiers:
            self.fields[f"value_{tier}"] = forms.CharField(
                label=str(tier_label(tier)), max_length=100, required=False,
                initial=connection.tier_values.get(tier, ""),
                widget=forms.TextInput(attrs={"placeholder": tier}),
            )  # fmt: skip

    @property
    def values_shown(self) -> list[forms.BoundField]:
        """The fields of the CRM's words."""
        return [self[f"value_{tier}"] for tier in self.tiers]

    def values(self) -> dict[str, str]:
        """Return the CRM's word per tier."""
        return {tier: self.cleaned_data.get(f"value_{tier}", "") for tier in self.tiers}
