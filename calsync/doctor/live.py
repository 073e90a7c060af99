"""The open questions about a vendor, tried out on one calendar: what nobody could tell while calsync was made."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing
from datetime import date, timedelta

from calsync.accounts import LiveProbe, Probed
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.state.lock import hold

__all__ = ["asked_of", "tried"]

_WEEKS_AHEAD = 60


def asked_of(desk: Desk, name: str) -> tuple[LiveProbe, date]:
    """What can be tried on the configured calendar `name`, and the Monday on which its events would stand.

    Raises UsageError for a calendar that is not there, is not written to, or of which nothing is open.
    """
    from calsync.registry import probe_of

    calendars = desk.config.calendars
    calendar = next((one for one in calendars if one.name == name), None)
    if calendar is None:
        listed = ", ".join(one.name for one in calendars)
        raise UsageError(f"{desk.config.path}: there is no calendar {name}", f"connected are: {listed}")
    if not calendar.write:
        raise UsageError(f"{name} is for reading only, so nothing is tried there", "give the calendar `write: true`")
    probe = probe_of(calendar.provider)
    if probe is None:
        raise UsageError(
            f"{name}: nothing about a calendar of provider {calendar.provider} is open", "name another calendar"
        )
    today = desk.now.date()
    return probe, today - timedelta(today.weekday()) + timedelta(weeks=_WEEKS_AHEAD)


def tried(desk: Desk, name: str) -> Generator[Probed]:
    """One answer after the other. All that is made is removed again when this ends, however it ends; close it.

    Raises UsageError as `asked_of`, Busy while another run is in progress, and what the calendar raises.
    """
    probe, day = asked_of(desk, name)
    calendar = next(one for one in desk.config.calendars if one.name == name)
    with hold(desk.state_folder):
        answers = probe(name, calendar.options, desk.context(), day, os.urandom(4).hex())
        with closing(answers):
            yield from answers
