"""What only folders of event files do: what is passed over, what fails a read, and what is never opened."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.errors import Malformed, NotFound, ReadOnly, UsageError
from calsync.model import Span
from calsync.ports import SeriesWrite
from providers.ics.provider import IcsProvider
from tests.contract.samples import BERLIN, WINDOW, meeting, series, single, spans
from tests.contract.suite import context

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534


def provider(path: Path, **options: str) -> IcsProvider:
    return IcsProvider("work", {"path": str(path), **options}, context(path))


def names(found: IcsProvider, calendar: str = "") -> list[str]:
    return [r.name for r in found.read(calendar, WINDOW, None).changed]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


def as_a_plain_user(code: str, *args: object) -> str:
    """Run `code` with nobody's rights, after its imports; returns what it printed."""
    lines = [
        "import os, sys",
        "from pathlib import Path",
        "from calsync.errors import *",
        "from calsync.ports import SeriesWrite",
        "import providers.ics.writing, calsync.ical.read",
        "from providers.ics.provider import IcsProvider",
        "from tests.contract.samples import *",
        "from tests.contract.suite import context",
        f"if os.geteuid() == 0: os.setgid({NOBODY}); os.setuid({NOBODY})",
        "folder = Path(sys.argv[1])",
        "work = IcsProvider('work', {'path': str(folder)}, context(folder))",
        code,
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines), *map(str, args)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_only_event_files_are_read_and_everything_else_in_the_folder_is_passed_over(tmp_path: Path) -> None:
    for name in ("a.ics", "Tür und Tor.ics", "LOUD.ICS"):
        (tmp_path / name).write_bytes(single(name))
    for name in ("b.ics.tmp", "c.tmp", "displayname", "color", "README", "notes.txt", ".hidden.ics", ".a.ics.1.tmp"):
        (tmp_path / name).write_bytes(b"\0 no calendar at all")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.ics").write_bytes(b"no calendar")
    assert names(provider(tmp_path)) == ["LOUD.ICS", "Tür und Tor.ics", "a.ics"]


def test_a_file_name_that_is_not_utf8_is_read_under_a_name_that_can_be_kept(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.ics")).write_bytes(single("cafe"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    work = provider(tmp_path)
    delta = work.read("", WINDOW, None)
    assert [r.name.encode() for r in delta.changed] == [b"caf\\xe9.ics"]
    assert work.read("", WINDOW, delta.cursor).changed == ()


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    store, shown = tmp_path / "store", tmp_path / "shown"
    store.mkdir()
    shown.mkdir()
    (store / "real.ics").write_bytes(single("real"))
    (shown / "linked.ics").symlink_to(store / "real.ics")
    (tmp_path / "other way").symlink_to(shown)
    assert names(provider(tmp_path / "other way")) == ["linked.ics"]


def test_a_link_to_nothing_fails_the_read_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "linked.ics").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Malformed, match=r"linked\.ics: it is a link to nothing"):
        provider(tmp_path).read("", WINDOW, None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_fails_the_read_and_does_not_hang_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ics")
    with pytest.raises(Malformed, match=r"pipe\.ics: it is not a file"):
        provider(tmp_path).read("", WINDOW, None)


WHOLE = meeting("m")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-20],
        WHOLE[20:],
        b"\0" * 4096,
        b"<html><body>Please sign in</body></html>",
        b"\xff\xd8\xff\xe0JFIF",
        WHOLE.replace(b"END:VEVENT\r\n", b""),
        WHOLE.replace(b"BEGIN:VCALENDAR\r\n", b""),
    ],
    ids=["empty", "blank", "half", "no-end", "no-begin", "zeros", "html", "jpeg", "open-event", "no-head"],
)
def test_a_torn_or_foreign_file_fails_the_read_and_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "fine.ics").write_bytes(single("fine"))
    work = provider(tmp_path)
    cursor = work.read("", WINDOW, None).cursor
    (tmp_path / "torn.ics").write_bytes(data)
    for known in (None, cursor):
        with pytest.raises(Malformed) as caught:
            work.read("", WINDOW, known)
        assert str(tmp_path / "torn.ics") in caught.value.what
        assert caught.value.next_step == "repair it, or take it out of the folder"
        assert "\n" not in caught.value.what
    assert (tmp_path / "torn.ics").read_bytes() == data


def test_a_folder_that_is_gone_is_not_an_empty_calendar(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.ics").write_bytes(single("a"))
    work = provider(folder)
    cursor = work.read("", WINDOW, None).cursor
    folder.rename(tmp_path / "elsewhere")
    for call in (
        lambda: work.read("", WINDOW, cursor),
        lambda: work.owned(""),
        work.calendars,
        lambda: work.write("", [SeriesWrite(series().key, None, series())]),
    ):
        with pytest.raises(NotFound, match=r"work: there is no such file or folder"):
            call()
    assert not folder.exists()


def test_a_calendar_gone_from_a_folder_of_calendars_fails_the_read_until_an_empty_one_says_that_it_was_meant(
    tmp_path: Path,
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ics").write_bytes(single(name))
    work = provider(tmp_path)
    delta = work.read("", WINDOW, None)
    assert [r.name for r in delta.changed] == ["one/a.ics", "two/a.ics"]
    (tmp_path / "two" / "a.ics").unlink()
    (tmp_path / "two").rmdir()
    with pytest.raises(NotFound, match=r"two/?: the folder is gone"):
        work.read("", WINDOW, delta.cursor)
    (tmp_path / "two").mkdir()
    after = work.read("", WINDOW, delta.cursor)
    assert (after.removed, after.changed) == (("two/a.ics",), ())
    (tmp_path / "two").rmdir()
    assert work.read("", WINDOW, after.cursor).removed == ()


def test_a_folder_of_calendars_lists_them_reads_all_and_wants_to_be_told_where_to_write(tmp_path: Path) -> None:
    for name in ("work", "Büro", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "work" / "displayname").write_text("Work of Maya\n", encoding="utf-8")
    (tmp_path / "work" / "a.ics").write_bytes(single("a"))
    all_of_it = provider(tmp_path)
    assert [(c.id, c.name, c.writable) for c in all_of_it.calendars()] == [
        ("Büro", "Büro", True),
        ("work", "Work of Maya", True),
    ]
    wanted = series()
    with pytest.raises(ReadOnly) as caught:
        all_of_it.write("", [SeriesWrite(wanted.key, None, wanted)])
    assert caught.value.what == f"work: {tmp_path} holds several calendars: Büro, work"
    assert "`calendar:`" in caught.value.next_step
    for odd in ("../work", ".hidden", "work/..", "nowhere"):
        with pytest.raises(NotFound):
            all_of_it.read(odd, WINDOW, None)
    assert all_of_it.write("work", [SeriesWrite(wanted.key, None, wanted)])[0].state == "done"
    assert names(all_of_it) == ["work/a.ics", f"work/{wanted.key}.ics"]
    (found,) = all_of_it.owned("")
    assert found.resource == f"work/{wanted.key}.ics"
    assert [c.id for c in provider(tmp_path / "work").calendars()] == [""]


def test_a_file_that_the_file_system_reports_unchanged_is_not_opened(tmp_path: Path) -> None:
    """Shown by spoiling the content behind the file system's back: same size, time and inode."""
    files = [tmp_path / f"e{n}.ics" for n in range(300)]
    for n, path in enumerate(files):
        path.write_bytes(single(f"e{n}", "20250101" if n % 3 else "20261201"))
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    work = provider(tmp_path)
    delta = work.read("", WINDOW, None)
    assert len(delta.changed) == 100
    for path in files:
        path.write_bytes(b"\0" * path.stat().st_size)
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    again = work.read("", WINDOW, delta.cursor)
    assert (again.changed, again.removed, again.cursor) == ((), (), delta.cursor)


def test_a_file_that_was_only_touched_copied_or_replaced_by_an_equal_one_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "a.ics"
    path.write_bytes(single("a"))
    work = provider(tmp_path)
    delta = work.read("", WINDOW, None)
    os.utime(path)
    delta = work.read("", WINDOW, delta.cursor)
    assert delta.changed == ()
    (tmp_path / "a.tmp").write_bytes(path.read_bytes())
    (tmp_path / "a.tmp").replace(path)
    delta = work.read("", WINDOW, delta.cursor)
    assert (delta.changed, delta.removed) == ((), ())


def test_a_fresh_file_rewritten_in_place_with_equal_size_within_one_tick_of_the_clock_is_still_seen(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.ics"
    work = provider(tmp_path)
    cursor: str | None = None
    # A time that is not past yet stands for the tick that has not ended, however long the machine takes meanwhile.
    tick = time.time_ns() + 3_600_000_000_000
    for n in range(3):
        path.write_bytes(single("a", title=f"Title {n:02}"))
        os.utime(path, ns=(tick, tick))
        delta = work.read("", WINDOW, cursor)
        assert len(delta.changed) == 1, n
        cursor = delta.cursor


def test_an_old_event_is_remembered_without_being_sent(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"old{n}.ics").write_bytes(single(f"old{n}", "20200101"))
    work = provider(tmp_path)
    delta = work.read("", WINDOW, None)
    assert delta.changed == ()
    (tmp_path / "old0.ics").unlink()
    (tmp_path / "old1.ics").write_bytes(single("old1"))
    after = work.read("", WINDOW, delta.cursor)
    assert ([r.name for r in after.changed], after.removed) == (["old1.ics"], ())


def test_a_cursor_made_for_another_folder_is_not_taken(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ics").write_bytes(single(name))
    cursor = provider(tmp_path / "one").read("", WINDOW, None).cursor
    assert provider(tmp_path / "two").read("", WINDOW, cursor).complete
    assert str(tmp_path) not in cursor


def test_what_may_not_be_read_is_said_so_by_path(open_folder: Path) -> None:
    (open_folder / "secret.ics").write_bytes(single("secret"))
    (open_folder / "secret.ics").chmod(0)
    code = (
        "for call in (lambda: work.read('', WINDOW, None), lambda: work.owned('')):\n"
        "    try: call()\n"
        "    except Unreachable as e: print(e.what, '|', e.next_step)\n"
    )
    expected = f"{open_folder}/secret.ics: permission denied | let the user who runs calsync read it"
    assert as_a_plain_user(code, open_folder).splitlines() == [expected, expected]
    open_folder.chmod(0)
    assert f"{open_folder}: permission denied" in as_a_plain_user(code, open_folder)
    inner = "print(work.capabilities.can_write)\n" + code
    assert f"{open_folder}/work: permission denied" in as_a_plain_user(inner, open_folder / "work")
    open_folder.chmod(0o755)
    (open_folder / "behind").mkdir(0o700)
    (open_folder / "linked.ics").symlink_to(open_folder / "behind" / "x.ics")
    assert f"{open_folder}/linked.ics: permission denied" in as_a_plain_user(code, open_folder)


def test_a_folder_that_may_not_be_written_is_read_only_and_still_read(open_folder: Path) -> None:
    (open_folder / "a.ics").write_bytes(single("a"))
    code = (
        "wanted = series()\n"
        "print(len(work.read('', WINDOW, None).changed), [c.writable for c in work.calendars()])\n"
        "try: work.write('', [SeriesWrite(wanted.key, None, wanted)])\n"
        "except ReadOnly as e: print(e.what, '|', e.next_step)\n"
    )
    seen = as_a_plain_user(code, open_folder).splitlines()
    assert seen[0] == "1 [False]"
    assert seen[1].startswith(f"{open_folder}: no file can be made in it | ")
    assert sorted(p.name for p in open_folder.iterdir()) == ["a.ics"]


def test_options_that_contradict_each_other_are_refused_by_name(tmp_path: Path) -> None:
    for options in (
        {},
        {"path": "x", "url": "http://127.0.0.1/x"},
        {"url": "http://127.0.0.1/x", "calendar": "y"},
        {"path": "x", "username": "maya"},
        {"path": "x\0y"},
        {"path": "~nobody-of-that-name/calendars"},
        {"url": "ftp://127.0.0.1/x"},
        {"url": "x"},
        {"url": "http://[::1/x"},
    ):
        with pytest.raises(UsageError) as caught:
            IcsProvider("travel", options, context(tmp_path))
        assert caught.value.what.startswith("travel: ")
        assert caught.value.next_step


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "a.ics").write_bytes(single("a"))
    assert names(provider(Path("~/calendars"))) == ["a.ics"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nights=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["a", "b", "c", "sub/d"]),
                st.sampled_from([None, "20240101", "20261130", "20270101", "20300101"]),
                st.sampled_from(["write", "replace", "touch"]),
            ),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_whatever_happens_to_the_files_the_deltas_add_up(nights: list[list[tuple[str, str | None, str]]]) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "sub").mkdir()
        known: dict[str, bytes] = {}
        cursor: str | None = None
        for night in nights:
            for stem, day, how in night:
                path = folder / f"{stem}.ics"
                if day is None:
                    path.unlink(missing_ok=True)
                elif how == "touch" and path.exists():
                    os.utime(path, ns=(0, 1_600_000_000_000_000_007))
                elif how == "replace":
                    (folder / "x.tmp").write_bytes(single(stem, day))
                    (folder / "x.tmp").replace(path)
                else:
                    path.write_bytes(single(stem, day))
            delta = provider(folder).read("", WINDOW, cursor)
            assert delta.complete == (cursor is None)
            known.update({r.name: r.payload for r in delta.changed})
            for name in delta.removed:
                del known[name]
            cursor = delta.cursor
            on_disk = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.ics")}
            for name, data in on_disk.items():
                assert known.get(name) == data or (b":20240101" in data and name not in known)
            assert set(known) <= set(on_disk)


def test_an_event_that_begins_before_a_far_zone_reaches_the_window_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "eve.ics").write_bytes(single("eve", "20261122"))
    work = provider(tmp_path)
    start = datetime(2026, 11, 22, 10, 30, tzinfo=BERLIN)
    window = Span(start, WINDOW.end)
    delta = work.read("", window, None)
    assert len(spans(work.expand("", delta.changed, window, BERLIN))) == 1
