"""The demo's companies in a file, so that they are the same after a restart.

The file is a JSON object: ``app_secret``, ``access_token``, ``portal_id``, ``webhook_path`` (below
the portal's own address), ``currency``, ``time_zone``, ``properties``, ``companies`` (``id``,
``properties``, ``created`` and ``updated`` in milliseconds since 1970, ``archived_at`` or null),
``merged`` (id to id) and ``links`` (id of a company to its page in the portal, below its address).
It holds secrets of the stand-in, so only its owner may read it.
"""

import json
import os
from itertools import count
from pathlib import Path
from typing import Any

from integrations.crm.hubspot.contract.access import ALL_SCOPES, Token
from integrations.crm.hubspot.contract.account import Account
from integrations.crm.hubspot.contract.companies import Company, Property


def write_file(path: Path, state: dict[str, Any]) -> None:
    """Write the whole state at once: a reader sees the old file or the new one."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(state, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_file(path: Path) -> dict[str, Any]:
    """Return the state of the file."""
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return state


class Keeper:
    """Loads the account from its file, and writes it back when it changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = read_file(path)
        self.written = 0

    def account(self) -> Account:
        """Return the account as it was kept."""
        state = self.state
        account = Account(currency=state["currency"], time_zone=state["time_zone"])
        account.access.portal_id = state["portal_id"]
        account.access.client_secret = state["app_secret"]
        account.access.tokens[state["access_token"]] = Token(ALL_SCOPES)
        for one in state["properties"]:
            account.companies.add_property(
                Property(**{**one, "options": tuple(one.get("options", ()))})
            )
        rows = [Company(**row) for row in state["companies"]]
        account.companies.rows = {row.id: row for row in rows}
        account.companies.merged = {int(old): new for old, new in state["merged"].items()}
        ids = [row.id for row in rows] + list(account.companies.merged)
        account.companies.continue_ids(count(max(ids, default=9000) + 1))
        # Ids of events go on where they were: at most one is made in a millisecond, here.
        account.webhooks.continue_ids(count(account.clock.now_ms()))
        return account

    def save(self, account: Account) -> None:
        """Write what changed since the last time; nothing else."""
        companies = account.companies
        with companies.lock:
            made = len(account.webhooks.told)
            newest = max((row.updated for row in companies.rows.values()), default=0)
            if self.written == made + newest:
                return
            state = {
                **self.state,
                "companies": [
                    {
                        "id": row.id,
                        "properties": row.properties,
                        "created": row.created,
                        "updated": row.updated,
                        "archived_at": row.archived_at,
                    }
                    for row in companies.rows.values()
                ],
                "merged": {str(old): new for old, new in companies.merged.items()},
            }
        write_file(self.path, state)
        self.state, self.written = state, made + newest
