"""What an account has granted to calsync: one file of tokens an account, in the state folder, for its owner alone.

A grant is a JSON object in the form of its provider. It is changed under a lock, because calendars of one account are
read side by side and a refresh token that rotates must not be used twice; the lock dies with its process.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from calsync.errors import SignInNeeded, StateError
from calsync.signstep import sign_in_step
from calsync.tokens import read_private
from calsync.wholefile import replace_file
from calsync.wire import LONGEST_SECONDS

__all__ = ["PATIENCE_SECONDS", "GrantFile", "every_grant", "granted", "instant_in", "seen", "understood"]

PATIENCE_SECONDS = 2 * LONGEST_SECONDS
"""How long a held grant is waited for: longer than its holder may take, who asks Microsoft twice (where one signs in,
then for a token). Whoever gives up sooner blames another calsync for what is a slow network."""

_FOLDER = "grants"
_NOT_PLAIN = re.compile(r"[^a-z0-9.@_-]+")


class GrantFile:
    """The grant of one account of one kind of provider. Making it touches nothing.

    `folder` is the state folder, `provider` the kind ("google"), `account` the address signed in with, or the
    calendar's name where the config names no account.
    """

    def __init__(self, folder: Path, provider: str, account: str) -> None:
        plain = _NOT_PLAIN.sub("_", account.lower())
        if plain != account.lower():
            # Two accounts must not share a file because of what a file name cannot hold.
            plain += "-" + hashlib.sha256(account.lower().encode()).hexdigest()[:8]
        self.path = folder / _FOLDER / f"{provider}-{plain}.json"

    def __repr__(self) -> str:
        return f"GrantFile({str(self.path)!r})"

    def read(self) -> dict[str, Any] | None:
        """The grant, None when there is none.

        Raises StateError when others can read the file, or when it cannot be understood.
        """
        return _read(self.path)

    def write(self, grant: Mapping[str, Any]) -> None:
        """Keep the grant: readable by its owner alone from its first byte on, replaced whole. Raises StateError."""
        try:
            replace_file(self.path, (json.dumps(grant, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())
        except OSError as error:
            raise StateError(
                f"{self.path}: cannot be written ({error.strerror})", "check the state folder and its free space"
            ) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the grant against every other thread and process; raises StateError when it stays held."""
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Not thread-local, so that threads wait for each other as processes do; never removed, since a lock on
            # a deleted file would guard nothing.
            with FileLock(f"{self.path}.lock", timeout=PATIENCE_SECONDS, mode=0o600, thread_local=False):
                yield
        except Timeout:
            raise StateError(
                f"{self.path}: another calsync has held it for {PATIENCE_SECONDS / 60:.0f} minutes",
                "end that one, then try again",
            ) from None
        except OSError as error:
            raise StateError(
                f"{self.path}: cannot be locked ({error.strerror})", "check the state folder and its free space"
            ) from None


def every_grant(folder: Path, provider: str) -> list[dict[str, Any]]:
    """The grants of every account of one kind of provider, by file name; those that cannot be read are left out."""
    found = []
    for path in sorted((folder / _FOLDER).glob(f"{provider}-*.json")):
        try:
            grant = _read(path)
        except StateError:
            continue
        if grant is not None:
            found.append(grant)
    return found


def understood(
    file: GrantFile, name: str, account: str, is_whole: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any] | None:
    """The grant of `account` as the calendar `name` uses it, None when there is none.

    `is_whole` says whether all that is looked at has its type. Raises SignInNeeded for what cannot be understood,
    StateError when others can read it.
    """
    try:
        grant = file.read()
    except _NoGrant:
        grant, whole = None, False
    except StateError as error:
        raise StateError(f"{name}: {error.what}", error.next_step) from None
    else:
        whole = grant is None or is_whole(grant)
    if not whole:
        raise SignInNeeded(
            f"{name}: the grant of {account} cannot be understood", f"move {file.path} away, then {sign_in_step(name)}"
        )
    return grant


def granted(file: GrantFile) -> set[str]:
    """The permissions that a grant has; none when there is no grant that can be read."""
    scopes = seen(file).get("scopes")
    return {one for one in scopes if isinstance(one, str)} if isinstance(scopes, list) else set()


def seen(file: GrantFile) -> dict[str, Any]:
    """What a grant says; {} when there is none that can be read, which whoever signs in with it tells."""
    try:
        return file.read() or {}
    except StateError:
        return {}


def instant_in(grant: Mapping[str, Any], key: str) -> datetime | None:
    """The aware instant that a grant has under `key` in ISO 8601; None for anything else."""
    said = grant.get(key)
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


class _NoGrant(StateError):
    """What lies in the place of a grant is none."""


def _read(path: Path) -> dict[str, Any] | None:
    data = read_private(path)
    if data is None:
        return None
    try:
        said = json.loads(data)
        # What cannot be written as text cannot be sent either: JSON has escapes for half a character.
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        # The decoder's message is kept out: it may quote the file.
        said = None
    if not isinstance(said, dict):
        raise _NoGrant(
            f"{path}: it is not a grant that calsync has written",
            "move it away and sign in again with `calsync calendars sign-in`",
        )
    return said
