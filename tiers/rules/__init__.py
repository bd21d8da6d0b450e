"""Pure rules of what we owe: facts in, answers out; no Django, no clock, no database."""
