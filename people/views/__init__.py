"""Pages of the people room, by audience."""
