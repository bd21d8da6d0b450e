"""What people agreed on: overrides for a time, and what the contract says."""

from datetime import date, timedelta

import pytest

from tiers.rules.evaluation import InputError, Override, PreviousState, evaluate

from .evaluation_kit import TODAY, ask, codes, shipped

DAY = timedelta(days=1)
ENTERED = date(2025, 10, 1)


# Overrides


def override(tier: str, starts: date = TODAY, expires: date = TODAY + 30 * DAY) -> Override:
    return Override(tier, starts, expires)


def test_an_override_counts_from_its_first_day_to_the_day_before_its_end():
    lent = [override("enterprise", TODAY, TODAY + 2 * DAY)]

    found = [
        ask("1000", "starter", today=TODAY + n * DAY, overrides=lent).source for n in range(-1, 3)
    ]

    assert found == ["criteria", "override", "override", "criteria"]


def test_an_override_may_lend_a_lower_tier_than_the_facts_call_for():
    decision = ask("30000", "enterprise", overrides=[override("starter")])

    assert (decision.tier, decision.source) == ("starter", "override")
    assert decision.state == PreviousState("enterprise", None)


def test_after_an_override_the_account_is_where_its_facts_had_put_it():
    lent = [override("starter")]
    during = ask("23500", "enterprise", overrides=lent)

    after = evaluate(
        shipped(), during.trace.inputs.facts, during.state, lent, lent[0].expires, None
    )

    assert during.tier == "starter"
    assert (after.tier, after.source) == ("enterprise", "hold"), "the facts are 30 days old by then"
    known = ask("23500", during.state.tier, today=lent[0].expires, overrides=lent)
    assert (known.tier, known.source) == ("enterprise", "criteria")


def test_a_lent_higher_tier_leaves_no_grace_behind():
    lent = [override("enterprise")]
    during = ask("1000", "starter", overrides=lent)

    after = ask("1000", during.state.tier, during.state.below_since, today=lent[0].expires)

    assert (during.tier, during.state.tier) == ("enterprise", "starter")
    assert (after.tier, after.source) == ("starter", "criteria")


def test_the_grace_runs_on_beneath_an_override():
    lent = [override("enterprise", TODAY - 40 * DAY, TODAY)]
    during = ask("1000", "enterprise", TODAY - 60 * DAY, today=TODAY - DAY, overrides=lent)
    assert (during.source, during.below_since) == ("override", TODAY - 60 * DAY)
    assert during.grace_until is None, "nothing is lowered while the override lasts"

    after = ask("1000", during.state.tier, during.state.below_since, overrides=lent)

    assert (after.tier, after.source) == ("professional", "demote")


def test_of_overlapping_overrides_the_one_that_starts_last_counts():
    older = override("enterprise", TODAY - 5 * DAY)
    newer = override("professional", TODAY)

    for lent in ([older, newer], [newer, older]):
        decision = ask("1000", overrides=lent)
        assert decision.tier == "professional"
        assert "override_superseded" in codes(decision)


def test_of_overrides_that_start_together_the_higher_tier_counts():
    decision = ask("1", overrides=[override("professional"), override("enterprise")])

    assert decision.tier == "enterprise"


def test_an_override_to_an_unknown_tier_is_set_aside():
    decision = ask("6000", overrides=[override("gold")])

    assert (decision.tier, decision.source) == ("professional", "criteria")
    assert "override_tier_unknown" in codes(decision)


def test_an_override_without_a_day_never_counts():
    assert ask("1", overrides=[override("enterprise", TODAY, TODAY)]).tier == "starter"


# The contract


def test_nobody_gets_less_than_the_contract_says():
    decision = ask("1000", floor="professional")

    assert (decision.tier, decision.source) == ("professional", "contract")


def test_a_contract_raises_at_once_and_facts_may_raise_further():
    assert ask("1000", "starter", floor="professional").source == "contract"
    assert ask("30000", "starter", floor="professional").tier == "enterprise"


def test_an_override_counts_only_down_to_the_contract():
    above = ask("30000", "enterprise", floor="professional", overrides=[override("starter")])
    assert (above.tier, above.source) == ("professional", "contract")

    decision = ask("1000", "professional", floor="professional", overrides=[override("starter")])

    assert (decision.tier, decision.source) == ("professional", "contract")
    assert decision.reasons[0].code == "override_below_floor"


def test_a_lower_tier_is_not_lent_while_the_signed_one_cannot_be_read():
    decision = ask("30000", "enterprise", floor="gold", overrides=[override("starter")])

    assert (decision.tier, decision.source) == ("enterprise", "criteria")
    assert decision.reasons[0].code == "override_blocked"
    higher = ask("1000", "starter", floor="gold", overrides=[override("enterprise")])
    assert higher.source == "override"


def test_an_override_above_the_contract_counts():
    decision = ask("1000", floor="professional", overrides=[override("enterprise")])

    assert (decision.tier, decision.source) == ("enterprise", "override")


def test_the_fall_stops_at_the_contract_and_the_grace_with_it():
    fallen = ask("1000", "enterprise", ENTERED, floor="professional")
    assert (fallen.tier, fallen.source, fallen.below_since) == ("professional", "demote", None)

    settled = ask("1000", "professional", ENTERED, floor="professional")
    assert (settled.source, settled.below_since) == ("contract", None)


def test_the_end_of_a_contract_is_followed_by_a_whole_grace():
    during = ask("1000", "starter", floor="professional")

    after = ask("1000", during.state.tier, during.state.below_since, today=TODAY + 90 * DAY)

    assert (after.tier, after.source) == ("professional", "grace")
    assert after.grace_until == TODAY + 150 * DAY


def test_a_contract_holds_without_any_fact():
    decision = ask(None, floor="enterprise")

    assert (decision.tier, decision.source) == ("enterprise", "contract")
    assert decision.reasons[0].code == "contract_floor_unsure"


def test_nobody_falls_under_a_contract_that_names_an_unknown_tier():
    decision = ask("1000", "enterprise", ENTERED, floor="gold")

    assert (decision.tier, decision.source) == ("enterprise", "hold")
    assert decision.reasons[0].code == "contract_floor_unknown"
    assert ask("30000", "professional", floor="gold").tier == "enterprise"


def test_an_override_cannot_end_before_it_starts():
    with pytest.raises(InputError, match="expires"):
        override("starter", TODAY, TODAY - DAY)
