"""What the leader does with a change: note it, ask about it, note what people say, close it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from calsync.affects import one_affected, taken_out, whom
from calsync.changes import count_words, meant, planned, view_of
from calsync.contacts import connect_block, next_turns
from calsync.desk import Desk
from calsync.errors import CalsyncError, StateError, UsageError
from calsync.memory import plain_text, writing_vault
from calsync.model import at_wall_clock
from calsync.names import is_one_line, name_key
from calsync.people.changes import CON, PRO, Affected, Answer, Change, Saying, tagged
from calsync.people.changesummary import summary
from calsync.people.nameless import Nameless
from calsync.planning.words import day_words
from calsync.state.lock import hold
from calsync.state.store import Store
from calsync.vault import Vault

__all__ = [
    "LONGEST_ANSWER",
    "LONGEST_POINT",
    "LONGEST_TITLE",
    "Closed",
    "Words",
    "add",
    "ask",
    "close",
    "edit",
    "note",
    "take_back",
]

LONGEST_TITLE, LONGEST_POINT, LONGEST_ANSWER = 120, 300, 2_000
"""In letters."""
_ADD = 'for example: calsync change add "New ticket system" --on 2027-02-01 --affects tag:support'


@dataclass(frozen=True, slots=True)
class Words:
    """The leader's words of a change: its title, what speaks for it and what against it.

    Raises UsageError for what is blank, too long or no text; an empty title is none.
    """

    title: str = ""
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", _line(self.title, "title", LONGEST_TITLE))
        for name in ("pros", "cons"):
            side = "point for it" if name == "pros" else "point against it"
            kept = tuple(_line(text, side, LONGEST_POINT) for text in getattr(self, name))
            if not all(kept):
                raise UsageError(f"a {side} is blank", f"write something, or leave out --{name.removesuffix('s')}")
            object.__setattr__(self, name, kept)

    def sealed(self, vault: Vault) -> list[tuple[str, str]]:
        """The points as they are kept: (side, encrypted text)."""
        both = [*((PRO, text) for text in self.pros), *((CON, text) for text in self.cons)]
        return [(side, vault.seal_values({"text": text})) for side, text in both]


@dataclass(frozen=True, slots=True)
class Closed:
    """The summary as Markdown, one line on what was done, and what could not be read for it."""

    summary: str
    line: str
    problems: list[CalsyncError]


def add(
    desk: Desk,
    words: Words,
    on: date,
    affects: Sequence[str],
    *,
    new_key: bool = False,
    dry_run: bool = False,
) -> list[str]:
    """Note a change that is announced on the local day `on`; lines on what was done.

    `affects` are names, and tags as `tag:NAME`. Raises UsageError for a day that is not to come, without a title or
    anybody whom it affects, and for a name or tag that nobody has.
    """
    if not words.title:
        raise UsageError("a change needs a title", _ADD)
    _check_day(desk, on)
    tags, people = whom(desk, affects)
    if not tags and not people:
        raise UsageError("a change needs to affect somebody", "add --affects NAME, or --affects tag:NAME")
    count = sum(tagged(p, tags) or p in people for p in desk.config.people)
    said = f"{words.title}, announced {_day(desk, on)}, affects {_people(count)}"
    if dry_run:
        return [f"Would note a change: {said}."]
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        vault, told = writing_vault(desk, store, new_key=new_key)
        body = vault.seal_values({"title": words.title})
        number = store.add_change(on, desk.now, tags, [p.name for p in people], words.sealed(vault), body)
        store.see_people([person.name for person in people], desk.now.date())
    return [f"Change {number}: {said}.", f"To have them asked: calsync change ask {number}", *told]


def edit(
    desk: Desk,
    which: str | None,
    words: Words,
    on: date | None,
    affects: Sequence[str],
    but: Sequence[str] = (),
    *,
    new_key: bool = False,
    dry_run: bool = False,
) -> tuple[list[str], list[CalsyncError]]:
    """Give an open change another day or title, more people, more points of the leader's own; what is not said stays.

    `but` are names and tags that it does not affect after all. Raises UsageError as `add`, for a closed change, and for
    somebody in `but` who was asked already, is affected by a tag that stays, or is not affected at all.
    """
    if on is None and not affects and not but and words == Words():
        raise UsageError("nothing to change", "give --title, --on, --pro, --con, --affects or --except")
    if on is not None:
        _check_day(desk, on)
    tags, people = whom(desk, affects)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = planned(desk, store)
        change = meant(found.changes, which, still_open=True)
        since = store.newcomers()
        there = {name_key(answer.person) for answer in change.answers}
        new = [p.name for p in people if name_key(p.name) not in there]
        tags = [*change.tags, *(tag for tag in tags if tag.casefold() not in {t.casefold() for t in change.tags})]
        tags, gone = taken_out(desk, view_of(desk, change, since), tags, but)
        kept = [answer for answer in change.answers if name_key(answer.person) not in map(name_key, gone)]
        answers = (*kept, *(Answer(name) for name in new))
        # Another day or other tags ask anew whom it affects; a word more does not.
        fixed = change.fixed and on in (None, change.on) and tuple(tags) == change.tags
        after = replace(
            change,
            on=on or change.on,
            title=words.title or change.title,
            tags=tuple(tags),
            answers=answers,
            fixed=fixed,
        )
        view = view_of(desk, after, since)
        if but and not view.affected:
            raise UsageError("then it would affect nobody", "a change that is off is closed: calsync change close")
        line = f"{after.name}, announced {_day(desk, after.on)}, affects {_people(view.count.affected)}."
        if dry_run:
            return [f"Would make change {change.id}: {line}"], found.problems
        told: list[str] = []
        body, points = None, []
        if words != Words():
            vault, told = writing_vault(desk, store, new_key=new_key)
            points = words.sealed(vault)
            body = vault.seal_values({"title": words.title}) if words.title else None
        store.edit_change(
            change.id,
            on=after.on,
            tags=tags,
            people=new,
            without=gone,
            points=points,
            body=body,
            now=desk.now,
            fixed=fixed,
        )
        store.see_people([person.name for person in people], desk.now.date())
    return [f"Change {change.id}: {line}", *told], found.problems


def ask(
    desk: Desk, which: str | None, *, stop: bool = False, dry_run: bool = False
) -> tuple[list[str], list[CalsyncError]]:
    """Put the question into the briefs of those affected from now on, or with `stop` no longer.

    The lines say who has a turn before the day, as the next night would plan it. Raises UsageError for a closed change
    and for one whose day has come.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = planned(desk, store)
        change = meant(found.changes, which, still_open=True)
        view = view_of(desk, change, store.newcomers())
        if stop:
            if change.asking_since is None:
                return [f"Nobody is being asked about {change.called}."], found.problems
            if not dry_run:
                store.ask_about(change.id, None)
            would = "Would take" if dry_run else "Taken"
            return [
                f"{would} the question about {change.called} out of the briefs; what was noted stays."
            ], found.problems
        if desk.now.date() >= change.on:
            raise UsageError(
                f"{change.called} was announced {_day(desk, change.on)}: nobody can be asked before that any more",
                f"if the day has moved: calsync change edit {change.id} --on DAY",
            )
        waiting = [one for one in view.affected if one.asked_at is None and one.listed]
        if not waiting:
            return [
                f"Everybody whom {change.called} affects has been asked: {count_words(view.count)}."
            ], found.problems
        until = day_words(change.on - timedelta(1))
        if dry_run:
            return [f"Would put the question into {_briefs(len(waiting))} until {until}."], found.problems
        if change.asking_since is None:
            store.ask_about(change.id, desk.now)
        lines = [f"The question about {change.called} is in {_briefs(len(waiting))} until {until}."]
        return [*lines, *_turns(desk, store, change, waiting)], found.problems


