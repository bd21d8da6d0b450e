"""Pure rules of the people room: no framework, no clock, no database."""
