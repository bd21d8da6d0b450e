"""A full text index over subjects, where the database has such a thing."""

from typing import Any

from django.db import migrations

CREATE = (
    "CREATE INDEX tickets_subject_words ON tickets_ticket "
    "USING gin (to_tsvector('simple', subject))"
)
DROP = "DROP INDEX tickets_subject_words"


def create(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(CREATE)


def drop(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_queue_page_indexes")]

    operations = [migrations.RunPython(create, drop)]
