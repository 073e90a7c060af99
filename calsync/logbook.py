"""What came of a turn: a talk, a pass, or a while without; written down as the leader says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from shlex import quote

from calsync.contacts import dues_of, find_person, logged
from calsync.desk import Desk
from calsync.errors import StateError, UsageError
from calsync.memory import closed_by, open_vault, packed, plain_text, recollect, unpacked, writing_vault
from calsync.model import Person
from calsync.people.contacts import ContactKind, name_key
from calsync.people.silence import PAUSE, SWITCH, silences
from calsync.people.talks import FEELS, Talk, open_thread
from calsync.promises import Asked, made_words, sealed
from calsync.state.lock import hold
from calsync.state.store import NewPromise, NoteRow, Store
from calsync.telling import day_words
from calsync.vault import Sealed, Vault

__all__ = [
    "LONGEST_NOTE",
    "LONGEST_THREAD",
    "Said",
    "clean_note",
    "clean_thread",
    "record_done",
    "record_skip",
    "record_snooze",
    "take_back",
]

LONGEST_NOTE = 10_000
LONGEST_THREAD = 300
"""In letters. A note is a few lines to remember a talk by, a thread one question for the next."""

_WHAT = {
    ContactKind.PERSONAL: "a talk",
    ContactKind.SKIP: "a pass",
    ContactKind.NO_ANSWER: "a call without an answer",
    ContactKind.DECLINED: "a call that was declined",
    ContactKind.RESUMED: "a return to the rotation",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the leader says of a turn. `feel` is one of FEELS; `thread` is to be open until the next talk.

    Raises UsageError for what does not go together: without a talk there is nothing to note of it.
    """

    kind: ContactKind = ContactKind.PERSONAL
    feel: int | None = None
    note: str = ""
    thread: str = ""
    close_thread: bool = False

    def __post_init__(self) -> None:
        if self.feel is not None and self.feel not in FEELS:
            raise UsageError(f"a feel is 1 to 5, not {self.feel}", "1 is worst, 5 is best: how the talk felt to you")
        object.__setattr__(self, "note", clean_note(self.note))
        object.__setattr__(self, "thread", clean_thread(self.thread))
        if self.thread and self.close_thread:
            raise UsageError(
                "a new thread closes the earlier one already", "leave out one of --thread and --close-thread"
            )
        if self.kind is not ContactKind.PERSONAL and (self.noted or self.close_thread):
            raise UsageError("there was no talk, so there is nothing to note of it", "leave out what speaks of a talk")

    @property
    def noted(self) -> bool:
        """True when there is something to keep besides that it took place."""
        return bool(self.feel is not None or self.note or self.thread)


def clean_note(text: str) -> str:
    """A note as it is kept; "" stays "". Raises UsageError for what is too long, blank or no text."""
    return _clean(text, "note", LONGEST_NOTE)


def clean_thread(text: str) -> str:
    """A thread as it is kept, on one line; "" stays "". Raises UsageError as `clean_note`."""
    return " ".join(_clean(text, "thread", LONGEST_THREAD).split())


def _clean(text: str, what: str, longest: int) -> str:
    plain = plain_text(text, what, longest)
    if text and not plain:
        raise UsageError(f"the {what} is blank", f"write something, or leave out --{what}")
    return plain


def record_done(
    desk: Desk,
    name: str,
    at: datetime | None = None,
    said: Said = Said(),
    *,
    promise: Asked | None = None,
    new_key: bool = False,
) -> list[str]:
    """Log what came of reaching out to `name`, now or at an earlier instant; lines on what was done.

    A new thread closes the earlier ones, and so does `close_thread`; otherwise an open one stays. `promise` is kept
    with it. What is noted is encrypted; raises StateError, and logs nothing, where that cannot be done (see
    calsync.memory.writing_vault).
    """
    person = find_person(desk.config.people, name)
    instant = at or desk.now
    day = _day(desk, instant)
    if day > desk.now.date():
        raise UsageError(f"{day_words(day)} {day.year} is still to come", "log a talk once it has taken place")
    # A day without an hour may stand for later today; what is logged has taken place all the same.
    instant = min(instant, desk.now)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        body: str | None = None
        closing: dict[int, str] = {}
        told: list[str] = []
        new: NewPromise | None = None
        if said.noted or said.close_thread or promise is not None:
            vault, told = writing_vault(desk, store, new_key=new_key)
            new = sealed(desk, person, promise, vault) if promise is not None else None
            talk = Talk(person.name, instant, said.feel, said.note, said.thread, bool(said.thread))
            if said.thread or said.close_thread:
                closing, closed = _close(store, vault, person)
                told += [f"Closed the thread of {day_words(_day(desk, t.at))}: {t.thread}" for t in closed]
                if said.close_thread and not closed:
                    told.append("No thread was open.")
            if said.noted or closing:
                body = packed(talk, vault, list(closing))
        store.see_people([person.name], desk.now.date())
        number = store.log_turn(person.name, instant, said.kind.value, body, closing, new)
        if said.kind is ContactKind.PERSONAL and not said.thread and not said.close_thread:
            told += _still_open(desk, store, person)
        if promise is not None and number is not None:
            told.append(made_words(desk, person.name, promise, number))  # last: when there is time for it follows
        return [_noted(desk, person, instant, said.kind), *_held_back(store, person, said.kind), *told]


