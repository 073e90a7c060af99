"""Laws: any series that calsync may write comes back from Graph as it was, whatever stood there before.

The zones are odd ones: half an hour of summer time, a quarter of an hour off, none since years, one that changes for a
month of fasting.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.model import Kind, Override, Series, Span, at_wall_clock
from calsync.ports import OutcomeState, SeriesWrite
from providers.microsoft.cursor import Cursor, short
from providers.microsoft.marks import Data
from providers.microsoft.records import Note, record_of, series_of
from tests.contract.samples import WINDOW, series
from tests.servers.context import context
from tests.servers.graph import GraphServer
from tests.servers.graph_access import provider

ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
]
TITLES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20).map(
    lambda text: text.strip() or "Focus"
)
DATES = st.dates(date(2025, 1, 1), date(2030, 1, 1))
JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
# Each example is a conversation of a dozen requests.
FEW = settings().max_examples // 12
YEAR = Span(datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 11, 23, tzinfo=UTC))


@pytest.fixture(scope="module")
def graph() -> Iterator[GraphServer]:
    server = GraphServer()
    with server.running():
        yield server


def empty(server: GraphServer) -> None:
    """A mailbox as new."""
    server.mailboxes.clear()
    server.add_mailbox(server.address, "Maya Lindgren")
    server.requests.clear()


@st.composite
def any_series(draw: st.DrawFn, zones: list[str] = ZONES) -> Series:
    """A series as a plan may want it: dates move within their week, and never onto a moment that clocks repeat."""
    zone = draw(st.sampled_from(zones))
    first = date(2026, 11, 23) + timedelta(draw(st.integers(0, 20)))
    # Working hours and some more; what clocks skip or repeat at night has tests of its own.
    clocks = st.builds(time, st.integers(6, 22), st.sampled_from([0, 5, 15, 30, 45]))
    minutes = draw(st.sampled_from([10, 30, 45, 90]))
    title, free = draw(TITLES), draw(st.booleans())
    until = draw(st.none() | st.integers(0, 40).map(lambda n: first + timedelta(7 * n)))
    days = [first + timedelta(7 * n) for n in range(40) if until is None or first + timedelta(7 * n) <= until]
    touched = draw(st.lists(st.sampled_from(days), unique=True, max_size=6))
    gone = frozenset(day for day in touched if draw(st.booleans()))
    overrides = {}
    for day in touched:
        if day in gone:
            continue
        to = day - timedelta(day.weekday()) + timedelta(draw(st.integers(0, 6)))
        start = at_wall_clock(to, draw(clocks), ZoneInfo(zone))
        length = timedelta(minutes=draw(st.sampled_from([minutes, 20, 60])))
        overrides[day] = Override(Span(start, start + length), draw(st.just(title) | TITLES), draw(st.booleans()))
    made = series(
        kind=draw(st.sampled_from(list(Kind))),
        number=draw(st.integers(1, 9)),
        generation=draw(st.integers(0, 30)),
        timezone=zone,
        first=first,
        start=draw(clocks),
        minutes=minutes,
        title=title,
        transparent=free,
        until=until,
        description=draw(st.sampled_from(["", "Why: someone is overdue.\nWho: a surprise", "Ärger; und \\ mehr, so"])),
        sequence=draw(st.integers(0, 5)),
        cancelled=gone,
        dropped=frozenset(day for day in gone if draw(st.booleans())),
    )
    # An override that says what the rule says anyway is none, on a calendar that cannot tell the two apart.
    plain = {day: Override(made.home(day), title, free) for day in overrides}
    return replace(made, overrides={day: o for day, o in overrides.items() if o != plain[day]})


def judged(server: GraphServer) -> list[tuple[datetime, datetime, str]]:
    """What stands in the mailbox over a year, by a library that calsync does not read it with here."""
    texts = [icalendar.Calendar.from_ical(text) for text in server.hand.snapshot().values()]
    rows = [row for text in texts for row in recurring_ical_events.of(text).between(YEAR.start, YEAR.end)]
    return sorted(
        (*(row[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND")), str(row["SUMMARY"])) for row in rows
    )


def planned(wanted: Series) -> list[tuple[datetime, datetime, str]]:
    """What the series means over the same year."""
    days = wanted.days(YEAR.start.date() - timedelta(8), YEAR.end.date() + timedelta(8))
    placed = [one for one in map(wanted.placed, days) if one is not None and one.span.overlaps(YEAR)]
    return sorted((one.span.start.astimezone(UTC), one.span.end.astimezone(UTC), one.title) for one in placed)


@pytest.mark.parametrize("zone", ZONES)
def test_any_series_comes_back_as_it_was_written(graph: GraphServer, zone: str, tmp_path: Path) -> None:
    @settings(max_examples=FEW, suppress_health_check=[HealthCheck.too_slow])
    @given(any_series([zone]))
    def law(wanted: Series) -> None:
        empty(graph)
        make = lambda: provider(graph, context(tmp_path))  # noqa: E731 - a run each
        (outcome,) = make().write("", [SeriesWrite(wanted.key, None, wanted)])
        assert outcome.state is OutcomeState.DONE, outcome
        (found,) = make().owned("")
        assert found.series == wanted
        assert found.etag == outcome.etag
        assert found.leaders == wanted.cancelled - wanted.dropped
        delta = make().read("", WINDOW, None)
        if wanted.until is None or wanted.until > date(2026, 11, 30):
            (expanded,) = make().expand("", delta.changed, YEAR, ZoneInfo("Europe/Berlin"))
            assert expanded.owned == found
            read = sorted((o.span.start, o.span.end, o.event.title) for o in expanded.occurrences)
            assert read == planned(wanted)
        assert judged(graph) == planned(wanted)
        assert not graph.refused_bodies
        assert not graph.mailed

    law()


@settings(max_examples=2 * FEW, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(any_series(), any_series())
def test_any_series_becomes_any_other_and_is_gone_in_the_end(
    graph: GraphServer, tmp_path: Path, before: Series, after: Series
) -> None:
    empty(graph)
    foreign = graph.hand.put("", "foreign", _MEETING)
    stands: list[Series | None] = [None, before, after, before, None]
    for was, wanted in pairwise(stands):
        (outcome,) = provider(graph, context(tmp_path)).write("", [SeriesWrite(before.key, was, wanted)])
        assert outcome.state is OutcomeState.DONE, outcome
        there = provider(graph, context(tmp_path)).owned("")
        assert [one.series.same_content(wanted) for one in there if wanted is not None] == [True] * (wanted is not None)
        expected = [] if wanted is None else planned(wanted)
        assert [row for row in judged(graph) if row[2] != "Foreign"] == [r for r in expected if r[2] != "Foreign"]
    assert graph.hand.names() == [foreign]
    assert not graph.refused_bodies
    assert not graph.mailed


_MEETING = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:foreign\r\n"
    b"DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Foreign\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


@given(any_series(), st.dictionaries(DATES, TITLES, max_size=3))
def test_a_record_of_a_series_is_that_series(wanted: Series, notes: dict[date, str]) -> None:
    kept = {day: Note(place=text) for day, text in notes.items() if day in wanted.overrides}
    found, told = series_of(record_of(wanted, kept), replace(wanted, overrides={}, cancelled=frozenset()))
    assert (found, told) == (wanted, kept)


@given(any_series(), st.dictionaries(DATES, st.frozensets(st.text("0123456789abcdef", min_size=1)), max_size=3))
def test_marks_are_what_they_were(wanted: Series, sums: dict[date, frozenset[str]]) -> None:
    wall = datetime.combine(wanted.first, wanted.start), wanted.minutes
    who = wanted.kind, wanted.number, wanted.generation, wanted.timezone, "W. Europe Standard Time"
    told = {day: found for day, found in sums.items() if found}
    data = Data(*who, wall, wanted.changed, wanted.sequence, wanted.dropped, told, record_of(wanted, {}))
    assert Data.load(data.dump()) == data
    assert Data.load(data.dump()).dump() == data.dump()  # type: ignore[union-attr]


@given(JSON)
def test_marks_of_any_other_program_are_none(said: Any) -> None:
    assert Data.load(json.dumps(said)) is None


@given(
    st.frozensets(st.text(min_size=1).map(short)),
    st.dictionaries(st.text(), st.frozensets(st.text().map(short))),
    st.dictionaries(st.text(), st.lists(st.text(), max_size=3).map(tuple)),
)
def test_a_cursor_is_what_it_was(
    singles: frozenset[str], dates: dict[str, frozenset[str]], own: dict[str, tuple[str, ...]]
) -> None:
    cursor = Cursor(("maya", "", "", ""), "place", YEAR, "https://link", 2026, singles, dates, own)
    assert Cursor.load(cursor.dump(), cursor.asked) == cursor
    assert Cursor.load(cursor.dump(), ("another",)) is None
    assert Cursor.load(cursor.dump()[:-9], cursor.asked) is None
