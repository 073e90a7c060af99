"""The made-up leader: valid iCalendar, the same bytes for the same day, one of everything that matters."""

from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.demo import DemoPaths, log_talks, write_demo
from calsync.desk import Desk, open_desk
from calsync.errors import UsageError
from calsync.memory import recollect
from calsync.people.contacts import name_key
from calsync.people.signals import flags
from calsync.people.talks import open_thread
from calsync.promises import promised
from calsync.state.store import Store
from calsync.vault import KEY_NAME

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 9, 5, tzinfo=BERLIN)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoPaths:
    return write_demo(tmp_path_factory.mktemp("leader") / "demo", NOW)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def work(paths: DemoPaths) -> list[icalendar.Calendar]:
    return [
        icalendar.Calendar.from_ical(p.read_bytes()) for p in sorted((paths.folder / "calendars" / "work").iterdir())
    ]


def events(paths: DemoPaths) -> list[icalendar.Event]:
    return [event for calendar in work(paths) for event in calendar.events]


def test_it_writes_what_it_says(demo: DemoPaths) -> None:
    assert demo.fresh
    assert demo.config.is_file()
    assert demo.state.is_dir()
    assert not any(demo.state.iterdir())
    assert (demo.folder / "calendars" / "family.ics").is_file()
    assert len(list((demo.folder / "calendars" / "work").glob("*.ics"))) > 40


def test_the_same_day_gives_the_same_bytes(demo: DemoPaths, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "again", datetime(2026, 11, 9, 22, 59, tzinfo=UTC))
    assert files(again.folder) == files(demo.folder)


def test_another_day_gives_another_calendar(demo: DemoPaths, tmp_path: Path) -> None:
    other = write_demo(tmp_path / "other", NOW + timedelta(weeks=1))
    assert files(other.folder) != files(demo.folder)


def test_every_line_ends_with_crlf_and_has_at_most_75_octets(demo: DemoPaths) -> None:
    for name, content in files(demo.folder / "calendars").items():
        assert content.endswith(b"END:VCALENDAR\r\n"), name
        assert content.replace(b"\r\n", b"").count(b"\n") == 0, name
        assert max(map(len, content.split(b"\r\n"))) <= 75, name
        content.decode("utf-8")


def test_each_file_of_the_work_calendar_has_one_uid_and_two_libraries_read_it(demo: DemoPaths) -> None:
    uids = []
    for path in sorted((demo.folder / "calendars" / "work").iterdir()):
        content = path.read_bytes()
        mine = {str(event["UID"]) for event in icalendar.Calendar.from_ical(content).events}
        assert len(mine) == 1, path.name
        uids += mine
        assert len(vobject.readOne(content.decode()).vevent_list) == len(
            icalendar.Calendar.from_ical(content).events
        ), path.name
    assert len(set(uids)) == len(uids)


@settings(max_examples=25)
@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_around_any_day_every_occurrence_stands_on_its_wall_clock(
    tmp_path_factory: pytest.TempPathFactory, day: date
) -> None:
    now = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    paths = write_demo(tmp_path_factory.mktemp("any") / "demo", now)
    calendar = icalendar.Calendar.from_ical((paths.folder / "calendars" / "work" / "team-meeting.ics").read_bytes())
    meetings = recurring_ical_events.of(calendar).between(day, day + timedelta(weeks=12))
    assert {(m.start.hour, m.start.minute, m.start.weekday()) for m in meetings} == {(9, 30, 0)}
    assert {m.start.tzinfo.utcoffset(m.start) for m in meetings} == {
        BERLIN.utcoffset(m.start.replace(tzinfo=None)) for m in meetings
    }
    moved = icalendar.Calendar.from_ical((paths.folder / "calendars" / "work" / "one-on-one-ana.ics").read_bytes())
    talks = recurring_ical_events.of(moved).between(day, day + timedelta(weeks=12))
    assert sorted({m.start.hour for m in talks}) == [10, 14]
    assert sum(m.start.hour == 14 for m in talks) == 1


def test_it_has_one_of_everything_that_matters(demo: DemoPaths) -> None:
    found = events(demo)
    me = "mailto:maya@example.com"

    def answers(event: icalendar.Event) -> dict[str, str]:
        invited = event.get("ATTENDEE", [])
        return {str(a): a.params["PARTSTAT"] for a in (invited if isinstance(invited, list) else [invited])}

    assert any(answers(e).get(me) == "DECLINED" for e in found)
    assert any(str(e.get("STATUS")) == "TENTATIVE" and answers(e).get(me) == "TENTATIVE" for e in found)
    assert any(str(e.get("STATUS")) == "CANCELLED" for e in found)
    assert any(str(e.get("TRANSP")) == "TRANSPARENT" for e in found)
    assert any("RECURRENCE-ID" in e for e in found)
    assert any("EXDATE" in e for e in found)
    assert any(str(e.get("RRULE", {}).get("FREQ", [""])[0]) == "MONTHLY" for e in found)
    assert any(e.get("RRULE", {}).get("INTERVAL") == [2] for e in found)
    assert any(e.get("X-MICROSOFT-CDO-BUSYSTATUS") == "OOF" and e.end - e.start == timedelta(days=3) for e in found)
    people = [len([a for a in answers(e) if a.endswith("@example.com") and a != me]) for e in found if "RRULE" in e]
    assert people.count(1) >= 5, "one-on-ones"
    assert sum(n > 3 for n in people) >= 4, "team meetings"
    family = icalendar.Calendar.from_ical((demo.folder / "calendars" / "family.ics").read_bytes()).events
    assert any(str(e["SUMMARY"]) == "Dentist" for e in family)
    birthdays = [e for e in family if "birthday" in str(e["SUMMARY"])]
    assert len(birthdays) == 2
    assert all(str(e["TRANSP"]) == "TRANSPARENT" and not isinstance(e.start, datetime) for e in birthdays)


