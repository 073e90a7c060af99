"""Each finding about the room for blocks and the people, injected, with its whole text."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from calsync.doctor import calendars, room, rotation
from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, exit_code
from calsync.planning.board import Board
from calsync.state.store import Store
from tests.unit.doctor.rig import NOW, Check, Folder, bad, fine, told


def after_reading(check: Check) -> Check:
    """The check, on what a night on paper has read."""

    def both(case: Case) -> list[Finding]:
        list(calendars.reading(case))
        return list(check(case))

    return both


def all_day(uid: str, day: datetime, days: int, *, title: str = "Fair", free: bool = False) -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Another program//EN", "BEGIN:VEVENT", f"UID:{uid}",
        "DTSTAMP:20261101T080000Z", f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days):%Y%m%d}", f"SUMMARY:{title}",
        *(["TRANSP:TRANSPARENT"] if free else []), "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n").encode()


# --- room ---


def test_whole_days_that_leave_no_room_are_told_by_date_and_on_the_screen_by_title(folder: Folder) -> None:
    (folder.work / "fair.ics").write_bytes(all_day("fair", NOW + timedelta(days=1), 19, title="Fair in Milan"))
    (found,) = bad(after_reading(room.whole_days), folder.case())
    assert told(found) == (
        "warns",
        (
            "14 of the 20 working days of the coming 4 weeks are taken as a whole by events that last all day or say "
            "out of office: Tue 10 Nov, Wed 11 Nov, Thu 12 Nov, Fri 13 Nov, Mon 16 Nov, Tue 17 Nov, Wed 18 Nov, "
            "Thu 19 Nov, Fri 20 Nov, Mon 23 Nov and 4 more"
        ),
        "a day that is taken as a whole gets no block; an all-day entry that is only a note must be shown as free",
        "show those events as free in your calendar, or wait until you are back",
    )
    assert found.screen == ("Fair in Milan",)
    assert "Milan" not in str(found.as_json())


@pytest.mark.parametrize(("clock", "taken"), [("09", True), ("21", False)])
def test_an_hour_out_of_office_each_day_takes_the_day_and_one_at_night_does_not(
    folder: Folder, clock: str, taken: bool
) -> None:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Another program//EN", "BEGIN:VEVENT", "UID:away",
        "DTSTAMP:20261101T080000Z", f"DTSTART;TZID=Europe/Berlin:20261109T{clock}0000", "DURATION:PT1H",
        "RRULE:FREQ=DAILY;COUNT=30", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "SUMMARY:Away", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    (folder.work / "away.ics").write_bytes(("\r\n".join(lines) + "\r\n").encode())
    found = bad(after_reading(room.whole_days), folder.case())
    assert [(one.key, one.screen) for one in found] == ([("room.days", ("Away",))] if taken else [])


@pytest.mark.parametrize(("begin", "end", "taken"), [("20261109T000000", "20261204T000000", 19), ("", "", 0)])
def test_a_meeting_of_weeks_takes_the_days_that_it_covers_and_those_of_a_day_take_none(
    folder: Folder, begin: str, end: str, taken: int
) -> None:
    often = [] if begin else ["RRULE:FREQ=DAILY;COUNT=30"]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Another program//EN", "BEGIN:VEVENT", "UID:fair",
        "DTSTAMP:20261101T080000Z", f"DTSTART;TZID=Europe/Berlin:{begin or '20261109T000100'}",
        f"DTEND;TZID=Europe/Berlin:{end or '20261109T235900'}", *often, "SUMMARY:Fair", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    (folder.work / "fair.ics").write_bytes(("\r\n".join(lines) + "\r\n").encode())
    found = bad(after_reading(room.whole_days), folder.case())
    assert [one.what.split(" of ")[0] for one in found] == ([str(taken)] if taken else [])


@pytest.mark.parametrize(("days", "free"), [(19, True), (12, False)])
def test_a_note_and_a_holiday_of_two_weeks_are_fine(folder: Folder, days: int, free: bool) -> None:
    (folder.work / "fair.ics").write_bytes(all_day("fair", NOW + timedelta(days=1), days, free=free))
    assert bad(after_reading(room.whole_days), folder.case()) == []


def test_weeks_without_any_room(folder: Folder) -> None:
    (folder.work / "fair.ics").write_bytes(all_day("fair", NOW + timedelta(days=7), 7))
    (found,) = bad(after_reading(calendars.night), folder.case())
    assert told(found) == (
        "warns",
        "there is no room for any block in 2026-W47",
        "a night names these weeks and ends with 5; in them nobody gets time",
        "see what takes the time with `calsync plan`; shorter blocks or longer `working_hours` leave more room",
    )
    assert exit_code([found]) == 0


def test_promises_without_time(folder: Folder) -> None:
    from calsync.tokens import SecretStore
    from calsync.vault import Vault

    folder.write("# promises", connect="{minutes: 30, per_week: 1}, follow-through: {minutes: 30, per_week: 1}")
    folder.night()
    vault = Vault(SecretStore(folder.state, {}))
    vault.make_key()
    from calsync.cli import main

    where = ["--config", str(folder.config), "--state", str(folder.state)]
    due = ["--by", "2026-11-10", "--minutes", "240"]
    assert main([*where, "promise", "add", "Ana Sousa", "Send the budget", *due, "--now", NOW.isoformat()]) == 5
    (found,) = bad(after_reading(calendars.night), folder.case())
    assert told(found) == (
        "warns",
        "1 promise does not get enough time before the day they are due",
        "a night names them and ends with 5",
        "`calsync promise list` says what would make room",
    )


def test_no_block_at_all(folder: Folder) -> None:
    folder.write(connect="")
    (found,) = bad(room.hours, folder.case())
    assert told(found) == (
        "warns",
        "no block is asked for",
        "a night then reads the calendars and plans nothing",
        f"add `blocks:` to {folder.config} (docs/configuration.md)",
    )


def test_hours_that_are_too_narrow_for_a_block(folder: Folder) -> None:
    folder.write(connect="{minutes: 90, per_week: 1}", hours='{mon-fri: "09:00-10:00, 11:00-12:00, 13:00-14:00"}')
    (found,) = [one for one in bad(room.hours, folder.case()) if one.key == "hours.narrow"]
    assert told(found) == (
        "warns",
        "a connect block of 90 minutes fits into no stretch of `working_hours`; the longest has 60",
        "no such block is ever planned",
        f"shorten the block or widen the hours in {folder.config}",
    )


def test_a_tenth_that_allows_no_block_or_too_few(folder: Folder) -> None:
    folder.write(connect="{minutes: 30, per_week: 1}", hours='{mon: "09:00-12:00"}')
    (none,) = bad(room.hours, folder.case())
    assert told(none) == (
        "warns",
        "a tenth of the week's working time is 18 minutes, less than the shortest block has",
        "blocks take a tenth of the working time at most, so none is ever planned",
        f"ask for fewer or shorter blocks in {folder.config}",
    )
    folder.write(connect="{minutes: 30, per_week: 3}", hours='{mon-tue: "09:00-15:00"}')
    (few,) = bad(room.hours, folder.case())
    assert told(few) == (
        "warns",
        "the blocks ask for 90 minutes a week, and a tenth of the week's working time is 72",
        "blocks take a tenth of the working time at most; the others are left out, and a night names them",
        f"ask for fewer or shorter blocks in {folder.config}",
    )


def test_the_tenth_is_the_planners() -> None:
    assert Board.__init__.__kwdefaults__ is None
    defaults = dict(zip(reversed(Board.__match_args__), reversed(Board.__init__.__defaults__ or ()), strict=False))
    assert defaults["block_share"] == room.SHARE


def test_a_week_without_a_working_day_by_its_holidays(folder: Folder) -> None:
    # Of the days that are worked here, the week of Christmas has holidays only.
    folder.write("holidays: DE-BY", hours='{fri: "09:00-17:00"}', connect="{minutes: 30, per_week: 1}")
    (found,) = [one for one in bad(room.hours, folder.case()) if one.key == "hours.holidays"]
    assert told(found) == (
        "warns",
        "by `holidays: DE-BY` no day is worked in the week of Mon 21 Dec, Mon 28 Dec",
        "such a week gets no block",
        f"check `holidays` and `working_hours` in {folder.config}",
    )


# --- people ---


def test_nobody_in_the_rotation(folder: Folder) -> None:
    folder.write(people="[]")
    (found,) = bad(rotation.people, folder.case())
    assert told(found) == (
        "warns",
        "nobody is in the rotation",
        "blocks are planned, and none of them says whom to reach",
        "run `calsync people import`",
    )


def test_everybody_paused(folder: Folder) -> None:
    folder.night()
    with Store(folder.state, NOW) as store:
        store.pause("Ana Sousa", NOW.date())
    (found,) = bad(rotation.people, folder.case())
    assert told(found) == (
        "warns",
        "everybody in the rotation is paused",
        "blocks are planned, and none of them says whom to reach",
        "run `calsync people resume NAME`",
    )


def test_gaps_that_cannot_be_kept(folder: Folder) -> None:
    crowd = ", ".join(f"{{name: Person {n}, ideal: 7d, max: 7d}}" for n in range(9))
    folder.write(people=f"[{crowd}]", connect="{minutes: 30, per_week: 1, pings: 1}")
    (found,) = rotation.people(folder.case())  # and nothing is said to be fine
    assert told(found) == (
        "warns",
        (
            "the gaps ask for 9.0 turns a week and the blocks give 1: not even the maximum gaps can be kept; 8 blocks "
            "more a week would keep everybody within their ideal gap"
        ),
        "some people then wait longer than their maximum gap, whatever is planned",
        f"raise `per_week` or `pings` under `blocks.connect`, or lengthen gaps, in {folder.config}",
    )


def test_somebody_whose_hours_never_meet_the_leaders(folder: Folder) -> None:
    folder.write(people="[{name: Kiri Ngata, ideal: 14d, max: 28d, timezone: Pacific/Auckland}]")
    (found,) = rotation.people(folder.case())  # and nothing is said to be fine
    assert told(found) == (
        "warns",
        "no time within your `working_hours` lies within the hours of Kiri Ngata",
        "no block can ever be for them",
        f"check `timezone` and `hours` of Kiri Ngata in {folder.config}",
    )


def test_people_who_can_be_reached(folder: Folder) -> None:
    assert fine(rotation.people, folder.case()) == ["1 in the rotation can be reached, within their maximum gaps"]
