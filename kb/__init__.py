"""Self-service: articles, community, assistant and search.

Imports ``tiers``, ``people`` and ``portal.kit``; ``tickets`` may import it.
"""
