"""Tests of the work on tickets: clocks, triggers, moves and the doors that call them."""
