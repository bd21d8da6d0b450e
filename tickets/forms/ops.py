"""Shape of what operations type in about queues and triggers."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.models import User
from portal.kit.words import METRICS
from tickets.actions.queues import NAME_LENGTH, SERVES_QUEUES
from tickets.models import Queue, Trigger
from tickets.ticket_states import NOW, OPENED
from tiers.rules.ladders import BREACH, parse_step


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


class ArchiveForm(forms.Form):
    """Where the tickets of an archived queue go."""

    moves_to = forms.ModelChoiceField(
        label=gettext_lazy("Its open tickets go to"),
        queryset=Queue.objects.none(),
        to_field_name="key",
        required=False,
        empty_label=gettext_lazy("choose a queue"),
    )

    def __init__(self, *args: Any, queue: Queue, **kwargs: Any):
        super().__init__(*args, **kwargs)
        target = self.fields["moves_to"]
        assert isinstance(target, forms.ModelChoiceField)
        target.queryset = Queue.objects.in_use().exclude(pk=queue.pk)


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
    step = forms.CharField(label=gettext_lazy("Step"), required=False, max_length=40)
    as_of = forms.ChoiceField(
        label=gettext_lazy("Seen"),
        required=False,
        choices=[
            ("", gettext_lazy("as it fits the event")),
            (OPENED, gettext_lazy("as it was when it was opened")),
            (NOW, gettext_lazy("as it is now")),
        ],
    )

    def clean_step(self) -> int | None:
        """Return the step that was typed: a percentage, or a time before the end."""
        typed: str = self.cleaned_data["step"]
        step = parse_step(typed)
        if typed and (step is None or step > BREACH):
            raise forms.ValidationError(
                _("Type a percentage like 75 % or a time like 30 min before the end.")
            )
        return step

    def clean(self) -> dict[str, Any]:
        """Look at a ticket as it was opened where the event is its opening."""
        is_opening = self.cleaned_data.get("event") == Trigger.Event.CREATED
        self.cleaned_data["as_of"] = self.cleaned_data.get("as_of") or (
            OPENED if is_opening else NOW
        )
        return self.cleaned_data


class TryForm(forms.Form):
    """The ticket on which a trigger that is being written is tried."""

    ticket = forms.CharField(
        label=gettext_lazy("Ticket"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "T-1042"}),
    )
