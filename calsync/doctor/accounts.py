"""Checks of signing in: who is let in, for how long, with which permissions, and by whose clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from calsync.accounts import Health, SignInWish
from calsync.config.values import CalendarConfig
from calsync.desk import Desk
from calsync.doctor.calendars import NOT_READ
from calsync.doctor.case import Case
from calsync.doctor.findings import SIGN_IN, Finding, Level, fine, of_bug, of_error
from calsync.errors import SignInNeeded
from calsync.planning.words import day_words
from calsync.signstep import sign_in_step

__all__ = ["accounts", "wish_of"]

_SOON = timedelta(days=2)
_SLOW, _REFUSED = timedelta(minutes=2), timedelta(minutes=5)


def accounts(case: Case) -> Iterator[Finding]:
    """Each calendar's account, asked now."""
    assert case.desk is not None
    found: list[Health] = []
    for calendar in case.desk.config.calendars:
        try:
            health = _health(case, calendar)
        except Exception as error:  # noqa: BLE001 - a bug of one adapter must not hide what the others tell
            yield of_bug(f"the sign-in for {calendar.name}", error)
            continue
        if health is not None:
            found.append(health)
            yield from _told(case, calendar.name, health)
    yield from _clock(found)


def wish_of(desk: Desk, calendar: CalendarConfig) -> SignInWish:
    """What a sign-in for the account of `calendar` would ask for, by the configuration as it is."""
    together = [one for one in desk.config.calendars if _account(one) == _account(calendar)]
    return SignInWish(write=any(one.write for one in together), calendars=tuple(one.options for one in together))


def _health(case: Case, calendar: CalendarConfig) -> Health | None:
    """How a calendar stands; None where its adapter cannot tell."""
    from calsync.registry import health_of

    assert case.desk is not None
    ask = health_of(calendar.provider)
    if ask is None:
        return None
    wish = wish_of(case.desk, calendar)
    return ask(calendar.name, calendar.options, case.desk.context(), wish, case.machine.clock)


def _told(case: Case, name: str, health: Health) -> Iterator[Finding]:
    yield from _let_in(case, name, health)
    yield from _lacking(name, health)
    yield from _ending(case, name, health)
    yield from _writable(case, name, health)
    for remark in health.remarks:
        yield Finding(remark.key, name, Level.WARNS, remark.what, remark.why, remark.step)


def _account(calendar: CalendarConfig) -> tuple[str, str]:
    named = calendar.options.get("account", "").strip().casefold()
    return calendar.provider, named or f"calendar {calendar.name}"


def _let_in(case: Case, name: str, health: Health) -> Iterator[Finding]:
    assert case.desk is not None
    if health.error is not None:
        key = SIGN_IN if isinstance(health.error, SignInNeeded) else "calendar.unread"
        yield of_error(key, name, health.error, NOT_READ)
        return
    if not health.account:
        return
    since = "" if health.signed_in is None else f", since {_day(case, health.signed_in)}"
    until = "" if health.ends is None or health.may_end else f", until {_day(case, health.ends)}"
    yield fine("sign-in", name, f"{name}: {health.account} is let in{since}{until}")


def _lacking(name: str, health: Health) -> Iterator[Finding]:
    if health.lacks and health.error is None:
        yield Finding(
            "sign-in.lacks",
            name,
            Level.FAILS,
            f"{name}: the sign-in of {health.account} does not allow all that is needed; missing: "
            + ", ".join(health.lacks),
            "the configuration asks for more than at the last sign-in; what the rest is for will be refused",
            sign_in_step(name),
            SignInNeeded.exit_code,
        )


def _ending(case: Case, name: str, health: Health) -> Iterator[Finding]:
    if health.ends is None or health.error is not None or health.ends > case.machine.clock() + _SOON:
        return
    when = f"on {_day(case, health.ends)} at {health.ends.astimezone(case.now.tzinfo):%H:%M}"
    may = "may run out" if health.may_end else "runs out"
    yield Finding(
        "sign-in.ends",
        name,
        Level.WARNS,
        f"{name}: the sign-in of {health.account} {may} {when}",
        health.ends_why,
        sign_in_step(name),
    )


def _writable(case: Case, name: str, health: Health) -> Iterator[Finding]:
    assert case.desk is not None
    calendar = next(one for one in case.desk.config.calendars if one.name == name)
    if not calendar.write or health.calendar is None or health.calendar.writable:
        return
    yield Finding(
        "calendar.read-only",
        name,
        Level.FAILS,
        f"{name}: the calendar {health.calendar.name} can be read but not written",
        "the configuration has `write: true` for it, and no block can be put there",
        f"ask its owner for write access, or set `write: false` for {name} in {case.config_path}",
    )


def _clock(found: Sequence[Health]) -> Iterator[Finding]:
    """One finding for the one clock: by the server from which it is farthest off."""
    seen = [health for health in found if health.skew is not None and health.server]
    if not seen:
        return
    worst = max(seen, key=lambda health: abs(health.skew or timedelta()))
    skew = worst.skew or timedelta()
    if abs(skew) <= _SLOW:
        yield fine("clock", "clock", f"this computer's clock agrees with that of {worst.server}")
        return
    refused = abs(skew) > _REFUSED and any(
        health.needs_clock and abs(health.skew or timedelta()) > _REFUSED for health in seen
    )
    minutes = round(abs(skew) / timedelta(minutes=1))
    yield Finding(
        "clock.off",
        "clock",
        Level.FAILS if refused else Level.WARNS,
        f"this computer's clock is {minutes} minutes {'fast' if skew > timedelta() else 'slow'}, by that of "
        f"{worst.server}",
        "Google and Microsoft refuse what comes from a clock that is more than 5 minutes off"
        if refused
        else "a night starts by it, and beyond 5 minutes Google and Microsoft refuse what comes from it",
        "run `sudo timedatectl set-ntp true`, or let the system's settings set the time by themselves",
    )


def _day(case: Case, instant: datetime) -> str:
    return day_words(instant.astimezone(case.now.tzinfo).date())
