"""Reads what is on a calendar: a round of calendarView/delta, and of what it touches the whole.

The window of a round is frozen in its links, so a round reaches some weeks further than was asked for. A series that a
row or a tombstone speaks of is asked for as a whole: a deleted date leaves no tombstone, and rows of dates say little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from calsync.errors import Malformed
from calsync.model import Span
from calsync.ports import OwnedSeries, Resource
from providers.microsoft.blocks import owned, sight
from providers.microsoft.cursor import Cursor, short
from providers.microsoft.errors import NOT_FOUND, Reply
from providers.microsoft.finding import (
    Found,
    Places,
    all_rows,
    event_part,
    gather,
    instances_part,
    listed,
    own_part,
    with_dates,
)
from providers.microsoft.graph import Graph, Part, query
from providers.microsoft.mapping import NOT_UNDERSTOOD, UNKNOWN, Json, etag_of, series_payload, single_payload
from providers.microsoft.marks import mark_of

__all__ = ["Reader", "Seen"]

_FURTHER = timedelta(weeks=5)
"""How much further than asked a round reaches, so that a window that rolls on needs a new one only after weeks."""


@dataclass(slots=True)
class Seen:
    """What one look brought, and what is known after it (see `Cursor`)."""

    changed: dict[str, Resource] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    singles: set[str] = field(default_factory=set)
    series: dict[str, frozenset[str]] = field(default_factory=dict)
    own: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def keep(self, name: str, text: Callable[[], bytes]) -> None:
        """A resource that is new or different."""
        try:
            payload = text()
        except NOT_UNDERSTOOD as error:
            # Its words may be anybody's; the kind of what is wrong says enough.
            self.warnings.append(f"an event cannot be understood ({type(error).__name__}, id ...{name[-12:]})")
            return
        self.changed[name] = Resource(name, etag_of(payload), payload)
        self.removed.discard(name)

    def drop(self, name: str) -> None:
        """A resource that is gone."""
        if name not in self.changed:
            self.removed.add(name)


@dataclass(slots=True)
class _Touched:
    """What the rows of a round speak of."""

    singles: dict[str, Json] = field(default_factory=dict)
    masters: dict[str, Json] = field(default_factory=dict)
    dates: dict[str, list[Json]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    tombs: set[str] = field(default_factory=set)

    def take(self, rows: Mapping[str, Json | None]) -> None:
        """Sort the rows; those of a series whose master is not among them included."""
        for name, row in rows.items():
            if row is None:
                continue
            mark = mark_of(row)
            if mark is not None:
                self.keys.add(mark.key)
            kind = row.get("type")
            if kind == "seriesMaster":
                self.masters[name] = row
                self.dates.setdefault(name, [])
            elif kind in ("occurrence", "exception") and row.get("seriesMasterId"):
                self.dates.setdefault(str(row["seriesMasterId"]), []).append(row)
            else:
                self.singles[name] = row

    def marked(self) -> set[str]:
        """The ids of masters and single events that say they are ours."""
        return {name for rows in (self.singles, self.masters) for name, row in rows.items() if mark_of(row) is not None}

    def take_gone(self, rows: Mapping[str, Json | None], known: Cursor) -> None:
        """Sort the tombstones; those of ids that were never seen here say nothing.

        That of a single event, or of every date of a series, is believed: a question by id may find the event all the
        same, in another calendar or among what was deleted.
        """
        gone = [name for name, row in rows.items() if row is None]
        self.tombs = set(gone)
        whose = {name: key for key, ids in known.own.items() for name in ids}
        of_dates: dict[str, str] | None = None
        for name in gone:
            if name in whose:
                self.keys.add(whose[name])
            elif name in known.series:
                self.dates.setdefault(name, [])
            elif short(name) in known.singles:
                self.gone.append(name)
            else:
                if of_dates is None:
                    of_dates = {date: series for series, dates in known.series.items() for date in dates}
                series = of_dates.get(short(name))
                if series is not None:
                    self.dates.setdefault(series, [])
        shorts = set(map(short, gone))
        for name in [name for name, dates in self.dates.items() if not dates and name not in whose]:
            was = known.series.get(name)
            if was and was <= shorts and name not in self.masters:
                del self.dates[name]
                self.gone.append(name)


class Reader:
    """Reads one calendar. `mine` are the leader's addresses; `year` tells what is looked at of our own series."""

    def __init__(self, graph: Graph, place: str, leader: ZoneInfo, mine: tuple[str, ...], year: int) -> None:
        self._graph = graph
        self._place = place
        self._places = Places.of(graph.root(), place)
        self._leader = leader
        self._mine = mine
        self._year = year

    def owned(self) -> list[OwnedSeries]:
        """Our series on the calendar, sorted by key."""
        found = gather(listed(self._graph, self._places))
        with_dates(self._graph, self._places, list(found.values()), self._year)
        read = []
        for _, one in sorted(found.items()):
            block = one.block(self._leader, self._year)
            series = owned(block, self._leader)[1] if block is not None else None
            read += [series] if series is not None else []
        return read

    def whole(self, window: Span, asked: tuple[str, ...], known: Cursor | None = None) -> tuple[Seen, Cursor]:
        """A new round, with everything in the window; `known` is what was known before, if anything."""
        window = Span(window.start, window.end + _FURTHER)
        begin, end = (f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (window.start, window.end))
        rows, link = self._walk(self._places.delta + query(startDateTime=begin, endDateTime=end))
        # Asked for by their marks, since one that has no date in the window has no row either and would look gone.
        answered = {str(row["id"]): row for row in listed(self._graph, self._places)}
        touched, seen = _Touched(), Seen()
        touched.take(rows)
        before = known.own if known is not None and known.place == self._place else {}
        wanted = touched.marked() | (touched.dates.keys() - touched.masters.keys())
        self._ask_more(answered, wanted.union(*before.values()))
        touched.masters.update((name, answered[name]) for name in touched.dates.keys() & answered.keys())
        found = gather(answered.values())
        with_dates(self._graph, self._places, list(found.values()), self._year)
        for key, one in sorted(found.items()):
            if self._reaches(one, rows, window):
                self._keep_own(seen, key, one)
        ours = {name for ids in seen.own.values() for name in ids}
        for name, row in touched.singles.items():
            if name not in ours:
                self._keep_single(seen, name, row)
        for name, dates in sorted(touched.dates.items()):
            if name in ours:
                seen.series[name] = _shorts(dates)
            elif dates:
                self._keep_series(seen, name, touched.masters.get(name, UNKNOWN), dates)
        return seen, self._cursor(asked, window, link, seen)

    def since(self, known: Cursor) -> tuple[Seen, Cursor]:
        """What changed since `known`; raises Forgotten when the server does not know its link any more."""
        rows, link = self._walk(known.link)
        touched = _Touched()
        touched.take(rows)
        touched.take_gone(rows, known)
        seen = Seen(singles=set(known.singles), series=dict(known.series), own=dict(known.own))
        whose = {name: key for key, ids in known.own.items() for name in ids}
        touched.keys |= {whose[name] for name in touched.dates if name in whose}
        if known.year != self._year:
            # What is seen of our own series is another stretch of time now.
            touched.keys |= known.own.keys()
        answers = _Answers(self._graph, self._parts(touched, known, whose))
        self._find_own(touched, answers, whose)
        if touched.keys:
            self._own_since(seen, touched, answers)
        ours = {name for ids in seen.own.values() for name in ids}
        for name, row in touched.singles.items():
            if name not in ours:
                # It may have been a series until now.
                seen.series.pop(name, None)
                self._keep_single(seen, name, row)
        for name in touched.gone:
            seen.singles.discard(short(name))
            seen.series.pop(name, None)
            seen.drop(name)
        for name in sorted(touched.dates):
            if name in ours:
                seen.series[name] = seen.series.get(name, frozenset()) | _shorts(touched.dates[name])
            elif name in touched.masters or name not in whose:
                self._series_since(seen, name, touched, answers)
        return seen, self._cursor(known.asked, known.window, link, seen)

    def _parts(self, touched: _Touched, known: Cursor, whose: Mapping[str, str]) -> dict[tuple[str, str], Part]:
        """All that has to be asked about what was touched, so that one batch can bring it."""
        parts: dict[tuple[str, str], Part] = {}
        if touched.keys:
            parts["own", ""] = own_part(self._places)
        for key in sorted(touched.keys):
            for name in known.own.get(key, ())[:1]:
                parts["dates", name] = instances_part(self._places, name, sight(self._year))
        for name in sorted(touched.dates):
            row = touched.masters.get(name)
            if name in whose:
                continue
            if row is None:
                parts["event", name] = event_part(self._places, name, marks=True)
            # A row of ours that is new: all of it is asked for at once.
            window = known.window if row is None or mark_of(row) is None else sight(self._year)
            parts["dates", name] = instances_part(self._places, name, window)
        return parts

    def _find_own(self, touched: _Touched, answers: _Answers, whose: Mapping[str, str]) -> None:
        """Note series of ours that are new and of which only dates came: those do not say whose they are."""
        for name in touched.dates.keys() - touched.masters.keys() - whose.keys():
            mark = mark_of(answers.one("event", name).body)
            if mark is not None:
                touched.keys.add(mark.key)
                # They were asked for within the window only.
                answers.drop("dates", name)
        if touched.keys and ("own", "") not in answers:
            answers.ask({("own", ""): own_part(self._places)})

    def _own_since(self, seen: Seen, touched: _Touched, answers: _Answers) -> None:
        """What became of our series that were touched."""
        rows = all_rows(self._graph, answers.one("own", ""))
        if rows is None:
            raise self._graph.failure(answers.one("own", ""))
        answered = {str(row["id"]): row for row in rows}
        told = (reply.body for reply in answers.of("event") if reply.done and mark_of(reply.body) is not None)
        answered.update((str(row["id"]), row) for row in told)
        before = [seen.own.get(key, ()) for key in touched.keys]
        # What is neither listed nor in the view any more needs no question.
        self._ask_more(answered, touched.marked().union(*before) - touched.tombs)
        found = gather(answered.values())
        late = []
        for key in sorted(touched.keys & found.keys()):
            one = found[key]
            name = str(one.master["id"]) if one.recurs and one.master is not None else ""
            if name and ("dates", name) not in answers:
                late.append(one)
            elif name:
                one.take(all_rows(self._graph, answers.one("dates", name)))
        with_dates(self._graph, self._places, late, self._year)
        for key in sorted(touched.keys):
            was = seen.own.pop(key, ())
            if key in found:
                self._keep_own(seen, key, found[key])
            for name in was[:1]:
                if seen.own.get(key, ())[:1] != (name,):
                    seen.series.pop(name, None)
                    seen.drop(name)

    def _ask_more(self, answered: dict[str, Json], wanted: Iterable[str]) -> None:
        """Ask by id for what a question by marks has not brought: that may not find yet what was made a moment ago."""
        names = sorted(set(wanted) - answered.keys())
        replies = self._graph.read([event_part(self._places, name, marks=True) for name in names])
        answered.update((name, reply.body) for name, reply in zip(names, replies, strict=True) if self._there(reply))

    def _series_since(self, seen: Seen, name: str, touched: _Touched, answers: _Answers) -> None:
        """What became of somebody else's series that was touched."""
        master, rows = touched.masters.get(name), touched.dates[name]
        if master is None:
            reply = answers.one("event", name)
            master = reply.body if self._there(reply) else None
        known = name in seen.series
        if master is not None and master.get("type") != "seriesMaster":
            seen.series.pop(name, None)
            self._keep_single(seen, name, master)
            return
        dates = all_rows(self._graph, answers.one("dates", name)) if master is not None else None
        if master is not None and dates is not None:
            self._keep_series(seen, name, master, dates)
        elif rows and not (known and seen.series[name] - _shorts(rows)):
            # Its dates are shown all the same; where only some of them came, what is known of it stays.
            self._keep_series(seen, name, master or UNKNOWN, rows)
        elif known and not rows:
            del seen.series[name]
            seen.drop(name)

    def _reaches(self, one: Found, rows: Mapping[str, object], window: Span) -> bool:
        """True for a series of ours that is not over before the window."""
        block = one.block(self._leader, self._year)
        if block is None:
            return False
        until = block.shown.until
        return until is None or until >= window.start.date() or any(name in rows for name in one.ids)

    def _keep_own(self, seen: Seen, key: str, one: Found) -> None:
        block = one.block(self._leader, self._year)
        if block is None:
            return
        seen.own[key] = tuple(one.ids)
        seen.keep(one.ids[0], lambda: owned(block, self._leader)[0])

    def _keep_single(self, seen: Seen, name: str, row: Json) -> None:
        seen.singles.add(short(name))
        seen.keep(name, lambda: single_payload(row, self._mine))

    def _keep_series(self, seen: Seen, name: str, master: Json, dates: Iterable[Json]) -> None:
        dates = list(dates)
        seen.singles.discard(short(name))
        seen.series[name] = _shorts(dates)
        seen.keep(name, lambda: series_payload(master, dates, self._mine))

    def _there(self, reply: Reply) -> bool:
        if reply.done:
            return True
        if reply.status == NOT_FOUND:
            return False
        raise self._graph.failure(reply)

    def _walk(self, link: str) -> tuple[dict[str, Json | None], str]:
        """The rows of a round by id, None for a tombstone, and its delta link. Of what comes twice the last counts."""
        rows: dict[str, Json | None] = {}
        following = ""
        for page in self._graph.pages(link, delta=True):
            for row in page.get("value") or ():
                rows[str(row["id"])] = None if "@removed" in row else row
            following = str(page.get("@odata.deltaLink") or "")
        if not following:
            raise Malformed(f"{self._graph.name}: Microsoft's list of events has no end", "try again later")
        return rows, following

    def _cursor(self, asked: tuple[str, ...], window: Span, link: str, seen: Seen) -> Cursor:
        return Cursor(
            asked, self._place, window, link, self._year, frozenset(seen.singles), dict(seen.series), dict(seen.own)
        )


class _Answers:
    """Replies by what was asked for."""

    def __init__(self, graph: Graph, parts: Mapping[tuple[str, str], Part]) -> None:
        self._graph = graph
        self._replies: dict[tuple[str, str], Reply] = {}
        self.ask(parts)

    def __contains__(self, asked: tuple[str, str]) -> bool:
        return asked in self._replies

    def ask(self, parts: Mapping[tuple[str, str], Part]) -> None:
        """Ask some more."""
        self._replies.update(zip(parts, self._graph.read(list(parts.values())), strict=True))

    def one(self, what: str, name: str) -> Reply:
        """The reply to one question."""
        return self._replies[what, name]

    def of(self, what: str) -> list[Reply]:
        """The replies to all questions of a kind."""
        return [reply for (kind, _), reply in self._replies.items() if kind == what]

    def drop(self, what: str, name: str) -> None:
        """Take a reply for not given."""
        del self._replies[what, name]


def _shorts(rows: Iterable[Json]) -> frozenset[str]:
    return frozenset(short(str(row["id"])) for row in rows)
