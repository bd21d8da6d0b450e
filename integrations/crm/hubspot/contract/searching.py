"""The stand-in's search: strict about every documented limit (evidence D, page of March 2026)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.crm.hubspot.contract.answers import invalid
from integrations.crm.hubspot.contract.clock import EPOCH, MILLISECOND
from integrations.crm.hubspot.contract.companies import (
    DEFAULT_PROPERTIES,
    Companies,
    Company,
    Property,
)
from integrations.crm.hubspot.contract.shapes import integer, names, only

PER_PAGE = 200
MOST_RESULTS = 10_000
BODY_CHARACTERS = 3_000
# The smaller of what two pages of the documentation say.
MOST_GROUPS, MOST_PER_GROUP, MOST_FILTERS = 5, 6, 18

REQUEST_FIELDS = ("limit", "after", "query", "properties", "sorts", "filterGroups")
FILTER_FIELDS = ("propertyName", "operator", "value", "highValue", "values")

Key = Any
# Read without the way over their text: tests search ten thousand companies.
KEPT: dict[str, Callable[[Company], Key]] = {
    "hs_lastmodifieddate": lambda company: company.updated,
    "createdate": lambda company: company.created,
    "hs_object_id": lambda company: company.id,
}
Test = Callable[[Key, Key], bool]

COMPARISONS: dict[str, Test] = {
    "EQ": lambda given, wanted: given == wanted,
    "NEQ": lambda given, wanted: given != wanted,
    "LT": lambda given, wanted: given is not None and given < wanted,
    "LTE": lambda given, wanted: given is not None and given <= wanted,
    "GT": lambda given, wanted: given is not None and given > wanted,
    "GTE": lambda given, wanted: given is not None and given >= wanted,
}


def search(companies: Companies, raw: bytes, body: Mapping[str, Any], newest: int) -> Any:
    """Answer one search; changes after ``newest`` (milliseconds) are not in the index yet."""
    if len(raw.decode()) > BODY_CHARACTERS:
        raise invalid(f"The request body is longer than {BODY_CHARACTERS} characters.")
    only(body, REQUEST_FIELDS)
    limit = integer(body.get("limit", 10), "limit", low=1, high=PER_PAGE)
    after = integer(body.get("after") or 0, "after", low=0)
    if after + limit > MOST_RESULTS:
        raise invalid(f"The search would go past the limit of {MOST_RESULTS} results per query.")
    wanted = names(body.get("properties"), "properties") or DEFAULT_PROPERTIES
    groups = [_group(companies, group) for group in _groups(body)]
    with companies.lock:
        found = [
            company
            for company in companies.rows.values()
            if company.archived_at is None
            and company.updated <= newest
            and (not groups or any(all(test(company) for test in group) for group in groups))
        ]
        found.sort(key=lambda company: company.id)
        _sort(companies, found, body)
        page = found[after : after + limit]
        results = [company.as_json(wanted, companies.known) for company in page]
    answer: dict[str, Any] = {"total": len(found), "results": results}
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _groups(body: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    groups = body.get("filterGroups") or []
    if len(groups) > MOST_GROUPS:
        raise invalid(f"At most {MOST_GROUPS} filter groups.")
    filters = []
    for group in groups:
        only(group, ("filters",))
        if not 1 <= len(group["filters"]) <= MOST_PER_GROUP:
            raise invalid(f"1 to {MOST_PER_GROUP} filters per group.")
        filters.append(group["filters"])
    if sum(map(len, filters)) > MOST_FILTERS:
        raise invalid(f"At most {MOST_FILTERS} filters in all.")
    return filters


def _group(
    companies: Companies, filters: list[Mapping[str, Any]]
) -> list[Callable[[Company], bool]]:
    return [_filter(companies, one) for one in filters]


def _filter(companies: Companies, one: Mapping[str, Any]) -> Callable[[Company], bool]:
    only(one, FILTER_FIELDS)
    name, operator = one.get("propertyName"), one.get("operator")
    known = companies.known.get(str(name))
    if known is None:
        raise invalid(f"There is no property {name} to filter by.")
    read = _reader(known.type)

    given = _key(known)

    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda company: (given(company) is not None) == (operator == "HAS_PROPERTY")
    if operator in ("IN", "NOT_IN"):
        wanted = {read(value) for value in one.get("values") or ()}
        return lambda company: (given(company) in wanted) == (operator == "IN")
    if operator == "BETWEEN":
        low, high = read(_value(one, "value")), read(_value(one, "highValue"))
        return lambda company: given(company) is not None and low <= given(company) <= high
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        token = str(_value(one, "value")).lower()
        return lambda company: (
            (token in re.split(r"\W+", str(given(company) or ""))) == (operator == "CONTAINS_TOKEN")
        )
    if operator not in COMPARISONS:
        raise invalid(f"There is no operator {operator}.")
    test, sought = COMPARISONS[operator], read(_value(one, "value"))
    return lambda company: test(given(company), sought)


def _value(one: Mapping[str, Any], field: str) -> str:
    if not isinstance(one.get(field), str):
        raise invalid(f"The operator {one.get('operator')} needs {field}, a text.")
    return str(one[field])


def _sort(companies: Companies, found: list[Company], body: Mapping[str, Any]) -> None:
    sorts = body.get("sorts") or []
    if len(sorts) > 1:
        raise invalid("Only one sorting rule can be applied to a search.")
    if not sorts:
        return
    # HubSpot also takes "-createdate"; the library's examples send objects.
    only(sorts[0], ("propertyName", "direction"))
    known = companies.known.get(str(sorts[0].get("propertyName")))
    direction = sorts[0].get("direction")
    if known is None or direction not in ("ASCENDING", "DESCENDING"):
        raise invalid("A sorting rule names a property and ASCENDING or DESCENDING.")
    given = _key(known)
    with_value = [company for company in found if given(company) is not None]
    without = [company for company in found if given(company) is None]
    with_value.sort(key=given, reverse=direction == "DESCENDING")
    found[:] = [*with_value, *without]


def _key(known: Property) -> Callable[[Company], Key]:
    """Return what reads a property of a company as something that can be compared."""
    if known.name in KEPT:
        return KEPT[known.name]
    read = _reader(known.type)

    def given(company: Company) -> Key:
        value = company.value(known.name)
        return None if value is None else read(value)

    return given


def _reader(kind: str) -> Callable[[str], Key]:
    return {"number": _number, "datetime": _milliseconds, "date": _milliseconds}.get(
        kind, str.lower
    )


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise invalid(f"{text} is not a number.") from None


def _milliseconds(text: str) -> int:
    if text.isdecimal():
        return int(text)
    try:
        return (datetime.fromisoformat(text) - EPOCH) // MILLISECOND
    except (TypeError, ValueError):
        raise invalid(f"{text} is neither milliseconds nor an ISO 8601 instant.") from None
