"""The leader's promises: made, kept, dropped and read back, decrypted; what needs no key is known without it, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from calsync.contacts import find_person
from calsync.desk import Desk
from calsync.errors import CalsyncError, UsageError
from calsync.memory import Opener, oldest_kept, plain_text, writing_vault
from calsync.model import Person
from calsync.names import name_key
from calsync.people.promises import LONGEST_MINUTES, Promise, PromiseState, day_words, due_words
from calsync.state.lock import hold
from calsync.state.store import NewPromise, PromiseRow, Store
from calsync.vault import Sealed, Vault

__all__ = [
    "LONGEST_TEXT",
    "Asked",
    "Promised",
    "change",
    "close",
    "made_words",
    "make",
    "promised",
    "reopen",
    "sealed",
    "text_of",
    "without_words",
]

LONGEST_TEXT = 300
"""In letters: a promise is one line."""
_TEXT = "text"
"""The key of the text in what is sealed."""
_UNREADABLE = "(its words cannot be read)"
_LIST = "`calsync promise list --all` shows each with its number"


@dataclass(frozen=True, slots=True)
class Promised:
    """Every promise, open or closed, by id; and what could not be read, whose text is "" then."""

    promises: list[Promise]
    problems: list[CalsyncError]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is promised: by the instant `due`, with `minutes` of work. `text` is put on one line.

    Raises UsageError for a text that is blank, too long or none, and for minutes that no promise has.
    """

    text: str
    due: datetime
    minutes: int = 30

    def __post_init__(self) -> None:
        text = " ".join(plain_text(self.text, "promise", LONGEST_TEXT).split())
        if not text:
            raise UsageError(
                "the promise has no text", 'say what you promised: calsync promise add Ana "intro to Bo" --by fri'
            )
        if not 1 <= self.minutes <= LONGEST_MINUTES:
            raise UsageError(
                f"a promise cannot take {self.minutes} minutes",
                f"give 1 to {LONGEST_MINUTES}; what takes longer is better kept as several promises",
            )
        object.__setattr__(self, "text", text)


def promised(desk: Desk, store: Store) -> Promised:
    """Every promise that was ever made and not forgotten, in the order in which they were made.

    Raises nothing for what cannot be decrypted: such a promise has no text, which `problems` says once. Those that were
    closed before notes expire have none either, and that is no problem.
    """
    opener, expired = Opener(desk), oldest_kept(desk)
    promises = []
    for row in store.promises():
        gone = not row.body or (row.closed_at is not None and row.closed_at < expired)
        text = None if gone else opener.open(text_of, row.body)
        promises.append(_promise(row, text or ""))
    return Promised(promises, opener.problems("promise"))


def without_words(store: Store) -> list[Promise]:
    """The same promises without their texts: for what needs no key, and should not wait for one."""
    return [_promise(row, "") for row in store.promises()]


def text_of(body: str, vault: Vault) -> str:
    """The text of a promise, "" where it has expired. Raises Sealed and StateError as Vault."""
    if not body:
        return ""
    text = vault.open_values(body).get(_TEXT)
    if not isinstance(text, str):
        raise Sealed
    return text


def make(desk: Desk, name: str, asked: Asked, *, new_key: bool = False) -> tuple[Promise, list[str]]:
    """Promise `asked` to `name`, who is in the rotation; the promise, and lines on what was done.

    Raises UsageError when nobody or several can be meant, StateError where nothing can be encrypted
    (see calsync.memory.writing_vault).
    """
    person = find_person(desk.config.people, name)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        vault, told = writing_vault(desk, store, new_key=new_key)
        new = sealed(desk, person, asked, vault)
        store.see_people([person.name], desk.now.date())
        made = Promise(store.add_promise(new), person.name, asked.text, new.made_at, new.due, new.minutes)
    return made, [made_words(desk, made.person, asked, made.id), *told]


def sealed(desk: Desk, person: Person, asked: Asked, vault: Vault) -> NewPromise:
    """What is kept of a promise that is made now. Raises StateError when there is no key."""
    return NewPromise(person.name, desk.now, asked.due, asked.minutes, vault.seal_values({_TEXT: asked.text}))


def made_words(desk: Desk, person: str, asked: Asked, number: int | None = None) -> str:
    """A promise to `person` as it stands, with its number when it has one."""
    due = due_words(asked.due, desk.now, desk.config.zone)
    which = "a promise" if number is None else f"Promise {number}"
    return f"{which} to {person}: {asked.text}, by {due} ({_minutes(asked.minutes)})."


