"""The part of SOQL that the contract server understands; all else it refuses.

``SELECT fields FROM object [WHERE ...] [ORDER BY ...] [LIMIT n]``. Conditions
compare a field with a literal (``= != < <= > >= IN NOT IN``) and are joined by AND
or by OR; to mix the two needs brackets, as the vendor has it. Date-times stand
without quotes, texts between single ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Matches = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<word>[A-Za-z][A-Za-z0-9_]*)
    | (?P<sign><=|>=|!=|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_KEYWORDS = frozenset(
    {"SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "ORDER", "BY", "ASC", "DESC", "LIMIT"}
)
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_KINDS = {
    "id": ("text", "null"),
    "reference": ("text", "null"),
    "string": ("text", "null"),
    "picklist": ("text", "null"),
    "url": ("text", "null"),
    "boolean": ("boolean",),
    "datetime": ("datetime", "null"),
    "date": ("date", "null"),
    "currency": ("number", "null"),
    "double": ("number", "null"),
    "percent": ("number", "null"),
    "int": ("number", "null"),
}


class SoqlRefused(Exception):
    """What the vendor answers with 400: its code and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Query:
    """One query, parsed: ``order`` holds field and whether it is descending."""

    fields: tuple[str, ...]
    source: str
    matches: Matches
    order: tuple[tuple[str, bool], ...]
    limit: int | None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(soql: str, types: Callable[[str], Mapping[str, str] | None]) -> Query:
    """Parse one query. ``types`` answers field name -> type of an object, or None.

    Raises SoqlRefused with MALFORMED_QUERY, INVALID_TYPE or INVALID_FIELD.
    """
    return _Parser(soql, types).query()


def parse_instant(text: str) -> datetime:
    """Return the instant of a literal; ``Z``, ``+00:00`` and ``+0000`` are understood."""
    return datetime.fromisoformat(text).astimezone(UTC)


