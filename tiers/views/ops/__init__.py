"""What operations see and do: organizations, their facts and tiers, the policy."""
