"""What came of acts of kindness, as the leader says it: done or skipped; and what was done in a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from calsync.acts import shelf
from calsync.contacts import clocks, find_person
from calsync.desk import Desk
from calsync.errors import CalsyncError, UsageError
from calsync.kindness import DONE, SKIPPED, TOLD, ActTurn, chooser, done_days, turns_between
from calsync.logbook import clean_note
from calsync.memory import Opener, writing_vault
from calsync.people.kindness import first_day
from calsync.planning.words import day_words
from calsync.state.acts import ActRow
from calsync.state.lock import hold
from calsync.state.store import Store
from calsync.vault import Sealed, Vault

__all__ = ["NOBODY", "Deeds", "Done", "deeds", "note_of", "record_kindness", "skip_act"]

NOBODY = ""
"""Stands for nobody in the rotation."""


@dataclass(frozen=True, slots=True)
class Done:
    """One act that was done on the local day `day`. `text` is "" where the act is not known any more."""

    day: date
    key: str
    text: str
    person: str
    note: str

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `kindness list`."""
        return {
            "day": self.day.isoformat(),
            "key": self.key,
            "text": self.text or None,
            "person": self.person or None,
            "note": self.note or None,
        }


@dataclass(frozen=True, slots=True)
class Deeds:
    """What was done in a calendar year, by day, and what cannot be read of it."""

    year: int
    done: list[Done]
    problems: list[CalsyncError]


def record_kindness(
    desk: Desk,
    person: str | None = None,
    note: str = "",
    on: date | None = None,
    *,
    new_key: bool = False,
    dry_run: bool = False,
) -> list[str]:
    """Log that the act of today, or of the local day `on`, was done; lines on what was noted.

    It was done for whom the act is, unless `person` says otherwise: a name, or NOBODY. A second time adds what is new.
    Raises UsageError for somebody who is not in the rotation, a day to come, and an unfit note; StateError, with
    nothing logged, where the note cannot be encrypted.
    """
    name = find_person(desk.config.people, person).name if person else person
    text = clean_note(note)
    day = on or desk.now.date()
    if day > desk.now.date():
        raise UsageError(f"{day_words(day)} {day.year} is still to come", "log an act once it is done")
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        turn, rows = _turn(desk, store, day)
        last = rows[-1] if rows else None
        again = turn.state == DONE
        if last is not None and last.state == DONE and not again:
            last = None  # of an act that this calsync does not know any more; there is another one since
        key = turn.act.key if turn.act is not None else last.act if last is not None else None
        if key is None:
            raise UsageError("there are no acts of kindness to choose from", "`calsync kindness lint` says why")
        if again and name is None and not text:
            which = "this act" if on is not None else "today's act" if turn.first == turn.last else "this week's act"
            return [f"You have noted {which} already. For one more: calsync kindness skip"]
        whom = name if name is not None else last.person if again and last is not None else turn.person
        of_then = _act_of_then(turn, desk.now.date())
        if dry_run:
            return [f"Would note: {_what(whom, text)}.", *of_then]
        told: list[str] = []
        body = last.body if again and last is not None else ""
        if text:
            vault, told = writing_vault(desk, store, new_key=new_key)
            body = vault.seal_values({"note": _added(vault, body, text)})
        # The hour does not matter to what counts days; noon is that day in every zone that people live in.
        at = desk.now if day == desk.now.date() else datetime.combine(day, time(12), desk.config.zone)
        if again and last is not None:
            at = last.at
        store.keep_act(turn.first, key, whom, DONE, at, body, instead_of=last.id if last is not None else None)
        count = sum(one.year == day.year for one in done_days(desk, store))
    acts = "1 act" if count == 1 else f"{count} acts"
    so_far = " so far" if day.year == desk.now.year else ""
    return [f"Noted: {_what(whom, text)}. {acts} of kindness in {day.year}{so_far}.", *of_then, *told]


