"""Decisions of the CRM sync: pure, without Django, clock or database."""
