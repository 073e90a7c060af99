"""What calsync has written as a Microsoft account's grant, and what MSAL has written as the cache in it.

MSAL takes a cache for what it has written itself, and falls over anything else; so it is looked at before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["is_whole"]

_TEXTS = ("client", "tenant", "cloud", "cache", "secret_of")

_KEPT: Mapping[str, tuple[str, ...]] = {
    "AccessToken": ("secret", "environment", "client_id", "target", "expires_on"),
    "RefreshToken": ("secret", "environment", "client_id", "home_account_id"),
    "IdToken": ("secret", "environment", "client_id", "home_account_id"),
    "Account": ("environment", "home_account_id", "local_account_id", "authority_type", "username"),
    "AppMetadata": ("environment", "client_id"),
}
"""By section of the cache, what MSAL needs in each of its entries."""

_NUMBERS = ("expires_on", "refresh_on", "last_modification_time")


def is_whole(grant: Mapping[str, Any]) -> bool:
    """True when all that is looked at in a grant has its type."""
    kind, scopes = grant.get("kind"), grant.get("scopes", [])
    return (
        kind in ("user", "application")
        and all(isinstance(grant.get(key, ""), str) for key in _TEXTS)
        and isinstance(scopes, list)
        and all(isinstance(scope, str) for scope in scopes)
        and (kind == "application" or bool(scopes))
        and _is_cache(grant.get("cache", ""))
    )


def _is_cache(text: str) -> bool:
    if not text:
        return True
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and all(
        isinstance(entries, dict) and all(_is_entry(entry, _KEPT.get(section, ())) for entry in entries.values())
        for section, entries in said.items()
    )


def _is_entry(entry: Any, needed: tuple[str, ...]) -> bool:
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(key), str) for key in needed)
        and all(value is None or isinstance(value, str) for value in entry.values())
        and all(_is_number(entry[key]) for key in _NUMBERS if key in entry)
    )


def _is_number(said: str | None) -> bool:
    # Beyond eleven figures lies no date.
    return said is not None and said.isascii() and said.isdecimal() and len(said) <= 11
