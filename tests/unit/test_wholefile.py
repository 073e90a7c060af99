"""A file is replaced whole or not at all, for its owner alone where that is asked, and nothing is left beside it."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calsync.wholefile import replace_file, sync_folder, written_beside

ROOT = Path(__file__).resolve().parents[2]
HOUR = 3600
pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes and folders that can be synced are POSIX's")


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_content_takes_the_place_of_the_old_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data in (b"one", b"", b"\r\n\x00" * 100_000):
        replace_file(path, data)
        assert path.read_bytes() == data
        assert names(tmp_path) == ["file"]


def test_only_its_owner_can_read_it_and_the_folders_that_were_missing(tmp_path: Path, umask: None) -> None:
    path = tmp_path / "a" / "b" / "file"
    replace_file(path, b"x")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.chmod(0o644)
    replace_file(path, b"y")
    assert mode(path) == 0o600


def test_what_is_not_private_is_as_the_process_makes_files(tmp_path: Path, umask: None) -> None:
    path = tmp_path / "public" / "file"
    replace_file(path, b"x", private=False)
    assert (mode(path), mode(path.parent)) == (0o644, 0o755)


WATCHED = """
import os, stat, sys
from pathlib import Path
from calsync.wholefile import replace_file

folder, seen = Path(sys.argv[1]), []

def look(name, args):
    # Before each step, every file of the folder as it stands on the disk.
    if name in ("open", "os.rename", "os.remove"):
        seen.extend((e.name, stat.S_IMODE(e.stat().st_mode)) for e in os.scandir(folder))

os.umask(0)
sys.addaudithook(look)
replace_file(folder / "file", b"secret")
loaded = [name for name in ("tempfile", "random", "secrets") if name in sys.modules]
print({mode for _, mode in seen}, any(name.endswith(".tmp") for name, _ in seen), loaded)
"""


def test_it_is_private_from_its_first_byte_on_whatever_the_umask_and_loads_nothing_for_it(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WATCHED, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"{{{0o600}}} True []"


def test_a_folder_that_cannot_be_written_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    (tmp_path / "not-a-folder").touch()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        replace_file(tmp_path / "not-a-folder" / "file", b"new")
    (tmp_path / "full" / "x").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "full", b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file", "full", "not-a-folder"]


FULL = """
import resource, signal, sys
from pathlib import Path
from calsync.wholefile import replace_file

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    replace_file(Path(sys.argv[1]), b"x" * 100_000)
except OSError as error:
    print(error.strerror)
"""


def test_a_disk_that_takes_only_a_part_leaves_the_old_content_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    command = [sys.executable, "-W", "error", "-c", FULL, str(path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == os.strerror(errno.EFBIG)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_an_error_of_the_caller_removes_what_was_written_beside(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def interrupted() -> None:
        with written_beside(path, b"x") as temporary:
            assert temporary.parent == path.parent
            assert temporary.read_bytes() == b"x"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_removed_an_hour_later_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    others = [".file.tmp.bak", ".filed.0123.tmp", "file.0123.tmp", ".other.0123.tmp"]
    for name in (".file.0123456789ab.tmp", ".file.ba9876543210.tmp", *others):
        (tmp_path / name).write_bytes(b"secret")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".file.young.tmp").touch()
    replace_file(path, b"x")
    assert names(tmp_path) == sorted([".file.young.tmp", *others, "file"])


def test_writers_side_by_side_never_leave_a_mixture(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + number]) * 50_000 for number in range(8)]
    threads = [threading.Thread(target=replace_file, args=(path, data)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


def refusing(code: int) -> Callable[[int], None]:
    def fsync(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    return fsync


@pytest.mark.parametrize(("code", "told"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_sync_a_folder_is_no_failure_but_a_broken_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, told: bool
) -> None:
    monkeypatch.setattr(os, "fsync", refusing(code))
    raised: Any = None
    try:
        sync_folder(tmp_path)
    except OSError as error:
        raised = error.errno
    assert raised == (code if told else None)


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_the_old_content_or_the_new_one(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from calsync.wholefile import replace_file\n"
        "print('go', flush=True)\n"
        "for i in range(10**6): replace_file(Path(sys.argv[1]), bytes([65 + i % 26]) * 20_000)\n"
    )
    path = tmp_path / "file"
    for turn in range(40):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        written = 0
        while written < turn:
            written += path.exists()
        process.kill()
        process.wait()
        process.stdout.close()
        data = path.read_bytes() if path.exists() else b""
        assert data == b"" or data == data[:1] * 20_000