class _Parser:
    def __init__(self, soql: str, types: Callable[[str], Mapping[str, str] | None]) -> None:
        self.tokens = _tokens(soql)
        self.place = 0
        self.types = types
        self.known: Mapping[str, str] = {}
        self.source = ""

    def query(self) -> Query:
        self._keyword("SELECT")
        fields = [self._name()]
        while self._is_sign(","):
            fields.append(self._name())
        self._keyword("FROM")
        self.source = self._name()
        known = self.types(self.source)
        if known is None:
            message = f"sObject type '{self.source}' is not supported."
            raise SoqlRefused("INVALID_TYPE", message)
        self.known = known
        named = tuple(self._field(name) for name in fields)
        if len(set(named)) != len(named):
            raise SoqlRefused("MALFORMED_QUERY", "duplicate field selected")
        matches: Matches = self._condition() if self._is_keyword("WHERE") else _everything
        order = self._order() if self._is_keyword("ORDER") else ()
        limit = self._limit() if self._is_keyword("LIMIT") else None
        if self.place < len(self.tokens):
            raise self._unexpected()
        return Query(named, self.source, matches, order, limit)

    def _condition(self) -> Matches:
        parts = [self._term()]
        joined = ""
        while (word := self._peek_keyword()) in ("AND", "OR"):
            if joined and word != joined:
                raise self._unexpected()
            joined = word
            self.place += 1
            parts.append(self._term())
        if joined == "OR":
            return lambda row: any(part(row) for part in parts)
        return lambda row: all(part(row) for part in parts)

    def _term(self) -> Matches:
        if self._is_sign("("):
            inner = self._condition()
            self._sign(")")
            return inner
        field = self._field(self._name())
        if self._is_keyword("NOT"):
            self._keyword("IN")
            chosen = self._list(field)
            return lambda row: row[field] not in chosen
        if self._is_keyword("IN"):
            chosen = self._list(field)
            return lambda row: row[field] in chosen
        token = self._next()
        compare = _COMPARE.get(token.text) if token.kind == "sign" else None
        if compare is None:
            self.place -= 1
            raise self._unexpected()
        value = self._literal(field)
        return lambda row: compare(row[field], value)

    def _list(self, field: str) -> set[Any]:
        self._sign("(")
        values = {self._literal(field)}
        while self._is_sign(","):
            values.add(self._literal(field))
        self._sign(")")
        return values

    def _literal(self, field: str) -> Any:
        token = self._next()
        if token.kind == "sign":
            self.place -= 1
            raise self._unexpected()
        kind, value = token.kind, _value(token)
        if kind == "word":
            word = token.text.lower()
            if word == "null":
                kind, value = "null", None
            elif word in ("true", "false"):
                kind, value = "boolean", word == "true"
            else:
                self.place -= 1
                raise self._unexpected()
        if kind not in _KINDS[self.known[field]]:
            message = (
                f"value of filter criterion for field '{field}' must be of type "
                f"{self.known[field]} and should not be enclosed in quotes"
            )
            raise SoqlRefused("INVALID_FIELD", message)
        return value

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._keyword("BY")
        order = [self._order_part()]
        while self._is_sign(","):
            order.append(self._order_part())
        return tuple(order)

    def _order_part(self) -> tuple[str, bool]:
        field = self._field(self._name())
        if self._is_keyword("DESC"):
            return field, True
        self._is_keyword("ASC")
        return field, False

    def _limit(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            self.place -= 1
            raise self._unexpected()
        return int(token.text)

    def _field(self, name: str) -> str:
        for known in self.known:
            if known.lower() == name.lower():
                return known
        message = (
            f"No such column '{name}' on entity '{self.source}'. If you are attempting to use a "
            "custom field, be sure to append the '__c' after the custom field name."
        )
        raise SoqlRefused("INVALID_FIELD", message)

    def _next(self) -> _Token:
        if self.place >= len(self.tokens):
            raise SoqlRefused("MALFORMED_QUERY", "unexpected token: '<EOF>'")
        self.place += 1
        return self.tokens[self.place - 1]

    def _name(self) -> str:
        token = self._next()
        if token.kind != "word" or token.text.upper() in _KEYWORDS:
            self.place -= 1
            raise self._unexpected()
        return token.text

    def _keyword(self, word: str) -> None:
        if not self._is_keyword(word):
            raise self._unexpected()

    def _is_keyword(self, word: str) -> bool:
        if self._peek_keyword() != word:
            return False
        self.place += 1
        return True

    def _peek_keyword(self) -> str:
        if self.place >= len(self.tokens) or self.tokens[self.place].kind != "word":
            return ""
        return self.tokens[self.place].text.upper()

    def _sign(self, sign: str) -> None:
        if not self._is_sign(sign):
            raise self._unexpected()

    def _is_sign(self, sign: str) -> bool:
        if self.place >= len(self.tokens) or self.tokens[self.place] != _Token("sign", sign):
            return False
        self.place += 1
        return True

    def _unexpected(self) -> SoqlRefused:
        at_end = self.place >= len(self.tokens)
        text = "<EOF>" if at_end else self.tokens[self.place].text
        return SoqlRefused("MALFORMED_QUERY", f"unexpected token: '{text}'")


def _tokens(soql: str) -> list[_Token]:
    tokens = []
    place = 0
    soql = soql.rstrip()
    while place < len(soql):
        found = _TOKEN.match(soql, place)
        if found is None:
            raise SoqlRefused("MALFORMED_QUERY", f"unexpected char at {soql[place : place + 10]!r}")
        tokens.append(_Token(str(found.lastgroup), found.group(str(found.lastgroup))))
        place = found.end()
    return tokens


def _value(token: _Token) -> Any:
    try:
        if token.kind == "datetime":
            return parse_instant(token.text)
        if token.kind == "date":
            return date.fromisoformat(token.text)
    except ValueError as error:
        raise SoqlRefused("MALFORMED_QUERY", f"no such moment: {token.text}") from error
    if token.kind == "number":
        return Decimal(token.text)
    return re.sub(r"\\(.)", lambda m: _UNESCAPED.get(m[1], m[1]), token.text[1:-1])


def _everything(row: Row) -> bool:
    return True


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    # Nothing is neither before nor after anything.
    return lambda one, other: one is not None and other is not None and compare(one, other)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": _ordered(lambda one, other: one < other),
    "<=": _ordered(lambda one, other: one <= other),
    ">": _ordered(lambda one, other: one > other),
    ">=": _ordered(lambda one, other: one >= other),
}
