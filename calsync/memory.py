"""What the leader noted of talks, decrypted: remembered for a brief, written down, and forgotten when it is old."""

from __future__ import annotations

import calendar
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, TypeVar

from calsync.desk import Desk
from calsync.errors import CalsyncError, StateError, UsageError
from calsync.model import at_wall_clock
from calsync.people.contacts import name_key
from calsync.people.talks import Talk
from calsync.state.store import NoteRow, Store
from calsync.tokens import SecretStore, environment_name
from calsync.vault import KEY_NAME, Sealed, Vault

__all__ = [
    "Opener",
    "Recollection",
    "closed_by",
    "oldest_kept",
    "open_vault",
    "packed",
    "plain_text",
    "recollect",
    "unpacked",
    "unreadable",
    "values_of",
    "writing_vault",
]

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recollection:
    """The talks by `name_key` of the person, oldest first, and what could not be remembered."""

    talks: Mapping[str, list[Talk]]
    problems: list[CalsyncError] = field(default_factory=list)


def recollect(desk: Desk, store: Store) -> Recollection:
    """Everything noted that is not too old; raises nothing for notes that cannot be read, which are in `problems`."""
    since = oldest_kept(desk)
    rows = [row for row in store.notes() if row.at >= since]
    talks: dict[str, list[Talk]] = {}
    opener = Opener(desk)
    for row in rows:
        talk = opener.open(unpacked, row)
        if talk is None or (talk.feel is None and not talk.note and not talk.thread):
            continue  # it cannot be read, or is kept only for what it closed
        talks.setdefault(name_key(talk.person), []).append(talk)
    return Recollection(talks, opener.problems())


class Opener:
    """Opens encrypted things one after the other, and says once at the end what could not be opened."""

    def __init__(self, desk: Desk) -> None:
        self._vault = open_vault(desk)
        self._sealed = 0
        self._broken: StateError | None = None

    def open(self, read: Callable[[S, Vault], T], closed: S) -> T | None:
        """What `read` makes of `closed`; None where no key opens it. Where the key cannot be read, nothing more is."""
        if self._broken is None:
            try:
                return read(closed, self._vault)
            except Sealed:
                self._sealed += 1
            except StateError as error:  # no other body would fare better
                self._broken = error
        return None

    def problems(self, what: str = "note", of: str = "") -> list[CalsyncError]:
        """At most one problem; `what` (`of` something) is what each of those was that could not be opened."""
        if self._broken is not None:
            return [self._broken]
        return [unreadable(self._sealed, has_key=self._vault.ready, what=what, of=of)] if self._sealed else []


def open_vault(desk: Desk) -> Vault:
    """The vault of this state folder."""
    return Vault(SecretStore(desk.state_folder))


def writing_vault(desk: Desk, store: Store, *, new_key: bool = False) -> tuple[Vault, list[str]]:
    """A vault that can seal, with a key made where there is none yet; and what the leader must know of it.

    The caller holds the state folder. Raises StateError where earlier notes, promises and the like are there
    and none can be opened, since a key made in passing would hide that theirs is missing; with `new_key` the leader has
    said that they know.
    """
    vault = open_vault(desk)
    rows, bodies = store.notes(), store.sealed()
    count = len(rows) + len(bodies)
    try:
        ready = vault.ready
    except StateError:
        if not new_key:
            raise
        ready = False
    sealed = count
    if ready:
        sealed = sum(not _opens(unpacked, row, vault) for row in rows)
        sealed += sum(not _opens(values_of, body, vault) for body in bodies)
    if count and sealed == count and not new_key:
        problem = unreadable(sealed, has_key=ready)
        raise StateError(
            f"nothing is noted: {problem.what}", f"{problem.next_step}; if it is lost for good, add --new-key"
        )
    lines = [f"{problem.what}." for problem in [unreadable(sealed, has_key=ready)] if sealed]
    if not ready:
        place = "the system keyring" if vault.make_key() == "keyring" else f"{desk.state_folder / 'secrets.json'}"
        lines.append(f"Notes are encrypted; the key is new and lies in {place}. Without it nobody can read them.")
    return vault, lines


def _opens(read: Callable[[T, Vault], object], text: T, vault: Vault) -> bool:
    try:
        read(text, vault)
    except Sealed:
        return False
    return True


def values_of(body: str, vault: Vault) -> dict[str, Any]:
    """The values that are sealed in `body`. Raises as Vault.open_values."""
    return vault.open_values(body)


def plain_text(text: str, what: str, longest: int) -> str:
    """A text as it is kept: with plain line ends, and nothing around it; "" for a blank one.

    Raises UsageError, with `what` it is, for more than `longest` letters and for control characters.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(plain) > longest:
        raise UsageError(f"the {what} has more than {longest} letters", "say it in fewer words")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in plain):
        raise UsageError(f"the {what} has control characters in it", "write it as plain text")
    return plain


def oldest_kept(desk: Desk) -> datetime:
    """Notes from before that instant count as gone: midnight in the leader's zone, `notes_months` months ago."""
    today = desk.now.date()
    year, month = divmod(today.year * 12 + today.month - 1 - desk.config.notes_months, 12)
    day = min(today.day, calendar.monthrange(year, month + 1)[1])
    return at_wall_clock(today.replace(year=year, month=month + 1, day=day), time(), desk.config.zone)


def packed(talk: Talk, vault: Vault, closes: Sequence[int] = ()) -> str:
    """The body of a note: all of the talk but the person and the instant, which stand beside it. Raises StateError.

    `closes` are the notes, by id, whose threads this one closed: they open again when it is taken back.
    """
    said: dict[str, Any] = {"feel": talk.feel, "note": talk.note, "thread": talk.thread, "open": talk.thread_open}
    if closes:
        said["closes"] = list(closes)
    return vault.seal(json.dumps(said, ensure_ascii=False))


def closed_by(row: NoteRow, vault: Vault) -> list[int]:
    """The notes, by id, whose threads the note `row` closed. Raises as `unpacked`."""
    unpacked(row, vault)
    return [id_ for id_ in json.loads(vault.open(row.body)).get("closes", []) if isinstance(id_, int)]


def unpacked(row: NoteRow, vault: Vault) -> Talk:
    """The talk of a note. Raises Sealed when it cannot be opened or is not from `packed`, StateError as Vault."""
    text = vault.open(row.body)
    try:
        said: dict[str, Any] = json.loads(text)
        return Talk(row.person, row.at, said["feel"], said["note"], said["thread"], said["open"])
    except (ValueError, KeyError, TypeError):
        raise Sealed from None


def unreadable(count: int, *, has_key: bool, what: str = "note", of: str = "") -> StateError:
    """What to say of so many encrypted texts, each of them a `what` (`of` something), that no key at hand opens."""
    notes, them, their = (f"1 {what}{of}", "it", "its") if count == 1 else (f"{count} {what}s{of}", "them", "their")
    why = f"the key at hand is not the one that sealed {them}" if has_key else f"{their} key is not here"
    return StateError(
        f"{notes} cannot be read: {why}",
        f"unlock the system keyring, or put the key back ({environment_name(KEY_NAME)}; see docs/notes.md)",
    )
