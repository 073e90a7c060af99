"""Lists of events on the Graph test server: masters and singles, instances, calendarView, and its delta.

Decided here, as no source says it:

- A round of delta shows the mailbox as it was at its first page; what happens during it comes with the next round.
- A date that moves out of the window leaves no tombstone while its series has other dates in the window, as a deleted
  one leaves none.
- `delta_echoes_whole_series` off: of a touched series only the master and the dates that are different come again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.servers.graph_events import Ask, find
from tests.servers.graph_http import Refusal, Reply
from tests.servers.graph_json import etag, event_json, minimal_json, tombstone
from tests.servers.graph_query import bounds, condition, only, order, whole_number
from tests.servers.graph_store import Calendar, Event, Row

__all__ = ["Round", "delta", "instances", "paged", "series_and_singles", "view"]

_LIST = ("$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$skiptoken", "$count")


@dataclass(frozen=True)
class Round:
    """What a delta or next link stands for: the window, what is known of it, and the rows that are still to come."""

    calendar: str
    begin: datetime
    end: datetime
    version: int
    known: dict[str, tuple[str, str]]
    """Ids that were reported, with their series and ETag."""
    rows: tuple[dict[str, Any], ...] | None = None
    """All rows of this round; None for a new one."""
    at: int = 0
    """Where the next page begins."""


def series_and_singles(ask: Ask, calendar: Calendar) -> Reply:
    """GET events: single events and masters, no occurrences (microsoft-graph-docs, user-list-events)."""
    query = only(ask.query, *_LIST)
    rows = [Row(event) for event in ask.items.of(calendar.id)]
    return _filtered(ask, query, rows)


def instances(ask: Ask, name: str, calendar: Calendar | None) -> Reply:
    """GET instances of a series between two bounds, both of which are required (microsoft-graph-docs)."""
    query = only(ask.query, "startDateTime", "endDateTime", *_LIST)
    begin, end = bounds(query)
    row = find(ask, name, calendar, fresh=False)
    if row.original is not None or row.event.recurrence is None:
        raise Refusal(400, "ErrorInvalidRequest", "Instances can only be asked of a series master.")
    return _filtered(ask, query, list(row.event.dates(begin, end, ask.mailbox.home)))


def view(ask: Ask, calendar: Calendar) -> Reply:
    """GET calendarView: singles, occurrences and exceptions that overlap the span, expanded here."""
    query = only(ask.query, "startDateTime", "endDateTime", *_LIST)
    begin, end = bounds(query)
    for name in ("createdDateTime", "lastModifiedDateTime"):
        if name in ask.looks.select:
            # microsoft-graph-docs, calendar-list-calendarview: these two do not support $select.
            raise Refusal(400, "ErrorInvalidUrlQuery", f"The property {name} does not support $select.")
    home = ask.mailbox.home
    rows: list[Row] = []
    for event in ask.items.of(calendar.id):
        if event.recurrence is not None:
            rows += event.dates(begin, end, home)
        elif Row(event).overlaps(begin, end, home):
            rows.append(Row(event))
    return _filtered(ask, query, rows)


def _filtered(ask: Ask, query: dict[str, str], rows: list[Row]) -> Reply:
    if "$filter" in query:
        rows = list(filter(condition(query["$filter"]), rows))
        if "singleValueExtendedProperties" in query["$filter"]:
            rows = _indexed(ask, rows)
    rows = order(rows, query.get("$orderby", ""), ask.mailbox.home)
    return paged(ask, query, rows, lambda row: event_json(row, ask.mailbox, ask.looks))


def _indexed(ask: Ask, rows: list[Row]) -> list[Row]:
    # No source says how soon a new event is found by its extended properties (see `filter_lag`).
    late = ask.mailbox.unindexed
    found = [row for row in rows if row.event.id not in late]
    ask.mailbox.unindexed = {name: left - 1 for name, left in late.items() if left > 1}
    return found


def paged(ask: Ask, query: dict[str, str], rows: list[Any], shown: Callable[[Any], Any]) -> Reply:
    """One page of a list, with a next link when there is more."""
    # microsoft-graph-docs, calendar-list-calendarview and odata.maxpagesize: ten a page unless something else is asked.
    size = whole_number(query, "$top", ask.looks.page or ask.server.page_size)
    skip = whole_number(query, "$skip", 0, 10**9)
    answer: dict[str, Any] = {"@odata.context": f"{ask.server.origin}/v1.0/$metadata#Collection(event)"}
    if query.get("$count") == "true":
        answer["@odata.count"] = len(rows)
    # microsoft-graph-docs, paging: a page may be empty and have a next link all the same.
    empty = (ask.empty_page or ask.server.empty_pages) and "$skiptoken" not in query
    taken = 0 if empty else size
    answer["value"] = [shown(row) for row in rows[skip : skip + taken]]
    if empty or skip + taken < len(rows):
        options = {k: v for k, v in query.items() if k != "$skiptoken"} | {"$skip": str(skip + taken)}
        if empty:
            options["$skiptoken"] = "full"
        words = "&".join(f"{quote(k, safe='$')}={quote(v, safe='')}" for k, v in options.items())
        answer["@odata.nextLink"] = f"{ask.server.origin}{ask.base}?{words}"
    return Reply(200, answer)


def delta(ask: Ask, calendar: Calendar) -> Reply:
    """GET calendarView/delta: a first round for a window, or what has changed since a delta link."""
    names = {name.lower() for name in ask.query}
    refused = sorted(names & {"$select", "$expand", "$filter", "$orderby", "$search", "$top"})
    if refused:
        # microsoft-graph-docs, event-delta: these options are not supported here.
        raise Refusal(
            400,
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'CalendarView' resource: "
            f"'{', '.join(refused)}'.",
        )
    query = only(ask.query, "startDateTime", "endDateTime", "$deltatoken", "$skiptoken")
    token = query.get("$skiptoken") or query.get("$deltatoken")
    if token is None:
        begin, end = bounds(query)
        begun = _round(ask, Round(calendar.id, begin, end, -1, {}))
    else:
        known = ask.server.rounds.get(token)
        if known is None or known.calendar != calendar.id or token in ask.server.forgotten or ask.forgotten:
            raise _forgotten(ask, known)
        begun = _round(ask, known) if known.rows is None else known
    return _page(ask, begun, repeat=token is not None and "$skiptoken" in query)


def _forgotten(ask: Ask, known: Round | None) -> Refusal:
    message = "The sync state generation is not found; the resource must be synchronized again."
    if ask.server.forgotten_answer != 410:
        # microsoft-graph-docs#2350: 40x SyncStateNotFound.
        return Refusal(ask.server.forgotten_answer, "SyncStateNotFound", message)
    window = ""
    if known is not None:
        window = f"startDateTime={known.begin:%Y-%m-%dT%H:%M:%SZ}&endDateTime={known.end:%Y-%m-%dT%H:%M:%SZ}&"
    # microsoft-graph-docs, delta-query-overview: 410 with a Location that has an empty token.
    location = f"{ask.server.origin}{ask.base}?{window}$deltatoken="
    return Refusal(410, "syncStateNotFound", message, {"Location": location})


def _round(ask: Ask, since: Round) -> Round:
    """The rows of a new round, and what is known after it."""
    items, looks = ask.items, ask.looks
    known = dict(since.known)
    rows: list[dict[str, Any]] = []
    for event in items.of(since.calendar):
        if event.version <= since.version:
            continue
        found = _rows_of(ask, event, since)
        if not found:
            rows += _vanished(ask, event.id, known, since)
            continue
        for row in found:
            mark = etag(row, looks)
            fresh = known.get(row.id) != (event.id, mark) or ask.server.delta_echoes_whole_series
            known[row.id] = (event.id, mark)
            if row.kind == "seriesMaster":
                fresh = _lists_master(ask, row, since)
            if fresh:
                rows.append(_shown(ask, row))
        # stackoverflow 55641502: a deleted occurrence leaves no tombstone; the rest of its series comes again.
        ids = {row.id for row in found}
        for name in [n for n, (series, _) in known.items() if series == event.id and n not in ids]:
            del known[name]
    for name, (where, version) in sorted(items.gone.items(), key=lambda one: one[1][1]):
        if where == since.calendar and version > since.version:
            rows += _vanished(ask, name, known, since)
    if ask.server.delta_scatters_rows:
        rows.sort(key=lambda row: row["id"][::-1])
    return replace(since, version=items.version, known=known, rows=tuple(rows))


def _lists_master(ask: Ask, row: Row, since: Round) -> bool:
    # ridafkih/keeper.sh#409: the master comes as a row of its own, but that of a series that began before the window
    # may be missing.
    began = row.instants(ask.mailbox.home)[0] >= since.begin
    return ask.server.delta_masters == "all" or (ask.server.delta_masters == "young" and began)


def _rows_of(ask: Ask, event: Event, since: Round) -> list[Row]:
    home = ask.mailbox.home
    if event.recurrence is None:
        return [Row(event)] if Row(event).overlaps(since.begin, since.end, home) else []
    found = list(event.dates(since.begin, since.end, home))
    return [Row(event), *found] if found else []


def _shown(ask: Ask, row: Row) -> dict[str, Any]:
    # microsoft-graph-docs#7632, microsoft-graph-docs-contrib#34: of a plain occurrence only its place is told.
    if row.kind == "occurrence":
        return minimal_json(row, ask.mailbox, ask.looks)
    return {"@odata.type": "#microsoft.graph.event", **event_json(row, ask.mailbox, replace(ask.looks, expand=()))}


def _vanished(ask: Ask, name: str, known: dict[str, tuple[str, str]], since: Round) -> list[dict[str, Any]]:
    """Tombstones of an event that is gone or outside the window, with those of its dates that had been reported."""
    ids = [n for n, (series, _) in known.items() if series == name]
    for one in ids:
        del known[one]
    if not ids and since.version >= 0 and ask.server.stray_tombstones:
        # microsoft-graph-docs, event-delta: also of events outside the range that were added, changed or deleted.
        ids = [name]
    return [tombstone(one, ask.looks) for one in ids]


def _page(ask: Ask, begun: Round, *, repeat: bool) -> Reply:
    assert begun.rows is not None
    size = ask.looks.page or ask.server.page_size
    empty = (ask.empty_page or ask.server.empty_pages) and not repeat
    end = begun.at if empty else begun.at + size
    here = begun.rows[begun.at : end]
    # microsoft-graph-docs, delta-query-overview: an item may come twice; here the last one of a page begins the next.
    again = 1 if ask.server.repeats_rows and size > 1 and here else 0
    answer: dict[str, Any] = {"@odata.context": f"{ask.server.origin}/v1.0/$metadata#Collection(event)"}
    answer["value"] = list(here)
    if end < len(begun.rows) or empty:
        token = ask.server.token_of(replace(begun, at=end - again))
        answer["@odata.nextLink"] = f"{ask.server.origin}{ask.base}?$skiptoken={token}"
    else:
        token = ask.server.token_of(replace(begun, rows=None, at=0))
        answer["@odata.deltaLink"] = f"{ask.server.origin}{ask.base}?$deltatoken={token}"
    return Reply(200, answer)
