"""Write down where every account stands, so that a preview right after the upgrade sees all."""

from datetime import date
from typing import Any, NamedTuple

from django.db import migrations

from tiers.rules.standings import columns_of

OBSERVING = {"hubspot", "salesforce", "reports"}
CHUNK = 500


class Known(NamedTuple):
    text: str
    seen: date | None
    changed: date


def fill(apps: Any, editor: Any) -> None:
    """Write the row of every account that has a tier."""
    assignments = apps.get_model("tiers", "TierAssignment").objects.filter(valid_to=None)
    last = 0
    while chunk := list(
        assignments.filter(organization_id__gt=last)
        .select_related("evaluation")
        .order_by("organization_id")[:CHUNK]
    ):
        last = chunk[-1].organization_id
        _fill(apps, chunk)


def _fill(apps: Any, chunk: list[Any]) -> None:
    standings = apps.get_model("tiers", "AccountStanding")
    columns = {field.attname for field in standings._meta.concrete_fields}
    known: dict[int, dict[str, Known]] = {}
    rows = apps.get_model("tiers", "AccountFact").objects.filter(
        organization_id__in=[row.organization_id for row in chunk]
    )
    for row in rows.order_by("observed_at", "id"):
        facts = known.setdefault(row.organization_id, {})
        before = facts.get(row.fact)
        last_seen = max(row.observed_at, row.seen_again_at or row.observed_at)
        seen = last_seen.date() if row.source in OBSERVING else None
        is_same = before is not None and before.text == row.value
        facts[row.fact] = Known(
            row.value, seen, before.changed if is_same else row.observed_at.date()
        )
    made = []
    for row in chunk:
        facts = {fact: one for fact, one in known.get(row.organization_id, {}).items() if one.text}
        state = row.evaluation.decision["state"]
        floor = facts.get("contract_floor")
        values = {
            "organization_id": row.organization_id,
            "tier": row.tier,
            "source": row.source,
            "held": state["tier"],
            "below_since": state["below_since"] and date.fromisoformat(state["below_since"]),
            "judged_policy_id": row.policy_id,
            "judged_at": row.valid_from,
            "contract_floor": floor.text if floor else "",
            **columns_of(facts),
        }
        made.append(standings(**{name: value for name, value in values.items() if name in columns}))
    standings.objects.bulk_create(made)


class Migration(migrations.Migration):
    dependencies = [("tiers", "0009_account_standings")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