def note(
    desk: Desk,
    which: str | None,
    name: str,
    text: str,
    words: Words,
    changed: str = "",
    on: date | None = None,
    *,
    new_key: bool = False,
    dry_run: bool = False,
) -> tuple[list[str], list[CalsyncError]]:
    """Note that somebody was asked, now or on the local day `on`, what they said and what that changed.

    This alone counts as asked; an empty `text` says that they had nothing to say. Who is noted again was asked when
    they were asked first. Raises UsageError for a closed change, for somebody whom it does not affect, and for a day
    to come.
    """
    said = _paragraph(text, "answer", LONGEST_ANSWER)
    outcome = _line(changed, "change that the answer made", LONGEST_POINT)
    if on is not None and on > desk.now.date():
        raise UsageError(f"{day_words(on)} {on.year} is still to come", "note an answer once you have it")
    at = desk.now if on is None else min(desk.now, at_wall_clock(on, time(12), desk.config.zone))
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = planned(desk, store)
        change = meant(found.changes, which, still_open=True)
        since = store.newcomers()
        one = one_affected(desk, view_of(desk, change, since), name)
        asked = min(at, one.asked_at or at)
        if dry_run:
            return [
                f"Would note that {one.name} was asked about {change.called} on {_local(desk, at)}."
            ], found.problems
        vault, told = writing_vault(desk, store, new_key=new_key)
        if not one.answer.readable and not new_key:
            raise StateError(
                f"what {one.name} said before cannot be read, so nothing is added to it",
                "put the key back (docs/notes.md); if it is lost for good, add --new-key",
            )
        sayings = [_entry(earlier) for earlier in one.answer.said]
        sayings.append({"at": at.isoformat(), "text": said, "changed": outcome})
        store.note_answer(change.id, one.name, asked, vault.seal_values({"said": sayings}), words.sealed(vault), at)
        store.see_people([one.name] if one.listed else [], desk.now.date())
        change = meant(planned(desk, store).changes, str(change.id))
        view = view_of(desk, change, since)
    before = next(other.before for other in view.affected if name_key(other.name) == name_key(one.name))
    line = f"Noted: {one.name} was asked about {change.called} on {_local(desk, asked)}. {count_words(view.count)}."
    late = [] if before else ["It is kept, and does not count as asked before the date."]
    return [line, *late, *told], found.problems


