"""Each option of the setup is read as a leader would write it, and refused with what was expected."""

from __future__ import annotations

from datetime import time

import pytest

from calsync.setup.suggest import country_of, service_of, unused_name
from calsync.setup.wishes import block_of, calendar_of, clock_of, hours_of, person_of


def test_a_calendar_is_read_with_and_without_braces() -> None:
    entry = {"name": "work", "provider": "ics", "path": "~/calendars", "write": True}
    assert calendar_of("name: work, provider: ics, path: ~/calendars, write: true") == entry
    assert calendar_of("{name: work, provider: ics, path: ~/calendars, write: true}") == entry


@pytest.mark.parametrize(
    ("reader", "text", "why"),
    [
        (calendar_of, "work", "a calendar needs `name:`, as in 'name: work, provider: ics, path: ~/calendars/work"),
        (calendar_of, "name: work", "a calendar needs `provider:`"),
        (calendar_of, "name: [", "expected keys and values such as 'name: work"),
        (calendar_of, "", "a calendar needs `name:`"),
        (hours_of, "", "expected days with their hours, such as mon-thu 09:00-17:00; fri 09:00-13:00"),
        (hours_of, "always", "expected days with their hours"),
        (hours_of, "9-5", "09:00-05:00 ends before it starts"),
        (hours_of, "mon 17:00-09:00", "17:00-09:00 ends before it starts"),
        (hours_of, "mon-tue 09:00-10:00; tue 11:00-12:00", "names a day twice"),
        (hours_of, "moon 09:00-10:00", 'unknown weekday "moon"; did you mean `mon`?'),
        (block_of, "two", 'expected how many a week and how long, such as 2x30, or none, not "two"'),
        (block_of, "2x30x4", "expected how many a week"),
        (clock_of, "4.15", 'expected a time as HH:MM, 00:00 to 23:59, not "4.15"'),
        (clock_of, "4:15", "did you mean `04:15`?"),
        (person_of, "Ana Sousa", "expected a name, an address in < >, the ideal and the longest gap"),
        (person_of, "Ana Sousa <ana@example.com> 28d 14d", "the longest gap (14d) is below the ideal one (28d)"),
        (person_of, "Ana Sousa 0d 14d", "expected 1 to 730 days"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(reader: object, text: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is what is compared
        reader(text)  # type: ignore[operator]
    assert why in str(refused.value)


def test_hours_blocks_times_and_people_are_read() -> None:
    assert hours_of("mon-thu 09:00-12:30, 13:15-17:30; fri 09:00-15:00") == {
        "mon-thu": "09:00-12:30, 13:15-17:30",
        "fri": "09:00-15:00",
    }
    assert hours_of("9-17") == hours_of("09:00 - 17:00") | {"mon-fri": "09:00-17:00"}
    assert hours_of("mon-thu 8.30-12, 13-17; fri 9:00-15") == {
        "mon-thu": "08:30-12:00, 13:00-17:00",
        "fri": "09:00-15:00",
    }
    assert block_of("2x30") == block_of(" 2 X 30 ") == (2, 30)
    assert block_of("none") == block_of("0") == (0, 0)
    assert clock_of("04:15") == time(4, 15)
    assert person_of("Ana Sousa <ana@example.com> 2w 28d") == {
        "name": "Ana Sousa",
        "email": "ana@example.com",
        "ideal": "14d",
        "max": "28d",
    }
    assert person_of("Ana 14 28") == {"name": "Ana", "ideal": "14d", "max": "28d"}


def test_a_country_is_proposed_only_where_the_zone_has_one() -> None:
    assert (country_of("Europe/Berlin"), country_of("Asia/Kathmandu"), country_of("Etc/UTC")) == ("DE", "NP", "")


def test_an_address_tells_whose_calendar_it_is_only_by_its_domain() -> None:
    assert service_of("Maya@GoogleMail.com") == "google"
    assert service_of("maya@example.com") == ""


def test_a_calendars_name_is_one_that_the_configuration_takes_and_nobody_has() -> None:
    assert unused_name("Maya's birthdays 🎂", []) == "Maya s birthdays"
    assert unused_name("work", ["Work", "work 2"]) == "work 3"
    assert unused_name("🎂", []) == "calendar"
