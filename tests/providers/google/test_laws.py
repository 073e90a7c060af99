"""Laws: whatever series is written, it comes back; and what calsync reads is what the calendar has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.model import Kind, Override, Series, Span
from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import CHANGED
from tests.providers.google.rig import KEY, Rig
from tests.servers.google import GoogleServer

ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
]
FIRST = date(2026, 9, 1)
FROM, TO = datetime(2026, 8, 20, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
TITLES = ["Focus", "Deep work", "Ärger; mit, \\ allem", "x" * 80]

quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@st.composite
def all_series(draw: st.DrawFn, zone: str = "", first: date | None = None) -> Series:
    """Any series that calsync may want; `zone` and `first` are fixed where they are given."""
    zone = zone or draw(st.sampled_from(ZONES))
    first = first or FIRST + timedelta(draw(st.integers(0, 80)))
    weeks = draw(st.one_of(st.none(), st.integers(0, 40)))
    start, minutes = draw(quarters), draw(st.integers(1, 36)) * 5
    indices = draw(st.sets(st.integers(0, min(30, 30 if weeks is None else weeks)), max_size=7))
    days = [first + timedelta(7 * index) for index in sorted(indices)]
    kinds = draw(st.lists(st.sampled_from(["dropped", "deleted", "moved"]), min_size=len(days), max_size=len(days)))
    overrides: dict[date, Override] = {}
    for day, kind in zip(days, kinds, strict=True):
        if kind == "moved":
            begin = datetime.combine(day, draw(quarters), tzinfo=ZoneInfo(zone)) + timedelta(draw(st.integers(-2, 2)))
            begin = begin.astimezone(UTC)
            span = Span(begin, begin + timedelta(minutes=draw(st.integers(1, 36)) * 5))
            overrides[day] = Override(span, draw(st.sampled_from(TITLES)), draw(st.booleans()))
    return Series(
        key=KEY,
        kind=draw(st.sampled_from(list(Kind))),
        number=draw(st.integers(1, 3)),
        generation=draw(st.integers(0, 12)),
        timezone=zone,
        first=first,
        start=start,
        minutes=minutes,
        title=draw(st.sampled_from(TITLES)),
        transparent=draw(st.booleans()),
        changed=CHANGED + timedelta(hours=draw(st.integers(0, 50))),
        until=None if weeks is None else first + timedelta(7 * weeks),
        cancelled=frozenset(day for day, kind in zip(days, kinds, strict=True) if kind != "moved"),
        dropped=frozenset(day for day, kind in zip(days, kinds, strict=True) if kind == "dropped"),
        overrides=overrides,
        description=draw(st.sampled_from(["", "Why: someone is overdue.\nWho: a surprise"])),
        sequence=draw(st.integers(0, 5)),
    )


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One account for all examples."""
    server = GoogleServer()
    server.workspace = True
    with server.running():
        yield Rig(server, Path(tmp_path_factory.mktemp("laws")))
    assert not server.refused_bodies
    assert not server.mailed


law = settings(
    max_examples=settings().max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def cleared(rig: Rig) -> Rig:
    """The account as if it were new: nothing is left of the example before."""
    rig.server.calendar("primary").entries.clear()
    return rig


def on_the_calendar(rig: Rig, name: str) -> list[tuple[datetime, datetime]]:
    """When the event takes place by the library that did not write it, cancelled dates left out."""
    calendar: Any = icalendar.Calendar.from_ical(rig.server.hand.ical("", name))
    rows = recurring_ical_events.of(calendar).between(FROM, TO)
    live = [row for row in rows if str(row.get("STATUS", "")) != "CANCELLED"]
    return sorted((row["DTSTART"].dt.astimezone(UTC), row["DTEND"].dt.astimezone(UTC)) for row in live)


def even(spans: list[tuple[datetime, datetime]], zone: ZoneInfo) -> list[tuple[datetime, datetime | None]]:
    """The spans, without an end where the clocks change just before or within: DTEND says what the clock shows there,
    not how long, and of a start that the clocks skip each library makes its own.
    """
    sides = [((a - timedelta(hours=2)).astimezone(zone), b.astimezone(zone)) for a, b in spans]
    same = [one.utcoffset() == other.utcoffset() for one, other in sides]
    return [(a, b if is_same else None) for (a, b), is_same in zip(spans, same, strict=True)]


def check(rig: Rig, wanted: Series, etag: str) -> None:
    """The series stands as it was wanted: by its own reading, by its dates here and by its dates there."""
    provider = rig.provider()
    found = rig.own(wanted.key)
    assert found.series.same_content(wanted), (found.series, wanted)
    assert found.series.changed == wanted.changed
    assert found.etag == etag
    assert found.leaders == wanted.cancelled - wanted.dropped
    window = Span(FROM, TO)
    resources = [r for r in provider.read("", window, None).changed if r.name == found.resource]
    expanded = provider.expand("", resources, window, ZoneInfo("Europe/Berlin"))
    read = sorted((o.span.start.astimezone(UTC), o.span.end.astimezone(UTC)) for e in expanded for o in e.occurrences)
    meant = []
    for day in wanted.days(date(2026, 8, 10), date(2028, 1, 10)):
        placed = wanted.placed(day)
        if placed is not None and placed.span.overlaps(window):
            meant.append((placed.span.start.astimezone(UTC), placed.span.end.astimezone(UTC)))
    assert even(read, wanted.zone) == even(sorted(meant), wanted.zone)
    assert even(on_the_calendar(rig, found.resource), wanted.zone) == even(read, wanted.zone)
    if expanded:
        assert [e.owned for e in expanded] == [found]


@given(data=st.data(), focus=st.booleans())
@law
def test_a_series_that_is_created_changed_and_deleted_is_each_time_what_was_wanted(
    account: Rig, data: st.DataObject, focus: bool
) -> None:
    cleared(account)
    options = {"event_type": "focus"} if focus else {}
    before = data.draw(all_series())
    created = account.create(before, **options)
    assert created.state is OutcomeState.DONE, created
    check(account, before, created.etag)
    after = data.draw(all_series(before.timezone, data.draw(st.sampled_from([before.first, None]))))
    (changed,) = account.write(SeriesWrite(before.key, before, after, created.etag), **options)
    assert changed.state is OutcomeState.DONE, changed
    check(account, after, changed.etag)
    (again,) = account.write(SeriesWrite(before.key, before, after, created.etag), **options)
    assert (again.state, again.etag) == (OutcomeState.DONE, changed.etag)
    (gone,) = account.write(SeriesWrite(before.key, after, None, changed.etag), **options)
    assert gone.state is OutcomeState.DONE
    assert [o for o in account.provider().owned("") if o.series.key == KEY] == []


@given(data=st.data())
@law
def test_deltas_and_a_complete_read_say_the_same_of_a_series(account: Rig, data: st.DataObject) -> None:
    begin = cleared(account).read()
    before = data.draw(all_series())
    created = account.create(before)
    delta = account.read(begin.cursor)
    complete = {r.name: r for r in account.read().changed}
    # What is over before the window may be left out of a complete read, and a delta has it all the same.
    assert {r.name: r for r in delta.changed}.items() <= complete.items() or (before.until is not None and not complete)
    after = data.draw(all_series(before.timezone, before.first))
    account.write(SeriesWrite(before.key, before, after, created.etag))
    second = account.read(delta.cursor)
    owned = {o.resource: o.etag for o in account.provider().owned("")}
    assert {r.name: r.etag for r in second.changed if r.name == KEY}.items() <= owned.items()
    account.server.hand.delete("", KEY)
    assert account.read(second.cursor).removed == (KEY,)