def _act_of_then(turn: ActTurn, today: date) -> list[str]:
    """Which act it was, where that is not the one of today that was shown."""
    if turn.act is None or turn.first <= today <= turn.last:
        return []
    return [f"The act of that {'day' if turn.first == turn.last else 'week'}: {turn.act.text}"]


def _added(vault: Vault, body: str, text: str) -> str:
    """The note of `body` with `text` below it, which it is given once however often it is said."""
    try:
        before = note_of(body, vault)
    except Sealed:  # its key is lost for good, else there were no vault to write with
        before = ""
    if before == text or before.endswith(f"\n{text}"):
        return before
    return clean_note(f"{before}\n{text}")


def skip_act(desk: Desk, *, dry_run: bool = False) -> tuple[ActTurn | None, tuple[CalsyncError, ...]]:
    """Pass over the act of today or of this week; the turn with the act in its place, None where no other is left.

    Nothing later changes by it. After an act that is done it gives one more. Raises UsageError when the act was skipped
    before and there was no other.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = shelf(desk.config.path)
        turn, rows = _turn(desk, store, desk.now.date())
        if turn.act is None:
            following = day_words(turn.last + timedelta(1))
            what = f"there is no other act for {'today' if turn.first == turn.last else 'this week'}"
            raise UsageError(what, f"the next one comes on {following}")
        told = [row for row in rows if row.state == TOLD]
        known = [row for row in store.acts() if row not in told]
        passed = ActRow(0, turn.first, turn.act.key, turn.person, SKIPPED, desk.now, "")
        if turn.state != DONE:
            known.append(passed)
            if not dry_run:
                instead_of = told[-1].id if told else None
                store.keep_act(turn.first, turn.act.key, turn.person, SKIPPED, desk.now, instead_of=instead_of)
        act = chooser(desk, known, found.acts).another(turn.first)
        if act is None:
            return None, found.problems
        known.append(ActRow(0, turn.first, act.key, "", TOLD, desk.now, ""))
        turns = turns_between(desk, known, found.acts, clocks(desk, store), turn.first, turn.first)
        instead = turns[turn.first]
        if not dry_run:
            store.keep_act(turn.first, act.key, instead.person, TOLD, desk.now)
    return instead, found.problems


def deeds(desk: Desk, year: int | None = None) -> Deeds:
    """What was done in the calendar year, this one unless another is given; raises nothing for unreadable notes."""
    wanted = year or desk.now.year
    zone = desk.config.zone
    with Store(desk.state_folder, desk.now) as store:
        rows = [row for row in store.acts() if row.state == DONE and row.at.astimezone(zone).year == wanted]
    found = shelf(desk.config.path)
    texts = {act.key: act.text for act in found.acts}
    opener, done = Opener(desk), []
    for row in sorted(rows, key=lambda row: (row.at, row.id)):
        note = opener.open(note_of, row.body) or ""
        done.append(Done(row.at.astimezone(zone).date(), row.act, texts.get(row.act, ""), row.person, note))
    return Deeds(wanted, done, [*found.problems, *opener.problems()])


def note_of(body: str, vault: Vault) -> str:
    """What was noted of an act; "" where nothing was. Raises Sealed and StateError as the vault does."""
    if not body:
        return ""
    note = vault.open_values(body).get("note")
    if not isinstance(note, str):
        raise Sealed
    return note


def _turn(desk: Desk, store: Store, day: date) -> tuple[ActTurn, list[ActRow]]:
    """The turn of a local day, with what is kept of it."""
    rows = store.acts()
    first = first_day(day, desk.config.kindness_every)
    turns = turns_between(desk, rows, shelf(desk.config.path).acts, clocks(desk, store), day, day)
    return turns[first], [row for row in rows if row.day == first]


def _what(person: str, note: str) -> str:
    return f"you did it{f' for {person}' if person else ''}{', with a note' if note else ''}"
