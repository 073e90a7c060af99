"""What a VEVENT says besides its dates: title, status, who is asked, and whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from calsync.ical import marks
from calsync.ical.content import take_apart
from calsync.model import Answer, Event, EventType, Party, PartyKind, Role, Status

__all__ = ["Details", "DetailsReader"]

_COMMA = re.compile(r"(?<!\\),")
_ROLES = {"OPT-PARTICIPANT": Role.OPTIONAL, "NON-PARTICIPANT": Role.NON_PARTICIPANT}
_KINDS = {"GROUP": PartyKind.GROUP, "ROOM": PartyKind.RESOURCE, "RESOURCE": PartyKind.RESOURCE}
_ANSWERS = {
    "NEEDS-ACTION": Answer.NEEDS_ACTION,
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
    # Who sent somebody else does not come.
    "DELEGATED": Answer.DECLINED,
}
_STATUS = {"TENTATIVE": Status.TENTATIVE, "CANCELLED": Status.CANCELLED, "CANCELED": Status.CANCELLED}
_TYPES = frozenset(EventType)
_BUSY_STATUS = {"OOF": EventType.OUT_OF_OFFICE, "WORKINGELSEWHERE": EventType.WORKING_LOCATION}


@dataclass(slots=True)
class Details:
    """The properties of one VEVENT that are not dates. `x` has the X- properties by upper-case name."""

    title: str = ""
    description: str = ""
    status: Status = Status.CONFIRMED
    transparent: bool = False
    event_type: EventType = EventType.DEFAULT
    whole_days: bool = False
    private: bool = False
    organizer: str = ""
    organized_by_me: bool = False
    guests_hidden: bool = False
    parties: list[Party] = field(default_factory=list)
    categories: set[str] = field(default_factory=set)
    x: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key in its marks, "" when it does not carry both of them."""
        return self.x.get(marks.KEY, "") if marks.CATEGORY in self.categories else ""

    def event(self, uid: str, ours: str) -> Event:
        """These details as the model has them."""
        return Event(
            uid=uid,
            title=self.title,
            status=self.status,
            transparent=self.transparent,
            event_type=self.event_type,
            organizer=self.organizer,
            organized_by_me=self.organized_by_me,
            parties=tuple(self.parties),
            guests_hidden=self.guests_hidden,
            private=self.private,
            ours=ours,
        )


class DetailsReader:
    """Reads detail lines with icalendar, each distinct line once: the same guests stand in every override."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[str, Mapping[str, str], str] | None] = {}
        self._parties: dict[str, Party | None] = {}

    def __call__(self, lines: Iterable[str]) -> Details:
        """The details in `lines`; a line that is no content line is passed over, as icalendar does in a VEVENT."""
        found = Details()
        for line in lines:
            if line.startswith("ATTENDEE"):
                party = self._party(line)
                if party is not None:
                    found.parties.append(party)
            else:
                self._take(found, line)
        return found

    def _parts(self, line: str) -> tuple[str, Mapping[str, str], str] | None:
        if line not in self._lines:
            self._lines[line] = _parts(line)
        return self._lines[line]

    def _party(self, line: str) -> Party | None:
        if line not in self._parties:
            parts = _parts(line)
            self._parties[line] = None if parts is None else _party(parts[1], parts[2])
        return self._parties[line]

    def _take(self, found: Details, line: str) -> None:
        parts = self._parts(line)
        if parts is None:
            return
        name, params, value = parts
        word = value.strip().upper()
        match name:
            case "SUMMARY":
                found.title = found.title or value
            case "DESCRIPTION":
                found.description = found.description or value
            case "STATUS":
                # Both may have been set already by a BUSYSTATUS, whatever the order of the lines.
                found.status = _STATUS.get(word, found.status)
            case "TRANSP":
                found.transparent = found.transparent or word == "TRANSPARENT"
            case "CLASS":
                found.private = word in ("PRIVATE", "CONFIDENTIAL")
            case "ORGANIZER":
                found.organizer = _address(params, value)
                found.organized_by_me = params.get(marks.SELF) == "TRUE"
            case "CATEGORIES":
                found.categories.update(_categories(line))
            case "X-MICROSOFT-CDO-BUSYSTATUS":
                _busy_status(found, word)
            case "X-MICROSOFT-CDO-ALLDAYEVENT":
                found.whole_days = word == "TRUE"
            case _:
                _take_mark(found, name, value.strip())
                found.x[name] = value.strip()


def _take_mark(found: Details, name: str, value: str) -> None:
    """What only an adapter that reads a vendor's own API can say; see `vendor`."""
    if name == marks.TYPE and value in _TYPES:
        found.event_type = EventType(value)
    elif name == marks.GUESTS:
        found.guests_hidden = value == "HIDDEN"


def _busy_status(found: Details, word: str) -> None:
    """Outlook's "show as" (MS-OXCICAL 2.1.3.1.1.20.31), which says more than TRANSP can."""
    found.event_type = _BUSY_STATUS.get(word, EventType.DEFAULT)
    if word == "FREE":
        found.transparent = True
    elif word == "TENTATIVE" and found.status is Status.CONFIRMED:
        found.status = Status.TENTATIVE


def _parts(line: str) -> tuple[str, Mapping[str, str], str] | None:
    from icalendar import parser

    untyped: Any = parser
    try:
        name, params, value = untyped.Contentline(line).parts()
    except ValueError:
        return None
    return name.upper(), {k.upper(): v if isinstance(v, str) else ",".join(v) for k, v in params.items()}, value


def _categories(line: str) -> list[str]:
    """The categories of a line; commas inside one are escaped, and the line as a whole is not unescaped yet."""
    apart = take_apart(line)
    return [] if apart is None else [one.replace("\\", "").strip() for one in _COMMA.split(apart.value)]


def _party(params: Mapping[str, str], value: str) -> Party:
    return Party(
        address=_address(params, value),
        name=params.get("CN", ""),
        kind=_KINDS.get(params.get("CUTYPE", "").upper(), PartyKind.PERSON),
        role=_ROLES.get(params.get("ROLE", "").upper(), Role.REQUIRED),
        answer=_ANSWERS.get(params.get("PARTSTAT", "").upper(), Answer.NONE),
        is_me=params.get(marks.SELF) == "TRUE",
    )


def _address(params: Mapping[str, str], value: str) -> str:
    """The address, lower case; some servers put a path or a number in its place and the address in EMAIL."""
    address = value.strip().lower()
    if address.startswith("mailto:"):
        return address[7:].strip()
    address = params.get("EMAIL", "").strip().lower() or address
    # Apple writes this for somebody whose address is not known.
    return "" if address.startswith("invalid:") else address
