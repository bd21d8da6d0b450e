"""What we owe: facts, criteria, assignments, promises, calendars.

Imports ``people`` and ``portal.kit``. ``tiers.promises.promise_for`` is the one
question other rooms ask; writes go through ``tiers.actions`` alone.
"""
