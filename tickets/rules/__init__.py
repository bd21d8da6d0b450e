"""Pure rules of the work on tickets: events in, answers out; no Django, no clock, no database."""
