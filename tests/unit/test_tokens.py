"""Secrets: where they are looked for, who can read them, and that nothing ever shows them."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backends import fail
from keyring.errors import KeyringLocked

from calsync.errors import StateError
from calsync.tokens import SERVICE, SecretStore, environment_name
from tests.keyrings import DictKeyring

SECRET = 'hunter2-Ünïcode"\\'


class BrokenKeyring(DictKeyring):
    """A keyring as a cron job meets it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    def delete_password(self, service: str, username: str) -> None:
        raise self.error


class ForgetfulKeyring(DictKeyring):
    """A keyring that takes everything and keeps nothing (keyring's own null backend does that)."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


@pytest.fixture
def system() -> Iterator[DictKeyring]:
    """The system keyring of this test; the process's own is back afterwards."""
    before = keyring.get_keyring()
    backend = DictKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring(system: DictKeyring) -> None:
    """A machine without any keyring."""
    keyring.set_keyring(fail.Keyring())


def store(folder: Path, **environment: str) -> SecretStore:
    return SecretStore(folder, environment)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("work", "CALSYNC_SECRET_WORK"),
        ("my-work 2", "CALSYNC_SECRET_MY_WORK_2"),
        ("büro", "CALSYNC_SECRET_B_RO"),
        ("a.b@c", "CALSYNC_SECRET_A_B_C"),
    ],
)
def test_a_name_has_one_environment_variable(name: str, variable: str) -> None:
    assert environment_name(name) == variable


def test_the_environment_comes_before_the_file_and_the_file_before_the_keyring(
    tmp_path: Path, system: DictKeyring
) -> None:
    assert store(tmp_path).get("work") is None
    system.set_password(SERVICE, "work", "from the keyring")
    assert store(tmp_path).get("work") == "from the keyring"
    secrets = tmp_path / "secrets.json"
    secrets.write_text('{"work": "from the file"}')
    secrets.chmod(0o600)
    assert store(tmp_path).get("work") == "from the file"
    assert store(tmp_path, CALSYNC_SECRET_WORK="from outside").get("work") == "from outside"
    assert store(tmp_path, CALSYNC_SECRET_WORK="").get("work") == "from the file"
    assert store(tmp_path).get("other") is None


def test_the_process_environment_is_what_counts_without_another(tmp_path: Path, no_keyring: None) -> None:
    code = "from pathlib import Path; from calsync.tokens import SecretStore; print(SecretStore(Path('.')).get('a b'))"
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "CALSYNC_SECRET_A_B": "x1", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "x1\n"


def test_auto_takes_the_keyring_and_leaves_no_file(tmp_path: Path, system: DictKeyring) -> None:
    assert store(tmp_path).put("work", SECRET) == "keyring"
    assert system.kept == {(SERVICE, "work"): SECRET}
    assert list(tmp_path.iterdir()) == []
    assert store(tmp_path).get("work") == SECRET


@pytest.mark.parametrize("error", [KeyringLocked("locked"), RuntimeError("no bus"), OSError("gone"), KeyError("x")])
def test_a_keyring_that_fails_is_no_secret_and_auto_takes_the_file(
    tmp_path: Path, system: DictKeyring, error: Exception
) -> None:
    keyring.set_keyring(BrokenKeyring(error))
    assert store(tmp_path).get("work") is None
    assert store(tmp_path).put("work", SECRET) == "file"
    assert store(tmp_path).get("work") == SECRET
    assert store(tmp_path).forget("work")


def test_a_keyring_that_keeps_nothing_is_not_believed(tmp_path: Path, system: DictKeyring) -> None:
    keyring.set_keyring(ForgetfulKeyring())
    assert store(tmp_path).put("work", SECRET) == "file"
    assert store(tmp_path).get("work") == SECRET


