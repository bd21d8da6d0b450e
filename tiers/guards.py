"""What the database itself refuses about versions of the program, whoever asks it.

Four eyes: a version becomes signed off or live only with the standing sign-off, on the very
print that it bears, of somebody who neither began, nor edited, nor proposed it. And the rows of
a version that is out of draft are neither changed nor added to; on PostgreSQL not removed either
(SQLite has to empty its tables by deleting, between tests; there the print tells).

Triggers look into several tables, and SQLite cannot rebuild a table that a trigger of another
one mentions. So they are no migration: they are taken down before migrations that have
something to do, and put up whenever one that is expected is missing afterwards.
"""

from typing import Any

from django.db import connections

NOT_SIGNED = "A version goes live only with the sign-off of somebody who did not write it."
BORN_DRAFT = "A version is born a draft."
OWN_WORK = "Whoever wrote or proposed a version cannot sign it off."
SIGNED_STAYS = "A sign-off is never changed; it can only be voided."
SIGNER_EDITS = "Whoever signed a version off cannot edit it while that stands."
OVER = "What was live or discarded never counts again; make a new draft of it."
FIXED = "A version that is out of draft is never changed."

_GOES_ON = "NEW.status IN ('approved', 'live') AND OLD.status <> NEW.status"
# What ships counts from its installation, before there is anybody to sign.
_IS_ROOT = "NEW.version = 1 AND NEW.parent_id IS NULL AND OLD.status = 'draft'"
_COMES_BACK = """OLD.status <> NEW.status AND (OLD.status IN ('retired', 'discarded')
  OR (OLD.status = 'live' AND NEW.status <> 'retired'))"""
_SIGNED = """EXISTS (
  SELECT 1 FROM tiers_policysignoff s
  WHERE s.policy_id = NEW.id AND s.voided_at IS NULL AND s.fingerprint = NEW.content_hash
    AND s.by_id IS NOT NULL AND s.by_id <> COALESCE(NEW.author_id, 0)
    AND s.by_id <> COALESCE(NEW.asked_by_id, 0)
    AND NOT EXISTS (
      SELECT 1 FROM tiers_policyedit e WHERE e.policy_id = NEW.id AND e.by_id = s.by_id))"""
_WROTE = """(
  EXISTS (SELECT 1 FROM tiers_policyedit e
          WHERE e.policy_id = NEW.policy_id AND e.by_id = NEW.by_id)
  OR EXISTS (SELECT 1 FROM tiers_tierpolicy p WHERE p.id = NEW.policy_id
             AND (p.author_id = NEW.by_id OR p.asked_by_id = NEW.by_id)))"""
_SIGNED_BY = """EXISTS (
  SELECT 1 FROM tiers_policysignoff s
  WHERE s.policy_id = NEW.policy_id AND s.by_id = NEW.by_id AND s.voided_at IS NULL)"""
_CHANGED = (
    "NEW.policy_id <> OLD.policy_id OR NEW.at <> OLD.at OR NEW.fingerprint <> OLD.fingerprint"
    " OR (NEW.by_id IS NOT NULL AND NEW.by_id <> OLD.by_id)"
    " OR (NEW.by_id IS NOT NULL AND OLD.by_id IS NULL)"
    " OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS NULL)"
)


_VERSION_OF_RULE = """EXISTS (
  SELECT 1 FROM tiers_tierrule r JOIN tiers_tierpolicy p ON p.id = r.policy_id
  WHERE r.id = %s.rule_id AND p.status <> 'draft')"""
_VERSION_OF_PART = """EXISTS (
  SELECT 1 FROM tiers_tierpolicy p WHERE p.id = %s.policy_id AND p.status <> 'draft')"""


def _is_fixed(row: str, table: str) -> str:
    """Return a condition: the version of this row is out of draft."""
    return (_VERSION_OF_RULE if table == "tiers_criterion" else _VERSION_OF_PART) % row


# What everybody is judged by. Before it counts the print tells, once it did the database refuses.
_SAID = (
    "tier_order", "default_tier", "currency", "demote_grace_days", "max_step_down", "stale_days",
)  # fmt: skip
_JUDGES_OTHERWISE = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _SAID)
_COUNTED = "OLD.status IN ('live', 'retired')"

