"""The queues and triggers that ship: one queue per tier, routing by tier."""

from typing import Any

QUEUES = (
    ("enterprise", "Enterprise Support", "enterprise"),
    ("professional", "Professional", "professional"),
    ("general", "General", "starter"),
)
TRIGGERS: tuple[tuple[str, str, dict[str, Any], list[dict[str, Any]]], ...] = (
    (
        "Enterprise accounts to Enterprise Support",
        "ticket_created",
        {"all": [{"field": "tier", "op": "is", "value": "enterprise"}]},
        [{"do": "set_queue", "value": "enterprise"}],
    ),
    (
        "Professional accounts to Professional",
        "ticket_created",
        {"all": [{"field": "tier", "op": "is", "value": "professional"}]},
        [{"do": "set_queue", "value": "professional"}],
    ),
    (
        "Everybody else to General",
        "ticket_created",
        {"all": [{"field": "tier", "op": "not_in", "value": ["enterprise", "professional"]}]},
        [{"do": "set_queue", "value": "general"}],
    ),
    (
        "Tell the assignee when a promise is at risk",
        "sla_warning",
        {"all": [{"field": "step", "op": "at_least", "value": 75}]},
        [{"do": "notify", "value": "assignee"}],
    ),
    (
        "Tell the queue's leads when nobody has taken a ticket at risk",
        "sla_warning",
        {"all": [{"field": "step", "op": "at_least", "value": 90}]},
        [{"do": "notify", "value": "lead"}],
    ),
    (
        "Tell assignee and leads when a promise is broken",
        "sla_breach",
        {"all": []},
        [{"do": "notify", "value": "assignee"}, {"do": "notify", "value": "lead"}],
    ),
    (
        "Tell the account team when a promise to an Enterprise account is broken",
        "sla_breach",
        {"all": [{"field": "tier", "op": "is", "value": "enterprise"}]},
        [{"do": "notify", "value": "account_team"}],
    ),
)


def install(apps: Any) -> None:
    """Write queues and triggers unless there are queues already.

    ``apps`` is the registry of a migration or ``django.apps.apps``.
    """
    queues = apps.get_model("tickets", "Queue")
    if queues.objects.exists():
        return
    for position, (key, name, tier) in enumerate(QUEUES):
        queues.objects.create(key=key, name=name, tier=tier, position=position)
    places: dict[str, int] = {}
    for name, event, conditions, actions in TRIGGERS:
        places[event] = places.get(event, 0) + 10
        apps.get_model("tickets", "Trigger").objects.create(
            name=name, event=event, position=places[event], conditions=conditions, actions=actions
        )
