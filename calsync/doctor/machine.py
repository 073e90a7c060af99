"""Checks of the machine: its zone and the age of the zones' rules, Python, libraries, another package `providers`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine, of_error
from calsync.errors import UsageError

__all__ = ["adapters", "libraries", "python", "zone", "zone_rules"]

_OLD_MONTHS = 18
_ENDS = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
"""The month to the end of which each Python gets security fixes: https://devguide.python.org/versions/."""
_AHEAD = timedelta(days=90)
_NOWHERE = frozenset(
    {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT", "Universal", "Etc/Universal"}
)
_NEEDED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*>=\s*([0-9.]+)")


def zone(case: Case) -> Iterator[Finding]:
    """Whether the machine knows where it is, and whether that is where the leader plans."""
    here = case.machine.zone
    if not here:
        if case.desk is None:
            return
        yield Finding(
            "zone.unknown",
            "time zone",
            Level.WARNS,
            "this computer's time zone cannot be told",
            f"a schedule goes by this computer's clock; blocks are placed by `timezone: {case.desk.config.timezone}`",
            f"run `sudo timedatectl set-timezone {case.desk.config.timezone}`, or set it in the system's settings",
        )
        return
    # A server that keeps UTC is nowhere in particular, and a schedule goes by the leader's clock.
    if case.desk is None or here in _NOWHERE or not _differ(here, case.desk.config.timezone, case.now):
        yield fine("zone", "time zone", f"this computer's time zone is {here}")
        return
    planned = case.desk.config.timezone
    yield Finding(
        "zone.differs",
        "time zone",
        Level.WARNS,
        f"this computer keeps the time of {here}, and blocks are planned in {planned}",
        "that is right on a journey; after a move, blocks stand at the old place's hours",
        f"set `timezone: {here}` in {case.config_path} if you have moved",
    )


def zone_rules(case: Case) -> Iterator[Finding]:
    """How old the rules are by which clocks change; governments change them at short notice."""
    said = case.machine.iana
    year = int(said[:4]) if said[:4].isdecimal() else 0
    now = case.now
    # A version has a year and a letter, and no month: the middle of the year is what it is taken for.
    months = (now.year * 12 + now.month) - (year * 12 + 7)
    if months <= _OLD_MONTHS:
        yield fine("zone.rules", "tzdata", f"the time zones' rules are those of {said}")
        return
    yield Finding(
        "zone.rules-old",
        "tzdata",
        Level.WARNS,
        f"the time zones' rules are those of {said}",
        "where a government has changed its clocks since, blocks and meetings are an hour off",
        f"run `{_upgrade(case.machine.executable, 'tzdata')}`",
    )


def python(case: Case) -> Iterator[Finding]:
    """Whether this Python still gets fixes."""
    version = case.machine.python
    name, end = "Python " + ".".join(map(str, version)), _ENDS.get(version)
    today = case.now.date()
    if end is None or today < end - _AHEAD:
        yield fine("python", name, f"{name} is new enough")
        return
    over = f"has had no security fixes since {end}" if today > end else f"gets no security fixes after {end}"
    yield Finding(
        "python.old",
        name,
        Level.WARNS,
        f"{name} {over}",
        "a later calsync will want a newer one",
        "install a newer Python, then `pipx reinstall --python python3 calsync`",
    )


def libraries(case: Case) -> Iterator[Finding]:
    """Whether every library is there and new enough: another program may have changed it."""
    fails = 0
    for needed in case.machine.requires:
        found = _NEEDED.match(needed)
        if found is None or "extra ==" in needed:
            continue
        name, least = found[1], found[2]
        there = case.machine.installed(name)
        if there is not None and _numbers(there) >= _numbers(least):
            continue
        fails += 1
        what = f"{name} is not installed" if there is None else f"{name} is of version {there}"
        yield Finding(
            "library.missing" if there is None else "library.old",
            name,
            Level.FAILS,
            f"{what}; calsync needs {least} or newer",
            "another program's installation has changed it, and what calsync does with it may fail",
            f"run `{_upgrade(case.machine.executable, name)}`; an environment of its own (pipx) prevents it",
        )
    if not fails:
        yield fine("library", "libraries", "every library is there and new enough")


def adapters(case: Case) -> Iterator[Finding]:  # noqa: ARG001 - every check has the same form
    """Whether the package `providers` is ours."""
    from calsync.registry import check_marker

    try:
        check_marker()
    except UsageError as error:
        yield of_error("adapters.foreign", "providers", error, "calendars are read by a package of that name")
    else:
        yield fine("adapters", "providers", "the adapters are calsync's own")


def _differ(one: str, other: str, now: datetime) -> bool:
    """True when the two zones' clocks differ now or at some time in the coming year."""
    instants = [now.astimezone(UTC) + timedelta(weeks=4 * n) for n in range(14)]
    zones = ZoneInfo(one), ZoneInfo(other)
    return any(len({at.astimezone(zone).utcoffset() for zone in zones}) > 1 for at in instants)


def _numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, without what stands behind them ("2.0.1rc1" is 2.0.1); zeros at its end do not count."""
    parts = [re.match(r"\d+", part) for part in version.split(".")]
    numbers = [int(part[0]) for part in parts if part is not None]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _upgrade(executable: str, library: str) -> str:
    """The command that brings a library of this installation up to date."""
    said = executable.replace("\\", "/")
    if "/pipx/venvs/" in said:
        return f"pipx runpip calsync install --upgrade {library}"
    if "/uv/tools/" in said:
        return "uv tool upgrade calsync"
    return f"{executable} -m pip install --upgrade {library}"