# name -> (table, when, condition, what it says); the name changes whenever the rest does.
GUARDS: dict[str, tuple[str, str, str, str]] = {
    "tiers_guard_born_1": (
        "tiers_tierpolicy", "INSERT", "NEW.status <> 'draft'", BORN_DRAFT,
    ),
    "tiers_guard_signed_1": (
        "tiers_tierpolicy", "UPDATE",
        f"{_GOES_ON} AND NOT ({_IS_ROOT}) AND NOT {_SIGNED}",
        NOT_SIGNED,
    ),
    "tiers_guard_over_1": ("tiers_tierpolicy", "UPDATE", _COMES_BACK, OVER),
    "tiers_guard_said_1": (
        "tiers_tierpolicy", "UPDATE", f"{_COUNTED} AND ({_JUDGES_OTHERWISE})", FIXED,
    ),
    "tiers_guard_signer_1": ("tiers_policysignoff", "INSERT", _WROTE, OWN_WORK),
    "tiers_guard_signature_1": ("tiers_policysignoff", "UPDATE", _CHANGED, SIGNED_STAYS),
    "tiers_guard_editor_1": ("tiers_policyedit", "INSERT", _SIGNED_BY, SIGNER_EDITS),
}  # fmt: skip
_PARTS = ("tiers_tierrule", "tiers_criterion", "tiers_tierpromise", "tiers_promisetarget")
for _table in _PARTS:
    _short = _table.removeprefix("tiers_")
    GUARDS |= {
        f"tiers_guard_{_short}_new_1": (_table, "INSERT", _is_fixed("NEW", _table), FIXED),
        # Neither changed where it is, nor brought in from a draft.
        f"tiers_guard_{_short}_old_2": (
            _table,
            "UPDATE",
            f"({_is_fixed('OLD', _table)} OR {_is_fixed('NEW', _table)})",
            FIXED,
        ),
    }
ON_POSTGRESQL = {
    f"tiers_guard_{table.removeprefix('tiers_')}_gone_1": (
        table, "DELETE", _is_fixed("OLD", table), FIXED,
    )
    for table in _PARTS
}  # fmt: skip


def put_up(using: str = "default", **kwargs: Any) -> None:
    """Create every guard that is missing; nothing while the tables are not all there."""
    connection = connections[using]
    with connection.cursor() as cursor:
        wanted = _wanted(connection.vendor)
        tables = set(connection.introspection.table_names(cursor))
        if not {"tiers_policysignoff", *(table for table, *_rest in wanted.values())} <= tables:
            return
        there = _there(cursor, connection.vendor)
        for name, guard in wanted.items():
            if name not in there:
                cursor.execute(_create(connection.vendor, name, *guard))


def take_down(using: str = "default", plan: Any = (), **kwargs: Any) -> None:
    """Remove every guard before migrations that have something to do."""
    if not plan:
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table in _there(cursor, connection.vendor).items():
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
                cursor.execute(f"DROP FUNCTION {name}()")
            else:
                cursor.execute(f"DROP TRIGGER {name}")


def _wanted(vendor: str) -> dict[str, tuple[str, str, str, str]]:
    return GUARDS | (ON_POSTGRESQL if vendor == "postgresql" else {})


def _there(cursor: Any, vendor: str) -> dict[str, str]:
    if vendor == "postgresql":
        cursor.execute(
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname LIKE 'tiers\\_guard\\_%' AND pg_table_is_visible(c.oid)"
        )
    else:
        cursor.execute(
            "SELECT name, tbl_name FROM sqlite_master "
            "WHERE type = 'trigger' AND name LIKE 'tiers\\_guard\\_%' ESCAPE '\\'"
        )
    return dict(cursor.fetchall())


def _create(vendor: str, name: str, table: str, when: str, condition: str, message: str) -> str:
    if vendor != "postgresql":
        return (
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
    # Its WHEN clause may not look into other tables there, so the function does.
    kept = "OLD" if when == "DELETE" else "NEW"
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {kept}; END $$ LANGUAGE plpgsql; "
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )
