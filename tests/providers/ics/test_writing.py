"""Blocks in files: never torn by a kill, never written over another's, and every refusal of the disk said in a line."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from calsync.ical.lexical import split
from calsync.ical.write import series_bytes
from calsync.model import Key, Series
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from providers.ics.provider import IcsProvider
from providers.memory import retitled
from tests.contract.samples import CHANGED, WINDOW, meeting, override, series, single
from tests.contract.suite import context

resource = pytest.importorskip("resource", reason="limits, forks and signals as Unix has them")

ROOT = Path(__file__).resolve().parents[3]
DONE, CONFLICT, FAILED = OutcomeState.DONE, OutcomeState.CONFLICT, OutcomeState.FAILED


def provider(path: Path) -> IcsProvider:
    return IcsProvider("work", {"path": str(path)}, context(path))


def create(path: Path, wanted: Series) -> Outcome:
    (outcome,) = provider(path).write("", [SeriesWrite(wanted.key, None, wanted)])
    return outcome


def temps(path: Path) -> list[Path]:
    return [p for p in path.iterdir() if p.name.endswith(".tmp")]


def in_a_child(work: Callable[[], None]) -> int:
    """Run `work` in a child process; returns how it ended, minus the signal's number when one ended it."""
    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside threads; the child here takes no lock of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# The auditing hooks below act at system calls that Python itself announces: no code of calsync is replaced.

_STEPS = {"open", "os.link", "os.rename", "os.remove"}


def kill_at(step: int) -> None:
    """Have this process killed when it is about to make its `step`-th system call on a file."""
    seen = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _STEPS:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def refuse(event_name: str, number: int) -> None:
    """Have the system refuse one kind of call from now on in this process."""

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == event_name:
            raise OSError(number, os.strerror(number))

    sys.addaudithook(hook)


BEFORE = series()
AFTER = series(minutes=45, overrides={date(2026, 12, 7): override(date(2026, 12, 8), time(9, 0))})


@pytest.mark.parametrize("hard_links", [True, False], ids=["hard-links", "no-hard-links"])
@pytest.mark.parametrize(
    ("before", "after"), [(None, BEFORE), (BEFORE, AFTER), (BEFORE, None)], ids=["create", "change", "delete"]
)
def test_a_write_killed_at_any_step_leaves_the_old_or_the_new_whole_and_can_be_done_again(
    tmp_path: Path, before: Series | None, after: Series | None, hard_links: bool
) -> None:
    killed = 0
    for step in range(1, 40):
        folder = tmp_path / str(step)
        folder.mkdir()
        (folder / "foreign.ics").write_bytes(meeting("foreign"))
        etag = create(folder, before).etag if before is not None else ""
        write = SeriesWrite(BEFORE.key, before, after, etag)
        expected = {s and series_bytes(s) for s in (before, after)}

        def work(step: int = step, folder: Path = folder, write: SeriesWrite = write) -> None:
            if not hard_links:
                refuse("os.link", errno.EPERM)
            kill_at(step)
            assert provider(folder).write("", [write])[0].state is DONE

        ended = in_a_child(work)
        assert ended in {0, -signal.SIGKILL}
        path = folder / f"{BEFORE.key}.ics"
        stands = path.read_bytes() if path.exists() else None
        reserved = stands == b"" and before is None and not hard_links and len(temps(folder)) == 1
        assert stands in expected or reserved
        reading = provider(folder).read("", WINDOW, None)
        assert {r.name for r in reading.changed} == {"foreign.ics"} | ({path.name} if stands else set())
        assert provider(folder).write("", [write])[0].state is DONE
        assert (path.read_bytes() if path.exists() else None) == (after and series_bytes(after))
        assert (folder / "foreign.ics").read_bytes() == meeting("foreign")
        killed += ended != 0
        if ended == 0:
            break
    else:
        pytest.fail("the write never came to its end")
    assert killed >= (2 if after is None else 3)


