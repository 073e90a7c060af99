"""What `-q nightly` writes for a mail: what is new, once, this week first, and nobody's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync.state.lock import hold
from tests.servers.inbox import Inbox, inbox
from tests.unit.cli.calling import Calsync, Said

GONE = "there is no such file or folder\n  check `path` in the config, or put it back\n"


@pytest.fixture
def family(calsync: Calsync, folder: Path) -> Iterator[Path]:
    """A calendar of the leader's that the tests take away; a quiet night has run before."""
    assert calsync("nightly").code == 0
    path = folder / "calendars" / "family.ics"
    aside = path.with_suffix(".aside")
    yield path
    assert path.exists() or aside.exists()


def take_away(path: Path) -> None:
    path.rename(path.with_suffix(".aside"))


def put_back(path: Path) -> None:
    path.with_suffix(".aside").rename(path)


def test_a_failure_is_told_on_its_first_night_and_its_end_once_and_the_exit_code_stays(
    calsync: Calsync, family: Path
) -> None:
    take_away(family)
    first = calsync("-q", "nightly", day=0.1)
    assert (first.code, first.out) == (3, "")
    assert first.err == f"calsync: {family}: {GONE}"
    assert calsync("-q", "nightly", day=0.2) == Said(3, "", "")
    assert calsync("-q", "nightly", day=0.3) == Said(3, "", "")
    assert GONE in calsync("nightly", day=0.35).err, "who is at a terminal is told everything"
    put_back(family)
    ended = calsync("-q", "nightly", day=0.4)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("No longer so:\n")
    assert "there is no such file or folder" in ended.out
    assert calsync("-q", "nightly", day=0.5) == Said(0, "", "")
    take_away(family)
    assert GONE in calsync("-q", "nightly", day=0.6).err, "it came back"


def test_a_failure_that_changes_is_told_again(calsync: Calsync, family: Path) -> None:
    take_away(family)
    assert GONE in calsync("-q", "nightly").err
    family.write_text("no calendar", "utf-8")
    assert "does not begin with BEGIN:VCALENDAR" in calsync("-q", "nightly").err
    assert calsync("-q", "nightly") == Said(3, "", "")


def test_the_changes_of_a_night_that_is_tried_every_hour_are_said_once(calsync: Calsync, folder: Path) -> None:
    config = folder / "config.yaml"
    mine = config.read_text("utf-8")
    hours = 'mon-thu: "09:00-12:30, 13:15-17:30", fri: "09:00-15:00"'
    assert hours in mine
    assert calsync("nightly").code == 0
    config.write_text(mine.replace(hours, 'mon-thu: "06:00-08:30", fri: "06:00-08:00"'), "utf-8")
    refused = calsync("-q", "nightly", day=0.1)
    assert refused.code == 3
    assert "connect: removed" in refused.out
    assert "0 writes done" in refused.out
    assert calsync("-q", "nightly", day=0.14) == Said(3, "", "")
    assert calsync("-q", "nightly", day=0.18) == Said(3, "", "")
    assert "connect" in calsync("nightly", day=0.2).out, "who is at a terminal is told everything"
    config.write_text(mine, "utf-8")
    ended = calsync("-q", "nightly", day=0.24)
    assert ended.code == 0
    assert "No longer so:" in ended.out
    config.write_text(mine.replace(hours, 'mon-thu: "06:00-08:30", fri: "06:00-08:00"'), "utf-8")
    assert "connect: removed" in calsync("-q", "nightly", day=0.28).out, "it came back"


def test_json_and_a_run_on_paper_say_everything_and_remember_nothing(calsync: Calsync, family: Path) -> None:
    take_away(family)
    for _ in range(2):
        assert GONE in calsync("-q", "nightly", "--json").err
        assert GONE in calsync("-q", "nightly", "--dry-run").err
        assert GONE in calsync("-q", "plan").err
    assert GONE in calsync("-q", "nightly").err


@pytest.fixture
def unbegun(calsync: Calsync, folder: Path) -> Path:
    """The same leader before the first night."""
    for path in [*(folder / "state").iterdir(), *(folder / "calendars" / "work").glob("cs*")]:
        if path.is_file():
            path.unlink()
    return folder


