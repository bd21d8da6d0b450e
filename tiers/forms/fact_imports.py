"""Shape of what operations say about a file of facts."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tiers.fact_words import FACTS
from tiers.models import FactImport
from tiers.rules.sheet_columns import CURRENCY, EXTERNAL_ID, NAME, PUBLIC_ID


def target_choices() -> list[Any]:
    """Return what a column can be, in groups."""
    return [
        ("", _("Leave out")),
        (
            _("Which organization"),
            [
                (EXTERNAL_ID, _("Id in the CRM")),
                (PUBLIC_ID, _("Id in the portal")),
                (NAME, _("Name")),
            ],
        ),
        (_("Facts"), [(name, words.label) for name, words in FACTS.items()]),
        (_("Checks"), [(CURRENCY, _("Currency of the amounts"))]),
    ]


class UploadForm(forms.Form):
    """A file of facts."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(".csv or .xlsx, at most 10 MB and 100,000 lines, headings in the first line."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        allow_empty_file=True,
    )


class ColumnsForm(forms.Form):
    """What each column is, how numbers are written, and what to do with unknown organizations."""

    decimal_sign = forms.ChoiceField(
        label=_("Amounts are written"),
        choices=[(".", "25,000.50"), (",", "25.000,50")],
        widget=forms.RadioSelect,
    )
    creates = forms.ChoiceField(
        label=_("Organizations that are not here yet"),
        choices=[("", _("Refuse their lines")), ("yes", _("Create them"))],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("A new organization needs a name; its people are invited later."),
    )

    def __init__(self, data: QueryDict | None, *, fact_import: FactImport):
        initial = {
            "decimal_sign": fact_import.decimal_sign,
            "creates": "yes" if fact_import.creates else "",
        }
        super().__init__(data, initial=initial)
        self.headings: list[str] = fact_import.headings
        for place, heading in enumerate(self.headings):
            guessed = fact_import.columns[place] if place < len(fact_import.columns) else ""
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading or _("Column %(number)s") % {"number": place + 1},
                choices=target_choices(),
                required=False,
                initial=guessed,
            )
        self.samples = [
            [line[place] if place < len(line) else "" for line in fact_import.samples]
            for place in range(len(self.headings))
        ]

    def rows(self) -> list[tuple[Any, list[str]]]:
        """Return the fields of the columns, each with values from the first lines."""
        return [
            (self[f"column_{place}"], [text for text in self.samples[place] if text][:3])
            for place in range(len(self.headings))
        ]

    def chosen(self) -> dict[str, Any]:
        """Return what the action asks for."""
        places = range(len(self.headings))
        return {
            "columns": [self.cleaned_data[f"column_{place}"] for place in places],
            "decimal_sign": self.cleaned_data["decimal_sign"],
            "creates": self.cleaned_data["creates"] == "yes",
        }
