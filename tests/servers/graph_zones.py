"""The time zone names that Graph takes and gives."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from tests.servers.graph_http import Refusal

__all__ = ["LISTED", "WINDOWS", "instant", "parse_wall", "stamp", "wall", "windows_name", "zone_named"]

WINDOWS = {**win_tz, "UTC": "Etc/UTC", "tzone://Microsoft/Utc": "Etc/UTC"}

# microsoft-graph-docs, dateTimeTimeZone: besides Windows names only these IANA names are taken (not Europe/Vienna).
LISTED = frozenset(
    """
    Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles America/Phoenix
    America/Chihuahua America/Denver America/Guatemala America/Chicago America/Mexico_City America/Regina
    America/Bogota America/New_York America/Indiana/Indianapolis America/Caracas America/Asuncion America/Halifax
    America/Cuiaba America/La_Paz America/Santiago America/St_Johns America/Sao_Paulo America/Argentina/Buenos_Aires
    America/Cayenne America/Godthab America/Montevideo America/Bahia Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde
    Africa/Casablanca Etc/GMT Europe/London Atlantic/Reykjavik Europe/Berlin Europe/Budapest Europe/Paris Europe/Warsaw
    Africa/Lagos Africa/Windhoek Europe/Bucharest Asia/Beirut Africa/Cairo Asia/Damascus Africa/Johannesburg
    Europe/Kiev Europe/Istanbul Asia/Jerusalem Asia/Amman Asia/Baghdad Europe/Kaliningrad Asia/Riyadh Africa/Nairobi
    Asia/Tehran Asia/Dubai Asia/Baku Europe/Moscow Indian/Mauritius Asia/Tbilisi Asia/Yerevan Asia/Kabul Asia/Karachi
    Asia/Tashkent Asia/Kolkata Asia/Colombo Asia/Kathmandu Asia/Almaty Asia/Dhaka Asia/Yekaterinburg Asia/Rangoon
    Asia/Bangkok Asia/Novosibirsk Asia/Shanghai Asia/Krasnoyarsk Asia/Singapore Australia/Perth Asia/Taipei
    Asia/Ulaanbaatar Asia/Irkutsk Asia/Tokyo Asia/Seoul Australia/Adelaide Australia/Darwin Australia/Brisbane
    Australia/Sydney Pacific/Port_Moresby Australia/Hobart Asia/Yakutsk Pacific/Guadalcanal Asia/Vladivostok
    Pacific/Auckland Etc/GMT-12 Pacific/Fiji Asia/Magadan Pacific/Tongatapu Pacific/Apia Pacific/Kiritimati
    """.split()  # noqa: SIM905 - a list of them would be a page
)


@cache
def zone_named(name: str) -> ZoneInfo:
    """The zone of a name that Graph takes; a Refusal for any other."""
    if name in WINDOWS:
        return ZoneInfo(WINDOWS[name])
    if name in LISTED:
        return ZoneInfo(name)
    # microsoft-graph-docs#4758: the code and the words of the refusal.
    raise Refusal(
        400,
        "TimeZoneNotSupportedException",
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'.",
    )


def windows_name(name: str) -> str:
    """What `originalStartTimeZone` says of a zone: a Windows name, or that there is none for it."""
    if name in WINDOWS:
        return name
    return "UTC" if name in ("Etc/UTC", "UTC", "Etc/GMT") else tz_win.get(name, "tzone://Microsoft/Custom")


def parse_wall(text: str, zone: ZoneInfo) -> datetime:
    """A `dateTime` as a naive wall-clock time in `zone`; with an offset or Z it is an instant all the same."""
    at = datetime.fromisoformat(text)
    return at.astimezone(zone).replace(tzinfo=None) if at.tzinfo is not None else at


def instant(at: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time, in UTC."""
    return at.replace(tzinfo=zone).astimezone(UTC)


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """The wall-clock time of an instant."""
    return at.astimezone(zone).replace(tzinfo=None)


def stamp(at: datetime) -> str:
    """A naive time with the seven decimals that Graph writes."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06d}0"
