"""Notes are sealed, opened, counted when they cannot be, and kept for so many months; laws and edges."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from calsync.desk import Desk, open_desk
from calsync.errors import StateError
from calsync.memory import closed_by, oldest_kept, open_vault, packed, recollect, unpacked, writing_vault
from calsync.people.talks import Talk
from calsync.state.store import NoteRow, Store
from calsync.tokens import SecretStore
from calsync.vault import KEY_NAME, Sealed, Vault

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 9, 5, tzinfo=BERLIN)
CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
working_hours: {mon-fri: "09:00-17:00"}
calendars: [{name: work, provider: ics, path: work}]
people: [{name: Ana Sousa, ideal: 14d, max: 28d}]
"""
KEYS = [base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in range(3)]


class Locked(KeyringBackend):
    """A keyring that can be locked."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Locked]:
    before, backend = keyring.get_keyring(), Locked()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def desk_at(folder: Path, now: datetime = NOW, months: int = 18) -> Desk:
    path = folder / "config.yaml"
    path.write_text(f"{CONFIG}privacy: {{notes_months: {months}}}\n", "utf-8")
    return open_desk(path, folder / "state", now)


def vault(key: str) -> Vault:
    return Vault(SecretStore(Path("nowhere"), {"CALSYNC_SECRET_CALSYNC_NOTES": key}))


@given(st.text(max_size=200), st.text(max_size=50), st.integers(1, 5) | st.none(), st.booleans())
def test_what_is_sealed_comes_back_and_shows_nothing(note: str, thread: str, feel: int | None, is_open: bool) -> None:
    one, talk = vault(KEYS[0]), Talk("Ana", NOW, feel, note, thread, is_open)
    body = packed(talk, one, [3, 4])
    assert unpacked(NoteRow(1, "Ana", NOW, body), one) == talk
    assert closed_by(NoteRow(1, "Ana", NOW, body), one) == [3, 4]
    assert body.isascii()
    assert len(note) < 10 or note not in body


def test_two_notes_of_one_text_do_not_look_alike() -> None:
    one = vault(KEYS[0])
    assert one.seal("the same") != one.seal("the same")


def test_when_a_note_was_sealed_cannot_be_read_off_it() -> None:
    token = base64.urlsafe_b64decode(vault(KEYS[0]).seal("x"))
    assert token[1:9] == bytes(8)


@pytest.mark.parametrize("harm", ["another key", "cut", "changed", "plain", "empty"])
def test_what_was_tampered_with_is_not_opened(harm: str) -> None:
    body = vault(KEYS[0]).seal("hello")
    changed = body[:30] + ("A" if body[30] != "A" else "B") + body[31:]
    harmed = {"cut": body[:-8], "changed": changed, "plain": '{"feel": 3}', "empty": ""}.get(harm, body)
    with pytest.raises(Sealed):
        vault(KEYS[1] if harm == "another key" else KEYS[0]).open(harmed)


def test_of_several_keys_the_first_seals_and_all_open() -> None:
    old = vault(KEYS[0]).seal("old")
    both = vault(f"{KEYS[1]}, {KEYS[0]}")
    assert both.open(old) == "old"
    assert vault(KEYS[1]).open(both.seal("new")) == "new"


def test_without_a_key_nothing_is_sealed(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no key"):
        Vault(SecretStore(tmp_path, {})).seal("x")


@pytest.mark.parametrize("key", ["x", "A" * 44, KEYS[0][:-1], f"{KEYS[0]},", "ключ"])
def test_a_key_that_is_none_is_told_and_not_shown(key: str) -> None:
    with pytest.raises(StateError) as told:
        vault(key).seal("x")
    assert key not in told.value.next_step


def test_a_keyring_keeps_the_key_and_no_file_has_it(tmp_path: Path, ring: Locked) -> None:
    desk = desk_at(tmp_path)
    with Store(desk.state_folder, NOW) as store:
        _, told = writing_vault(desk, store)
    assert "the system keyring" in told[0]
    assert list(ring.kept) == [("calsync", KEY_NAME)]
    assert not (desk.state_folder / "secrets.json").exists()


def test_a_locked_keyring_makes_no_second_key_while_notes_wait(tmp_path: Path, ring: Locked) -> None:
    desk = desk_at(tmp_path)
    with Store(desk.state_folder, NOW) as store:
        one, _ = writing_vault(desk, store)
        store.add_note("Ana Sousa", NOW, packed(Talk("Ana Sousa", NOW, 4), one))
        ring.locked = True
        assert [problem.what.split(":")[0] for problem in recollect(desk, store).problems] == ["1 note cannot be read"]
        with pytest.raises(StateError, match="nothing is noted"):
            writing_vault(desk, store)
        assert not (desk.state_folder / "secrets.json").exists()
        ring.locked = False
        assert recollect(desk, store).problems == []


def test_readable_notes_are_shown_beside_those_that_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_at(tmp_path)
    monkeypatch.setenv("CALSYNC_SECRET_CALSYNC_NOTES", KEYS[0])
    with Store(desk.state_folder, NOW) as store:
        store.add_note("Ana Sousa", NOW, packed(Talk("Ana Sousa", NOW, 4), vault(KEYS[0])))
        store.add_note("Ana Sousa", NOW, vault(KEYS[1]).seal("{}"))
        store.add_note("Bo", NOW, vault(KEYS[0]).seal('{"feel": 9, "note": "", "thread": "", "open": false}'))
        found = recollect(desk, store)
        assert [talk.feel for talk in found.talks["ana sousa"]] == [4]
        assert "bo" not in found.talks
        assert found.problems[0].what.startswith("2 notes cannot be read")
        _, told = writing_vault(desk, store)
        assert told[0].startswith("2 notes cannot be read")


def test_talks_come_by_person_oldest_first_in_any_spelling_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_at(tmp_path)
    monkeypatch.setenv("CALSYNC_SECRET_CALSYNC_NOTES", KEYS[0])
    one = open_vault(desk)
    with Store(desk.state_folder, NOW) as store:
        for name, days, feel in (("Ana Sousa", 1, 1), ("ANA  sousa", 3, 3), ("Bo", 2, 2)):
            at = NOW - timedelta(days)
            store.add_note(name, at, packed(Talk(name, at, feel), one))
        assert {k: [t.feel for t in v] for k, v in recollect(desk, store).talks.items()} == {
            "ana sousa": [3, 1],
            "bo": [2],
        }


@pytest.mark.parametrize(
    ("today", "months", "oldest"),
    [
        ((2026, 11, 9), 18, (2025, 5, 9)),
        ((2026, 3, 31), 1, (2026, 2, 28)),
        ((2028, 3, 31), 1, (2028, 2, 29)),
        ((2026, 1, 15), 1, (2025, 12, 15)),
        ((2026, 1, 15), 13, (2024, 12, 15)),
        ((2026, 12, 31), 12, (2025, 12, 31)),
        ((2027, 2, 28), 120, (2017, 2, 28)),
    ],
)
def test_the_oldest_note_is_so_many_months_old_on_the_leaders_calendar(
    tmp_path: Path, today: tuple[int, int, int], months: int, oldest: tuple[int, int, int]
) -> None:
    desk = desk_at(tmp_path, datetime(*today, 23, 59, tzinfo=BERLIN), months)
    found = oldest_kept(desk)
    assert found.astimezone(BERLIN).date() == date(*oldest)
    assert found.astimezone(BERLIN).hour == 0
