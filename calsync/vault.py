"""Encrypts what the leader notes of people, with a key that lies where other secrets do and never beside the notes.

Each note is a Fernet token (AES-128-CBC and HMAC-SHA256). A copy of the state database is worth nothing without the
key, and a note that was tampered with, or sealed with another key, is recognised and refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from calsync.errors import StateError
from calsync.tokens import SecretStore, environment_name

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["KEY_NAME", "Sealed", "Vault"]

KEY_NAME = "calsync:notes"
"""The name of the key among the secrets; with its colon it is no calendar's. Its value may be several keys with commas
between: the first seals, all open."""


class Sealed(Exception):
    """A note that no key at hand opens; it never leaves this package, see calsync.memory."""


class Vault:
    """Seals and opens notes. Making it touches nothing; the key is looked up once, at first use."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets
        self._keys: MultiFernet | None = None

    @property
    def ready(self) -> bool:
        """True when there is a key. Raises StateError for one that cannot be understood or read."""
        return self._loaded() is not None

    def make_key(self) -> str:
        """Make a key and keep it; the caller holds the state folder. Gives where: "keyring" or "file"."""
        from cryptography.fernet import Fernet

        where = self._secrets.put(KEY_NAME, Fernet.generate_key().decode())
        self._keys = None
        return where

    def seal(self, text: str) -> str:
        """The text, encrypted. Raises StateError when there is no key."""
        keys = self._loaded()
        if keys is None:
            raise StateError("there is no key to encrypt notes with", f"set {environment_name(KEY_NAME)}")
        # Fernet writes the time beside the text for all to read; when a note was made is nobody's business.
        return keys.encrypt_at_time(text.encode(), 0).decode("ascii")

    def open(self, body: str) -> str:
        """What was sealed. Raises Sealed when no key opens it, StateError when the key cannot be read."""
        keys = self._loaded()
        if keys is None:
            raise Sealed
        from cryptography.fernet import InvalidToken

        try:
            return keys.decrypt(body.encode()).decode()
        except (InvalidToken, UnicodeError):
            raise Sealed from None

    def seal_values(self, values: Mapping[str, Any]) -> str:
        """Values that JSON can hold, encrypted as one. Raises StateError when there is no key."""
        return self.seal(json.dumps(values, ensure_ascii=False))

    def open_values(self, body: str) -> dict[str, Any]:
        """What `seal_values` sealed. Raises Sealed for anything else and without the key, StateError as `open`."""
        try:
            values = json.loads(self.open(body))
        except ValueError:
            raise Sealed from None
        if not isinstance(values, dict):
            raise Sealed
        return values

    def _loaded(self) -> MultiFernet | None:
        if self._keys is None:
            said = self._secrets.get(KEY_NAME)
            if said is None:
                return None
            from cryptography.fernet import Fernet, MultiFernet

            try:
                self._keys = MultiFernet([Fernet(key.strip()) for key in said.split(",")])
            except ValueError:
                raise StateError(
                    f"the key of the notes (the secret {KEY_NAME}) is no key",
                    f"put back the one that was there, or set {environment_name(KEY_NAME)} to it",
                ) from None
        return self._keys
