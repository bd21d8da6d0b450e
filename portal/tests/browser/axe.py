"""Ask axe-core whether a page can be used by everybody (WCAG 2.2, levels A and AA)."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

VERSION = "4.14.1"
SOURCE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Handed over as source through the debugger: a script tag would be against the page's
# content policy, which stays as strict as it is for everybody.
RUN = """(runOnly) => axe.run(document, {runOnly, resultTypes: ["violations"]})"""


@functools.cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def violations(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """Return in sentences what is wrong with the page, by the whole standard or by some rules."""
    # Wagtail brings an older one of its own.
    if page.evaluate("() => window.axe?.version") != VERSION:
        page.evaluate(_source())
    asked = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": STANDARD}
    found = page.evaluate(RUN, asked)
    return [line for violation in found["violations"] for line in _lines(violation)]


def _lines(violation: dict[str, Any]) -> Iterator[str]:
    for node in violation["nodes"]:
        place = " ".join(str(part) for part in node["target"])
        reasons = node["failureSummary"].split("\n")[1:]
        yield (
            f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
            f"    at {place}\n"
            f"    {node['html'][:200]}\n"
            f"    {'; '.join(reason.strip() for reason in reasons)}\n"
            f"    {violation['helpUrl']}"
        )
