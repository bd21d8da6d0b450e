"""The embedded database: Django's backend for SQLite, with writers that get their turn."""
