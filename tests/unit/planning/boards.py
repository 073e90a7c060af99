"""Boards for tests: by hand for examples, drawn by Hypothesis for laws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from calsync.model import Kind, Span, at_wall_clock
from calsync.planning.board import Board, BusySpan, KindPlan, PlannedSeries, Prefer, Standing, Wish

MONDAY = date(2026, 2, 2)
BERLIN = ZoneInfo("Europe/Berlin")
CONNECT = Wish(Kind.CONNECT, 30, 1)
FULL_WEEK = (("09:00", "12:30"), ("13:15", "17:30"))


def at(day: date, clock: str, zone: ZoneInfo = BERLIN) -> datetime:
    return at_wall_clock(day, time.fromisoformat(clock), zone)


def span(day: date, start: str, end: str, zone: ZoneInfo = BERLIN) -> Span:
    return Span(at(day, start, zone), at(day, end, zone))


def board(
    weeks: int = 4,
    *,
    zone: ZoneInfo = BERLIN,
    monday: date = MONDAY,
    hours: Sequence[tuple[str, str]] = FULL_WEEK,
    weekdays: Iterable[int] = range(5),
    free_days: Iterable[date] = (),
    busy: Iterable[tuple[date, str, str, str]] = (),
    not_before: datetime | None = None,
    **more: Any,
) -> Board:
    """A board of whole working weeks; `busy` rows are (day, start, end, label)."""
    mondays = tuple(monday + timedelta(7 * i) for i in range(weeks))
    days = {m + timedelta(d) for m in mondays for d in weekdays} - set(free_days)
    return Board(
        zone=zone,
        mondays=mondays,
        not_before=not_before or at(monday, "00:00", zone),
        working={d: tuple(span(d, a, b, zone) for a, b in hours) for d in sorted(days)},
        busy=tuple(BusySpan(span(d, a, b, zone), label) for d, a, b, label in busy),
        **more,
    )


def standing(weekday: int, start: str, **more: Any) -> Standing:
    """A connect series of 30 minutes that has existed for ten weeks."""
    defaults: dict[str, Any] = {"number": 1, "generation": 0, "minutes": 30}
    first = MONDAY - timedelta(70) + timedelta(weekday)
    return Standing(**(defaults | {"weekday": weekday, "start": time.fromisoformat(start), "first": first} | more))


def only(plan: KindPlan) -> PlannedSeries:
    (series,) = plan.series
    return series


def told(plan: KindPlan, zone: ZoneInfo = BERLIN) -> list[str]:
    """Every date of a plan as `Tue 14:00`, with what stands at its home first when it is elsewhere."""
    out = []
    for series in plan.series:
        for p in series.placements:
            where = "dropped" if p.span is None else f"{p.span.start.astimezone(zone):%a %H:%M}"
            out.append(where if not p.reason else f"{where} ({p.reason})")
    return out


def as_standing(plan: KindPlan, before: Sequence[Standing] = ()) -> list[Standing]:
    """The series of a plan as the next night finds them."""
    known = {(s.number, s.generation): s for s in before}
    last = max([s.generation for s in before], default=-1)
    found = []
    for series in plan.series:
        old = known.get((series.number, series.generation)) if series.standing else None
        fixed = dict(old.fixed) if old else {}
        out = old.frozen_out if old else frozenset()
        found.append(
            Standing(
                number=series.number,
                generation=series.generation if old else last + 1,
                weekday=series.weekday,
                start=series.start,
                minutes=series.minutes,
                first=series.first,
                keep=old.keep if old else False,
                fixed=fixed,
                frozen_out=out,
                current={
                    p.home: p.span
                    for p in series.placements
                    if p.home not in fixed and p.home not in out and (p.span is None or p.reason)
                },
            )
        )
    return found


# ---------------------------------------------------------------- drawn

ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
]

STARTS = [
    date(2026, 3, 2),
    date(2026, 3, 23),
    date(2026, 10, 19),
    date(2026, 2, 9),
    date(2018, 10, 29),
]
"""Mondays around which clocks change in one zone or another (2018: the last year of summer time in Brazil)."""


def _monday(span: Span, zone: ZoneInfo) -> date:
    day = span.start.astimezone(zone).date()
    return day - timedelta(day.weekday())


@st.composite
def cases(draw: st.DrawFn, *, tiny: bool = False) -> tuple[Board, Wish, list[Standing]]:
    """A board, a wish and series that stand; `tiny` ones can be solved by trying everything."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    monday = draw(st.sampled_from(STARTS))
    weeks = draw(st.integers(1, 2 if tiny else 5))
    grid = draw(st.sampled_from([30, 60] if tiny else [5, 10, 15]))
    opening = draw(st.sampled_from([9 * 60, 11 * 60, 13 * 60]))
    length = draw(st.sampled_from([2, 3] if tiny else [3, 6, 8]))
    days = draw(st.integers(1, 3 if tiny else 5))
    mondays = tuple(monday + timedelta(7 * i) for i in range(weeks))

    def moment(day: date, minute: int) -> datetime:
        return at_wall_clock(day, time(minute // 60, minute % 60), zone)

    everyday = [m + timedelta(d) for m in mondays for d in range(days)]
    off = draw(st.sets(st.sampled_from(everyday), max_size=2))
    parts = [(opening, opening + 60 * length)]
    if length > 3 and draw(st.booleans()):
        noon = draw(st.sampled_from([11 * 60, 12 * 60, 12 * 60 + 30])) if opening < 11 * 60 else 15 * 60
        parts = [(opening, noon), (noon + 45, opening + 60 * length)]
    working = {d: tuple(Span(moment(d, a), moment(d, b)) for a, b in parts) for d in everyday if d not in off}
    step = 30 if tiny else 5
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(everyday),
                st.integers(0, 60 * length // step - 1),
                st.sampled_from([30, 60, 90]),
                st.sampled_from(["team meeting", "one-on-one", "out of office"]),
            ),
            max_size=3 * len(everyday),
        )
    )
    busy = tuple(
        BusySpan(Span(moment(d, opening + step * s), moment(d, opening + step * s) + timedelta(minutes=n)), label)
        for d, s, n, label in rows
    )
    minutes = draw(st.sampled_from([30, 60] if tiny else [10, 30, 45]))
    places = st.tuples(st.sampled_from(everyday), st.integers(0, 60 * length // step - 1))

    def block(place: tuple[date, int], size: int) -> Span:
        begin = moment(place[0], opening + step * place[1])
        return Span(begin, (begin.astimezone(UTC) + timedelta(minutes=size)).astimezone(zone))

    own = tuple(block(p, 30) for p in draw(st.lists(places, max_size=2)))
    hours_in = 0 if tiny else draw(st.sampled_from([0, 0, 20, 55, 90]))
    made = Board(
        zone=zone,
        mondays=mondays,
        not_before=moment(monday, 0) + timedelta(hours=hours_in),
        working=working,
        busy=busy,
        own=own,
        buffer=timedelta(minutes=draw(st.sampled_from([0, 5, 15]))),
        grid_minutes=grid,
        block_share=draw(st.sampled_from([0.1, 0.25, 1.0])),
        free_minutes=draw(st.sampled_from([0, 60])),
    )
    wish = Wish(
        Kind.CONNECT,
        minutes,
        draw(st.integers(1, 2 if tiny else 4)),
        draw(st.sampled_from(list(Prefer))),
        draw(st.sampled_from([1, 1, 2])),
    )
    series: list[Standing] = []
    slots = draw(
        st.lists(
            st.tuples(st.integers(0, days - 1), st.integers(0, 60 * length // grid - 1)),
            unique=True,
            max_size=2 if tiny else 3,
        )
    )
    for number, (weekday, slot) in enumerate(slots, 1):
        homes = [m + timedelta(weekday) for m in mondays]
        start = opening + grid * slot
        current = {
            home: draw(st.none() | places.map(lambda p: block(p, minutes)))
            for home in homes
            if draw(st.integers(0, 3)) == 0
        }
        current = {h: s for h, s in current.items() if s is None or _monday(s, zone) == h - timedelta(weekday)}
        fixed: dict[date, Span | None] = {}
        if not tiny:
            for home in homes:
                chance = draw(st.integers(0, 11))
                if chance == 0:
                    fixed[home] = None
                elif chance == 1:
                    fixed[home] = block(draw(places), minutes)
        # Dates that began before the plan does are fixed by whoever calls: they took place, or are frozen.
        for home in homes:
            begin = moment(home, start)
            if begin < made.not_before and home not in fixed:
                fixed[home] = Span(begin, begin + timedelta(minutes=minutes))
        series.append(
            Standing(
                number=number,
                generation=0,
                weekday=weekday,
                start=time(start // 60, start % 60),
                minutes=minutes,
                first=monday + timedelta(weekday) - timedelta(70),
                keep=any(s is not None for s in fixed.values()),
                fixed=fixed,
                current={h: s for h, s in current.items() if h not in fixed},
            )
        )
    return made, wish, series
