"""Query options and the Prefer header: what Graph understands of them here, and a refusal for all else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.graph_http import Refusal
from tests.servers.graph_json import Looks
from tests.servers.graph_store import Row
from tests.servers.graph_zones import zone_named

__all__ = ["bounds", "condition", "looks_of", "only", "order", "whole_number"]

_NAME = r"(?:[^']|'')*"
_ANY = re.compile(
    rf"singleValueExtendedProperties/Any\((\w+):\s*\1/id eq '({_NAME})' and "
    rf"(?:\1/value (eq|ne) '({_NAME})'|(startswith|contains)\(\1/value,\s*'({_NAME})'\))\)",
    re.IGNORECASE,
)
_EXPAND = re.compile(r"singleValueExtendedProperties\(\$filter=(.*)\)", re.IGNORECASE)
_ID = re.compile(rf"id eq '({_NAME})'", re.IGNORECASE)
_TIME = re.compile(r"(start|end)/dateTime (ge|gt|le|lt) '([^']*)'")
_TEXT = re.compile(rf"(subject|iCalUId|type|showAs|sensitivity) eq '({_NAME})'")
_MAX_PAGE = 1000


def only(query: dict[str, str], *allowed: str) -> dict[str, str]:
    """The options by the names in `allowed`, however their letters are written; a Refusal for any other."""
    names = {name.lower(): name for name in allowed}
    found = {}
    for name, value in query.items():
        if name.lower() not in names:
            raise Refusal(400, "BadRequest", f"Query option '{name}' is not allowed here.")
        found[names[name.lower()]] = value
    return found


def whole_number(query: dict[str, str], name: str, default: int, largest: int = _MAX_PAGE) -> int:
    """The option `name` as a number from 0 (for $top: 1) to `largest`."""
    if name not in query:
        return default
    smallest = 1 if name == "$top" else 0
    if not query[name].isdecimal() or not smallest <= int(query[name]) <= largest:
        raise Refusal(400, "ErrorInvalidUrlQueryFilter", f"The value '{query[name]}' of {name} is out of range.")
    return int(query[name])


def bounds(query: dict[str, str]) -> tuple[datetime, datetime]:
    """The instants of startDateTime and endDateTime, both of which are required."""
    found = []
    for name in ("startDateTime", "endDateTime"):
        if not query.get(name):
            # microsoft-graph-docs, calendar-list-calendarview and event-list-instances: both are required.
            raise Refusal(400, "ErrorInvalidParameter", f"This request requires the parameter '{name}'.")
        try:
            at = datetime.fromisoformat(query[name])
        except ValueError:
            raise Refusal(
                400, "ErrorInvalidParameter", f"The value '{query[name]}' of '{name}' is not valid."
            ) from None
        # microsoft-graph-docs, calendar-list-calendarview: their offset counts (none: UTC), not the Prefer header.
        found.append(at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC))
    begin, end = found
    if end < begin:
        raise Refusal(400, "ErrorInvalidParameter", "The end of the view is before its start.")
    # microsoft-graph-docs#6284: five years at most, and no leap day more.
    if (end - begin).days > 1825:
        raise Refusal(
            400,
            "ErrorInvalidRequest",
            "Your request can't be completed. The range between the start and end dates is greater than the allowed "
            "range. Maximum number of days: 1825",
        )
    return begin, end


def looks_of(headers: dict[str, str], query: dict[str, str], **more: Any) -> Looks:
    """How the answer is to look."""
    immutable, zone, zone_name, text, page = False, ZoneInfo("UTC"), "UTC", False, None
    for word in headers.get("prefer", "").split(","):
        name, _, value = word.strip().partition("=")
        value = value.strip('"')
        match name.lower():
            case "idtype":
                immutable = value == "ImmutableId"
            case "outlook.timezone":
                zone, zone_name = zone_named(value), value
            case "outlook.body-content-type":
                text = value == "text"
            case "odata.maxpagesize":
                page = min(int(value), _MAX_PAGE)
    select = tuple(name.strip() for name in query.get("$select", "").split(",") if name.strip())
    return Looks(immutable, zone, zone_name, text, page, select, _expand(query.get("$expand", "")), **more)


def _expand(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    found = _EXPAND.fullmatch(text)
    conditions = re.split(r" or ", found.group(1)) if found else [""]
    names = [_ID.fullmatch(condition) for condition in conditions]
    if not all(names):
        raise Refusal(400, "BadRequest", f"The $expand option '{text}' is not understood.")
    return tuple(_plain(name.group(1)) for name in names if name)


def condition(text: str) -> Callable[[Row], bool]:
    """The test that a $filter means; several are joined by `and`."""
    tests: list[Callable[[Row], bool]] = []
    rest = text.strip()
    while rest:
        for pattern, made in ((_ANY, _any), (_TIME, _time), (_TEXT, _text)):
            found = pattern.match(rest)
            if found:
                tests.append(made(found))
                rest = rest[found.end() :]
                break
        else:
            raise Refusal(400, "ErrorInvalidUrlQueryFilter", f"The query filter '{text}' is invalid.")
        if rest and not rest.startswith(" and "):
            raise Refusal(400, "ErrorInvalidUrlQueryFilter", f"The query filter '{text}' is invalid.")
        rest = rest.removeprefix(" and ")
    return lambda row: all(test(row) for test in tests)


def _any(found: re.Match[str]) -> Callable[[Row], bool]:
    name = _plain(found.group(2))
    how = (found.group(3) or found.group(5)).lower()
    # microsoft-graph-docs, singlevaluelegacyextendedproperty-get: ids are case-sensitive, values are not.
    value = _plain(found.group(4) if found.group(3) else found.group(6)).lower()

    def matches(row: Row) -> bool:
        if name not in row.extended:
            return False
        has = row.extended[name].lower()
        return {"eq": has == value, "ne": has != value, "startswith": has.startswith(value), "contains": value in has}[
            how
        ]

    return matches


def _time(found: re.Match[str]) -> Callable[[Row], bool]:
    end, how = found.group(1) == "end", found.group(2)
    at = datetime.fromisoformat(found.group(3))
    at = at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def matches(row: Row) -> bool:
        has = row.instants(ZoneInfo("UTC"))[end]
        return {"ge": has >= at, "gt": has > at, "le": has <= at, "lt": has < at}[how]

    return matches


def _text(found: re.Match[str]) -> Callable[[Row], bool]:
    name, value = found.group(1), _plain(found.group(2))

    def matches(row: Row) -> bool:
        has = {"iCalUId": row.event.uid, "type": row.kind, **row.fields}[name]
        return bool(has == value)

    return matches


def order(rows: Iterable[Row], by: str, home: ZoneInfo) -> list[Row]:
    """The rows in the order of $orderby."""
    words = by.split()
    if words and (words[0].lower() not in ("start/datetime", "subject") or words[1:] not in ([], ["asc"], ["desc"])):
        raise Refusal(400, "BadRequest", f"The $orderby option '{by}' is not understood.")
    if not words:
        return list(rows)
    if words[0].lower() == "subject":
        return sorted(rows, key=lambda row: str(row.fields["subject"]), reverse=words[1:] == ["desc"])
    return sorted(rows, key=lambda row: row.instants(home), reverse=words[1:] == ["desc"])


def _plain(text: str) -> str:
    return text.replace("''", "'")
