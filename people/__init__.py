"""Who: users, organizations, memberships and roles, account team, notices (outbox).

Imports only ``portal.kit``. Every room above may import it; writes go through
``people.actions`` alone.
"""
