"""The first step of the setup: which calendars there are, which of their account's, and where blocks are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from calsync.config.values import CalendarConfig
from calsync.desk import Desk
from calsync.errors import CalsyncError, SignInNeeded, UsageError
from calsync.ports import CalendarInfo
from calsync.reading import reading_window
from calsync.registry import sign_in_of
from calsync.setup.entries import asked_entry
from calsync.setup.interview import Option
from calsync.setup.letin import sign_in_to, wants_sign_in
from calsync.setup.plan import ZONE, Setup
from calsync.setup.suggest import unused_name
from calsync.tokens import SecretStore

__all__ = ["calendars", "put_named", "unpicked"]

_CAN_WRITE = frozenset({"google", "microsoft", "caldav", "ics"})
_COMMAND = re.compile(r"run `calsync calendars sign-in [^`]*`")
_UNPICKED = "unpicked"
"""Noted of the draft: the calendars of whose account nothing has been ticked yet."""


def calendars(setup: Setup) -> None:
    """Connect what the options name and what is asked for, sign in, and try whether blocks can be written."""
    put_named(setup)
    for calendar in _listed(setup):
        if calendar["name"] in unpicked(setup):
            _settle_and_pick(setup, calendar["name"])
        else:
            _settle(setup, calendar["name"])
    while setup.talk.attended and not (setup.wishes.calendars and _listed(setup)):
        if not _listed(setup):
            _connect(setup)
        elif not _once_more(setup):
            break
    for calendar in _listed(setup):
        if calendar.get("write") and setup.wishes.try_writing:
            _try(setup, calendar["name"])


def put_named(setup: Setup) -> None:
    """Take the calendars of the options into the draft. Raises UsageError and ConfigError."""
    for entry in setup.wishes.calendars:
        _put(setup, entry)


def _listed(setup: Setup) -> list[dict[str, Any]]:
    return list(setup.draft.values.get("calendars") or [])


def _at(setup: Setup, name: str) -> int:
    return [entry["name"] for entry in _listed(setup)].index(name)


def _put(setup: Setup, entry: Mapping[str, Any]) -> None:
    """Add a calendar, or set what is said of the one that has its name."""
    if entry["name"] in [one["name"] for one in _listed(setup)]:
        setup.draft.change_item("calendars", _at(setup, entry["name"]), entry)
    else:
        setup.draft.add("calendars", entry)


def _once_more(setup: Setup) -> bool:
    """Show what is connected, and do one more thing about it; False when it is right as it is."""
    talk = setup.talk
    talk.say("Connected:")
    for entry in _listed(setup):
        talk.say(f"  {entry['name']}: {_where(entry)}{'; blocks are written here' if entry.get('write') else ''}")
    if not any(entry.get("write") for entry in _listed(setup)):
        talk.say("No block is written to any of them: calsync will only show your blocks, and export them to a file.")
    does = talk.choose(
        "What now?",
        [
            ("done", "it is right so"),
            ("add", "connect another calendar"),
            ("write", "choose where blocks are written"),
            ("out", "disconnect one"),
        ],
        "done",
    )
    if does == "add":
        _connect(setup)
    elif does == "write":
        _choose_targets(setup)
    elif does == "out":
        names = [entry["name"] for entry in _listed(setup)]
        _leave_out(setup, talk.choose("Which one?", [(name, name) for name in names], names[-1]))
    return does != "done"


def _where(entry: Mapping[str, Any]) -> str:
    """Where a calendar is, in words that whoever connected it knows again."""
    of = {"google": "Google, ", "microsoft": "Microsoft, "}.get(str(entry["provider"]), "")
    place = entry.get("account") or entry.get("path") or entry.get("url") or entry["provider"]
    return f"{of}{place}{', ' + entry['calendar'] if entry.get('calendar') else ''}"


def _connect(setup: Setup, before: Mapping[str, Any] | None = None) -> None:
    """Ask for one calendar, sign in to it, and let its account's calendars be picked. `before` did not do."""
    taken = _listed(setup)
    try:
        entry = asked_entry(setup, taken, writes=any(one.get("write") for one in taken), before=before)
        setup.draft.add("calendars", entry)
    except UsageError as error:
        _warn(setup, error)
        return
    setup.draft.note(_UNPICKED, [*unpicked(setup), entry["name"]])
    _settle_and_pick(setup, entry["name"])