def take_back(
    desk: Desk, which: str | None, name: str, *, dry_run: bool = False
) -> tuple[list[str], list[CalsyncError]]:
    """Forget what was noted last of somebody and a change, with the points that they raised then.

    Raises UsageError when nothing was, and for a closed change; StateError where it cannot be read.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = planned(desk, store)
        change = meant(found.changes, which, still_open=True)
        one = one_affected(desk, view_of(desk, change, store.newcomers()), name)
        if one.asked_at is None:
            raise UsageError(
                f"nothing is noted of {one.name} and {change.called}", "`calsync change list` shows who was asked"
            )
        if found.problems:
            raise StateError(f"nothing is taken back: {found.problems[0].what}", found.problems[0].next_step)
        *before, last = one.answer.said
        if dry_run:
            return [f"Would take back what was noted of {one.name} on {_local(desk, last.at)}."], []
        asked = min((said.at for said in before), default=None)
        vault, _ = writing_vault(desk, store)
        body = vault.seal_values({"said": [_entry(said) for said in before]}) if before else ""
        person = next((p for p in desk.config.people if name_key(p.name) == name_key(one.name)), None)
        named = person is None or not tagged(person, change.tags)
        store.take_back_answer(change.id, one.name, asked, body, last.at, named=named)
        change = meant(planned(desk, store).changes, str(change.id))
        view = view_of(desk, change, store.newcomers())
    line = f"Taken back: what was noted of {one.name} on {_local(desk, last.at)}. {count_words(view.count)}."
    return [line], []


def _entry(said: Saying) -> dict[str, str]:
    return {"at": said.at.isoformat(), "text": said.text, "changed": said.changed}


def close(
    desk: Desk,
    which: str | None,
    *,
    names: bool = False,
    write: Callable[[str], None] | None = None,
    dry_run: bool = False,
) -> Closed:
    """Close a change, with whom it affected and the count as they stand, and sum it up as Markdown.

    The summary names nobody in the rotation, nor anybody who was in it, unless `names` is asked for. `write` is given
    the text before the change is closed: when it raises, the change stays open. Of a change that is closed already
    there is the summary alone. Raises StateError for an open change whose words cannot be read.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        found = planned(desk, store)
        view = view_of(desk, meant(found.changes, which), store.newcomers())
        change = view.change
        if change.open and not change.readable and found.problems:
            raise found.problems[0]  # closed without its words it would look as if there had been none
        known = {*store.everybody_known(), *(one.name for one in view.affected)}
        nameless = Nameless(desk.config.people, tuple(sorted(known)))
        at = change.closed_at or desk.now
        text = summary(change, view.affected, view.count, at, desk.config.zone, None if names else nameless.without)
        if not dry_run:
            if write is not None:
                write(text)
            if change.open:
                people = [one.name for one in view.affected]
                store.close_change(change.id, desk.now, people, (view.count.asked, view.count.affected))
    if not change.open:
        line = f"Change {change.id} is closed since {_local(desk, at)}."
    elif dry_run:
        line = f"Would close {change.numbered}: {count_words(view.count)}."
    else:
        line = f"Closed: {change.numbered}. {count_words(view.count)}."
    return Closed(text, line, found.problems)