def test_the_mail_of_a_night_has_this_week_first_why_what_moved_and_the_weeks_without_room(
    calsync: Calsync, unbegun: Path
) -> None:
    said = calsync("-q", "nightly")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "This week:\n"
        "  Fri 13 Nov 12:00-12:30 connect: a new weekly block\n"
        "Next week:\n"
        "  Mon 16 Nov 14:00-14:30 connect: a new weekly block\n"
        "Later:\n"
        "  Fri 25 Dec 12:00-12:30 connect: left out (holiday, and no other room that\n"
        "    week)\n"
        "  Thu 31 Dec 15:15-15:45 connect: moved from Fri 1 Jan 12:00 (holiday)\n"
        "  Mon 25 Jan 15:00-15:30 connect: moved from 14:00 (team meeting Mon\n"
        "    13:30-14:30)\n"
        "No room:\n"
        "  week of Mon 21 Dec: 1 block of connect fewer. In the way: out of office 3\n"
        "    days; team meeting 7 h 15 min; holiday on Fri 25 Dec; one-on-one 1 h 30\n"
        "    min; hold 1 h; white space rule: at most 1 connect a day\n"
        "5 changes for Mon 9 Nov 2026 to Mon 8 Feb 2027; 2 writes done.\n"
    )
    assert calsync("-q", "nightly") == Said(0, "", ""), "the week without room was told"


def test_no_line_is_wider_than_a_mail_and_nobody_is_named_even_where_first_names_may_stand_in_the_calendar(
    calsync: Calsync, unbegun: Path
) -> None:
    config = unbegun / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("names: none", "names: first"), "utf-8")
    assert "names: first" in config.read_text("utf-8")
    lines = calsync("-q", "nightly").out.splitlines()
    assert max(map(len, lines)) <= 79
    text = "\n".join(lines)
    people = [person["name"] for person in calsync("who", "--json").json()["people"]]
    assert people
    assert not [name for name in people for word in name.split() if word in text]


def test_a_promise_without_room_is_told_once_and_again_when_that_changes(calsync: Calsync, folder: Path) -> None:
    config = folder / "config.yaml"
    text = config.read_text("utf-8").replace("blocks:\n", "blocks:\n  follow-through: {minutes: 30, per_week: 1}\n")
    text = text.replace("horizon_weeks: 12", "horizon_weeks: 2")
    config.write_text(text, "utf-8")
    assert calsync("promise", "add", "ana", "a long draft", "--by", "2026-11-10", "--minutes", "480").code == 5
    first = calsync("-q", "nightly")
    assert first.code == 5
    assert "No room:\n  promise " in first.out
    assert "draft" not in first.out
    assert "Ana" not in first.out
    again = calsync("-q", "nightly")
    assert again.code == 5
    assert "No room:" not in again.out
    number = calsync("promise", "list", "--json").json()["promises"][0]["id"]
    assert calsync("promise", "edit", str(number), "--minutes", "450").code == 5
    assert "No room:\n  promise " in calsync("-q", "nightly").out


def test_a_remark_that_repeats_is_made_once(calsync: Calsync, folder: Path) -> None:
    assert calsync("-q", "nightly") == Said(0, "", "")
    state = folder / "state" / "logs"
    for path in state.iterdir():
        path.unlink()
    state.rmdir()
    state.write_text("in the way", "utf-8")
    said = calsync("-q", "nightly")
    assert said.code == 0, "a log that cannot be written fails no night"
    assert said.out.startswith("To know:\n  the log of the night cannot be written:\n")
    assert calsync("-q", "nightly") == Said(0, "", "")


@pytest.fixture
def box(folder: Path) -> Iterator[Inbox]:
    """A server to notify, which stands in the configuration."""
    with inbox() as one:
        config = folder / "config.yaml"
        config.write_text(config.read_text("utf-8") + f'\nnotify: ["{one.url("to/me")}"]\n', "utf-8")
        yield one


def test_a_night_that_fails_sends_one_notice_and_one_that_works_none(
    calsync: Calsync, family: Path, box: Inbox
) -> None:
    assert calsync("-q", "nightly") == Said(0, "", "")
    assert box.came == []
    take_away(family)
    assert calsync("-q", "nightly").code == 3
    assert calsync("-q", "nightly") == Said(3, "", "")
    (body,) = box.bodies
    assert body == (
        b'{"version": "1.0", "title": "calsync: the night did not go well", "message": "The night of Mon 9 Nov did not '
        b'go well: a calendar could not be read or written.\\n`calsync log last` says more.", '
        b'"attachments": [], "type": "info"}'
    )
    events = [event["what"] for event in calsync("log", "2", "--json").json()["events"]]
    assert "notice" not in events


def test_a_notice_that_cannot_be_sent_is_one_line_told_once_and_the_exit_code_stays(
    calsync: Calsync, family: Path, box: Inbox
) -> None:
    box.status = 503
    take_away(family)
    said = calsync("-q", "nightly")
    assert said.code == 3
    assert "notify[#1] (json): the notice was not sent: the server answered 503" in said.err
    family.write_text("no calendar", "utf-8")
    changed = calsync("-q", "nightly")
    assert changed.code == 3
    assert len(box.came) == 2
    assert "notify" not in changed.err
    (event,) = [e for e in calsync("log", "last", "--json").json()["events"] if e["what"] == "notice"]
    assert (event["urls"], event["failed"]) == (1, 1)


