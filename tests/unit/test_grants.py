"""Grants of accounts: who can read them, that they are whole at any moment, and that one is changed at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from queue import Queue

import pytest

from calsync import wire
from calsync.errors import SignInNeeded, StateError
from calsync.grants import PATIENCE_SECONDS, GrantFile, every_grant, granted, understood

ROOT = Path(__file__).resolve().parents[2]
GRANT = {"kind": "user", "account": "maya@example.com", "refresh_token": "1//hunter2-Ünïcode"}


@pytest.fixture
def file(tmp_path: Path) -> GrantFile:
    return GrantFile(tmp_path / "state", "google", "maya@example.com")


def test_making_one_touches_nothing_and_there_is_no_grant_at_first(file: GrantFile) -> None:
    assert file.read() is None
    assert not file.path.parent.exists()


def test_it_is_born_private_whatever_the_umask_and_so_is_its_folder_and_its_lock(file: GrantFile) -> None:
    before = os.umask(0)
    try:
        with file.locked():
            file.write(GRANT)
    finally:
        os.umask(before)
    folder = file.path.parent
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()} == {
        file.path.name: 0o600,
        f"{file.path.name}.lock": 0o600,
    }
    assert file.read() == GRANT


def test_it_is_private_before_anything_is_in_it(file: GrantFile, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    write = os.fdopen

    def opened(handle: int, *args: object) -> object:
        seen.append((os.fstat(handle).st_mode & 0o777, os.fstat(handle).st_size))
        return write(handle, *args)

    monkeypatch.setattr(os, "fdopen", opened)
    before = os.umask(0)
    try:
        file.write(GRANT)
    finally:
        os.umask(before)
    assert seen == [(0o600, 0)]


def test_it_is_replaced_whole_so_that_whoever_had_it_open_reads_the_old_one(file: GrantFile) -> None:
    file.write(GRANT)
    with file.path.open() as old:
        file.write({**GRANT, "refresh_token": "new"})
        assert json.load(old) == GRANT
    assert file.read() == {**GRANT, "refresh_token": "new"}
    assert [p.name for p in file.path.parent.iterdir()] == [file.path.name]


def test_a_write_that_fails_leaves_the_old_one_and_nothing_beside_it(
    file: GrantFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(GRANT)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left on device") as caught:
        file.write({**GRANT, "refresh_token": "new"})
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert file.read() == GRANT
    assert [p.name for p in file.path.parent.iterdir()] == [file.path.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_one_that_others_can_read_is_refused_with_the_command_that_mends_it(file: GrantFile, mode: int) -> None:
    file.write(GRANT)
    file.path.chmod(mode)
    with pytest.raises(StateError) as caught:
        file.read()
    assert f"{mode:04o}" in caught.value.what
    subprocess.run(["sh", "-c", caught.value.next_step], check=True)
    assert file.read() == GRANT


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b'{"refresh_token": "hunter2', b"[]", b"null", b"\xff\xfe{}", b'{"a":' * 20_000,
        b'{"refresh_token": "hunter2\\ud800"}',
    ],
    ids=range(8),
)  # fmt: skip
def test_one_that_cannot_be_understood_says_what_to_do_and_quotes_nothing(file: GrantFile, content: bytes) -> None:
    file.write(GRANT)
    file.path.write_bytes(content)
    with pytest.raises(StateError) as caught:
        file.read()
    assert caught.value.what == f"{file.path}: it is not a grant that calsync has written"
    assert caught.value.next_step == "move it away and sign in again with `calsync calendars sign-in`"
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert file.path.read_bytes() == content


def test_a_folder_in_its_place_and_a_state_folder_that_is_a_file_are_errors(tmp_path: Path) -> None:
    file = GrantFile(tmp_path, "google", "maya@example.com")
    file.path.mkdir(parents=True)
    with pytest.raises(StateError, match="cannot be read"):
        file.read()
    with pytest.raises(StateError, match="cannot be written"):
        file.write(GRANT)
    (tmp_path / "state").write_text("")
    other = GrantFile(tmp_path / "state", "google", "maya@example.com")
    with pytest.raises(StateError, match="cannot be locked"), other.locked():
        pass


def test_no_two_accounts_and_no_two_providers_share_a_file(tmp_path: Path) -> None:
    accounts = ["maya@example.com", "a/b@example.com", "a_b@example.com", "a b@example.com", "bür@example.com"]
    paths = [GrantFile(tmp_path, "google", account).path for account in accounts]
    paths.append(GrantFile(tmp_path, "microsoft", accounts[0]).path)
    assert len(set(paths)) == len(accounts) + 1
    assert {p.parent for p in paths} == {tmp_path / "grants"}
    assert GrantFile(tmp_path, "google", "Maya@Example.com").path == paths[0]


def test_every_grant_of_a_provider_is_found_but_those_that_cannot_be_read(tmp_path: Path) -> None:
    assert every_grant(tmp_path, "google") == []
    for account in ("b@example.com", "a@example.com", "c@example.com"):
        GrantFile(tmp_path, "google", account).write({"account": account})
    GrantFile(tmp_path, "microsoft", "d@example.com").write({"account": "d@example.com"})
    GrantFile(tmp_path, "google", "c@example.com").path.chmod(0o644)
    assert [one["account"] for one in every_grant(tmp_path, "google")] == ["a@example.com", "b@example.com"]


def test_nothing_secret_stands_in_its_repr(file: GrantFile) -> None:
    file.write(GRANT)
    assert repr(file) == f"GrantFile({str(file.path)!r})"


def test_threads_change_it_one_after_the_other(file: GrantFile) -> None:
    file.write({"count": 0})

    def count() -> None:
        for _ in range(20):
            with file.locked():
                grant = file.read() or {}
                file.write({"count": grant["count"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read() == {"count": 80}


COUNT = """
import sys
from pathlib import Path
from calsync.grants import GrantFile
file = GrantFile(Path(sys.argv[1]), "google", "maya@example.com")
for _ in range(20):
    with file.locked():
        file.write({"count": file.read()["count"] + 1})
