"""Celery's timetable: what rings how often. The due moments themselves are columns.

``expires`` is about the interval: ticks missed while no worker ran do not pile up.
"""

from typing import Any

TIMETABLE: dict[str, dict[str, Any]] = {
    "sweep clocks": {
        "task": "tickets.tasks.sweep_clocks",
        "schedule": 1.0,
        "options": {"expires": 2},
    },
    "follow tiers": {
        "task": "tickets.tasks.follow_tiers",
        "schedule": 1.0,
        "options": {"expires": 2},
    },
    "reconcile tiers": {
        "task": "tickets.tasks.reconcile_tiers",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "empty archived queues": {
        "task": "tickets.tasks.empty_archived_queues",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "announce clock events": {
        "task": "tickets.tasks.announce_clock_events",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "continue recomputing": {
        "task": "tickets.tasks.continue_recomputing",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "publish scheduled policies": {
        "task": "tickets.tasks.publish_scheduled_policies",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "start the nightly check": {
        "task": "tickets.tasks.start_nightly_check",
        "schedule": 900.0,
        "options": {"expires": 900},
    },
    "send alerts": {
        "task": "tickets.tasks.send_alerts",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "deliver notices": {
        "task": "people.tasks.deliver_notices",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "close solved tickets": {
        "task": "tickets.tasks.close_solved_tickets",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "ask for ratings": {
        "task": "tickets.tasks.ask_for_ratings",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "evaluate tiers daily": {
        "task": "tiers.tasks.evaluate_every_organization",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "tend overrides": {
        "task": "tiers.tasks.tend_overrides",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "go on with imports": {
        "task": "tiers.tasks.go_on_with_imports",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "check account standings": {
        "task": "tiers.tasks.check_account_standings",
        "schedule": 86400.0,
        "options": {"expires": 86400},
    },
    "apply published policies": {
        "task": "tiers.tasks.apply_published_policies",
        "schedule": 2.0,
        "options": {"expires": 4},
    },
    "look at holiday feeds": {
        "task": "tiers.tasks.look_at_holiday_feeds",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "warn of calendars that end": {
        "task": "tiers.tasks.warn_of_calendars_that_end",
        "schedule": 86400.0,
        "options": {"expires": 86400},
    },
    "follow CRMs": {
        "task": "integrations.crm.tasks.follow_crms",
        "schedule": 1.0,
        "options": {"expires": 2},
    },
    "write tiers back into CRMs": {
        "task": "integrations.crm.tasks.write_tiers_back",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "poll CRMs": {
        "task": "integrations.crm.tasks.poll_crms",
        "schedule": 10.0,
        "options": {"expires": 20},
    },
    "compare CRMs": {
        "task": "integrations.crm.tasks.compare_crms",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "forget CRM history": {
        "task": "integrations.crm.tasks.forget_crm_history",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "remove orphaned files": {
        "task": "tickets.tasks.remove_orphaned_files",
        "schedule": 86400.0,
        "options": {"expires": 86400},
    },
    "forget expired rows": {
        "task": "people.tasks.forget_expired_rows",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
