"""The work: intake, triggers and routing, queues, conversation, SLA clocks, CSAT.

Imports ``kb``, ``tiers``, ``people`` and ``portal.kit``; only ``integrations``
and ``reports`` (and the wiring in ``portal``) may import it. Writes go through
``tickets.actions`` alone.
"""
