"""What an event means: who is really in it, whether it takes time, and whether it shows that two people met.

Nothing here reads a title but one short list of words for being away, and that list only chooses a label.
docs/meetings.md has every rule with its reason.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from calsync.model import (
    Answer,
    Event,
    EventType,
    Occurrence,
    Party,
    PartyKind,
    Person,
    Role,
    Span,
    Status,
    at_wall_clock,
)
from calsync.planning.board import BusySpan

__all__ = [
    "AWAY_WORDS",
    "Meaning",
    "Partner",
    "Reading",
    "busy_spans",
    "names_a_person",
    "partners",
    "read_event",
    "work_contacts",
]


class Meaning(StrEnum):
    """What an event is to the leader."""

    ONE_ON_ONE = "one-on-one"
    TEAM_MEETING = "team-meeting"
    HOLD = "hold"
    """Time kept for oneself: nobody else is in it, or everybody else declined."""
    OUT_OF_OFFICE = "out-of-office"
    FOCUS = "focus"
    WORKING_LOCATION = "working-location"
    NO_MEETING = "no-meeting"
    """A birthday, an entry made from mail."""
    UNKNOWN = "unknown"
    """The guests or the details are hidden: it may be anything, and shows nothing about contact."""
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one occurrence means. `label` says it without a title or a name.

    `others` are the people and groups who count, `optional` those who were only invited to come if they like and did
    not decline: lower-case addresses (the name where there is no address), sorted, without the leader.
    """

    meaning: Meaning
    busy: bool
    label: str
    others: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody met in one-on-ones: the address, a display name or "", how many were held, the start of the last."""

    address: str
    name: str
    meetings: int
    last: datetime


AWAY_WORDS = """\
ooo, out of office, vacation, vacations, holiday, holidays, pto, leave, sick, away, day off, days off,
urlaub, abwesend, krank, ferien, elternzeit, vakantie, verlof, afwezig, semester, ferier,
vacances, congé, congés, absent, absente, hors du bureau, vacaciones, ausente, fuera de la oficina, férias, ferie,
malattia, urlop, nieobecny, nieobecna, dovolená, dovolenka, szabadság, izin, tatil, отпуск, відпустка, отпуска,
διακοπές, άδεια, חופשה, إجازة, 休暇, 有給, 休み, 休假, 假期, 请假, 請假, 휴가, 연차"""
"""Words that call an all-day event without other people "out of office": whole words, in any case.

