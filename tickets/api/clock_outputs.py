"""How the account of a ticket's clocks is described in the schema, key by key.

`tickets.explaining.documents` makes the data; nothing is computed here. Instants are UTC, lengths
business seconds. Keys are added, never renamed, while `schema` stays the same.
"""

from typing import Any

from rest_framework import serializers

from tickets.explaining.documents import SCHEMA
from tickets.explaining.ledger_words import STATES, STATUSES
from tickets.rules.clocks import METRICS


def instant(text: str, *, null: bool = False) -> serializers.DateTimeField:
    """Return an instant in UTC, with what it means."""
    return serializers.DateTimeField(allow_null=null, help_text=text)


def seconds(text: str, *, null: bool = False) -> serializers.IntegerField:
    """Return a length in seconds, with what it means."""
    return serializers.IntegerField(allow_null=null, help_text=text)


class CauseOutput(serializers.Serializer[Any]):
    """What somebody did that began or ended something."""

    code = serializers.CharField(
        help_text="opened, customer_message, agent_reply, status:<status>, severity:<1-4>, terms, "
        "no_terms, no_reply_needed, merged; others may be added."
    )
    mode = serializers.CharField(
        allow_blank=True,
        help_text="What a new promise did to the clock: restart, keep, correct; else empty.",
    )
    at = instant("When it happened; null when nothing is known of it.", null=True)
    by = serializers.CharField(allow_blank=True, help_text="customer, agent or system.")
    says = serializers.CharField(help_text="The same in words, for the reader.")


class TermsOutput(serializers.Serializer[Any]):
    """Who promised it."""

    policy_version = serializers.IntegerField(allow_null=True)
    tier = serializers.CharField(allow_null=True)
    promised_by = serializers.ChoiceField(
        ["tier", "contract"], allow_null=True, help_text="contract: a custom SLA."
    )


class SegmentOutput(TermsOutput):
    """A stretch of the ledger: one state, one promise, one version of the calendar."""

    start = instant("Its first second.")
    end = instant("The first second after it.")
    state = serializers.ChoiceField(list(STATES))
    wall_seconds = seconds("Its length by the clock on the wall.")
    counted_seconds = seconds("What was counted in it; 0 unless it was running.")
    elapsed_seconds = seconds("The sum up to and with it.")
    cause = CauseOutput()
    calendar = serializers.CharField(allow_blank=True)
    calendar_version = serializers.IntegerField(
        allow_null=True, help_text="The version in force in this stretch."
    )
    target_seconds = seconds("What was promised in it.", null=True)
    severity = serializers.IntegerField(allow_null=True)


class BreachOutput(serializers.Serializer[Any]):
    """A broken promise; never taken back."""

    at = instant("The first second in which too much had been counted.")
    target_seconds = seconds("What had been promised.")
    policy_version = serializers.IntegerField(allow_null=True)


class ChangeOutput(serializers.Serializer[Any]):
    """The promise became another one while the clock lived."""

    at = instant("From when on.")
    from_seconds = seconds("The promise before; null when there was none.", null=True)
    to_seconds = seconds("The promise since; null when there is none.", null=True)
    cause = CauseOutput()


class StepOutput(serializers.Serializer[Any]):
    """A step of the warning ladder."""

    step = serializers.IntegerField(
        help_text="Percent of the target; negative: business minutes before its end; 100: broken."
    )
    at = instant("When it is reached.")
    is_reached = serializers.BooleanField()
    is_present = serializers.BooleanField(help_text="False: it rang under earlier terms.")
    tells = serializers.ListField(child=serializers.CharField(), help_text="The roles told.")
    recorded_at = instant("When the sweep wrote it down.", null=True)
    announced_at = instant("When those who must know were told.", null=True)
    acknowledged_at = instant("When somebody said that they have seen it.", null=True)
    acknowledged_by = serializers.CharField(allow_blank=True)


class ClockAccountOutput(TermsOutput):
    """One cycle of one promise, as of `evaluated_at`."""

    metric = serializers.ChoiceField(list(METRICS))
    cycle = serializers.IntegerField(help_text="1 for the first.")
    status = serializers.ChoiceField(list(STATUSES))
    severity = serializers.IntegerField(allow_null=True)
    started_at = instant("Null: it has not begun.", null=True)
    due_at = instant("The moment told to people: closing time. Null: not knowable.", null=True)
    breaches_after = instant("The last moment in time: next opening.", null=True)
    breached_at = instant("When the promise was first broken.", null=True)
    stopped_at = instant("When it was over.", null=True)
    stopped_by = CauseOutput(allow_null=True)
    paused_reason = serializers.CharField(allow_blank=True, help_text="The status that holds it.")
    paused_since = instant("Since when it stands still.", null=True)
    target_seconds = seconds("What is promised.")
    elapsed_seconds = seconds("What has been counted: the sum of the ledger, to the second.")
    remaining_seconds = seconds("What is left; negative when it is late.")
    calendar = serializers.CharField()
    calendar_version = serializers.IntegerField(
        allow_null=True, help_text="Up to which version these terms know the calendar."
    )
    time_zone = serializers.CharField(allow_null=True, help_text="That of the calendar.")
    sentence = serializers.CharField(help_text="How it stands, as we would say it.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What is to be added.")
    breaches = BreachOutput(many=True)
    changes = ChangeOutput(many=True)
    steps = StepOutput(many=True, required=False, help_text="For staff alone.")
    ledger = SegmentOutput(many=True, required=False, help_text="With ledger=1.")


class ClocksOutput(serializers.Serializer[Any]):
    """Every clock of a ticket, the most urgent first, then those that are over."""

    schema = serializers.CharField(help_text=f"{SCHEMA}: keys are only added to it.")
    reference = serializers.CharField()
    evaluated_at = instant("The moment of which all this is true.")
    fault = serializers.CharField(
        allow_blank=True, help_text="Why nothing can be said; empty when all sums are right."
    )
    clocks = ClockAccountOutput(many=True)
    page = serializers.IntegerField()
    pages = serializers.IntegerField(help_text="A page holds 50 clocks.")
