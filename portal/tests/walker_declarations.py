"""Who may enter the pages that libraries bring.

Our own views declare themselves with ``@access``. Everything else is declared
here by the start of its address; the longest start counts. A route that
neither declares fails the build.
"""

# The audience "wagtail" is whoever may open the Wagtail admin (ops and admins);
# within it Wagtail's own permissions decide. "superuser" is Django's admin.
BY_PREFIX = {
    "accounts/": "public",
    "ops/": "wagtail",
    "admin/": "superuser",
    "admin/login/": "public",
    "ops/login/": "public",
    "ops/logout/": "public",
    "ops/password_reset/": "public",
    "ops/jsi18n/": "public",
    "ops/sprite/": "public",
    "documents/": "public",
    "api/v1/schema/": "customer",
    "api/v1/docs/": "customer",
}

# Rows that a safe request may write: the session's own bookkeeping, and when a
# token was last used. Nothing that anybody sees.
BOOKKEEPING_TABLES = ("django_session", "usersessions_usersession", "people_apitoken")

# Safe requests that try a write which reaches no row: whether the database takes one
# is what /readyz is asked.
WRITES_NOTHING = ("/readyz",)
