"""Reading pages in tests: the words a visitor sees, without the markup."""

import html
import re
from typing import Any

_dropped = re.compile(r"<(script|style|svg)\b.*?</\1>", re.DOTALL)
_tag = re.compile(r"<[^>]+>")
_space = re.compile(r"\s+")
_before_sign = re.compile(r" (?=[.,:;])")


def words_of(answer: Any) -> str:
    """Return the text of a page, on one line."""
    text = _dropped.sub(" ", answer.content.decode())
    plain = _space.sub(" ", html.unescape(_tag.sub(" ", text))).strip()
    return _before_sign.sub("", plain)


def form_key_of(answer: Any) -> str:
    """Return the key of the first form on a page that has one."""
    found = re.search(r'name="form_key" value="([^"]+)"', answer.content.decode())
    assert found, "the page has no form that is sent once"
    return found.group(1)
