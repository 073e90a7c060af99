"""What of the environment a scheduled night needs, because schedulers start with next to none; never a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["handed_on"]

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_PLAIN = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "TZ", "PYTHON_KEYRING_BACKEND")
_BUS = "DBUS_SESSION_BUS_ADDRESS"
_SECRET = "CALSYNC_SECRET_"  # noqa: S105 - the beginning of a name


def handed_on(environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The variables that the command must be given, and a line on each that is needed but not handed on."""
    passed: dict[str, str] = {}
    withheld: list[str] = []
    for name in sorted((*_PROXIES, *(proxy.lower() for proxy in _PROXIES), *_PLAIN)):
        value = environment.get(name, "")
        if not value:
            continue
        if name.upper() in _PROXIES and _has_password(value):
            withheld.append(
                f"{name} has a password in it and is not written down: add it yourself where only you can read it "
                "(docs/schedule.md says where), or use a proxy that asks for none."
            )
        elif not value.isprintable():
            withheld.append(f"{name} has a control character in it and is not handed on.")
        else:
            passed[name] = value
    passed |= _keyring(environment)
    withheld += [
        f"{name} is not written down: keep that secret with `calsync calendars sign-in`, so that the night finds it."
        for name in sorted(environment)
        if name.startswith(_SECRET) and environment[name]
    ]
    return passed, withheld


def _has_password(value: str) -> bool:
    """True for an address that names a password; one that cannot be understood but may is taken for such."""
    for one in value.split(","):
        try:
            parts = urlsplit(one if "://" in one else f"//{one}")
            if parts.password is not None:
                return True
        except ValueError:
            if "@" in one:
                return True
    return False


def _keyring(environment: Mapping[str, str]) -> dict[str, str]:
    """What the system keyring is found by: its own configuration, and the bus of a login that outlasts the terminal."""
    found = {}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        folder = environment.get(name, "")
        if folder and folder.isprintable() and (Path(folder) / "python_keyring").is_dir():
            found[name] = folder
    bus = environment.get(_BUS, "")
    if hasattr(os, "getuid") and re.fullmatch(rf"unix:path=/run/user/{os.getuid()}/bus", bus):
        found[_BUS] = bus
    return found