def take_back(desk: Desk, name: str, *, dry_run: bool = False) -> list[str]:
    """Forget what was logged last of `name`, with its note; a thread that it closed is open again.

    Raises UsageError when nothing was logged.
    """
    person = find_person(desk.config.people, name)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        turn = store.last_turn(person.name)
        if turn is None:
            raise UsageError(f"nothing is logged of {person.name}", "`calsync who` shows the last talk with each")
        day = day_words(_day(desk, turn.at))
        what = f"{_WHAT[ContactKind(turn.kind)]} of {day} with {person.name}"
        with_note = " and its note" if turn.note is not None else ""
        if dry_run:
            return [f"Would take back {what}{with_note}."]
        vault = open_vault(desk)
        told = []
        reopening: dict[int, str] = {}
        if turn.note is not None:
            try:
                ids = closed_by(turn.note, vault)
                rows = [row for row in store.notes() if row.id in ids]
                reopening = {row.id: _changed(row, vault, is_open=True) for row in rows}
            except (Sealed, StateError):
                told = ["Its note could not be read, so a thread that it closed stays closed."]
        store.take_back_turn(turn, reopening)
    if reopening:
        told = ["The thread that it closed is open again."]
    return [f"Taken back: {what}{with_note}.", *told]


def record_skip(desk: Desk, name: str) -> str:
    """Log that `name` is passed over this time."""
    person = find_person(desk.config.people, name)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        store.see_people([person.name], desk.now.date())
        store.log_turn(person.name, desk.now, ContactKind.SKIP.value)
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


def _close(store: Store, vault: Vault, person: Person) -> tuple[dict[int, str], Sequence[Talk]]:
    """The notes of `person` whose threads are open: by id, their bodies with the thread closed; and the talks."""
    bodies: dict[int, str] = {}
    talks: list[Talk] = []
    for row in store.notes():
        if name_key(row.person) != name_key(person.name):
            continue
        try:
            talk = unpacked(row, vault)
            if talk.thread and talk.thread_open:
                bodies[row.id] = _changed(row, vault, is_open=False)
                talks.append(talk)
        except Sealed:
            continue  # what cannot be read is never shown, so it is as good as closed
    return bodies, talks


def _changed(row: NoteRow, vault: Vault, *, is_open: bool) -> str:
    return packed(replace(unpacked(row, vault), thread_open=is_open), vault, closed_by(row, vault))


def _still_open(desk: Desk, store: Store, person: Person) -> list[str]:
    talks = recollect(desk, store).talks.get(name_key(person.name), [])
    waiting = open_thread(talks)
    if waiting is None:
        return []
    return [f"Still open since {day_words(_day(desk, waiting.at))}: {waiting.thread} (--close-thread closes it)"]


def _noted(desk: Desk, person: Person, instant: datetime, kind: ContactKind) -> str:
    day = _day(desk, instant)
    if kind is ContactKind.NO_ANSWER:
        return f"Noted: you reached out to {person.name} on {day_words(day)} and heard nothing. Their clock runs on."
    if kind is ContactKind.DECLINED:
        return f"Noted: {person.name} declined on {day_words(day)}. That is an answer, not a talk: their clock runs on."
    following = day_words(day + timedelta(person.ideal_days))
    return f"Noted: you talked with {person.name} on {day_words(day)}. Next by {following}."


def _held_back(store: Store, person: Person, kind: ContactKind) -> list[str]:
    """What the leader has to know at once: that silence changed something, or that a talk has ended no pause."""
    key, again = name_key(person.name), f"calsync people resume {quote(person.name)}"
    if any(name_key(one) == key for one in store.pauses()):
        return [f"You have paused them, and that stays so: {again}"]
    if kind is not ContactKind.NO_ANSWER:
        return []
    silent = silences(logged(store, person))
    if silent >= PAUSE:
        return [f"{silent} times in a row now: they are left in peace until they answer, or {again}"]
    if silent >= SWITCH:
        return [f"{silent} times in a row now: the next brief suggests another way of reaching them."]
    return []


def _day(desk: Desk, instant: datetime) -> date:
    return instant.astimezone(desk.config.zone).date()
