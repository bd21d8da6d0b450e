"""What programs get to read about an account. Instants are UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from people.models import Organization
from tiers.actions.reporting_facts import Reported, SetAside
from tiers.fact_words import fact_value, source_label
from tiers.kept_decisions import decision_of
from tiers.models import AccountFact, TierAssignment
from tiers.reason_words import say_stored


class NamedAccountOutput(serializers.Serializer[Any]):
    """Which account."""

    public_id = serializers.CharField()
    external_id = serializers.CharField()
    name = serializers.CharField()


class FactOutput(serializers.Serializer[Any]):
    """One fact with where it comes from, and its age."""

    value = serializers.CharField(allow_null=True, help_text="Null: the source does not know it.")
    currency = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]
    observed_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    age_days = serializers.IntegerField(help_text="Whole days since it was observed.")


class AccountOutput(serializers.Serializer[Any]):
    """The facts about an account, its tier and why."""

    organization = NamedAccountOutput()
    tier = serializers.CharField(allow_null=True, help_text="Null before the first evaluation.")
    source = serializers.CharField(  # type: ignore[assignment]
        allow_null=True,
        help_text="Which step decided: criteria, promote, grace, demote, hold, override, contract.",
    )
    below_since = serializers.DateField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    facts = serializers.DictField(child=FactOutput())


class IgnoredOutput(serializers.Serializer[Any]):
    """A fact that was sent and not recorded."""

    fact = serializers.CharField()
    reason = serializers.ChoiceField(choices=["older", "repeated"])
    message = serializers.CharField()


class ReportOutput(AccountOutput):
    """What a report did."""

    recorded = serializers.ListField(child=serializers.CharField())
    ignored = IgnoredOutput(many=True)


def account(
    organization: Organization,
    assignment: TierAssignment | None,
    facts: Iterable[AccountFact],
    now: datetime,
) -> dict[str, Any]:
    """Return an account as programs read it."""
    decision = decision_of(assignment.evaluation) if assignment else {}
    currency = assignment.policy.currency if assignment else ""
    return {
        "organization": {
            "public_id": organization.public_id,
            "external_id": organization.external_id,
            "name": organization.name,
        },
        "tier": assignment.tier if assignment else None,
        "source": assignment.source if assignment else None,
        "below_since": assignment.below_since if assignment else None,
        "reasons": [say_stored(one, currency) for one in decision.get("reasons", [])],
        "facts": {row.fact: _fact(row, now) for row in facts},
    }


def _fact(row: AccountFact, now: datetime) -> dict[str, Any]:
    return {
        "value": row.value or None,
        "currency": row.currency,
        "source": row.source,
        "observed_at": _instant(row.observed_at),
        "recorded_at": _instant(row.recorded_at),
        "age_days": max(0, (now - row.observed_at).days),
    }


def report(done: Reported) -> dict[str, Any]:
    """Return what a report did, beside the account."""
    return {
        "recorded": list(done.recorded),
        "ignored": [
            {"fact": one.fact, "reason": one.why, "message": _why(one)} for one in done.set_aside
        ],
    }


def _why(one: SetAside) -> str:
    known = {
        "value": fact_value(one.fact, one.known.value, one.known.currency),
        "source": source_label(one.known.source),
        "when": _instant(one.known.observed_at),
    }
    if one.why == "repeated":
        return _("%(source)s said %(value)s of %(when)s already.") % known
    return _("A later value is known: %(value)s of %(when)s, from %(source)s.") % known


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
