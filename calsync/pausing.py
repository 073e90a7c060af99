"""Leaving somebody out of the rotation until further notice, and taking them in again."""

from __future__ import annotations

from shlex import quote

from calsync.contacts import find_person, logged
from calsync.desk import Desk
from calsync.people.contacts import ContactKind, name_key
from calsync.people.silence import silences
from calsync.state.lock import hold
from calsync.state.store import Store

__all__ = ["pause", "resume"]


def pause(desk: Desk, name: str, *, dry_run: bool = False) -> str:
    """Leave `name` out until `resume`; what was logged stays. Says what was done."""
    person = find_person(desk.config.people, name)
    if dry_run:
        return f"Would leave {person.name} in peace until you say otherwise."
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        store.see_people([person.name], desk.now.date())
        store.pause(person.name, desk.now.date())
    return f"{person.name} is left in peace until you say otherwise: calsync people resume {quote(person.name)}"


def resume(desk: Desk, name: str, *, dry_run: bool = False) -> str:
    """Take `name` in again, whether the leader paused them or four silences in a row did. Says what was done."""
    person = find_person(desk.config.people, name)
    key = name_key(person.name)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        paused = [one for one in store.pauses() if name_key(one) == key]
        silent = silences(logged(store, person))
        if not paused and not silent:
            return f"{person.name} is in the rotation already; nothing holds them back for good."
        if dry_run:
            return f"Would take {person.name} into the rotation again."
        for one in paused:
            store.pause(one, None)
        if silent:
            store.log_turn(person.name, desk.now, ContactKind.RESUMED.value)
    return f"{person.name} is in the rotation again."