@pytest.mark.usefixtures("no_keyring")
class TestFile:
    """secrets.json, on a machine without a keyring."""

    def test_it_is_born_private_whatever_the_umask(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            store(tmp_path / "state").put("work", SECRET)
        finally:
            os.umask(before)
        assert (tmp_path / "state" / "secrets.json").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
        assert [p.name for p in (tmp_path / "state").iterdir()] == ["secrets.json"]

    def test_asking_for_the_keyring_fails_with_the_way_out(self, tmp_path: Path) -> None:
        with pytest.raises(StateError) as caught:
            store(tmp_path).put("my work", SECRET, "keyring")
        assert "CALSYNC_SECRET_MY_WORK" in caught.value.next_step
        assert "secrets.json" in caught.value.next_step

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
    def test_a_file_that_others_can_open_is_refused_with_the_command_that_mends_it(
        self, tmp_path: Path, mode: int
    ) -> None:
        kept = store(tmp_path)
        kept.put("work", SECRET)
        path = tmp_path / "secrets.json"
        path.chmod(mode)
        for use in (lambda: kept.get("work"), lambda: kept.put("work", "new", "file"), lambda: kept.forget("work")):
            with pytest.raises(StateError) as caught:
                use()
            assert f"{mode:04o}" in caught.value.what
            assert caught.value.next_step == f"chmod 600 {path}"
        subprocess.run(caught.value.next_step.split(), check=True)
        assert kept.get("work") == SECRET

    def test_the_command_can_be_pasted_for_a_folder_with_a_space(self, tmp_path: Path) -> None:
        kept = store(tmp_path / "my state")
        kept.put("work", SECRET)
        (tmp_path / "my state" / "secrets.json").chmod(0o644)
        with pytest.raises(StateError) as caught:
            kept.get("work")
        subprocess.run(["sh", "-c", caught.value.next_step], check=True)
        assert kept.get("work") == SECRET

    @pytest.mark.parametrize(
        "content",
        [b"", b"{", b'{"work": "hunter2', b"[]", b"null", b'{"work": 5}', b'{"work": {"a": "hunter2"}}', b"\xff\xfe{}"],
    )
    def test_a_file_that_cannot_be_understood_is_an_error_and_is_never_overwritten(
        self, tmp_path: Path, content: bytes
    ) -> None:
        path = tmp_path / "secrets.json"
        path.write_bytes(content)
        path.chmod(0o600)
        kept = store(tmp_path)
        for use in (lambda: kept.get("work"), lambda: kept.put("work", "new"), lambda: kept.forget("work")):
            with pytest.raises(StateError) as caught:
                use()
            assert str(path) in caught.value.what
            assert caught.value.next_step
            assert "hunter2" not in "".join(traceback.format_exception(caught.value))
        assert path.read_bytes() == content

    def test_a_folder_in_its_place_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "secrets.json").mkdir()
        with pytest.raises(StateError, match=r"secrets\.json: cannot be read"):
            store(tmp_path).get("work")

    def test_a_state_folder_that_is_a_file_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("")
        with pytest.raises(StateError, match=r"secrets\.json"):
            store(tmp_path / "state").put("work", SECRET)

    def test_one_secret_leaves_the_others_alone(self, tmp_path: Path) -> None:
        kept = store(tmp_path)
        kept.put("a", "1")
        kept.put("b", "2")
        kept.put("a", "3")
        assert (kept.get("a"), kept.get("b")) == ("3", "2")
        assert kept.forget("a")
        assert (kept.get("a"), kept.get("b")) == (None, "2")
        assert not kept.forget("a")

    def test_an_empty_secret_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="empty"):
            store(tmp_path).put("work", "")


def test_the_value_put_last_is_the_one_found_whatever_the_place(tmp_path: Path, system: DictKeyring) -> None:
    kept = store(tmp_path)
    kept.put("work", "old", "file")
    kept.put("work", "new", "keyring")
    assert kept.get("work") == "new"
    assert json.loads((tmp_path / "secrets.json").read_text()) == {}
    kept.put("work", "newest", "file")
    assert kept.get("work") == "newest"
    assert system.kept == {}


def test_forgetting_takes_it_out_of_both_places(tmp_path: Path, system: DictKeyring) -> None:
    kept = store(tmp_path)
    kept.put("work", "in the file", "file")
    system.set_password(SERVICE, "work", "in the keyring")
    assert kept.forget("work")
    assert kept.get("work") is None
    assert not kept.forget("work")


def test_a_secret_stands_in_no_repr_no_error_and_no_log(
    tmp_path: Path, system: DictKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = SECRET[:7]
    kept = store(tmp_path, CALSYNC_SECRET_OTHER=SECRET)
    kept.put("work", SECRET, "file")
    kept.put("home", SECRET, "keyring")
    kept.get("work"), kept.get("home"), kept.get("other")
    keyring.set_keyring(BrokenKeyring(RuntimeError(SECRET)))
    with pytest.raises(StateError) as caught:
        kept.put("work", SECRET, "keyring")
    told = "".join(traceback.format_exception(caught.value)) + repr(kept) + str(kept) + caplog.text
    assert hidden not in told


@given(value=st.text(st.characters(codec="utf-8"), min_size=1), name=st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_text_comes_back_as_it_was_kept(tmp_path_factory: pytest.TempPathFactory, value: str, name: str) -> None:
    kept = store(tmp_path_factory.mktemp("state"))
    kept.put(name, value, "file")
    assert kept.get(name) == value
