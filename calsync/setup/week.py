"""The second step of the setup: the leader's time zone, addresses, working hours and holidays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from calsync.config.forms import Address, HolidayCode
from calsync.config.hours import WEEKDAYS
from calsync.config.schema import DEFAULT_HOURS
from calsync.config.zones import check_zone
from calsync.errors import CalsyncError
from calsync.people.workweek import days_and_hours
from calsync.ports import WorkingWeek
from calsync.setup.plan import ZONE, Setup
from calsync.setup.suggest import country_of
from calsync.setup.wishes import NOTHING, hours_of

__all__ = ["hours"]

_SAID = "said"
"""Noted of the draft: the keys of this step that were answered."""

_NAMED = re.compile(r'(?:"[^"<>]*"|[^<>,;@"])*<([^<>]*)>')
"""A name, which may be in quotes, and the address behind it."""


def hours(setup: Setup) -> None:
    """Ask, or take from the options, when the leader works; an account that tells its hours gives the default."""
    draft, wishes, talk = setup.draft, setup.wishes, setup.talk
    values = draft.values
    told = _told(setup) if talk.attended else None
    zone = wishes.timezone or talk.ask("Your time zone", _zone(setup, told), check_zone, example="Europe/Berlin")
    _put(setup, "timezone", zone)
    mine = ", ".join(wishes.me or values.get("me") or _accounts(values))
    me = list(wishes.me) or talk.ask(
        "Your own mail addresses, all of them", mine, _addresses, example="maya@example.com, maya@example.org"
    )
    _put(setup, "me", me)
    if not me:
        talk.say(
            "Without them calsync cannot tell a one-on-one from other meetings, nor which invitations you declined."
        )
    now = values.get("working_hours") if _answered(setup, "working_hours") else None
    usual = _text(now) if now else _text(days_and_hours(told.hours)) if told is not None else f"mon-fri {DEFAULT_HOURS}"
    if told is not None and not now and not wishes.hours:
        talk.say("Your account knows your working hours; they are proposed here.")
    week = wishes.hours or talk.ask(
        "Your working hours", usual, hours_of, example="mon-thu 09:00-12:30, 13:15-17:30; fri 09:00-15:00"
    )
    _put(setup, "working_hours", dict(week))
    off = wishes.holidays or talk.ask(
        f"Whose public holidays do you have off? A country, a country and its part, or {NOTHING}",
        str(values.get("holidays") or (NOTHING if _answered(setup, "holidays") else _country(setup, zone))),
        _holidays,
        example="DE-BY",
    )
    _put(setup, "holidays", None if off == NOTHING else off)


def _put(setup: Setup, key: str, value: Any) -> None:
    """Keep an answer, and that it is one: a new configuration has every key from the beginning."""
    before = setup.draft.values.get(key)
    if isinstance(value, dict) and isinstance(before, dict) and value.keys() & before.keys():
        # Day by day, so that what stands beside the other days stays.
        setup.draft.change((key,), dict.fromkeys(before.keys() - value.keys()) | value)
    else:
        setup.draft.change((), {key: value})
    setup.draft.note(_SAID, [*(one for one in setup.draft.noted(_SAID) or () if one != key), key])


def _answered(setup: Setup, key: str) -> bool:
    """True for what somebody has said, now or in a configuration that was there before."""
    return not setup.draft.is_new or key in (setup.draft.noted(_SAID) or ())


def _told(setup: Setup) -> WorkingWeek | None:
    """The working hours that the first account tells which does; what goes wrong with asking one leaves the others."""
    try:
        desk = setup.draft.desk()
    except CalsyncError:
        return None
    for calendar in sorted(desk.config.calendars, key=lambda one: not one.write):
        with suppress(CalsyncError):
            week = desk.provider(calendar.name).working_hours()
            if week is not None and week.hours:
                return week
    return None


def _zone(setup: Setup, told: WorkingWeek | None) -> str:
    """The zone of the file; in a new one what an account says before what this computer is set to."""
    said = str(setup.draft.values.get("timezone") or "")
    if said and _answered(setup, "timezone"):
        return said
    of_hours = told.timezone if told is not None else ""
    return of_hours or str(setup.draft.noted(ZONE) or "") or said or setup.draft.zone


def _accounts(values: Mapping[str, Any]) -> list[str]:
    """The addresses of the connected accounts, and names to sign in with that are addresses."""
    said = [str(one.get("account") or one.get("username") or "") for one in values.get("calendars") or []]
    return list(dict.fromkeys(one.lower() for one in said if "@" in one))


def _addresses(text: str) -> list[str]:
    """Addresses between commas or spaces, also as mail programs copy them: `Maya Lind <maya@example.com>`."""
    said = _NAMED.sub(r"\1 ", text)
    return [Address().check(one) for one in re.split(r"[\s,;]+", said) if one]


def _text(week: Mapping[str, Any]) -> str:
    return "; ".join(f"{days} {said}" for days, said in sorted(week.items(), key=_first_day))


def _first_day(pair: tuple[str, Any]) -> int:
    first = pair[0].strip()[:3].lower()
    return WEEKDAYS.index(first) if first in WEEKDAYS else 0


def _country(setup: Setup, zone: str) -> str:
    """A country to propose to somebody at a terminal; nobody's days off are guessed."""
    country = country_of(zone) if setup.talk.attended else ""
    try:
        return _holidays(country) if country else NOTHING
    except ValueError:
        return NOTHING


def _holidays(text: str) -> str:
    said = text.strip()
    return NOTHING if said.lower() in ("", NOTHING, "no", "-") else str(HolidayCode().check(said))