"""


def test_processes_change_it_one_after_the_other(tmp_path: Path) -> None:
    GrantFile(tmp_path, "google", "maya@example.com").write({"count": 0})
    running = [
        subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(ROOT)})
        for _ in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert GrantFile(tmp_path, "google", "maya@example.com").read() == {"count": 60}


HOLD = """
import sys
from pathlib import Path
from calsync.grants import GrantFile
with GrantFile(Path(sys.argv[1]), "google", "maya@example.com").locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        file = GrantFile(tmp_path, "google", "maya@example.com")
        order: Queue[str] = Queue()

        def take() -> None:
            with file.locked():
                order.put("taken")

        waiting = threading.Thread(target=take)
        waiting.start()
        order.put("killed")
        holder.kill()
        waiting.join(60)
        assert [order.get(), order.get()] == ["killed", "taken"]


def test_a_lock_that_stays_held_is_an_error_after_a_while(file: GrantFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync.grants.PATIENCE_SECONDS", 0.05)
    with file.locked(), pytest.raises(StateError, match="another calsync has held it"), file.locked():
        pass


def test_a_lock_is_waited_for_longer_than_two_exchanges_with_a_slow_server_take() -> None:
    slowest = wire._TRIES_SECONDS + wire._LONGEST_WAIT + wire._CONNECT_SECONDS + wire._ANSWER_SECONDS
    assert 2 * slowest <= PATIENCE_SECONDS


# --- as a calendar uses it ---


def test_a_calendar_is_told_of_a_broken_grant_by_its_name_and_how_to_mend_it(file: GrantFile) -> None:
    file.write(GRANT)
    for content, whole in ((b"{", True), (b"[]", True), (file.path.read_bytes(), False)):
        file.path.write_bytes(content)
        with pytest.raises(SignInNeeded) as caught:
            understood(file, "my work", "maya@example.com", lambda _grant, whole=whole: whole)
        assert caught.value.what == "my work: the grant of maya@example.com cannot be understood"
        assert caught.value.next_step == f"move {file.path} away, then run `calsync calendars sign-in 'my work'`"
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_calendar_is_told_by_its_name_who_else_can_read_the_grant(file: GrantFile) -> None:
    file.write(GRANT)
    file.path.chmod(0o644)
    with pytest.raises(StateError) as caught:
        understood(file, "work", "maya@example.com", lambda _grant: True)
    assert caught.value.what.startswith(f"work: {file.path}: others on this machine can read it")
    assert caught.value.next_step.startswith("chmod 600 ")


def test_a_grant_that_is_whole_is_given_and_none_is_none(file: GrantFile) -> None:
    assert understood(file, "work", "maya@example.com", lambda _grant: False) is None
    file.write(GRANT)
    assert understood(file, "work", "maya@example.com", lambda _grant: True) == GRANT


def test_what_was_granted_is_nothing_where_no_grant_can_be_read(file: GrantFile) -> None:
    assert granted(file) == set()
    for scopes in (None, 5, "a b", {"a": 1}, [["a"]]):
        file.write({"scopes": scopes})
        assert granted(file) == set()
    file.write({"scopes": ["a", "b"]})
    assert granted(file) == {"a", "b"}
    file.path.write_bytes(b"{")
    assert granted(file) == set()