def test_the_afternoons_clash_on_some_weeks_and_not_on_others(demo: DemoPaths) -> None:
    busy: set[tuple[int, int, int]] = set()
    monday = date(2026, 11, 9)
    for calendar in work(demo):
        for event in recurring_ical_events.of(calendar).between(monday, monday + timedelta(weeks=12)):
            if isinstance(event.start, datetime) and event.start.hour >= 13:
                busy.add(((event.start.date() - monday).days // 7, event.start.weekday(), event.start.hour))
    for weekday in (1, 2):
        weeks = {week for week, day, hour in busy if day == weekday and hour in {13, 14}}
        assert 0 < len(weeks) < 12


def test_run_again_it_goes_on_from_there_and_touches_no_edit(tmp_path: Path) -> None:
    first = write_demo(tmp_path / "demo", NOW)
    (first.folder / "calendars" / "work" / "team-meeting.ics").unlink()
    first.config.write_text("mine", "utf-8")
    before = files(first.folder)
    second = write_demo(tmp_path / "demo", NOW + timedelta(days=3))
    assert second == DemoPaths(first.folder, first.config, first.state, fresh=False)
    assert files(first.folder) == before


def test_a_demo_that_was_cut_off_is_finished_for_the_day_it_was_begun_on(demo: DemoPaths, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / ".calsync-demo").write_text("writing 2026-11-09\n", "utf-8")
    finished = write_demo(folder, NOW + timedelta(weeks=5))
    assert finished.fresh
    assert files(folder) == files(demo.folder)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(UsageError) as refusal:
        write_demo(tmp_path, NOW)
    assert str(tmp_path) in refusal.value.what
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert write_demo(tmp_path, NOW).fresh


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(UsageError) as refusal:
        write_demo(tmp_path / "file" / "demo", NOW)
    assert str(tmp_path / "file" / "demo") in refusal.value.what


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        write_demo(tmp_path / "demo", NOW.replace(tzinfo=None))


@pytest.fixture
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A demo with its talks, on a computer with a keyring that is somebody else's business."""
    monkeypatch.delenv("CALSYNC_SECRET_CALSYNC_NOTES", raising=False)
    paths = write_demo(tmp_path / "demo", NOW)
    desk = open_desk(paths.config, paths.state, NOW)
    log_talks(desk)
    return desk


def test_talks_are_logged_with_a_key_of_the_demos_own_that_only_its_owner_can_read(remembered: Desk) -> None:
    secrets = remembered.state_folder / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert list(json.loads(secrets.read_text("utf-8"))) == [KEY_NAME]
    with Store(remembered.state_folder, NOW) as store:
        found = recollect(remembered, store)
        contacts = store.contacts()
    assert found.problems == []
    assert all(contact.at < NOW and contact.at.astimezone(BERLIN).weekday() < 5 for contact in contacts)
    thread = open_thread(found.talks["ana sousa"])
    assert thread is not None
    assert "Porto" in thread.thread
    assert all(b"Porto" not in path.read_bytes() for path in remembered.state_folder.iterdir() if path.is_file())


def test_one_promise_is_made_that_only_the_demos_own_key_can_read(remembered: Desk) -> None:
    with Store(remembered.state_folder, NOW) as store:
        found = promised(remembered, store)
    assert found.problems == []
    (promise,) = found.promises
    assert (promise.person, promise.is_open) == ("Ben Okafor", True)
    words = promise.text.encode()
    assert words
    assert all(words not in path.read_bytes() for path in remembered.state_folder.iterdir() if path.is_file())


def test_the_talks_raise_the_one_flag_that_a_brief_can_show(remembered: Desk) -> None:
    with Store(remembered.state_folder, NOW) as store:
        talks = recollect(remembered, store).talks
    people = {name_key(person.name): person for person in remembered.config.people}
    raised = {key: flags(people[key], mine, [], NOW, BERLIN) for key, mine in talks.items()}
    assert [flag.kind for flag in raised["ana sousa"]] == ["low"]
    assert [key for key, found in raised.items() if found] == ["ana sousa"]
