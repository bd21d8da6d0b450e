"""Pages of everybody who is logged in."""