def unpicked(setup: Setup) -> list[str]:
    """The calendars of which it is not known yet which ones of their account are meant."""
    return [entry["name"] for entry in _listed(setup) if entry["name"] in (setup.draft.noted(_UNPICKED) or ())]


def _settle_and_pick(setup: Setup, name: str) -> None:
    """Whoever stops between the two is asked for both again: until then the entry means an account, not a calendar."""
    infos = _settle(setup, name)
    if not infos:
        return
    if len(infos) > 1:
        _pick(setup, name, infos)
    else:
        entry = _listed(setup)[_at(setup, name)]
        keys = _means(entry, infos[0])
        if entry["provider"] == "ics":
            keys |= {"name": _called(setup, entry, infos[0])}
        _change(setup, name, keys)
    setup.draft.note(_UNPICKED, [one for one in unpicked(setup) if one != name])


def _change(setup: Setup, name: str, changes: Mapping[str, Any]) -> None:
    """Set keys of a calendar; with another name its password goes along."""
    other = changes.get("name", name)
    secrets = SecretStore(setup.draft.state)
    password = secrets.get(name) if other != name else None
    if password:
        secrets.put(other, password)
    setup.draft.change_item("calendars", _at(setup, name), changes)
    if password:  # it is kept under another name now
        secrets.forget(name)


def _warn(setup: Setup, error: CalsyncError) -> None:
    """Show what is wrong; the command that signs in is no next step here, where the question comes again."""

    def here(command: re.Match[str]) -> str:
        return "try again, and choose to paste the address" if "--paste" in command[0] else "try again"

    setup.talk.warn(error.what, _COMMAND.sub(here, error.next_step))


def _settle(setup: Setup, name: str) -> Sequence[CalendarInfo] | None:
    """Sign in where that is wanted and ask the account for its calendars; None when that is left for later.

    Without anybody to ask, what is wrong is raised.
    """
    again = False
    while True:
        try:
            desk = setup.draft.desk()
            calendar = next(one for one in desk.config.calendars if one.name == name)
            given = name in setup.wishes.passwords or name in setup.wishes.token_files
            if again or given or wants_sign_in(desk, calendar):
                sign_in_to(setup, desk, calendar)
                desk = setup.draft.desk()
            if setup.talk.attended and calendar.options.get("url"):
                setup.talk.say("Asking the server …")
            infos = _asked(desk, calendar)
        except CalsyncError as error:
            if not setup.talk.attended:
                raise
            _warn(setup, error)
            does = setup.talk.choose("What now?", _AFTER_TROUBLE, "again")
            if does in ("out", "anew"):
                entry = _listed(setup)[_at(setup, name)]
                if _leave_out(setup, name) and does == "anew":
                    _connect(setup, entry)
            if does != "again":
                return None
            again = isinstance(error, SignInNeeded)
        else:
            _note_zone(setup, infos)
            return infos


def _note_zone(setup: Setup, infos: Sequence[CalendarInfo]) -> None:
    """Remember the zone of an account's primary calendar, to propose it: also to whoever goes on after a stop."""
    zone = next((info.timezone for info in infos if info.primary and info.timezone), "")
    if zone and not setup.draft.noted(ZONE):
        setup.draft.note(ZONE, zone)


def _asked(desk: Desk, calendar: CalendarConfig) -> Sequence[CalendarInfo]:
    """The calendars of its account. A link or a single file says nothing of itself before it is read."""
    provider = desk.provider(calendar.name)
    infos = provider.calendars()
    if calendar.provider == "ics" and not any(info.writable for info in infos):
        provider.read("", reading_window(desk.now, desk.now + timedelta(1)), None)
    return infos


_AFTER_TROUBLE: tuple[Option, ...] = (
    ("again", "try again"),
    ("keep", "leave it for later, and go on"),
    ("anew", "answer the questions about this calendar again"),
    ("out", "leave this calendar out"),
)


def _leave_out(setup: Setup, name: str) -> bool:
    """Disconnect a calendar; False when its entry cannot be taken out."""
    entry = _listed(setup)[_at(setup, name)]
    try:
        setup.draft.remove_item("calendars", _at(setup, name))
    except UsageError as error:
        _warn(setup, error)
        return False
    if setup.draft.is_new:
        SecretStore(setup.draft.state).forget(name)
    if entry.get("write") and not setup.draft.is_new:
        setup.talk.say(f"Blocks that stand on {name} stay there; `calsync uninstall` before this removes them.")
    return True


