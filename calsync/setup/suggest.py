"""What the setup proposes before anybody has said a word: from this machine, the time zone, and an address."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

__all__ = ["calendar_folders", "country_of", "service_of", "unused_name"]

_LIKELY = (
    "calendars",
    "Calendars",
    ".calendars",
    ".local/share/calendars",
    ".local/share/vdirsyncer",
    ".local/share/khal/calendars",
    ".vdirsyncer/calendars",
)
"""Where programs that keep one event a file (vdirsyncer, khal and their like) put them, from the home folder."""

_MOST = 2_000
"""So many entries of a folder are looked at; whoever has more has calendars there for certain."""

_DOMAINS = {
    "gmail.com": "google",
    "googlemail.com": "google",
    "outlook.com": "microsoft",
    "hotmail.com": "microsoft",
    "live.com": "microsoft",
    "msn.com": "microsoft",
    "icloud.com": "icloud",
    "me.com": "icloud",
    "mac.com": "icloud",
    "fastmail.com": "fastmail",
    "fastmail.fm": "fastmail",
}


def calendar_folders(home: Path) -> list[Path]:
    """The folders under `home` that hold .ics files, or folders of such files, where they usually lie."""
    return [home / name for name in _LIKELY if _holds_calendars(home / name)]


def _holds_calendars(folder: Path) -> bool:
    try:
        return any(path.suffix.lower() == ".ics" for path in _some(folder))
    except OSError:
        return False


def _some(folder: Path) -> Iterator[Path]:
    """What lies in a folder and in the folders in it, up to a number."""
    seen = 0
    for path in folder.iterdir():
        yield path
        seen += 1
        if path.is_dir():
            for inner in path.iterdir():
                yield inner
                seen += 1
                if seen > _MOST:
                    return
        if seen > _MOST:
            return


def service_of(address: str) -> str:
    """Who keeps the calendar of a mail address, where its domain alone tells; else ""."""
    return _DOMAINS.get(address.rpartition("@")[2].strip().lower(), "")


@cache
def country_of(zone: str) -> str:
    """The country (ISO 3166) that the IANA database gives for a time zone, "" where it names none or several."""
    try:
        text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    except (OSError, ModuleNotFoundError):
        return ""
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    found = {row[0] for row in rows if row[2] == zone}
    return found.pop() if len(found) == 1 else ""


def unused_name(wanted: str, taken: list[str]) -> str:
    """A calendar's name that the configuration takes: letters, digits, spaces, dots, dashes; none of `taken`."""
    kept = "".join(c if c.isalnum() or c in " ._-" else " " for c in wanted)
    name = " ".join(kept.split())[:40].strip(" ._-") or "calendar"
    others = {one.casefold() for one in taken}
    number, found = 1, name
    while found.casefold() in others:
        number += 1
        found = f"{name} {number}"
    return found