def test_a_night_that_cannot_begin_is_told_once_a_day_and_its_end_once(calsync: Calsync, folder: Path) -> None:
    config = folder / "config.yaml"
    good = config.read_text("utf-8")
    config.write_text(good.replace("per_week", "per_weeek"), "utf-8")
    first = calsync("-q", "nightly")
    assert first.code == 2
    assert "per_weeek" in first.err
    for hour in range(1, 4):
        assert calsync("-q", "nightly", now=f"2026-11-09T0{5 + hour}:00:00+01:00") == Said(2, "", "")
    assert "per_weeek" in calsync("nightly").err
    assert calsync("-q", "nightly", now="2026-11-10T02:00:00+01:00") == Said(2, "", ""), "past midnight, the same night"
    assert "per_weeek" in calsync("-q", "nightly", day=1).err, "another day"
    config.write_text(good, "utf-8")
    assert "No longer so:\n" in calsync("-q", "nightly", day=1.1).out
    config.unlink()
    assert calsync("-q", "nightly", day=1.2).code == 2


def test_another_run_in_progress_is_told_by_a_schedule_when_one_still_is_an_hour_later(
    calsync: Calsync, folder: Path
) -> None:
    state = folder / "state"
    with hold(state):
        assert "another calsync run" in calsync("-q", "nightly").err, "who calls by hand is told at once"
    assert "another calsync run" in calsync("-q", "nightly").out, "it is over"
    line = ("-q", "nightly", "--if-due", "04:15")
    with hold(state):
        assert calsync(*line, day=1) == calsync(*line, day=1.01) == Said(75, "", "")
    assert calsync(*line, day=1.05) == Said(0, "", "")
    with hold(state):
        assert calsync(*line, day=2) == Said(75, "", "")
        assert "another calsync run" in calsync(*line, day=2.05).err
        assert calsync(*line, day=2.1) == Said(75, "", "")
    assert "No longer so" in calsync(*line, day=2.15).out


def test_without_a_state_that_could_remember_it_is_told_each_time(calsync: Calsync, unbegun: Path) -> None:
    config = unbegun / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("per_week", "per_weeek"), "utf-8")
    for _ in range(2):
        assert "per_weeek" in calsync("-q", "nightly").err
    assert not (unbegun / "state" / "calsync.db").exists()


@pytest.fixture
def faulty(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own adapter, with a bug, reads a third calendar of the leader's."""
    plugin = tmp_path / "plugin"
    info = plugin / "faulty_calendar-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty-calendar\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[calsync.providers]\nfaulty = faulty_calendar:Faulty\n", "utf-8")
    (plugin / "faulty_calendar.py").write_text(
        "from providers.ics.provider import IcsProvider\n"
        "class Faulty(IcsProvider):\n"
        "    OPTIONS = {'path': 'a folder'}\n"
        "    def read(self, *args):\n"
        "        raise ValueError('Zwetschgen with Ana Sousa')\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(plugin))
    config = folder / "config.yaml"
    line = f"  - {{name: third, provider: faulty, path: {plugin}}}\n"
    config.write_text(config.read_text("utf-8").replace("calendars:\n", f"calendars:\n{line}"), "utf-8")


@pytest.mark.usefixtures("faulty")
def test_a_bug_is_told_once_a_day_with_its_report_and_stands_in_the_log_of_the_night_without_its_words(
    calsync: Calsync, folder: Path
) -> None:
    said = calsync("-q", "nightly", day=0.1)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("calsync: something went wrong that is not your fault (ValueError)\n  the report is in ")
    assert calsync("-q", "nightly", day=0.2) == Said(1, "", ""), "a schedule calls every hour"
    assert len(list((folder / "state" / "reports").iterdir())) == 1
    assert "ValueError" in calsync("-q", "nightly", day=1.1).err
    answer = calsync("log", "2", "--json").json()
    assert answer["run"]["exit"] is None
    assert [event["what"] for event in answer["events"]] == ["start", "bug"]
    assert answer["events"][1]["type"] == "builtins.ValueError"
    assert "a bug ended the run (builtins.ValueError)" in calsync("log", "2").out
    kept = b"".join(path.read_bytes() for name in ("logs", "reports") for path in (folder / "state" / name).iterdir())
    assert b"Zwetschgen with" not in kept.replace(b"raise ValueError('Zwetschgen with Ana Sousa')", b"")
    assert "was cut off" in calsync("today", day=1.5).out


def test_that_a_block_is_shown_as_busy_when_it_comes_near_is_no_news(calsync: Calsync) -> None:
    assert calsync("nightly").code == 0
    near = "2026-11-13T05:00:00+01:00"
    changes = calsync("plan", "--json", now=near).json()["changes"]
    assert {change["action"] for change in changes} == {"update"}
    assert calsync("-q", "nightly", now=near) == Said(0, "", "")
    assert calsync("log", "last", "--json").json()["run"]["changes"] == {"update": len(changes)}
