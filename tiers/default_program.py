"""The support program that ships: three tiers, their criteria, promises and calendar.

Loaded by the room's data migration; everything here can be edited afterwards
by publishing a new policy version. Durations are in business hours (bh) of the
calendar of the target. Thresholds: DESIGN section 1 and the acceptance vectors
of the segmentation reference (exit at 23,000 and 4,500, grace 60 days).
"""

from datetime import UTC, datetime
from typing import Any

import holidays

POLICY_VERSION = 1
BUSINESS_HOURS = "business-hours"
AROUND_THE_CLOCK = "around-the-clock"
VENDOR_ZONE = "Europe/Berlin"
HOLIDAY_COUNTRY = "DE"
HOLIDAY_YEARS = range(2024, 2031)
# Before any ticket: a policy that ships counts since ever.
SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOUR = 3600
METRICS = ("first_reply", "next_reply", "resolution")

# tier -> severity -> hours for (first reply, next reply, resolution)
TARGET_HOURS: dict[str, dict[int, tuple[int, int, int]]] = {
    "enterprise": {1: (1, 1, 8), 2: (4, 4, 24), 3: (4, 8, 24), 4: (8, 16, 80)},
    "professional": {1: (2, 4, 16), 2: (4, 8, 24), 3: (8, 16, 40), 4: (16, 24, 80)},
    "starter": {1: (4, 8, 40), 2: (8, 16, 64), 3: (16, 24, 80), 4: (24, 40, 120)},
}
AROUND_THE_CLOCK_FOR = {("enterprise", 1), ("enterprise", 2)}
# A ticket past its target is pulled ahead of tickets in time after twice the target.
FLOOR_FACTOR = 2
WARN_AT = [50, 75, 90]

PROMISES: dict[str, dict[str, Any]] = {
    "enterprise": {
        "queue_key": "enterprise",
        "channels": ["web", "mail", "api", "slack", "monitoring"],
        "account_team": ["tam", "backup"],
        "self_service": ["knowledge_base", "community", "assistant"],
        "review_cadence_days": 91,
    },
    "professional": {
        "queue_key": "professional",
        "channels": ["web", "mail", "api"],
        "account_team": ["success"],
        "self_service": ["knowledge_base", "community", "assistant"],
        "review_cadence_days": None,
    },
    "starter": {
        "queue_key": "general",
        "channels": ["web", "mail", "api"],
        "account_team": [],
        "self_service": ["knowledge_base", "community", "assistant"],
        "review_cadence_days": None,
    },
}
RULES = [
    {"tier": "enterprise", "precedence": 1, "value": "25000", "exit_value": "23000"},
    {"tier": "professional", "precedence": 2, "value": "5000", "exit_value": "4500"},
]


def business_hours_definition() -> dict[str, Any]:
    """Return Monday to Friday 09:00-17:00 in the vendor's zone, holidays written out."""
    return {
        "timezone": VENDOR_ZONE,
        "weekly": {day: [["09:00", "17:00"]] for day in WEEK[:5]},
        "holidays": sorted(holiday_names()),
    }


def holiday_names() -> dict[str, str]:
    """Return the holidays that ship: ISO date and what the day is called."""
    days = holidays.country_holidays(HOLIDAY_COUNTRY, years=HOLIDAY_YEARS, language="en_US")
    return {day.isoformat(): name for day, name in sorted(days.items())}


def around_the_clock_definition() -> dict[str, Any]:
    """Return every hour of every day."""
    return {
        "timezone": "UTC",
        "weekly": {day: [["00:00", "24:00"]] for day in WEEK},
        "holidays": [],
    }


def install(apps: Any) -> None:
    """Write the program unless a policy is there already.

    ``apps`` is the registry of a migration or ``django.apps.apps``.
    """
    policies = apps.get_model("tiers", "TierPolicy")
    if policies.objects.exists():
        return
    calendars = _install_calendars(apps)
    policy = policies.objects.create(
        version=POLICY_VERSION,
        status="draft",
        name="Launch program",
        tier_order=["starter", "professional", "enterprise"],
        default_tier="starter",
    )
    for rule in RULES:
        row = apps.get_model("tiers", "TierRule").objects.create(
            policy=policy, tier=rule["tier"], precedence=rule["precedence"]
        )
        apps.get_model("tiers", "Criterion").objects.create(
            rule=row, fact="acv", op="gte", value=rule["value"], exit_value=rule["exit_value"]
        )
    for tier, promise in PROMISES.items():
        apps.get_model("tiers", "TierPromise").objects.create(policy=policy, tier=tier, **promise)
    target = apps.get_model("tiers", "PromiseTarget")
    target.objects.bulk_create(
        target(
            policy=policy,
            tier=tier,
            severity=severity,
            metric=metric,
            target_seconds=hours[place] * HOUR,
            floor_seconds=hours[place] * HOUR * FLOOR_FACTOR,
            calendar=calendars[
                AROUND_THE_CLOCK if (tier, severity) in AROUND_THE_CLOCK_FOR else BUSINESS_HOURS
            ],
            # Time in which the vendor waits for the customer is not the vendor's.
            pause_on=["pending"] if metric == "resolution" else [],
            warn_at=WARN_AT,
        )
        for tier, severities in TARGET_HOURS.items()
        for severity, hours in severities.items()
        for place, metric in enumerate(METRICS)
    )
    policies.objects.filter(pk=policy.pk).update(status="live", effective_from=SINCE_EVER)


def _install_calendars(apps: Any) -> dict[str, Any]:
    made = {}
    for key, name, country, definition, names in (
        (
            BUSINESS_HOURS,
            "Business hours (Berlin)",
            HOLIDAY_COUNTRY,
            business_hours_definition(),
            holiday_names(),
        ),
        (AROUND_THE_CLOCK, "Around the clock", "", around_the_clock_definition(), {}),
    ):
        made[key] = apps.get_model("tiers", "Calendar").objects.create(
            key=key, name=name, holiday_country=country
        )
        apps.get_model("tiers", "CalendarVersion").objects.create(
            calendar=made[key],
            number=1,
            definition=definition,
            holiday_names=names,
            reason="Ships with the product",
            published_at=SINCE_EVER,
        )
    return made
