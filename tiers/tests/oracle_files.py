"""Where the conformance cases come from: every *.json of ORACLES_DIR, else of `oracles/`.

A file is a list, or an object holding lists, of entries. An entry with an "op" is a case of
business time, one with "events" is a ticket's scenario; files of another kind are left alone.

An entry marked "drop" is a defect of its source and skipped. One marked "quirk" is run; should
one of another folder disagree, that is the source's peculiarity and shown as an expected
failure. The quirks among our own copies all agree, and stay so.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "oracles"


def entries(marked_by: str) -> list[Any]:
    """Return a pytest parameter per entry that has the given field, in order of file and place."""
    folder = Path(os.environ.get("ORACLES_DIR") or DEFAULT_FOLDER)
    files = sorted(folder.glob("*.json"))
    if not files:
        raise FileNotFoundError(f"ORACLES_DIR {folder} holds no *.json.")
    return [
        pytest.param(entry, id=f"{path.stem}:{entry.get('id', number)}")
        for path in files
        for number, entry in enumerate(entries_of(json.loads(path.read_text("utf-8"))))
        if marked_by in entry
    ]


def entries_of(content: Any) -> Iterator[dict[str, Any]]:
    lists = content.values() if isinstance(content, dict) else [content]
    for entry in (entry for entries in lists if isinstance(entries, list) for entry in entries):
        if isinstance(entry, dict):
            yield entry


@contextmanager
def judged(entry: dict[str, Any]) -> Iterator[None]:
    """Run the check of an entry as its marks say."""
    if entry.get("drop"):
        pytest.skip(f"a defect of the source: {entry.get('note') or entry['drop']}")
    try:
        yield
    except AssertionError:
        if not (entry.get("quirk") and os.environ.get("ORACLES_DIR")):
            raise
        pytest.xfail(f"a quirk of the source: {entry['quirk']}")


def instant(text: str) -> int:
    """Return the epoch second of an ISO 8601 instant; without an offset it means UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = datetime.fromisoformat(f"{text}+00:00")
    return int(moment.timestamp())
