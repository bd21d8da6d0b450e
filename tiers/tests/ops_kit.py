"""What tests of ops pages share: the words a reader sees, without the markup around them."""

import html
import re
from datetime import datetime
from typing import Any

from django.http import HttpResponse

from people.actions import create_organization
from people.models import Organization
from tiers.actions import record_facts

INVISIBLE = re.compile(r"<(script|style|template|svg)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def words_of(response: Any) -> str:
    """Return the visible text of a page in one line."""
    markup = response.content.decode()
    return " ".join(html.unescape(TAG.sub(" ", INVISIBLE.sub(" ", markup))).split())


def main_of(response: Any) -> str:
    """Return the visible text of our own part of the page: no side bar, no header."""
    markup = response.content.decode()
    start = markup.index('<div class="ops">')
    return words_of(HttpResponse(markup[start:]))


def organizations(count: int, now: datetime, **facts: Any) -> list[Organization]:
    """Add organizations with numbered names and the same facts."""
    made = []
    for number in range(count):
        organization = create_organization(name=f"Company {number:04}")
        record_facts(organization=organization, values=facts, source="ops", now=now)
        made.append(organization)
    return made