def _pick(setup: Setup, name: str, infos: Sequence[CalendarInfo]) -> None:
    """Let the calendars of an account be ticked: the first one keeps the entry, the others get entries of their own."""
    usual = {at for at, info in enumerate(infos) if info.primary} or set(range(len(infos)))
    rows = [info.name if info.writable else f"{info.name} (read only)" for info in infos]
    ticked = setup.talk.tick("Which of these should count as busy time?", rows, usual)
    chosen = [infos[at] for at in sorted(ticked)]
    if not chosen:
        _leave_out(setup, name)
        return
    entry = _listed(setup)[_at(setup, name)]
    target = _target(setup, chosen) if entry.get("write") else None
    first = target or chosen[0]
    can_write = bool(entry.get("write")) and first is target
    called = _called(setup, entry, first) if len(chosen) > 1 or entry["provider"] == "ics" else name
    _change(setup, name, {**_means(entry, first), "name": called, "write": can_write or None})
    secrets = SecretStore(setup.draft.state)
    for info in chosen:
        if info is first:
            continue
        other = {key: value for key, value in entry.items() if key != "write"}
        other |= {"name": _called(setup, entry, info, itself=False), **_means(entry, info)}
        other = {key: value for key, value in other.items() if value is not None}
        password = secrets.get(called) if sign_in_of(entry["provider"]) is None else None
        if password:
            secrets.put(other["name"], password)
        setup.draft.add("calendars", other)


def _called(setup: Setup, entry: Mapping[str, Any], info: CalendarInfo, *, itself: bool = True) -> str:
    """The name for one calendar of several: its own; an account's primary one is called like whose it is.

    With `itself` it takes the place of `entry`, whose name is then free.
    """
    taken = [one["name"] for one in _listed(setup) if not (itself and one["name"] == entry["name"])]
    return unused_name(entry["name"] if info.primary or not info.id else info.name, taken)


def _target(setup: Setup, chosen: Sequence[CalendarInfo]) -> CalendarInfo | None:
    """Which of the chosen calendars blocks are written to."""
    writable = [info for info in chosen if info.writable]
    if len(writable) < 2:
        return writable[0] if writable else None
    usual = next((at for at, info in enumerate(writable) if info.primary), 0)
    options = [(str(at), info.name) for at, info in enumerate(writable)]
    return writable[int(setup.talk.choose("Which one are blocks written to?", options, str(usual)))]


def _means(entry: Mapping[str, Any], info: CalendarInfo) -> dict[str, Any]:
    """The keys by which the configuration names this calendar of the account of `entry`."""
    if entry["provider"] == "caldav":
        return {"url": info.id}
    return {"calendar": None if info.primary or not info.id else info.id}


def _choose_targets(setup: Setup) -> None:
    entries = _listed(setup)
    able = [entry for entry in entries if entry["provider"] in _CAN_WRITE]
    rows = [entry["name"] for entry in able]
    now = {at for at, entry in enumerate(able) if entry.get("write")}
    ticked = setup.talk.tick("Where are blocks written? Usually on one calendar.", rows, now)
    for at, entry in enumerate(able):
        write = at in ticked
        if bool(entry.get("write")) != write:
            try:
                setup.draft.change_item("calendars", _at(setup, entry["name"]), {"write": write or None})
            except UsageError as error:
                _warn(setup, error)


def _try(setup: Setup, name: str) -> None:
    """Write a scratch event and take it away again; what goes wrong is shown, or raised where nobody can be asked."""
    from calsync.trial import try_writing

    while True:
        try:
            try_writing(setup.draft.desk(), name)
        except CalsyncError as error:
            if not setup.talk.attended:
                raise
            _warn(setup, error)
            does = setup.talk.choose(
                f"Blocks cannot be written to {name} as it is.",
                [
                    ("again", "sign in again and try again" if isinstance(error, SignInNeeded) else "try again"),
                    ("read", "only read this calendar"),
                    ("keep", "leave it for later, and go on"),
                ],
                "again",
            )
            if does == "read":
                setup.draft.change_item("calendars", _at(setup, name), {"write": None})
            if does != "again":
                return
            if isinstance(error, SignInNeeded):
                _sign_in_once(setup, name)
        else:
            setup.talk.say(f"{name} can be written: a test event was made there and removed again.")
            return


def _sign_in_once(setup: Setup, name: str) -> None:
    desk = setup.draft.desk()
    try:
        sign_in_to(setup, desk, next(one for one in desk.config.calendars if one.name == name))
    except CalsyncError as error:
        _warn(setup, error)
