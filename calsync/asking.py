"""When other people are taken, as the leader's own calendar servers tell it; asked only where the leader allows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from calsync.desk import Desk
from calsync.errors import CalsyncError
from calsync.model import Person, Span
from calsync.people.contacts import name_key
from calsync.state.store import Store

__all__ = ["AHEAD", "ask_who_is_taken"]

AHEAD = timedelta(days=14)
"""So far ahead other people are asked for: further on, their days are still empty."""


def ask_who_is_taken(desk: Desk, store: Store, calendars: Iterable[str]) -> list[str]:
    """Ask the servers of `calendars` (names, those read tonight) and keep what they say; one line on each that failed.

    With `privacy.free_busy: false` nothing is asked and what was known is forgotten. What nobody can tell counts as
    free: an answer only ever takes somebody out of a block.
    """
    if not desk.config.free_busy:
        if store.people_busy():
            store.keep_people_busy({}, desk.now)
        return []
    people = [person for person in desk.config.people if person.addresses]
    left = {address for person in people for address in person.addresses}
    known = store.people_busy()
    found: dict[str, Sequence[Span]] = {}
    remarks: list[str] = []
    failed = False
    for name in calendars:
        provider = desk.provider(name)
        if not left or not provider.capabilities.can_ask_busy:
            continue
        try:
            answers = provider.busy(sorted(left), Span(desk.now, desk.now + AHEAD))
        except CalsyncError as error:
            failed = True
            remarks.append(f"{name} does not say when other people are free ({error.what}): blocks are planned without")
            continue
        told = {answer.address: answer.busy for answer in answers if not answer.error}
        found |= told
        left -= told.keys()
    taken = {name_key(p.name): _together(p, found) for p in people}
    if failed:
        # What a server said last night of those whom nobody could be asked about is better than nothing.
        taken |= {k: known[k] for p in people if (k := name_key(p.name)) in known and left & set(p.addresses)}
    store.keep_people_busy(taken, desk.now)
    return remarks


def _together(person: Person, found: Mapping[str, Sequence[Span]]) -> list[Span]:
    return sorted({span for address in person.addresses for span in found.get(address, ())})
