"""Where many organizations stand, in four statements, and where new facts would put them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tiers.actions.evaluating import OBSERVING_SOURCES, state_of
from tiers.models import AccountFact, TierAssignment, TierOverride
from tiers.rules import evaluation

SOURCE = "import"
FLOOR = AccountFact.Name.CONTRACT_FLOOR


@dataclass(slots=True)
class Standing:
    """The facts known of an organization by their newest rows, what it holds, its overrides."""

    known: dict[str, AccountFact] = field(default_factory=dict)
    held: TierAssignment | None = None
    overrides: list[evaluation.Override] = field(default_factory=list)

    def decide(
        self, policy: evaluation.Policy, now: datetime, changes: Mapping[str, str]
    ) -> evaluation.Decision:
        """Return the evaluator's answer if these facts were recorded now; "" is not known."""
        today = now.date()
        texts = {name: row.value for name, row in self.known.items()} | dict(changes)
        inputs = evaluation.Inputs(
            facts={
                name: self._fact(name, text, changes, now)
                for name, text in texts.items()
                if text and name != FLOOR
            },
            today=today,
            previous=state_of(self.held),
            overrides=tuple(self.overrides),
            contract_floor=texts.get(FLOOR) or None,
        )
        return evaluation.decide(policy, inputs, with_counterfactuals=False)

    def _fact(
        self, name: str, text: str, changes: Mapping[str, str], now: datetime
    ) -> evaluation.FactValue:
        if name in changes:
            return evaluation.FactValue(value=text, observed_on=now.date(), source=SOURCE)
        row = self.known[name]
        ages = row.source in OBSERVING_SOURCES
        seen = row.last_seen_at.date() if ages else now.date()
        return evaluation.FactValue(value=text, observed_on=seen, source=row.source)


def standings_of(organization_ids: Collection[int]) -> dict[int, Standing]:
    """Return the standing of each of these organizations."""
    found = {pk: Standing() for pk in organization_ids}
    for row in AccountFact.objects.filter(organization__in=organization_ids).current():
        found[row.organization_id].known[row.fact] = row
    held = TierAssignment.objects.open().filter(organization__in=organization_ids)
    for assignment in held.select_related("evaluation"):
        found[assignment.organization_id].held = assignment
    lent = TierOverride.objects.not_withdrawn().filter(organization__in=organization_ids)
    for one in lent.order_by("pk"):
        found[one.organization_id].overrides.append(
            evaluation.Override(tier=one.tier, starts=one.starts, expires=one.expires)
        )
    return found