The list changes a label and never whether time is taken, so a word too many or too few does no harm.
"""

_BY_TYPE: Mapping[EventType, tuple[Meaning, str]] = {
    EventType.FOCUS: (Meaning.FOCUS, "focus time"),
    EventType.OUT_OF_OFFICE: (Meaning.OUT_OF_OFFICE, "out of office"),
    EventType.WORKING_LOCATION: (Meaning.WORKING_LOCATION, "working location"),
    EventType.NO_MEETING: (Meaning.NO_MEETING, "no meeting"),
}

_LABELS: Mapping[Meaning, str] = {
    Meaning.ONE_ON_ONE: "one-on-one",
    Meaning.TEAM_MEETING: "team meeting",
    Meaning.HOLD: "hold",
}

_TAKES_NO_TIME = frozenset({Meaning.OURS, Meaning.WORKING_LOCATION, Meaning.NO_MEETING})

# Google names calendars and rooms by addresses of these domains; nobody reads mail there.
_NOBODY = ("@group.calendar.google.com", "@group.v.calendar.google.com", "@resource.calendar.google.com")
# Google marks a group's address by nothing else (provider-facts, section 5).
_GROUPS = ("@googlegroups.com",)

# Of several answers in the leader's name the most committed one counts.
_COMMITMENT = (Answer.ACCEPTED, Answer.NONE, Answer.TENTATIVE, Answer.NEEDS_ACTION, Answer.DECLINED)


def read_event(occurrence: Occurrence, me: Collection[str], *, tentative_is_busy: bool) -> Reading:
    """What `occurrence` means to the leader whose own addresses are `me` (any case).

    With `tentative_is_busy` False, an event that is tentative, or that the leader answered "maybe" or not at all,
    takes no time.
    """
    return _read(occurrence, _addresses(me), tentative_is_busy)


def busy_spans(
    occurrences: Iterable[Occurrence], me: Collection[str], tentative_is_busy: bool, zone: ZoneInfo
) -> tuple[BusySpan, ...]:
    """The time that blocks must not touch, by start, end and label; `zone` is the leader's.

    Spans may overlap; only equal ones (the same meeting seen on two calendars) are given once. All-day and
    out-of-office events take whole local days, from midnight to midnight in `zone`.
    """
    found: set[BusySpan] = set()
    for occurrence, reading in _readings(occurrences, me, tentative_is_busy):
        if reading.busy:
            away = reading.meaning is Meaning.OUT_OF_OFFICE
            whole = occurrence.all_day or (away and not _overnight(occurrence.span, zone))
            span = _whole_days(occurrence.span, zone) if whole else _in_utc(occurrence.span)
            found.add(BusySpan(span, reading.label))
    return tuple(sorted(found, key=lambda b: (b.span.start, b.span.end, b.label)))


def work_contacts(
    occurrences: Iterable[Occurrence], me: Collection[str], people: Iterable[Person], before: datetime
) -> dict[str, datetime]:
    """The start of the last meeting with each of `people` that was over at `before`, by the person's name.

    Whoever was met in no such meeting is not in the result. A meeting counts when neither side declined it, it was
    not cancelled, the whole guest list was visible, and it took time (neither all-day nor shown as free).
    """
    owner = {address: p.name for p in people for address in _addresses(p.addresses)}
    last: dict[str, datetime] = {}
    for occurrence, reading in _held(occurrences, me, before):
        for address in reading.others:
            name = owner.get(address)
            if name is not None and (name not in last or last[name] < occurrence.span.start):
                last[name] = occurrence.span.start
    return last


def partners(occurrences: Iterable[Occurrence], me: Collection[str], before: datetime) -> tuple[Partner, ...]:
    """Everybody with an address whom the leader met in a one-on-one that was over at `before`, most meetings first."""
    found: dict[str, tuple[int, datetime, str]] = {}
    for occurrence, reading in _held(occurrences, me, before):
        if reading.meaning is not Meaning.ONE_ON_ONE or "@" not in reading.others[0]:
            continue
        address, start = reading.others[0], occurrence.span.start
        name = next((p.name.strip() for p in occurrence.event.parties if _address(p.address) == address), "")
        count, latest, known = found.get(address, (0, start, ""))
        found[address] = (count + 1, max(latest, start), (name or known) if start >= latest else (known or name))
    rows = [Partner(address, name, count, latest) for address, (count, latest, name) in found.items()]
    return tuple(sorted(rows, key=lambda p: (-p.meetings, p.address)))


def names_a_person(address: str) -> bool:
    """False for the addresses by which Google names calendars, rooms and groups."""
    return not _address(address).endswith(_NOBODY + _GROUPS)


def _held(
    occurrences: Iterable[Occurrence], me: Collection[str], before: datetime
) -> Iterator[tuple[Occurrence, Reading]]:
    """The meetings that show that people met, each with its reading."""
    # An all-day event with a guest is a notice ("Ana away"); what is shown as free is not busy and falls out below.
    over = (o for o in occurrences if not o.all_day and o.span.end <= before)
    # Whether a "maybe" keeps time free says nothing about whether they met: only a refusal does.
    for occurrence, reading in _readings(over, me, tentative_is_busy=True):
        if reading.busy and reading.meaning in (Meaning.ONE_ON_ONE, Meaning.TEAM_MEETING):
            yield occurrence, reading


def _readings(
    occurrences: Iterable[Occurrence], me: Collection[str], tentative_is_busy: bool
) -> Iterator[tuple[Occurrence, Reading]]:
    """Each occurrence with its reading. The dates of a series mostly share one event, which is then read once."""
    mine = _addresses(me)
    # The event is kept beside its reading so that its id stays its own.
    known: dict[tuple[int, bool], tuple[Event, Reading]] = {}
    for occurrence in occurrences:
        key = (id(occurrence.event), occurrence.all_day)
        if key not in known:
            known[key] = (occurrence.event, _read(occurrence, mine, tentative_is_busy))
        yield occurrence, known[key][1]


def _read(occurrence: Occurrence, me: frozenset[str], tentative_is_busy: bool) -> Reading:
    event = occurrence.event
    if event.ours:
        return Reading(Meaning.OURS, busy=False, label="own block")
    if event.event_type in _BY_TYPE:
        meaning, label = _BY_TYPE[event.event_type]
        return Reading(meaning, _is_busy(event, meaning, me, tentative_is_busy), label)
    others, optional, group, complete = _people(event, me)
    meaning = _meaning(others, group, complete)
    if not complete:
        label = "private event" if event.private or not event.title else "event with hidden guests"
    else:
        label = "all-day event" if occurrence.all_day else _LABELS[meaning]
    if meaning is Meaning.HOLD and occurrence.all_day and not optional and _says_away(event.title):
        meaning, label = Meaning.OUT_OF_OFFICE, "out of office"
    return Reading(meaning, _is_busy(event, meaning, me, tentative_is_busy), label, others, optional)


def _meaning(others: tuple[str, ...], group: bool, complete: bool) -> Meaning:
    if not complete:
        return Meaning.UNKNOWN
    if group or len(others) > 1:
        return Meaning.TEAM_MEETING
    return Meaning.ONE_ON_ONE if others else Meaning.HOLD


def _is_busy(event: Event, meaning: Meaning, me: frozenset[str], tentative_is_busy: bool) -> bool:
    if meaning in _TAKES_NO_TIME or event.status is Status.CANCELLED or event.transparent:
        return False
    answer = _my_answer(event, me)
    if answer is Answer.DECLINED:
        return False
    unsure = event.status is Status.TENTATIVE or answer in (Answer.TENTATIVE, Answer.NEEDS_ACTION)
    return tentative_is_busy or not unsure


def _my_answer(event: Event, me: frozenset[str]) -> Answer:
    """The leader's own answer. The calendar's word on which party that is goes before the configured addresses."""
    mine = [p for p in event.parties if p.is_me] or [p for p in event.parties if _address(p.address) in me]
    if not mine:
        return Answer.NONE
    answer = min((p.answer for p in mine), key=_COMMITMENT.index)
    # Whoever calls a meeting is coming; RFC 5545 3.2.12 writes "needs action" for an organizer who said nothing.
    if answer is Answer.NEEDS_ACTION and (event.organized_by_me or _address(event.organizer) in me):
        return Answer.NONE
    return answer


def _people(event: Event, me: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...], bool, bool]:
    """Who counts, who is optional, whether a group is among them, and whether the list is all there is."""
    others: set[str] = set()
    optional: set[str] = set()
    listed: set[str] = set()
    group, complete, invited = False, not event.guests_hidden, False
    organizer = _address(event.organizer)
    for party in event.parties:
        who = _identity(party)
        listed.add(who)
        if party.kind is PartyKind.RESOURCE or who.endswith(_NOBODY):
            continue
        invited = True
        if party.is_me or who in me or party.role is Role.NON_PARTICIPANT:
            continue
        if not who:
            complete = False
        elif party.kind is PartyKind.GROUP or who.endswith(_GROUPS):
            # Nobody answers for a group, and an optional one still means that more than two may come.
            group = True
            others.add(who)
        elif party.answer is not Answer.DECLINED:
            (optional if party.role is Role.OPTIONAL and who != organizer else others).add(who)
    # An organizer without a single guest is how a feed names its publisher: nobody was asked to come.
    if organizer and invited and not event.organized_by_me and organizer not in listed | me:
        if organizer.endswith(_GROUPS):
            group = True
        if not organizer.endswith(_NOBODY):
            others.add(organizer)
    return tuple(sorted(others)), tuple(sorted(optional - others)), group, complete


def _identity(party: Party) -> str:
    return _address(party.address) or " ".join(party.name.split()).casefold()


@lru_cache(maxsize=4096)
def _address(text: str) -> str:
    return text.strip().lower().removeprefix("mailto:")


def _addresses(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(_address(text) for text in texts) - {""}


def _says_away(title: str) -> bool:
    text = _plain(title)
    return any(word in text for word in _AWAY)


def _plain(title: str) -> str:
    """The words of a title, without case and punctuation, each with a space on both sides."""
    # A Turkish capital I with a dot keeps that dot as a mark of its own when its case is folded.
    text = unicodedata.normalize("NFC", title).casefold().replace("i\u0307", "i")
    words = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text).split()
    return f" {' '.join(words)} "


# Chinese, Japanese and Korean titles put no spaces between words: there the word may stand anywhere.
_AWAY = tuple(_plain(word) if word < "\u2e80" else word for word in (w.strip() for w in AWAY_WORDS.split(",")))


def _overnight(span: Span, zone: ZoneInfo) -> bool:
    """True for less than a day over a local midnight: the evenings and nights that people close with "out of office".

    Taken as whole days these would close every day of such a leader for ever.
    """
    first, last = _local_days(span, zone)
    return first != last and span.length < timedelta(hours=23)


def _local_days(span: Span, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last local day that the half-open span touches."""
    last_instant = span.end.astimezone(UTC) - timedelta(microseconds=1)
    return span.start.astimezone(zone).date(), last_instant.astimezone(zone).date()


def _whole_days(span: Span, zone: ZoneInfo) -> Span:
    first, last = _local_days(span, zone)
    return Span(_midnight(first, zone), _midnight(last + timedelta(1), zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return at_wall_clock(day, time(0), zone).astimezone(UTC)


def _in_utc(span: Span) -> Span:
    # One zone for all: equal instants are then equal values, and comparing them is quick and safe around clock changes.
    return Span(span.start.astimezone(UTC), span.end.astimezone(UTC))