def _turns(desk: Desk, store: Store, change: Change, waiting: Sequence[Affected]) -> list[str]:
    """Who of `waiting` has a turn before the day, and who has not."""
    zone = desk.config.zone
    turns = {name_key(p.person) for p in next_turns(desk, store) if p.start.astimezone(zone).date() < change.on}
    late = [one.name for one in waiting if name_key(one.name) not in turns]
    day = _day(desk, change.on)
    if not late:
        all_of_them = "All of them have" if len(waiting) > 1 else f"{waiting[0].name} has"
        return [f"{all_of_them} a turn before {day}, from the next night on."]
    if not store.assignments() and connect_block(desk) is not None:
        return ["Who has a turn before then is known once a night has run: calsync nightly"]
    some = len(late) < len(waiting)
    without = f"No turn before {'then' if some else day}: {', '.join(late)}. Ask them without a block, or add blocks."
    have = f"{len(waiting) - len(late)} of {len(waiting)} have a turn before {day}, from the next night on."
    return [have, without] if some else [without]


def _check_day(desk: Desk, on: date) -> None:
    if on <= desk.now.date():
        raise UsageError(f"{on.isoformat()} is not in the future", "give the day of the announcement: --on 2027-02-01")


def _line(text: str, what: str, longest: int) -> str:
    """A text on one line, as it is kept."""
    line = " ".join(plain_text(text, what, longest).split())
    if not is_one_line(line):
        raise UsageError(f"the {what} has control characters in it", "write it as plain text")
    return line


def _paragraph(text: str, what: str, longest: int) -> str:
    """A text of some lines, as it is kept."""
    kept = plain_text(text, what, longest)
    if not all(is_one_line(line) for line in kept.replace("\t", " ").split("\n")):
        raise UsageError(f"the {what} has control characters in it", "write it as plain text")
    return kept


def _day(desk: Desk, day: date) -> str:
    year = "" if day.year == desk.now.year else f" {day.year}"
    return f"{day_words(day)}{year}"


def _local(desk: Desk, instant: datetime) -> str:
    return _day(desk, instant.astimezone(desk.config.zone).date())


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _briefs(count: int) -> str:
    return "the brief of 1 person" if count == 1 else f"the briefs of {count} people"
