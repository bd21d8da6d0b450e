"""What a policy would do to all accounts, before it counts. Changes nothing."""

from tiers.preview.counting import tier_counts

__all__ = ["tier_counts"]
