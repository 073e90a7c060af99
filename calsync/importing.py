"""People found where the leader meets them already: in an account's directory, or in past one-on-ones.

Nobody is added unasked: `find_people` says who there is and why, `intake_of_found` is of those whom the leader picks.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calsync.config.values import CalendarConfig
from calsync.contacts import nearest_names
from calsync.desk import Desk
from calsync.errors import CalsyncError, Unfinished, UsageError
from calsync.intake import Intake, intake_of
from calsync.model import Occurrence, Person
from calsync.names import is_east_asian, name_key, tidy_name
from calsync.people.contacts import matching
from calsync.people.merging import known_as
from calsync.planning.meetings import names_a_person, partners
from calsync.ports import AccountPerson
from calsync.state.store import Store
from calsync.telling import day_words

__all__ = ["MEETINGS", "FoundPerson", "Search", "find_people", "intake_of_found"]

MEETINGS = "meetings"
"""The source that is no provider: the one-on-ones that the last nights have read."""

_LONGEST_NAME = 100
_WHOLE_EAST_ASIAN = 3
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_AFTER_A_COMMA = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "msc", "bsc", "esq"})
"""What may stand behind a comma without being a first name."""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Somebody who could come into the rotation; `known` is the name under which they are in it already, or "".

    `would_add` are addresses that whoever is in it would gain.
    """

    name: str
    addresses: tuple[str, ...]
    why: str
    known: str = ""
    would_add: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented keys."""
        return {
            "name": self.name,
            "addresses": list(self.addresses),
            "why": self.why,
            "known_as": self.known or None,
            "would_add": list(self.would_add),
        }


@dataclass(frozen=True, slots=True)
class Search:
    """Who was found, nearest first, and what could not be asked."""

    people: list[FoundPerson]
    errors: list[CalsyncError]


@dataclass(slots=True)
class _Held:
    """The one-on-ones that were held, each once, on however many calendars it stands."""

    meetings: list[Occurrence] = field(default_factory=list)
    seen: set[object] = field(default_factory=set)

    def add(self, meeting: Occurrence, partner: str) -> None:
        """Take `meeting` unless it is there: by its UID, or by its time and who was met: vendors give UIDs."""
        keys = {(meeting.span, one) for one in (partner, meeting.event.uid) if one}
        if self.seen.isdisjoint(keys):
            self.meetings.append(meeting)
        self.seen |= keys


@dataclass(slots=True)
class _Group:
    """What several sources say of what is taken for one person."""

    names: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    whys: list[str] = field(default_factory=list)

    def take(self, other: _Group) -> None:
        self.names += other.names
        self.addresses += other.addresses
        self.whys += other.whys


def find_people(desk: Desk, source: str, calendar: str | None = None) -> Search:
    """Who is known to the accounts of provider `source`, or was met in one-on-ones of late (`MEETINGS`).

    `calendar` names the one configured calendar to ask; else all that can tell are asked. The leader, rooms and groups
    are never among them. What goes wrong with one calendar is among the errors and hides no other. Raises UsageError
    when there is nothing to ask.
    """
    asked = _asked(desk, source, calendar)
    rows, errors = _from_meetings(desk, asked) if source == MEETINGS else _from_accounts(desk, asked)
    return Search(_offered(desk, rows), errors)


def intake_of_found(
    desk: Desk, people: Sequence[FoundPerson], picks: Sequence[str], *, ideal: int, max_: int
) -> Intake:
    """What would come of taking in those of `people` whom `picks` mean, without picks everybody. Gaps in days.

    Raises UsageError, with the nearest names, when a pick means nobody or several.
    """
    chosen = list(dict.fromkeys(_picked(people, typed) for typed in picks)) if picks else list(people)
    return intake_of(desk, [Person(one.name, ideal, max_, one.addresses) for one in chosen])


def _asked(desk: Desk, source: str, calendar: str | None) -> list[CalendarConfig]:
    """The calendars to ask: one an account where an account has several."""
    from calsync.registry import kinds

    connected = desk.config.calendars
    if calendar is not None:
        one = _named(connected, calendar)
        if source not in (MEETINGS, one.provider):
            raise UsageError(
                f"{one.name} is a calendar of provider {one.provider}, not {source}", f"say --from {one.provider}"
            )
        return [one]
    if source == MEETINGS:
        return list(connected)
    accounts = {c.options.get("account", c.name): c for c in reversed(connected) if c.provider == source}
    if accounts:
        return [c for c in connected if c in accounts.values()]
    known = [*kinds({c.provider for c in connected}), MEETINGS]
    if source in known:
        raise UsageError(f"no calendar of provider {source} is connected", f"connect one, or say --from {MEETINGS}")
    near = difflib.get_close_matches(source.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"it can be google, microsoft or {MEETINGS}"
    raise UsageError(f"people cannot be imported from {source!r}", hint)


def _named(calendars: Sequence[CalendarConfig], typed: str) -> CalendarConfig:
    for one in calendars:
        if name_key(one.name) == name_key(typed):
            return one
    names = [one.name for one in calendars]
    near = difflib.get_close_matches(typed, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"connected are: {', '.join(names)}"
    raise UsageError(f"there is no calendar {typed}", hint)


def _from_accounts(desk: Desk, calendars: Iterable[CalendarConfig]) -> tuple[list[AccountPerson], list[CalsyncError]]:
    rows: list[AccountPerson] = []
    errors: list[CalsyncError] = []
    for calendar in calendars:
        try:
            provider = desk.provider(calendar.name)
            if provider.capabilities.can_list_people:
                rows += provider.people()
            else:
                errors.append(
                    Unfinished(
                        f"{calendar.name}: a {calendar.provider} calendar does not say whom the account knows",
                        f"see whom you met: calsync people import --from {MEETINGS}",
                    )
                )
        except CalsyncError as error:
            errors.append(error)
    return rows, errors


def _from_meetings(desk: Desk, calendars: Iterable[CalendarConfig]) -> tuple[list[AccountPerson], list[CalsyncError]]:
    """Whom the leader met alone, by what the nights have kept: some five weeks back."""
    errors: list[CalsyncError] = []
    mine, held = _mine(desk), _Held()
    one_address = {a: person.addresses[0] for person in desk.config.people for a in person.addresses}
    with Store(desk.state_folder, desk.now) as store:
        for calendar in calendars:
            if store.calendar(calendar.name) is None:
                errors.append(
                    Unfinished(
                        f"{calendar.name}: no night has read this calendar yet", "run one first: calsync nightly"
                    )
                )
            for found in store.occurrences(calendar.name):
                occurrence = _with_one_address_each(found, one_address)
                for met in partners((occurrence,), mine, desk.now):
                    held.add(occurrence, met.address)
    zone = desk.config.zone
    rows = [
        AccountPerson(
            one.name,
            (one.address,),
            f"{one.meetings} one-on-one{'' if one.meetings == 1 else 's'}, last on "
            f"{day_words(one.last.astimezone(zone).date())}",
        )
        for one in partners(held.meetings, mine, desk.now)
    ]
    return rows, errors


def _with_one_address_each(meeting: Occurrence, one_address: Mapping[str, str]) -> Occurrence:
    """The meeting with people of the rotation under their first address, by whichever they were invited."""
    event = meeting.event
    if not any(party.address in one_address for party in event.parties):
        return meeting
    parties = tuple(replace(p, address=one_address.get(p.address, p.address)) for p in event.parties)
    organizer = one_address.get(event.organizer, event.organizer)
    return replace(meeting, event=replace(event, parties=parties, organizer=organizer))


def _mine(desk: Desk) -> frozenset[str]:
    """The leader's own addresses, those of the connected accounts among them."""
    return desk.config.me | {c.options["account"].lower() for c in desk.config.calendars if "account" in c.options}


