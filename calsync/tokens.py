"""Where passwords and tokens live: never in the config, never in the state database, never in a message.

A secret is looked for in the environment (`CALSYNC_SECRET_<NAME>`), then in `secrets.json` in the state folder, then
in the system keyring. The file is there for cron, which has no keyring: only its owner can read it, from its first
byte on, and a crash leaves the old one or the new one whole.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from calsync.errors import StateError
from calsync.wholefile import replace_file

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["SERVICE", "SecretStore", "Where", "environment_name", "read_private"]

SERVICE = "calsync"
"""The service under which the system keyring keeps our secrets."""

Where = Literal["keyring", "file", "auto"]

_FILE = "secrets.json"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path) -> bytes | None:
    """What a file of secrets holds, None when there is none.

    Raises StateError when it cannot be read, or when others on this machine can read it, too.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: cannot be read ({error.strerror})", "check its owner and mode") from None
    # On Windows the mode says nothing about who may read.
    if os.name == "posix" and mode & _OTHERS:
        raise StateError(
            f"{path}: others on this machine can read it (mode {stat.S_IMODE(mode):04o})",
            f"chmod 600 {shlex.quote(str(path))}",
        )
    return data


def environment_name(name: str) -> str:
    """The environment variable that stands for the secret `name`: upper case, anything but A-Z and 0-9 as `_`."""
    return "CALSYNC_SECRET_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


class SecretStore:
    """The secrets of one state folder, by name (a calendar's). Making it touches nothing.

    `folder` is the state folder; `environment` stands in for the process's own.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._path = folder / _FILE
        self._environment = os.environ if environment is None else environment

    def __repr__(self) -> str:
        return f"SecretStore({str(self._path)!r})"

    def get(self, name: str) -> str | None:
        """The secret `name`, None when there is none; an empty one is none.

        Raises StateError when `secrets.json` can be read by others or cannot be understood.
        """
        return self._environment.get(environment_name(name)) or self._read().get(name) or _from_keyring(name)

    def place(self, name: str) -> Literal["environment", "file", "keyring"] | None:
        """Where `get` finds the secret `name`, None when there is none. Raises as `get` does."""
        if self._environment.get(environment_name(name)):
            return "environment"
        if self._read().get(name):
            return "file"
        return "keyring" if _from_keyring(name) else None

    def copy_to_file(self, name: str) -> bool:
        """Copy a secret that lies in the keyring only into the file, for what runs without a keyring; True when done.

        The keyring keeps it, too. Raises StateError when the file cannot be read or written.
        """
        value = _from_keyring(name)
        kept = self._read()
        if value is None or kept.get(name):
            return False
        self._write({**kept, name: value})
        return True

    def put(self, name: str, value: str, where: Where = "auto") -> Literal["keyring", "file"]:
        """Keep the secret `name`, and say where: `auto` takes the keyring when it works and else the file.

        The other place forgets the name, so that `get` finds this value. Raises StateError when the place asked for
        does not work, ValueError for an empty secret.
        """
        if not value:
            raise ValueError(f"an empty secret for {name} is none")
        kept = self._read()
        if where != "file" and _into_keyring(name, value):
            if kept.pop(name, None) is not None:
                self._write(kept)
            return "keyring"
        if where == "keyring":
            raise StateError(
                f"the system keyring cannot keep the secret of {name}",
                f"keep it in {self._path} instead, or set {environment_name(name)}",
            )
        self._write({**kept, name: value})
        _out_of_keyring(name)
        return "file"

    def forget(self, name: str) -> bool:
        """Remove the secret from file and keyring; True when it was in one. The environment is not ours to change."""
        kept = self._read()
        was_in_file = kept.pop(name, None) is not None
        if was_in_file:
            self._write(kept)
        return _out_of_keyring(name) or was_in_file

    def _read(self) -> dict[str, str]:
        """What the file has; {} when there is none."""
        data = read_private(self._path)
        if data is None:
            return {}
        try:
            said = json.loads(data)
        except ValueError as error:
            # The decoder's message is kept out: it may quote the file, and its traceback would hold it.
            at = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it is not UTF-8"
            raise self._not_ours(f"it is not JSON ({at})") from None
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            raise self._not_ours("it is not an object of names and texts")
        return said

    def _not_ours(self, why: str) -> StateError:
        return StateError(
            f"{self._path}: {why}",
            f"repair it, or move it away and sign in again; calsync does not overwrite {_FILE}",
        )

    def _write(self, secrets: Mapping[str, str]) -> None:
        text = json.dumps(secrets, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        try:
            replace_file(self._path, text.encode())
        except OSError as error:
            raise StateError(
                f"{self._path}: cannot be written ({error.strerror})", "check the state folder and its free space"
            ) from None


def _backend() -> KeyringBackend | None:
    """The system's keyring, None where there is none that works."""
    try:
        import keyring
        from keyring.backends import fail

        backend = keyring.get_keyring()
    except Exception:  # noqa: BLE001 - a desktop's keyring fails in every way there is; here it means "no keyring"
        return None
    return None if isinstance(backend, fail.Keyring) else backend


def _from_keyring(name: str) -> str | None:
    backend = _backend()
    if backend is None:
        return None
    try:
        return backend.get_password(SERVICE, name) or None
    except Exception:  # noqa: BLE001 - locked, without a bus, without a session: no secret
        return None


def _into_keyring(name: str, value: str) -> bool:
    """True when the keyring has taken the secret and gives it back: some take it and keep nothing."""
    backend = _backend()
    if backend is None:
        return False
    try:
        backend.set_password(SERVICE, name, value)
        return backend.get_password(SERVICE, name) == value
    except Exception:  # noqa: BLE001 - see _from_keyring
        return False


def _out_of_keyring(name: str) -> bool:
    backend = _backend()
    if backend is None:
        return False
    try:
        if backend.get_password(SERVICE, name) is None:
            return False
        backend.delete_password(SERVICE, name)
    except Exception:  # noqa: BLE001 - see _from_keyring
        return False
    return True
