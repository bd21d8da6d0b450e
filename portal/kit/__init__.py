"""The tool cupboard: small tools without tables that every room may use.

Owns the clock, the one domain error and its translators, the viewer, request
ids, the Celery base task, row claiming, webhook intake and text cleaning.
Imports no room; every room may import it.
"""
