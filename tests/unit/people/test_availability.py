"""Idea 25: people are picked only for hours at which they are at work, by their own clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calsync.model import Person, Span
from calsync.people.availability import reachable

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = {day: ((time(9), time(12, 30)), (time(13, 15), time(17, 30))) for day in range(5)}


def block(hour: int, minute: int = 0, day: int = 10, minutes: int = 30) -> Span:
    start = datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)
    return Span(start, start + timedelta(minutes=minutes))


def test_somebody_nine_hours_away_is_never_reached_outside_their_own_hours() -> None:
    far = Person("Lee", 14, 28, timezone="America/Los_Angeles")
    reached = [hour for hour in range(24) if reachable(far, block(hour), HOURS)]
    # 09:00 to 17:30 there is 18:00 to 02:30 here.
    assert reached == [0, 1, 2, 18, 19, 20, 21, 22, 23]


@pytest.mark.parametrize(
    ("person", "span", "expected"),
    [
        (Person("Bo", 14, 28), block(12, 45), True),
        (Person("Bo", 14, 28, timezone="Europe/Lisbon"), block(9, 45), False),
        (Person("Bo", 14, 28, timezone="Europe/Lisbon"), block(10), True),
        (Person("Bo", 14, 28, timezone="Europe/Lisbon"), block(14), True),
        (Person("Bo", 14, 28, timezone="Europe/Lisbon", working_hours=HOURS), block(14), False),
        (Person("Bo", 14, 28, timezone="Europe/Lisbon", working_hours=HOURS), block(14, 15), True),
        (Person("Bo", 14, 28, working_hours={1: ((time(6), time(9)),)}), block(8, 30), True),
        (Person("Bo", 14, 28, working_hours={1: ((time(6), time(9)),)}), block(8, 45), False),
        (Person("Bo", 14, 28, working_hours={}), block(10), False),
        (Person("Bo", 14, 28, free_days=frozenset({date(2026, 11, 10)})), block(10), False),
        (Person("Bo", 14, 28, free_days=frozenset({date(2026, 11, 11)})), block(10), True),
    ],
)
def test_hours_lunch_and_holidays_are_the_persons_own(person: Person, span: Span, expected: bool) -> None:
    assert reachable(person, span, HOURS) is expected


def test_a_holiday_is_the_day_it_is_where_the_person_is() -> None:
    tokyo = Person("Aoi", 14, 28, timezone="Asia/Tokyo", working_hours=dict.fromkeys(range(7), ((time(0), time(23)),)))
    evening = block(17)
    on_leave = Person(**{f: getattr(tokyo, f) for f in ("name", "ideal_days", "max_days", "timezone", "working_hours")})
    assert reachable(on_leave, evening, HOURS)
    away = Person("Aoi", 14, 28, (), "Asia/Tokyo", (), "", tokyo.working_hours, frozenset({date(2026, 11, 11)}))
    assert not reachable(away, evening, HOURS), "17:00 in Berlin is the next morning in Tokyo"


def test_somebody_who_is_taken_then_is_not_picked() -> None:
    ana = Person("Ana", 14, 28)
    assert not reachable(ana, block(10), HOURS, [block(10, 15)])
    assert reachable(ana, block(10), HOURS, [block(10, 30)])
