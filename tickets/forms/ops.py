"""Shape of what operations type in about queues and triggers."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import User
from portal.kit.words import METRICS
from tickets.actions.queues import NAME_LENGTH, SERVES_QUEUES
from tickets.models import Trigger


class QueueForm(forms.Form):
    """A queue's name and the tier it is made for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LENGTH)
    tier = forms.ChoiceField(
        label=gettext_lazy("Made for tier"),
        required=False,
        help_text=gettext_lazy("The desk has one view per tier that a queue is made for."),
    )

    def __init__(self, *args: Any, tiers: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        tier = self.fields["tier"]
        assert isinstance(tier, forms.ChoiceField)
        tier.choices = [("", _("No particular one")), *tiers.items()]


class MembersForm(forms.Form):
    """Who serves a queue."""

    agents = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People who serve it"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "An agent sees the tickets of the queues they serve. Leads and admins see every "
            "ticket anyway; here they are also told when the queue is."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        agents = self.fields["agents"]
        assert isinstance(agents, forms.ModelMultipleChoiceField)
        agents.queryset = User.objects.filter(
            is_active=True, staff_role__in=SERVES_QUEUES
        ).order_by("name", "email")


class ExplainForm(forms.Form):
    """Which ticket, and what happens to it."""

    ticket = forms.CharField(
        label=gettext_lazy("Ticket"),
        max_length=20,
        widget=forms.TextInput(attrs={"placeholder": "T-1042"}),
    )
    event = forms.ChoiceField(label=gettext_lazy("When"), choices=Trigger.Event.choices)
    metric = forms.ChoiceField(
        label=gettext_lazy("Promise"),
        required=False,
        choices=[(key, metric.desk_label) for key, metric in METRICS.items()],
    )
    step = forms.IntegerField(
        label=gettext_lazy("Percent used"), required=False, min_value=1, max_value=100
    )
