"""The leader's promises, decrypted; whatever key is missing, what needs no key is still known of them."""

from __future__ import annotations

from dataclasses import dataclass

from calsync.desk import Desk
from calsync.errors import CalsyncError, StateError
from calsync.memory import open_vault, unreadable
from calsync.people.promises import Promise, PromiseState
from calsync.state.store import PromiseRow, Store
from calsync.vault import Sealed, Vault

__all__ = ["Promised", "promised"]

_TEXT = "text"
"""The key of the text in what is sealed."""


@dataclass(frozen=True, slots=True)
class Promised:
    """Every promise, open or closed, by id; and what could not be read, whose text is "" then."""

    promises: list[Promise]
    problems: list[CalsyncError]


def promised(desk: Desk, store: Store) -> Promised:
    """Every promise that was ever made and not forgotten, in the order in which they were made.

    Raises nothing for what cannot be decrypted: such a promise has no text, which `problems` says once.
    """
    vault = open_vault(desk)
    promises: list[Promise] = []
    problems: list[CalsyncError] = []
    sealed = 0
    for row in store.promises():
        text = ""
        if not problems:
            try:
                text = _text(row, vault)
            except Sealed:
                sealed += 1
            except StateError as error:  # the key cannot be read: no other body would fare better
                problems = [error]
        promises.append(_promise(row, text))
    if sealed and not problems:
        problems = [unreadable(sealed, has_key=vault.ready, what="promise")]
    return Promised(promises, problems)


def _promise(row: PromiseRow, text: str) -> Promise:
    return Promise(row.id, row.person, text, row.made_at, row.due, row.minutes, PromiseState(row.state), row.closed_at)


def _text(row: PromiseRow, vault: Vault) -> str:
    text = vault.open_values(row.body).get(_TEXT)
    if not isinstance(text, str):
        raise Sealed
    return text
