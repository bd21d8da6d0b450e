"""The questions that are asked in SOQL, as text; only checked names and ids enter them."""

from collections.abc import Iterable, Sequence

PAGE = 2_000
# What an address may measure in all is 16,384 bytes.
ADDRESS_ROOM = 12_000


def by_ids(columns: Sequence[str], ids: Iterable[str]) -> str:
    """Ask for records by their ids, which are known to be ids."""
    chosen = ",".join(f"'{one}'" for one in ids)
    return f"{_accounts(columns)} WHERE Id IN ({chosen})"


def changed(columns: Sequence[str], place: tuple[str, tuple[str, str] | None]) -> str:
    """Ask for what changed from an instant on, or behind the last row that was seen.

    ``place`` is the instant and, from the second round on, stamp and id of that row. A place
    in the order never expires, as the vendor's own query locators do, and no row is skipped
    when many share a second.
    """
    since, after = place
    where = f"SystemModstamp >= {since}"
    if after is not None:
        stamp, last = after
        where = f"SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{last}')"
    return f"{_accounts(columns)} WHERE {where} ORDER BY SystemModstamp, Id LIMIT {PAGE}"


def all_of_them(columns: Sequence[str], after: str) -> str:
    """Ask for every record behind an id; from the first for an empty one."""
    where = f" WHERE Id > '{after}'" if after else ""
    return f"{_accounts(columns)}{where} ORDER BY Id LIMIT {PAGE}"


def _accounts(columns: Sequence[str]) -> str:
    # Column names were checked (translation.is_field_name); SOQL has no parameters.
    return f"SELECT {', '.join(columns)} FROM Account"  # noqa: S608
