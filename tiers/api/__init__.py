"""The API of the tiers room: what a program may tell about an account, and read of it."""
