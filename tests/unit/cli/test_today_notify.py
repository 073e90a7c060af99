"""`today --notify`: what goes out in the morning, to the given URL alone, and what is said when it does not."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.inbox import Inbox, inbox
from tests.unit.cli.calling import Calsync, Said

FRIDAY, SATURDAY = "2026-11-13T07:30:00+01:00", "2026-11-14T07:30:00+01:00"
OLD = "No night has run since Mon 9 Nov 05:00: `calsync schedule show` says when the next is due."


@pytest.fixture
def box(folder: Path) -> Iterator[Inbox]:
    with inbox() as one:
        config = folder / "config.yaml"
        config.write_text(config.read_text("utf-8") + f'\nnotify: ["{one.url("to/me")}"]\n', "utf-8")
        yield one


def rename(folder: Path, names: str) -> None:
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("names: none", f"names: {names}"), "utf-8")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("none", "12:00-12:30 connect\n`calsync today` says whom."),
        ("first", "12:00-12:30 connect: Chiara, Daniel\n`calsync today` says what to know first."),
    ],
)
def test_the_day_goes_out_byte_for_byte_as_the_dry_run_showed_it(
    calsync: Calsync, folder: Path, box: Inbox, names: str, message: str
) -> None:
    rename(folder, names)
    calsync("nightly", now="2026-11-13T05:00:00+01:00")
    shown = calsync("today", "--notify", "--dry-run", now=FRIDAY)
    assert shown == Said(0, f"calsync: Fri 13 Nov\n\n{message}\n", "")
    assert box.came == []
    assert calsync("today", "--notify", now=FRIDAY) == Said(0, "", "")
    sent = {"version": "1.0", "title": "calsync: Fri 13 Nov", "message": message, "attachments": [], "type": "info"}
    assert box.bodies == [json.dumps(sent).encode()]


def test_a_day_without_blocks_sends_nothing(calsync: Calsync, box: Inbox) -> None:
    assert calsync("nightly", now="2026-11-14T05:00:00+01:00").code == 0
    assert calsync("today", "--notify", now=SATURDAY) == Said(0, "Nothing to send: no blocks today.\n", "")
    assert calsync("-q", "today", "--notify", now=SATURDAY) == Said(0, "", "")
    assert calsync("today", "--notify", "--json", now=SATURDAY).json() == {
        "notice": None,
        "urls": 1,
        "sent": 0,
        "errors": [],
    }
    assert box.came == []


def test_a_day_without_blocks_sends_one_line_when_no_night_has_run_and_today_shows_it(
    calsync: Calsync, box: Inbox
) -> None:
    assert calsync("today", "--notify", now=SATURDAY) == Said(0, "", "")
    assert json.loads(box.bodies[0])["message"] == OLD
    assert calsync("today", now=SATURDAY).out.splitlines()[-1] == OLD
    assert calsync("today", "--json", now=SATURDAY).json()["trouble"] == OLD
    assert calsync("today", "--json", now="2026-11-10T07:30:00+01:00").json()["trouble"] is None


def test_today_says_that_the_last_night_failed(calsync: Calsync, folder: Path) -> None:
    (folder / "calendars" / "family.ics").unlink()
    assert calsync("nightly", now="2026-11-13T04:15:00+01:00").code == 3
    line = "The night of Fri 13 Nov 04:15 did not go well (exit code 3): `calsync log last` says why."
    assert calsync("today", now=FRIDAY).out.splitlines()[-1] == line
    assert line not in calsync("week", now=FRIDAY).out


def test_a_server_that_refuses_ends_with_3_and_is_told_without_its_url(calsync: Calsync, box: Inbox) -> None:
    box.status = 500
    said = calsync("today", "--notify", now=FRIDAY)
    assert said.code == 3
    assert said.err == (
        "calsync: notify[#1] (json): the notice was not sent: the server answered 500\n"
        "  look at that URL in the configuration; `calsync today --notify` tries it again\n"
    )
    answer = calsync("today", "--notify", "--json", now=FRIDAY).json()
    assert answer["sent"] == 0
    assert answer["errors"][0]["what"].endswith("the server answered 500")


def test_without_a_url_it_says_where_to_put_one_and_the_dry_run_shows_the_text_all_the_same(
    calsync: Calsync, folder: Path
) -> None:
    said = calsync("today", "--notify", now=FRIDAY)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"calsync: {folder / 'config.yaml'}: there is no URL under `notify` to send to\n")
    assert "docs/notices.md" in said.err
    assert "12:00-12:30 connect" in calsync("today", "--notify", "--dry-run", now=FRIDAY).out
    assert calsync("today", "--dry-run").code == 2


def test_without_the_extra_it_says_how_to_install_it(
    calsync: Calsync, box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # as Python marks what cannot be imported
    said = calsync("today", "--notify", now=FRIDAY)
    assert said.code == 2
    assert "uv tool install '.[notify]'" in said.err