def _offered(desk: Desk, rows: Iterable[AccountPerson]) -> list[FoundPerson]:
    """Who of `rows` can come into the rotation, in their order, each once and under a name of their own."""
    mine = _mine(desk)
    taken = {name_key(person.name) for person in desk.config.people}
    found: list[FoundPerson] = []
    for group in _grouped(rows, desk.config.people):
        if mine.intersection(group.addresses):
            continue
        addresses = tuple(dict.fromkeys(filter(_is_usable, group.addresses)))
        if not addresses:
            continue
        name = next(iter(group.names), "") or _name_in(addresses[0])
        known = next(iter(known_as(desk.config.people, name, addresses)), None)
        if known is None and name_key(name) in taken:
            name = f"{name} ({addresses[0][: _LONGEST_NAME - 10]})"
        taken.add(name_key(name))
        why = "; ".join(dict.fromkeys(filter(None, group.whys)))
        more = tuple(a for a in addresses if a not in known.addresses) if known else ()
        found.append(FoundPerson(name, addresses, why, known.name if known else "", more))
    return found


def _grouped(rows: Iterable[AccountPerson], people: Sequence[Person]) -> Iterator[_Group]:
    """The rows of one person together: rows that share an address or a whole name, of two words or of three East Asian
    letters, or that are of the same one of `people`.
    """
    groups: dict[int, _Group] = {}
    of: dict[str, int] = {}
    for number, row in enumerate(rows):
        name = _tidy(row.name)
        whole = len(name.split()) > 1 or (is_east_asian(name) and len(name) >= _WHOLE_EAST_ASIAN)
        group = _Group([name] if name else [], [a.strip().lower() for a in row.addresses], [row.why])
        known = [f"known {name_key(one.name)}" for one in known_as(people, name, group.addresses)[:1]]
        keys = [*group.addresses, *([f"name {name_key(name)}"] if whole else []), *known]
        same = sorted({of[key] for key in keys if key in of})
        for other in same[1:]:
            groups[same[0]].take(groups.pop(other))
            of.update({key: same[0] for key, at in of.items() if at == other})
        home = same[0] if same else number
        groups.setdefault(home, _Group()).take(group)
        of.update(dict.fromkeys(keys, home))
    for _, group in sorted(groups.items()):
        yield group


