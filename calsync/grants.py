"""What an account has granted to calsync: one file of tokens an account, in the state folder, for its owner alone.

A grant is a JSON object in the form of its provider. It is changed under a lock, because calendars of one account are
read side by side and a refresh token that rotates must not be used twice; the lock dies with its process.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from calsync.errors import StateError
from calsync.tokens import read_private
from calsync.wholefile import replace_file

__all__ = ["GrantFile", "every_grant"]

_FOLDER = "grants"
_PATIENCE_SECONDS = 120.0
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

    def forget(self) -> bool:
        """Remove the grant; True when there was one."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StateError(f"{self.path}: cannot be removed ({error.strerror})", "check the state folder") from None
        return True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the grant against every other thread and process; raises StateError when it stays held."""
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Not thread-local, so that threads wait for each other as processes do; never removed, since a lock on
            # a deleted file would guard nothing.
            with FileLock(f"{self.path}.lock", timeout=_PATIENCE_SECONDS, mode=0o600, thread_local=False):
                yield
        except Timeout:
            raise StateError(
                f"{self.path}: another calsync has been signing in with it for minutes", "end that one, then try again"
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


def _read(path: Path) -> dict[str, Any] | None:
    data = read_private(path)
    if data is None:
        return None
    try:
        said = json.loads(data)
    except ValueError:
        # The decoder's message is kept out: it may quote the file.
        said = None
    if not isinstance(said, dict):
        raise StateError(
            f"{path}: it is not a grant that calsync has written",
            "move it away and sign in again with `calsync calendars sign-in`",
        )
    return said