_WRITER = """
import os, sys
from pathlib import Path
import providers.ics.writing
from calsync.ports import SeriesWrite
from providers.ics.provider import IcsProvider
from tests.contract.samples import series
from tests.contract.suite import context

folder = Path(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        work = IcsProvider("work", {"path": str(folder)}, context(folder))
        print("pid", os.getpid(), flush=True)
        n = 0
        while True:
            n += 1
            for key in ("killkeyaaaaaaaaaaaaaaaaaaaaaaaa", "killkeybbbbbbbbbbbbbbbbbbbbbbbb"):
                stands = {o.series.key: o for o in work.owned("")}.get(key)
                before = stands and stands.series
                after = None if n % 5 == 0 else series(key, minutes=15 + n % 40, description="x" * 20000)
                if before or after:
                    work.write("", [SeriesWrite(key, before, after, stands.etag if stands else "")])
            print("n", n, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


@pytest.mark.parametrize("rounds", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_a_writer_killed_at_any_moment_never_leaves_a_torn_file(tmp_path: Path, rounds: int) -> None:
    (tmp_path / "foreign.ics").write_bytes(meeting("foreign"))
    dice = random.Random(4)
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for _ in range(rounds):
            process.stdin.write("go\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().split()[1])
            for _ in range(dice.randint(0, 6)):
                process.stdout.readline()
            for _ in range(dice.randint(0, 60_000)):
                pass  # a little later than the line that was read, at no particular place
            os.kill(pid, signal.SIGKILL)
            while process.stdout.readline().strip() != "dead":
                pass
            for path in tmp_path.glob("[!.]*"):
                assert len(split(path.read_bytes()).groups) == 1
            assert len(provider(tmp_path).read("", WINDOW, None).changed) == len(list(tmp_path.glob("[!.]*.ics")))
            assert (tmp_path / "foreign.ics").read_bytes() == meeting("foreign")
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("races", [40, pytest.param(300, marks=pytest.mark.slow)])
def test_of_writers_that_create_one_name_at_once_exactly_one_wins(tmp_path: Path, races: int) -> None:
    writers = 4
    outcomes: list[list[Outcome | None]] = [[None] * writers for _ in range(races)]
    barrier = threading.Barrier(writers)

    def run(me: int) -> None:
        work = provider(tmp_path)
        for race in range(races):
            wanted = series(f"race{race:04}", minutes=15 + me)
            barrier.wait()
            (outcomes[race][me],) = work.write("", [SeriesWrite(wanted.key, None, wanted)])

    threads = [threading.Thread(target=run, args=(me,)) for me in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for race, ended in enumerate(outcomes):
        assert sorted(o.state for o in ended if o is not None) == [CONFLICT] * 3 + [DONE]
        winner = next(me for me, o in enumerate(ended) if o is not None and o.state is DONE)
        expected = series_bytes(series(f"race{race:04}", minutes=15 + winner))
        assert (tmp_path / f"race{race:04}.ics").read_bytes() == expected
    assert temps(tmp_path) == []


def test_without_hard_links_a_creation_still_never_overwrites(tmp_path: Path) -> None:
    wanted = series()

    def work() -> None:
        refuse("os.link", errno.ENOTSUP)
        assert create(tmp_path, wanted).state is DONE
        assert create(tmp_path, wanted).state is DONE
        assert create(tmp_path, series(minutes=60)).state is CONFLICT

    assert in_a_child(work) == 0
    assert (tmp_path / f"{wanted.key}.ics").read_bytes() == series_bytes(wanted)
    assert temps(tmp_path) == []


def refused(tmp_path: Path, spoil: Callable[[], object], text: str, tried: Series) -> None:
    """In a child: after `spoil` the write of `tried` fails with `text`, and the next one in the batch is tried too."""
    stands = series("stands")
    etag = create(tmp_path, stands).etag
    gone = series("gone")
    gone_etag = create(tmp_path, gone).etag

    def work() -> None:
        spoil()
        outcomes = provider(tmp_path).write(
            "",
            [
                SeriesWrite(tried.key, None, tried),
                SeriesWrite(stands.key, stands, series("stands", description=tried.description), etag),
                SeriesWrite(gone.key, gone, None, gone_etag),
            ],
        )
        assert [o.state for o in outcomes] == [FAILED, FAILED, DONE], outcomes
        assert outcomes[0].error == f"{tmp_path}/{tried.key}.ics: {text}"
        assert outcomes[1].error == f"{tmp_path}/stands.ics: {text}"

    assert in_a_child(work) == 0
    assert sorted(p.name for p in tmp_path.glob("[!.]*")) == ["stands.ics"]
    assert (tmp_path / "stands.ics").read_bytes() == series_bytes(stands)
    assert temps(tmp_path) == []


LONG = series("long", description="a word and another " * 3000)


def test_a_limit_on_the_size_of_files_fails_that_write_and_tears_nothing(tmp_path: Path) -> None:
    def spoil() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    refused(tmp_path, spoil, "file too large", LONG)


@contextmanager
def mounted(*arguments: str, at: Path) -> Iterator[None]:
    at.mkdir(exist_ok=True)
    try:
        done = subprocess.run(["mount", *arguments, str(at)], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode != 0:
        pytest.skip("mounting needs rights that this user does not have")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


def test_a_full_disk_fails_the_write_with_its_reason_and_tears_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted("-t", "tmpfs", "-o", "size=96k", "tmpfs", at=disk):
        refused(disk, lambda: None, "no space left on device", series("long", description="word " * 30_000))


def test_a_read_only_disk_is_read_only_before_anything_is_written(tmp_path: Path) -> None:
    from calsync.errors import ReadOnly

    real, shown = tmp_path / "real", tmp_path / "shown"
    real.mkdir()
    (real / "a.ics").write_bytes(single("a"))
    with mounted("--bind", str(real), at=shown):
        if subprocess.run(["mount", "-o", "remount,ro,bind", str(shown)], check=False).returncode != 0:
            pytest.skip("this system cannot make a bind mount read only")
        assert len(provider(shown).read("", WINDOW, None).changed) == 1
        assert [c.writable for c in provider(shown).calendars()] == [False]
        with pytest.raises(ReadOnly, match=r"shown: no file can be made in it"):
            create(shown, series())
    assert [p.name for p in real.iterdir()] == ["a.ics"]


def test_a_file_that_the_leader_saves_while_ours_is_being_written_beside_it_is_kept(tmp_path: Path) -> None:
    etag = create(tmp_path, BEFORE).etag
    path = tmp_path / f"{BEFORE.key}.ics"
    theirs = retitled(series_bytes(BEFORE), "Mine now")

    def work() -> None:
        def hook(event: str, args: tuple[object, ...]) -> None:
            if event == "open" and str(args[0]).endswith(".calsync.tmp"):
                path.write_bytes(theirs)

        sys.addaudithook(hook)
        (outcome,) = provider(tmp_path).write("", [SeriesWrite(BEFORE.key, BEFORE, AFTER, etag)])
        assert outcome.state is CONFLICT

    assert in_a_child(work) == 0
    assert path.read_bytes() == theirs
    assert temps(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_whatever_the_system_refuses_is_said_in_one_line(tmp_path: Path, number: int) -> None:
    def work() -> None:
        refuse("os.link", number)
        outcome = create(tmp_path, series())
        assert outcome.state is FAILED
        reason = os.strerror(number)
        assert outcome.error == f"{tmp_path}/{BEFORE.key}.ics: {reason[:1].lower()}{reason[1:]}"

    assert in_a_child(work) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_place_of_a_block_is_left_alone_with_what_it_points_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "work"
    folder.mkdir()
    etag = create(elsewhere, BEFORE).etag
    link = folder / f"{BEFORE.key}.ics"
    link.symlink_to(elsewhere / link.name)
    for before, after in ((None, AFTER), (BEFORE, AFTER), (BEFORE, None)):
        (outcome,) = provider(folder).write("", [SeriesWrite(BEFORE.key, before, after, etag)])
        assert outcome.state is CONFLICT
    assert link.is_symlink()
    assert link.read_bytes() == series_bytes(BEFORE)


def test_a_change_keeps_the_files_permissions(tmp_path: Path) -> None:
    etag = create(tmp_path, BEFORE).etag
    path = tmp_path / f"{BEFORE.key}.ics"
    path.chmod(0o600)
    (outcome,) = provider(tmp_path).write("", [SeriesWrite(BEFORE.key, BEFORE, AFTER, etag)])
    assert outcome.state is DONE
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_stale_temporary_files_of_ours_are_swept(tmp_path: Path) -> None:
    hour_ago = CHANGED.timestamp() - 1e6
    files = {
        ".old.ics.0a1b2c3d.calsync.tmp": True,
        ".reserved.ics.0a1b2c3d.calsync.tmp": True,
        ".somebody-elses.ics.tmp": True,
        "theirs.tmp": True,
        ".young.ics.0a1b2c3d.calsync.tmp": False,
    }
    for name, old in files.items():
        (tmp_path / name).write_bytes(b"x")
        if old:
            os.utime(tmp_path / name, (hour_ago, hour_ago))
    (tmp_path / "reserved.ics").touch()
    (tmp_path / "old.ics").write_bytes(single("old"))
    assert provider(tmp_path).write("", []) == []
    assert (tmp_path / ".old.ics.0a1b2c3d.calsync.tmp").exists()
    assert create(tmp_path, BEFORE).state is DONE
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [".somebody-elses.ics.tmp", "theirs.tmp", ".young.ics.0a1b2c3d.calsync.tmp", "old.ics", f"{BEFORE.key}.ics"]
    )


def test_a_write_that_has_nothing_to_do_touches_no_file(tmp_path: Path) -> None:
    etag = create(tmp_path, BEFORE).etag
    path = tmp_path / f"{BEFORE.key}.ics"
    os.utime(path, ns=(5, 7))
    before = (path.stat().st_mtime_ns, path.stat().st_ino, tmp_path.stat().st_mtime_ns)
    for write in (
        SeriesWrite(BEFORE.key, None, BEFORE),
        SeriesWrite(BEFORE.key, BEFORE, series(changed=CHANGED + timedelta(days=3)), etag),
        SeriesWrite(BEFORE.key, BEFORE, AFTER, "stale"),
    ):
        provider(tmp_path).write("", [write])
    assert (path.stat().st_mtime_ns, path.stat().st_ino, tmp_path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("key", ["../outside", "a/b", ".hidden", "", "x" * 300, "nul\0"])
def test_a_key_that_cannot_be_a_file_name_fails_and_leaves_the_folder(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    wanted = series(key)
    (outcome,) = provider(folder).write("", [SeriesWrite(Key(key), None, wanted)])
    assert outcome.state is FAILED
    assert outcome.error
    assert [p for p in tmp_path.rglob("*") if p != folder] == []
