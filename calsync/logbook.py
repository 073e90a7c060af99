"""What came of a turn: a talk, a pass, or a while without; written down as the leader says it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from calsync.contacts import dues_of, find_person
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.people.contacts import ContactKind
from calsync.state.lock import hold
from calsync.state.store import Store
from calsync.telling import day_words

__all__ = ["record_done", "record_skip", "record_snooze"]


def record_done(desk: Desk, name: str, at: datetime | None = None) -> str:
    """Log a personal contact with `name`, now or at an earlier instant."""
    person = find_person(desk.config.people, name)
    instant = at or desk.now
    if instant.astimezone(desk.config.zone).date() > desk.now.date():
        raise UsageError(f"{instant.isoformat()} is still to come", "log a talk once it has taken place")
    # A day without an hour may stand for later today; what is logged has taken place all the same.
    instant = min(instant, desk.now)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        store.see_people([person.name], desk.now.date())
        store.add_contact(person.name, instant, ContactKind.PERSONAL.value)
    day = instant.astimezone(desk.config.zone).date()
    following = day_words(day + timedelta(person.ideal_days))
    return f"Noted: you talked with {person.name} on {day_words(day)}. Next by {following}."


def record_skip(desk: Desk, name: str) -> str:
    """Log that `name` is passed over this time."""
    person = find_person(desk.config.people, name)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        store.see_people([person.name], desk.now.date())
        store.add_contact(person.name, desk.now, ContactKind.SKIP.value)
        due = next(due for due in dues_of(desk, store) if due.person == person.name)
    return f"Skipped {person.name} this time. Back in the rotation on {day_words(due.due_on)}."


def record_snooze(desk: Desk, name: str, until: date) -> str:
    """Leave `name` out before the day `until`."""
    person = find_person(desk.config.people, name)
    if until <= desk.now.date():
        raise UsageError(f"{until.isoformat()} is not in the future", "give a later day, for example --until 2w")
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        store.see_people([person.name], desk.now.date())
        store.snooze(person.name, until)
    return f"{person.name} is left alone until {day_words(until)}."