def close(
    desk: Desk, which: str, state: PromiseState, on: date | None = None, *, dry_run: bool = False
) -> tuple[str, list[CalsyncError]]:
    """Say that the promise `which` was kept or is dropped, now or on the local day `on`; what was done, and problems.

    `which` is its number, or the person when exactly one promise to them is open. A day without an hour means that it
    was in time on the day when it was due. Raises UsageError for what is closed otherwise already, for a day that is
    still to come or lies before the promise, and when nothing or several can be meant.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = promised(desk, store)
        promise = _meant(desk, found.promises, which, PromiseState.OPEN, state)
        said = _said(promise)
        if promise.state is state:
            return f"That promise is {state.value} already, since {_closed_day(desk, promise)}: {said}.", found.problems
        if not promise.is_open:
            raise UsageError(
                f"promise {promise.id} was {promise.state.value} on {_closed_day(desk, promise)}",
                f"open it again first: calsync promise {_VERB[promise.state]} {promise.id} --undo",
            )
        at = desk.now if on is None else _at(desk, promise, on)
        closed = replace(promise, state=state, closed_at=at)
        if dry_run:
            return f"Would note as {state.value}: {said}.", found.problems
        store.close_promise(promise.id, state.value, at)
        ahead = any(row.promise == promise.id and row.start > desk.now for row in store.promise_time())
    free = " The next night gives its time back." if ahead else ""
    if state is PromiseState.DROPPED:
        return f"Dropped: {said}.{free}", found.problems
    late = "kept, after its day" if closed.is_late else "kept in time"
    there = any(name_key(person.name) == name_key(promise.person) for person in desk.config.people)
    brief = " The next brief for them says so." if there else ""
    return f"Noted as {late}: {said}.{brief}{free}", found.problems


def reopen(desk: Desk, which: str, state: PromiseState, *, dry_run: bool = False) -> tuple[str, list[CalsyncError]]:
    """Open the promise `which`, that was kept or dropped as `state` says, again; what was done, and problems.

    Raises UsageError for one that is not in that state, and as `close` for one that cannot be meant.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = promised(desk, store)
        promise = _meant(desk, found.promises, which, state, state, " --undo")
        said = _said(promise)
        if promise.state is not state:
            raise UsageError(f"promise {promise.id} is {promise.state.value}, not {state.value}", _LIST)
        if dry_run:
            return f"Would open again: {said}.", found.problems
        store.close_promise(promise.id, PromiseState.OPEN.value, None)
    return f"Open again: {said}.", found.problems


def change(
    desk: Desk,
    which: str,
    *,
    due: datetime | None = None,
    minutes: int | None = None,
    text: str | None = None,
    dry_run: bool = False,
) -> tuple[Promise, list[str]]:
    """Give the open promise `which` another due instant, length or text; what it is then, and lines on what was done.

    Raises UsageError as `close` and Asked, StateError where a new text cannot be encrypted.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        promise = _meant(desk, promised(desk, store).promises, which, PromiseState.OPEN, None)
        if not promise.is_open:
            raise UsageError(
                f"promise {promise.id} was {promise.state.value} on {_closed_day(desk, promise)}",
                f"open it again first: calsync promise {_VERB[promise.state]} {promise.id} --undo",
            )
        wanted = Asked(
            promise.text or _UNREADABLE if text is None else text,
            due or promise.due,
            promise.minutes if minutes is None else minutes,
        )
        changed = replace(
            promise, text=promise.text if text is None else wanted.text, due=wanted.due, minutes=wanted.minutes
        )
        if changed == promise:
            return promise, [f"Nothing changes: {_said(promise)}."]
        if dry_run:
            return changed, [f"Would be: {made_words(desk, promise.person, wanted, promise.id)}"]
        told: list[str] = []
        body = next(row.body for row in store.promises() if row.id == promise.id)
        if text is not None:
            vault, told = writing_vault(desk, store)
            body = vault.seal_values({_TEXT: wanted.text})
        store.change_promise(promise.id, due=wanted.due, minutes=wanted.minutes, body=body)
    return changed, [made_words(desk, promise.person, wanted, promise.id), *told]


_VERB = {PromiseState.KEPT: "keep", PromiseState.DROPPED: "drop"}


def _meant(
    desk: Desk,
    promises: Sequence[Promise],
    which: str,
    state: PromiseState,
    wanted: PromiseState | None,
    option: str = "",
) -> Promise:
    """The promise by its number, or the only one in `state` to the person of that name, in the rotation or not."""
    number = which.strip().removeprefix("#")
    if number.isascii() and number.isdigit():
        for promise in promises:
            if str(promise.id) == number.lstrip("0"):
                return promise
        raise UsageError(f"there is no promise {number}", _LIST)
    listed = {name_key(person.name) for person in desk.config.people}
    former = {name_key(p.person): Person(p.person, 1, 1) for p in promises if name_key(p.person) not in listed}
    person = find_person([*desk.config.people, *former.values()], which)
    mine = [p for p in promises if p.state is state and name_key(p.person) == name_key(person.name)]
    if len(mine) == 1:
        return mine[0]
    if not mine:
        raise UsageError(f"no promise to {person.name} is {state.value}", _LIST)
    numbers = ", ".join(str(p.id) for p in mine[:-1]) + f" and {mine[-1].id}"
    verb = "edit" if wanted is None else _VERB[wanted]
    raise UsageError(
        f"{len(mine)} promises to {person.name} are {state.value}: {numbers}",
        f"give the number: calsync promise {verb} {mine[0].id}{option}",
    )


def _at(desk: Desk, promise: Promise, on: date) -> datetime:
    """The instant that a day without an hour stands for: noon, or when it was due if that was earlier on that day."""
    zone, today = desk.config.zone, desk.now.date()
    if on > today:
        raise UsageError(f"{day_words(on, today)} is still to come", "say so once it is done")
    made = promise.made_at.astimezone(zone).date()
    if on < made:
        raise UsageError(
            f"promise {promise.id} was made after that, on {day_words(made, today)}", "give that day or a later one"
        )
    at = min(datetime.combine(on, time(12), zone), desk.now)
    if promise.due.astimezone(zone).date() == on:
        at = min(at, promise.due)
    return max(at, promise.made_at)


def _said(promise: Promise) -> str:
    return f"{promise.text or f'promise {promise.id}'}, to {promise.person}"


def _closed_day(desk: Desk, promise: Promise) -> str:
    assert promise.closed_at is not None
    return day_words(promise.closed_at.astimezone(desk.config.zone).date(), desk.now.date())


def _minutes(count: int) -> str:
    return "1 minute" if count == 1 else f"{count} minutes"


def _promise(row: PromiseRow, text: str) -> Promise:
    return Promise(row.id, row.person, text, row.made_at, row.due, row.minutes, PromiseState(row.state), row.closed_at)
