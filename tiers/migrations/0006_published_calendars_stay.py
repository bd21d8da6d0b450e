"""What a published calendar version says is never changed; the database itself refuses it.

SQLite forgets triggers when a later migration rebuilds the table: whoever writes one
calls ``create`` of this migration again (a test notices).
"""

from typing import Any

from django.db import migrations

SAYS = ("calendar_id", "number", "valid_from", "definition", "holiday_names", "published_at", "reason")
MESSAGE = "A published calendar version is never changed; write a new version."

POSTGRESQL = f"""
CREATE FUNCTION tiers_calendar_version_stays() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER tiers_calendar_version_stays BEFORE UPDATE ON tiers_calendarversion
FOR EACH ROW WHEN (
  OLD.published_at IS NOT NULL AND (
    {" OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in SAYS)}
  )
) EXECUTE FUNCTION tiers_calendar_version_stays();
"""
SQLITE = f"""
CREATE TRIGGER tiers_calendar_version_stays BEFORE UPDATE ON tiers_calendarversion
FOR EACH ROW WHEN
  OLD.published_at IS NOT NULL AND (
    {" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in SAYS)}
  )
BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END;
"""


def create(apps: Any, editor: Any) -> None:
    editor.execute(POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE, params=None)


def drop(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER tiers_calendar_version_stays ON tiers_calendarversion")
        editor.execute("DROP FUNCTION tiers_calendar_version_stays()")
    else:
        editor.execute("DROP TRIGGER IF EXISTS tiers_calendar_version_stays")


class Migration(migrations.Migration):
    dependencies = [("tiers", "0005_calendar_drafts_say_who_edits")]

    operations = [migrations.RunPython(create, drop)]
