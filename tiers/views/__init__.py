"""Pages of the tiers room."""
