"""What goes out in the morning, and the line on a night that did not go well."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calsync.coming import ComingBlock
from calsync.config.values import Names
from calsync.digest import Message, digest, night_failed, trouble
from calsync.errors import CalsyncError, Refused, SignInNeeded, Unfinished, Unreachable
from calsync.history import LastNight
from calsync.model import Person
from calsync.people.brief import NOTHING

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 9, 7, 30, tzinfo=BERLIN)
TODAY = NOW.date()
PEOPLE = [Person("Ana Sousa", 14, 28), Person("Okafor, Ben", 14, 28, call_name="Benny")]


def block(hour: int, kind: str, *people: str, state: str = "planned") -> ComingBlock:
    start = datetime(2026, 11, 9, hour, 0, tzinfo=BERLIN)
    named = tuple((name, "because of her secret") for name in people)
    end = start + timedelta(minutes=30)
    return ComingBlock("id", f"{kind}-1", kind, "work", start, end, state, named, (NOTHING,) * len(named))


BLOCKS = [block(9, "follow-through"), block(14, "connect", "Ana Sousa", "Okafor, Ben"), block(16, "kindness")]


def test_without_names_there_are_times_and_kinds() -> None:
    assert digest(BLOCKS, PEOPLE, Names.NONE, TODAY, "") == Message(
        "calsync: Mon 9 Nov",
        "09:00-09:30 follow-through\n14:00-14:30 connect\n16:00-16:30 kindness\n`calsync today` says whom.",
    )


def test_with_first_names_there_is_what_each_is_called_and_nothing_of_why() -> None:
    found = digest([*BLOCKS, block(17, "connect", "Zoë Former")], PEOPLE, Names.FIRST, TODAY, "")
    assert found is not None
    assert found.body == (
        "09:00-09:30 follow-through\n14:00-14:30 connect: Ana, Benny\n16:00-16:30 kindness\n"
        "17:00-17:30 connect: Zoë\n`calsync today` says what to know first."
    )


def test_a_block_that_was_skipped_is_left_out_and_a_day_without_any_says_nothing() -> None:
    assert digest([block(14, "connect", "Ana Sousa", state="skipped")], PEOPLE, Names.NONE, TODAY, "") is None
    assert digest([], PEOPLE, Names.NONE, TODAY, "") is None


def test_a_day_without_blocks_says_that_the_last_night_failed() -> None:
    found = digest([], PEOPLE, Names.NONE, TODAY, "It failed.")
    assert found == Message("calsync: Mon 9 Nov", "It failed.")
    both = digest(BLOCKS[2:], PEOPLE, Names.NONE, TODAY, "It failed.")
    assert both is not None
    assert both.body == "16:00-16:30 kindness\nIt failed."


def night(hours_ago: float, code: int | None, *, ended: bool = True) -> LastNight:
    return LastNight(NOW.astimezone(UTC) - timedelta(hours=hours_ago), ended, code)


@pytest.mark.parametrize(
    "last", [None, night(3, 0), night(3, 5), night(47, 0), night(0.5, None, ended=False), night(48, 0)]
)
def test_a_night_that_went_well_or_is_under_way_is_no_trouble(last: LastNight | None) -> None:
    assert trouble(last, NOW) == ""


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (night(3, 3), "The night of Mon 9 Nov 04:30 did not go well (exit code 3): `calsync log last` says why."),
        (night(3, 4), "The night of Mon 9 Nov 04:30 did not go well (exit code 4): `calsync log last` says why."),
        (night(3, None, ended=False), "The night of Mon 9 Nov 04:30 was cut off: `calsync log last` has its events."),
        (
            night(49, 0),
            "No night has run since Sat 7 Nov 06:30: `calsync schedule show` says when the next is due.",
        ),
    ],
)
def test_a_night_that_failed_was_cut_off_or_is_long_ago_is_one_line(last: LastNight, said: str) -> None:
    assert trouble(last, NOW) == said


def test_the_notice_of_a_night_that_failed_says_in_what_way_and_names_nothing() -> None:
    errors: list[CalsyncError] = [
        SignInNeeded("Ana's work: maya@example.com wants you to sign in"),
        Unreachable("Ana's work: timed out"),
        Unreachable("second: timed out"),
        Refused("Ana's work: surprising"),
        Unfinished("Ana.ics cannot be written"),
    ]
    found = night_failed(errors, date(2026, 11, 9))
    assert found.title == "calsync: the night did not go well"
    assert found.body == (
        "The night of Mon 9 Nov did not go well: an account wants you to sign in; 2 calendars could not be read or "
        "written; it stopped at a plan that would change surprisingly much; a part of the work was left.\n"
        "`calsync log last` says more."
    )