def _is_usable(address: str) -> bool:
    from calsync.config.forms import Address

    try:
        Address().check(address)
    except ValueError:
        return False
    return names_a_person(address)


def _tidy(name: str) -> str:
    """A display name as people say it: on one line, first name first, and "" for what is no name but an address."""
    clean = tidy_name(name)[:_LONGEST_NAME].strip(" '\"")
    if "@" in clean:
        return ""
    family, comma, given = (part.strip() for part in clean.partition(","))
    given = _IN_BRACKETS.sub("", given)
    first_word = given.partition(" ")[0].replace(".", "").casefold()
    if comma and family and given and "," not in given and first_word not in _AFTER_A_COMMA:
        return f"{family} {given}" if is_east_asian(family) and is_east_asian(given) else f"{given} {family}"
    return clean


def _name_in(address: str) -> str:
    """The name that an address hints at: ana.sousa@example.com is Ana Sousa."""
    local = address.partition("@")[0].partition("+")[0]
    words = [word for word in re.split(r"[._\-]+", local) if word and not word.isdecimal()]
    return " ".join(word[:1].upper() + word[1:] for word in words) or local or address


def _picked(people: Sequence[FoundPerson], typed: str) -> FoundPerson:
    """The one person that `typed` means."""
    everybody = [Person(one.name, 1, 1, one.addresses) for one in people]
    found = [one for one, person in zip(people, everybody, strict=True) if person in matching(everybody, typed)]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(one.name for one in found)
        raise UsageError(f"{typed} can be any of {several}", "write the whole name in quotes, or the address")
    near = nearest_names(everybody, typed)
    hint = f"did you mean {' or '.join(near)}?" if near else "without --pick this shows who was found"
    raise UsageError(f"nobody called {typed} was found", hint)
