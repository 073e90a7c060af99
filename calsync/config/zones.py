"""Which time zone this machine keeps, and which names there are: the IANA database, nothing guessed."""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from calsync.config.wording import nearest, shown

__all__ = ["check_zone", "system_timezone"]

_ABBREVIATION = 5


def _name(text: str) -> str:
    """The IANA name at the end of `text` (a name, or a path into a zoneinfo folder), or ""."""
    name = text.strip().removeprefix(":")
    if "zoneinfo/" in name:
        name = name.rsplit("zoneinfo/", 1)[1]
    try:
        return zoneinfo.ZoneInfo(name).key if name else ""
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def system_timezone(environ: Mapping[str, str] = os.environ, etc: Path = Path("/etc")) -> str:
    """The IANA name of this machine's zone, or "" when it cannot be told.

    `TZ` counts first, then what `/etc/localtime` points to (what the C library uses), then `/etc/timezone`. A `TZ`
    that is a rule and not a name ("CET-1CEST") cannot be told.
    """
    if environ.get("TZ"):
        return _name(environ["TZ"])
    try:
        name = _name(str((etc / "localtime").readlink()))
    except OSError:  # no link: a plain copy of a zone's file, or no such file
        name = ""
    if name:
        return name
    try:
        return _name((etc / "timezone").read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):  # no such file on most systems
        return ""


@cache
def _known() -> frozenset[str]:
    """Every name there is; finding them takes a walk through the zone files."""
    return frozenset(zoneinfo.available_timezones())


def check_zone(name: str) -> str:
    """Return `name` when it is an IANA zone; raise ValueError with the nearest one otherwise."""
    known = _known()
    if name in known:
        return name
    wanted = name.strip().replace(" ", "_")
    near = ""
    if "/" not in wanted:
        cities = {zone.rsplit("/", 1)[1]: zone for zone in sorted(known) if "/" in zone and not zone.startswith("Etc/")}
        near = cities.get(nearest(wanted, cities), "") if len(wanted) >= _ABBREVIATION else ""
    else:
        near = nearest(wanted, known)
    hint = f"did you mean `{near}`?" if near else "names look like Europe/Berlin"
    raise ValueError(f"there is no time zone {shown(name)}; {hint}")
