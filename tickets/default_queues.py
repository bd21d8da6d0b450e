"""The queues and triggers that ship: one queue per tier, routing by tier."""

from typing import Any

# Who is told of promises at risk and broken, the promise itself says (its warning ladder);
# triggers on these events are for what goes beyond it.
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
