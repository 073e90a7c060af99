"""Words planted in names, notes, promises, acts, topics and titles are in no mail, log, digest or notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.inbox import Inbox, inbox
from tests.simulation.planted import found_in
from tests.unit.cli.calling import Calsync, later

PERSON, FIRST = "Quivella Zarnowhist", "Quivella"
ADDRESS = "quivella@zarnowhist.example"
OTHER = "Brintolf Umberwane"
PLANTED = [
    "Zarnowhist",
    "zarnowhist.example",
    "Umberwane",
    "Brintolf",
    "Klombatrine",  # the title of a meeting
    "Wozzelbeck",  # a note
    "Prundolfin",  # a thread
    "Yaxembrio",  # a promise
    "Hespultine",  # a change
    "Jorvandric",  # a topic of the leader's own
    "Ombrastule",  # the address of somebody in a meeting
    FIRST,
]
CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
calendars:
  - {{name: work, provider: ics, path: work, write: true}}
  - {{name: {person}, provider: ics, path: second.ics}}
blocks:
  connect: {{minutes: 30, per_week: 4, pings: 2, title: "Focus"}}
  follow-through: {{minutes: 30, per_week: 1}}
planning: {{horizon_weeks: 2}}
people:
  - {{name: {person}, email: {address}, ideal: 2d, max: 4d}}
  - {{name: {other}, ideal: 2d, max: 4d}}
privacy: {{names: {names}}}
notify: ["{url}"]
"""


def meeting(uid: str, day: str, begin: str, end: str, title: str) -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;TZID=Europe/Berlin:{day}T{begin}\r\n"
        f"DTEND;TZID=Europe/Berlin:{day}T{end}\r\nSUMMARY:{title}\r\nORGANIZER:mailto:maya@example.com\r\n"
        f"ATTENDEE:mailto:{ADDRESS}\r\nATTENDEE:mailto:ombrastule@example.net\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as one:
        yield one


@pytest.fixture
def names() -> str:
    return "none"


@pytest.fixture
def folder(tmp_path: Path, box: Inbox, names: str) -> Path:
    (tmp_path / "work").mkdir()
    values = {"person": PERSON, "address": ADDRESS, "other": OTHER, "names": names, "url": box.url("hush")}
    (tmp_path / "config.yaml").write_text(CONFIG.format(**values), "utf-8")
    (tmp_path / "topics.yaml").write_text("topics:\n  - {text: 'What about the Jorvandric?'}\n", "utf-8")
    (tmp_path / "second.ics").write_text(meeting("s", "20261112", "100000", "110000", "Klombatrine"), newline="")
    for number, day in enumerate(("20261110", "20261111", "20261112", "20261113")):
        text = meeting(f"k{number}", day, "080000", "190000", f"Klombatrine {number}")
        (tmp_path / "work" / f"{number}.ics").write_text(text, newline="")
    return tmp_path


def live(calsync: Calsync, folder: Path) -> str:
    """A few days with everything that is ever told, failures too; what was said of them for a mail."""
    said = []

    def night(day: float) -> None:
        ended = calsync("-q", "nightly", now=later(day))
        assert ended.code in (0, 3, 5), ended.err
        said.append(ended.out + ended.err)

    night(0)
    calsync("done", PERSON, "--note", "Wozzelbeck", "--thread", "Prundolfin", "--feel", "2", day=0.1)
    calsync("promise", "add", PERSON, "Yaxembrio", "--by", "2026-11-10", "--minutes", "240", day=0.1)
    calsync("change", "add", "Hespultine", "--on", "2026-12-01", "--affects", PERSON, day=0.1)
    night(1)
    (folder / "second.ics").rename(folder / "aside.ics")
    night(2)
    (folder / "aside.ics").rename(folder / "second.ics")
    (folder / "work" / f"{PERSON}.ics").write_text("BEGIN:VCALENDAR\r\nSUMMARY:Klombatrine", "utf-8")
    night(3)
    (folder / "work" / f"{PERSON}.ics").unlink()
    night(4)
    for day in (1, 4, 7, 8):
        assert calsync("today", "--notify", now=later(day, 3)).code == 0
    # Lines of a mail are folded. Who calls a file by a person's name reads that name where the file is named.
    return " ".join("".join(said).split()).replace(str(folder / "work" / f"{PERSON}.ics"), "(the file)")


def logged(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "state" / "logs").iterdir())


def test_neither_logs_nor_notices_nor_the_digest_have_a_planted_word(
    calsync: Calsync, folder: Path, box: Inbox
) -> None:
    said = live(calsync, folder)
    sent = b"\n".join(b" ".join([path.encode(), str(headers).encode(), body]) for _, path, headers, body in box.came)
    assert b"connect" in sent, "a digest was sent"
    assert b"did not go well" in sent, "a notice was sent"
    assert found_in(sent, PLANTED) == set()
    log = logged(folder)
    assert b'"error"' in log
    assert found_in(log, PLANTED) == set()
    assert "No longer so:" in said
    assert "(the file)" in said
    assert found_in(said.encode(), PLANTED) == set()


@pytest.mark.parametrize("names", ["first"])
def test_with_first_names_the_digest_has_those_and_logs_and_mails_have_none(
    calsync: Calsync, folder: Path, box: Inbox
) -> None:
    said = live(calsync, folder)
    assert found_in(b"\n".join(box.bodies), PLANTED) == {"Brintolf", FIRST}
    assert found_in(logged(folder), PLANTED) == set()
    assert found_in(said.encode(), PLANTED) == set()


def test_after_forget_no_log_has_the_name_that_a_path_brought_into_it(calsync: Calsync, folder: Path) -> None:
    live(calsync, folder)
    # A log of a time when they were not in the configuration yet.
    log = folder / "state" / "logs" / "2026-11-01.jsonl"
    log.write_text(f'{{"what": "error", "run": 1, "said": "{PERSON}.ics: torn, {ADDRESS}"}}\n', "utf-8")
    said = calsync("people", "forget", PERSON, "--yes", day=9)
    assert f"The name is out of {log}." in said.out
    state = {path: path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file()}
    assert [path.name for path, data in state.items() if b"zarnowhist" in data.lower()] == []
