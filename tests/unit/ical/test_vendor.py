"""What a vendor says of an event is what the one reader of iCalendar understands of it, whatever characters it uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calsync.ical import marks
from calsync.ical.own import read_series
from calsync.ical.read import expand_payloads
from calsync.ical.vendor import VendorEvent, moment, vendor_bytes
from calsync.model import (
    Answer,
    Event,
    EventType,
    Key,
    Kind,
    Occurrence,
    Override,
    Party,
    PartyKind,
    Role,
    Series,
    Span,
    Status,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = tuple(map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")))
WINDOW = Span(datetime(2026, 11, 1, tzinfo=BERLIN), datetime(2027, 2, 1, tzinfo=BERLIN))
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)

# What would be a line of its own, or the end of one, if it were let through; and letters that programs stumble over.
NASTY = (
    "\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\x7f", "\x1b[2J",
    "\n ", "\r\n\t", "\nEND:VEVENT", "\r\nX-CALSYNC-KEY:csx", '"', "'", "\\", "\\n", "\\\\n", "\\,", ";", ":", ",",
    "^n", "^'", "^^", "%0A", "%2C", "\ud800", "\udfff", "\ufeff", "\u202e", "ß", "İ", "🙂", "e\u0301", "漢", " ", "\t",
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=6).map("".join)
WORDS = st.text("abcxyz019", min_size=1, max_size=8)
ADDRESSES = st.builds("{}@{}.example".format, WORDS, WORDS)
PARTIES = st.builds(
    Party,
    address=st.one_of(ADDRESSES, st.just("")),
    name=TEXTS,
    kind=st.sampled_from(PartyKind),
    role=st.sampled_from(Role),
    answer=st.sampled_from(Answer),
    is_me=st.booleans(),
)


def understood(*events: VendorEvent, window: Span = WINDOW, zone: ZoneInfo = BERLIN) -> tuple[Occurrence, ...]:
    """What the reader makes of one resource."""
    ((found),) = expand_payloads([("name", "", vendor_bytes(events))], window, zone)
    return found.occurrences


def the_event(event: VendorEvent) -> Event:
    (occurrence,) = understood(event)
    return occurrence.event


def kept(text: str) -> str:
    """What a line of text can hold: all but control characters and halves of characters."""
    return "".join(c for c in text if c in "\t\n" or not (c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff"))


def on_one_line(text: str) -> str:
    return kept(text.replace("\r\n", " ").replace("\r", " ").replace("\n", " "))


@given(
    title=TEXTS,
    description=TEXTS,
    location=TEXTS,
    uid=TEXTS,
    status=st.sampled_from([Status.CONFIRMED, Status.TENTATIVE]),
    kind=st.sampled_from(EventType),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    organizer=st.one_of(st.none(), PARTIES),
    parties=st.lists(PARTIES, max_size=4),
)
def test_what_goes_in_comes_out(
    title: str,
    description: str,
    location: str,
    uid: str,
    status: Status,
    kind: EventType,
    flags: tuple[bool, bool, bool],
    organizer: Party | None,
    parties: list[Party],
) -> None:
    transparent, hidden, private = flags
    event = the_event(
        VendorEvent(
            uid=f"u{uid}v",
            start=NOON,
            end=NOON + timedelta(hours=1),
            title=title,
            description=description,
            location=location,
            status=status,
            transparent=transparent,
            event_type=kind,
            organizer=organizer,
            parties=tuple(parties),
            guests_hidden=hidden,
            private=private,
        )
    )
    assert event.title == kept(title)
    assert (event.status, event.transparent, event.event_type) == (status, transparent, kind)
    assert (event.guests_hidden, event.private, event.ours) == (hidden, private, "")
    assert event.organizer == (organizer.address if organizer else "")
    assert event.organized_by_me == (organizer is not None and organizer.is_me)
    assert [(p.address, p.kind, p.role, p.answer, p.is_me) for p in event.parties] == [
        (p.address, p.kind, p.role, p.answer, p.is_me) for p in parties
    ]


@given(st.lists(PARTIES, min_size=1, max_size=3))
def test_names_of_parties_come_out_on_one_line(parties: list[Party]) -> None:
    event = the_event(VendorEvent("u", NOON, NOON + timedelta(hours=1), parties=tuple(parties)))
    assert [p.name for p in event.parties] == [on_one_line(p.name) for p in parties]


PROPERTIES = {
    "BEGIN", "VERSION", "PRODID", "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION",
    "LOCATION", "STATUS", "TRANSP", "CLASS", "ORGANIZER", "ATTENDEE", "CATEGORIES", "END", marks.TYPE, marks.GUESTS,
    marks.KEY, marks.SUM, "RRULE",
}  # fmt: skip


@given(st.lists(TEXTS, min_size=8, max_size=8), st.booleans())
def test_nothing_that_a_vendor_sends_begins_a_line_of_its_own(said: list[str], ours: bool) -> None:
    uid, title, description, location, name, address, mark, rule = said
    data = vendor_bytes(
        [
            VendorEvent(
                uid=uid,
                start=NOON,
                end=NOON + timedelta(hours=1),
                title=title,
                description=description,
                location=location,
                organizer=Party(address, name),
                parties=(Party(address, name, is_me=True),),
                marks={marks.KEY: mark, marks.SUM: mark} if ours else {},
                rules=("RRULE:FREQ=WEEKLY;COUNT=1" + rule.replace("\\", ""),) if ours else (rule,),
            )
        ]
    )
    unfolded = data.replace(b"\r\n ", b"").decode()
    assert unfolded.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")
    lines = unfolded.split("\r\n")[:-1]
    assert not any(c in line for line in lines for c in "\r\n\x00")
    assert {line.partition(":")[0].partition(";")[0] for line in lines} <= PROPERTIES
    counted = [line.partition(":")[0] for line in lines]
    assert (counted.count("BEGIN"), counted.count("END")) == (2, 2)
    assert counted.count(marks.KEY) == counted.count("CATEGORIES") == ours
    assert max(map(len, data.split(b"\r\n"))) <= 75


@pytest.mark.parametrize("line", ["X-CALSYNC-KEY:cs1", "SUMMARY:other", "END:VEVENT", "CATEGORIES:calsync", "RRULE"])
def test_only_lines_that_say_how_an_event_recurs_are_taken_for_rules(line: str) -> None:
    event = VendorEvent("u", NOON, NOON + timedelta(hours=1), rules=(line, "exdate:20261208T120000Z"))
    assert line.encode() + b"\r\n" not in vendor_bytes([event]).partition(b"DTEND")[2].partition(b"\r\nEND:VEVENT")[0]
    assert b"\r\nexdate:20261208T120000Z\r\n" in vendor_bytes([event])


@given(
    day=st.dates(date(2026, 11, 3), date(2027, 1, 25)),
    clock=st.times().map(lambda t: t.replace(microsecond=0)),
    minutes=st.integers(1, 60 * 24 * 6),
    zone=st.sampled_from(ZONES),
    leader=st.sampled_from(ZONES),
)
def test_a_time_of_any_zone_comes_out_as_the_same_instant(
    day: date, clock: time, minutes: int, zone: ZoneInfo, leader: ZoneInfo
) -> None:
    begin = datetime.combine(day, clock, zone)
    # A time that the clocks leave out is no time that a vendor names.
    assume(begin.astimezone(UTC).astimezone(zone) == begin)
    assume(begin.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == begin.replace(tzinfo=None))
    end = (begin.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(zone)
    (found,) = understood(VendorEvent("u", begin, end), zone=leader)
    assert found.span == Span(begin.astimezone(UTC), end.astimezone(UTC))
    assert not found.all_day


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_an_hour_that_the_clock_shows_twice_is_told_apart(zone: str) -> None:
    place = ZoneInfo(zone)
    window = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    hours = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(2 * 24 * 365))
    second = [at for at in hours if at.astimezone(place).fold]
    assert second
    for at in second:
        for begin, end in ((at - timedelta(hours=1), at), (at, at + timedelta(minutes=15))):
            (found,) = understood(VendorEvent("u", begin.astimezone(place), end.astimezone(place)), window=window)
            assert found.span == Span(begin, end)


@given(st.dates(date(2026, 11, 3), date(2027, 1, 25)), st.integers(1, 5), st.sampled_from(ZONES))
def test_days_come_out_from_midnight_to_midnight_of_the_leader(first: date, days: int, leader: ZoneInfo) -> None:
    (found,) = understood(VendorEvent("u", first, first + timedelta(days)), zone=leader)
    assert found.all_day
    midnights = [datetime.combine(day, time(), leader).astimezone(UTC) for day in (first, first + timedelta(days))]
    assert [found.span.start, found.span.end] == midnights


def test_a_series_its_exceptions_and_its_cancelled_dates_are_one_resource() -> None:
    start = datetime(2026, 11, 24, 10, tzinfo=BERLIN)
    week, hour = timedelta(7), timedelta(hours=1)
    found = understood(
        VendorEvent("u", start, start + hour, title="Weekly", rules=("RRULE:FREQ=WEEKLY;COUNT=5",)),
        VendorEvent("u", start + week + hour, start + week + 2 * hour, replaces=start + week, title="Moved"),
        VendorEvent("u", start + 2 * week, start + 2 * week + hour, replaces=start + 2 * week, status=Status.CANCELLED),
    )
    assert [(o.span.start.astimezone(BERLIN), o.event.title) for o in found] == [
        (start, "Weekly"),
        (start + week + hour, "Moved"),
        (start + 3 * week, "Weekly"),
        (start + 4 * week, "Weekly"),
    ]


def test_the_last_version_of_an_event_counts_by_its_sequence() -> None:
    at = {"start": NOON, "end": NOON + timedelta(hours=1)}
    versions = [
        VendorEvent("u", **at, title="new", sequence=3, changed=NOON),
        VendorEvent("u", **at, title="old", sequence=2, changed=NOON + timedelta(1)),
    ]
    assert [o.event.title for o in understood(*versions)] == ["new"]


KEY = Key("cs" + "a" * 32)


@given(
    title=TEXTS,
    description=TEXTS,
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2026, 11, 3), date(2026, 12, 25)),
    clock=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    minutes=st.integers(5, 240),
    transparent=st.booleans(),
    until=st.one_of(st.none(), st.integers(0, 20)),
    shift=st.integers(-600, 600).filter(bool),
)
def test_a_block_of_ours_is_read_back_as_the_series_that_it_is(
    title: str,
    description: str,
    zone: ZoneInfo,
    first: date,
    clock: time,
    minutes: int,
    transparent: bool,
    until: int | None,
    shift: int,
) -> None:
    series = Series(
        key=KEY,
        kind=Kind.CONNECT,
        number=2,
        generation=1,
        timezone=zone.key,
        first=first,
        start=clock,
        minutes=minutes,
        title=title,
        transparent=transparent,
        changed=NOON,
        until=None if until is None else first + timedelta(7 * until),
        description=description,
        sequence=3,
        cancelled=frozenset({first + timedelta(7)} if until is None else ()),
        dropped=frozenset({first + timedelta(7)} if until is None else ()),
    )
    days = [first + timedelta(7 * week) for week in (0, 1, 2)]
    homes = [series.home(day) for day in days]
    # Where the clocks leave a time out or show it twice, the rule's own dates decide: not the vendor's text.
    assume(all(h.start.replace(tzinfo=None).time() == clock and not h.start.fold for h in homes))
    span = Span(homes[0].start + timedelta(minutes=shift), homes[0].start + timedelta(minutes=shift + 30))
    moved = Override(span, "Moved", not transparent)
    rules = ["RRULE:FREQ=WEEKLY" + (f";UNTIL={_utc(series.home(series.until).start)}" if series.until else "")]
    if series.cancelled:
        rules.append(moment("EXDATE", homes[1].start))
    ours = {
        marks.KEY: KEY,
        marks.KIND: "connect",
        marks.SLOT: "2/1",
        marks.DROPPED: " ".join(f"{day:%Y%m%d}" for day in series.dropped),
    }
    events = [
        VendorEvent(
            uid=KEY + marks.UID_SUFFIX,
            start=homes[0].start,
            end=homes[0].end,
            rules=tuple(rules),
            title=title,
            description=description,
            transparent=transparent,
            private=True,
            marks=ours,
            changed=NOON,
            sequence=3,
        ),
        VendorEvent(
            uid=KEY + marks.UID_SUFFIX,
            start=span.start,
            end=span.end,
            replaces=homes[0].start,
            title="Moved",
            transparent=not transparent,
            private=True,
            marks={**ours, marks.SUM: marks.sum_of_override(first.isoformat(), moved)},
            changed=NOON,
            sequence=3,
        ),
    ]
    owned = read_series(vendor_bytes(events), f"{KEY}.ics", "e", BERLIN)
    assert owned is not None
    wanted = replace(series, overrides={first: moved}, title=kept(title), description=kept(description))
    assert owned.series.same_content(wanted)
    assert owned.leaders == frozenset()
    assert owned.series.dropped == series.dropped


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def test_equal_events_are_equal_bytes_and_other_programs_can_read_them() -> None:
    event = VendorEvent(
        "u", NOON, NOON + timedelta(hours=1), title="Tea; two, or three", parties=(Party("a@b.example", 'A "B"'),)
    )
    data = vendor_bytes([event])
    assert data == vendor_bytes([event])
    (read,) = icalendar.Calendar.from_ical(data).events
    assert read["SUMMARY"] == "Tea; two, or three"
    assert read["ATTENDEE"] == "mailto:a@b.example"
    assert read["ATTENDEE"].params["CN"] == 'A "B"'
