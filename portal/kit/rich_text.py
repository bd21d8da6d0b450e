"""Turn what people type into safe HTML.

People write a small Markdown; raw HTML is shown as text. The result passes an
allow-list cleaner as a second wall. Size and depth are capped before either
runs: the cleaner's time is quadratic in nesting depth (measured: 1 MB of
nested tags 187 s), and no task time limit interrupts native code.
"""

import nh3
from django.utils.html import escape, linebreaks
from markdown_it import MarkdownIt

MAX_CHARACTERS = 100_000
MAX_MARKDOWN_CHARACTERS = 40_000
MAX_NESTING = 40

_tags = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_markdown = MarkdownIt(
    "commonmark", {"html": False, "breaks": True, "maxNesting": MAX_NESTING}
).enable(["table", "strikethrough"])
# Remote images tell a sender when and where a mail was read.
_markdown.disable(["image"])


def to_html(text: str) -> str:
    """Return safe HTML of a text; very long or deeply nested text is shown plain."""
    if len(text) > MAX_MARKDOWN_CHARACTERS or _nests_deeply(text):
        return linebreaks(escape(text))
    return nh3.clean(
        _markdown.render(text),
        tags=_tags,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _nests_deeply(text: str) -> bool:
    return any(
        line.lstrip().startswith(">" * MAX_NESTING) or line.count("> ") > MAX_NESTING
        for line in text.splitlines()
    )
