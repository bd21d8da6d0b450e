"""Reads the German catalogue and what the code marks for it, without gettext installed."""

import ast
import gettext
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation.template import templatize

FOLDER = settings.BASE_DIR / "portal" / "locale" / "de" / "LC_MESSAGES"
ROOMS = ("people", "tiers", "kb", "tickets", "integrations", "reports", "portal")
LEFT_OUT = {"tests", "migrations", "locale", "node_modules"}
# What marks a text, and where its context, its singular and its plural stand.
MARKS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
MARKED = re.compile(rf"\b(n?p?gettext|_)\(\s*({LITERAL}(?:\s*,\s*{LITERAL})*)")
PLACE = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|<[^>]+>")


@dataclass
class Entry:
    """One text of the catalogue and what it is in German."""

    msgid: str = ""
    context: str | None = None
    plural: str | None = None
    german: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self) -> tuple[str | None, str]:
        """What gettext finds it by."""
        return self.context, self.msgid


@cache
def read_po(path: Path = FOLDER / "django.po") -> list[Entry]:
    """Return the entries of a .po file, without its header; read once."""
    entries = [_entry(block) for block in path.read_text("utf-8").split("\n\n")]
    return [entry for entry in entries if entry is not None and entry.msgid]


def _entry(block: str) -> Entry | None:
    entry, place = Entry(), ""
    for line in block.splitlines():
        if line.startswith("#"):
            entry.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        if not line.startswith('"'):
            place, _, line = line.partition(" ")
        text = ast.literal_eval(line)
        if place == "msgid":
            entry.msgid += text
        elif place == "msgctxt":
            entry.context = (entry.context or "") + text
        elif place == "msgid_plural":
            entry.plural = (entry.plural or "") + text
        else:
            form = int(place.removeprefix("msgstr").strip("[]") or 0)
            entry.german[form] = entry.german.get(form, "") + text
    return entry if place else None


def read_mo(path: Path = FOLDER / "django.mo") -> tuple[gettext.GNUTranslations, int]:
    """Return a compiled catalogue, and how many texts it holds besides its header."""
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    (count,) = struct.unpack("<I", path.read_bytes()[8:12])
    return catalogue, count - 1


def places(text: str) -> list[str]:
    """Return what stands in a text for something else, and its tags."""
    return sorted(PLACE.findall(text))


def marked() -> set[tuple[str | None, str]]:
    """Return context and text of everything our code and templates mark."""
    found: set[tuple[str | None, str]] = set()
    for room in ROOMS:
        for path in (settings.BASE_DIR / room).rglob("*.py"):
            if not LEFT_OUT & set(path.parts):
                found.update(_marked_in_code(path.read_text("utf-8")))
    for path in (settings.BASE_DIR / "templates").rglob("*.*"):
        if path.suffix in {".html", ".txt"}:
            found.update(_marked_in_template(path.read_text("utf-8")))
    return found


def _marked_in_code(text: str) -> Iterator[tuple[str | None, str]]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        context_at, text_at, _plural_at = MARKS.get(name, (None, 99, None))
        values = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
        if len(values) > text_at and isinstance(values[text_at], str):
            context = None if context_at is None else str(values[context_at])
            yield context, str(values[text_at])


def _marked_in_template(text: str) -> Iterator[tuple[str | None, str]]:
    for name, literals in MARKED.findall(templatize(text)):
        values = ast.literal_eval(f"[{literals}]")
        context_at, text_at, _plural_at = MARKS[name]
        yield (None if context_at is None else values[context_at]), values[text_at]
