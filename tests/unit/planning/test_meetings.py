"""What an event means and whether it takes time: a row for every rule of docs/meetings.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from calsync.planning.meetings import Meaning, busy_spans, partners, read_event, work_contacts

BERLIN = ZoneInfo("Europe/Berlin")
ME = ["maya@example.com", "Maya@Example.org"]
NINE = datetime(2026, 11, 10, 9, tzinfo=BERLIN)

ME_YES = Party("maya@example.com", "Maya", answer=Answer.ACCEPTED)
ME_TOO = Party("maya@example.org", "Maya", answer=Answer.ACCEPTED)
ANA = Party("ana@example.com", "Ana Sousa", answer=Answer.ACCEPTED)
BO = Party("bo@example.com", "Bo", answer=Answer.ACCEPTED)
ROOM = Party("blue@example.com", "Blue room", kind=PartyKind.RESOURCE, answer=Answer.ACCEPTED)
LIST = Party("team@example.com", "The team", kind=PartyKind.GROUP)


def mine(answer: Answer) -> Party:
    return replace(ME_YES, answer=answer)


def timed(start: datetime = NINE, hours: float = 1) -> Span:
    return Span(start, (start.astimezone(UTC) + timedelta(hours=hours)).astimezone(start.tzinfo))


def days(first: date, count: int = 1, zone: ZoneInfo = BERLIN) -> Span:
    return Span(at_wall_clock(first, time(0), zone), at_wall_clock(first + timedelta(count), time(0), zone))


def event(*parties: Party, title: str = "Something", **kwargs: object) -> Event:
    return Event("u1", title, parties=parties, **kwargs)  # type: ignore[arg-type]


def read(what: Event, *, all_day: bool = False, tentative_is_busy: bool = True) -> tuple[str, bool, str]:
    span = days(date(2026, 11, 10)) if all_day else timed()
    reading = read_event(Occurrence(what, span, all_day), ME, tentative_is_busy=tentative_is_busy)
    return str(reading.meaning), reading.busy, reading.label


WHO_IS_IN_IT = [
    ("nobody is invited", event(), "hold"),
    ("only the leader is invited", event(ME_YES), "hold"),
    ("only the leader under two addresses", event(ME_YES, ME_TOO), "hold"),
    ("only a room", event(ME_YES, ROOM), "hold"),
    ("one other person", event(ME_YES, ANA), "one-on-one"),
    ("one other, the leader not in the list but calling it", event(ANA, organized_by_me=True), "one-on-one"),
    ("one other, the leader the organizer by address", event(ANA, organizer="maya@example.org"), "one-on-one"),
    ("one other and a room", event(ME_YES, ANA, ROOM), "one-on-one"),
    ("one other and the leader's second address", event(ME_YES, ME_TOO, ANA), "one-on-one"),
    ("the leader as the calendar marks them", event(Party("m@alias.example", is_me=True), ANA), "one-on-one"),
    ("the leader's address in other case", event(Party("MAYA@example.COM"), ANA), "one-on-one"),
    ("an organizer outside the list is a person", event(ME_YES, organizer="ana@example.com"), "one-on-one"),
    ("an organizer inside the list counts once", event(ME_YES, ANA, organizer="ana@example.com"), "one-on-one"),
    ("an organizer outside the list and a guest", event(ME_YES, ANA, organizer="bo@example.com"), "team-meeting"),
    ("an organizer who declined", event(ME_YES, replace(ANA, answer=Answer.DECLINED), organizer=ANA.address), "hold"),
    ("an organizer listed as optional", event(
        ME_YES, replace(ANA, role=Role.OPTIONAL), organizer=ANA.address), "one-on-one"),
    ("an organizer who only sends the invitation", event(
        ME_YES, BO, replace(ANA, role=Role.NON_PARTICIPANT), organizer=ANA.address), "one-on-one"),
    ("an organizer without any guest is a feed's publisher", event(organizer="ana@example.com"), "hold"),
    ("an organizer with only a room is a publisher too", event(ROOM, organizer="ana@example.com"), "hold"),
    ("a calendar as its own organizer", event(ME_YES, ANA, organizer="abc@group.calendar.google.com"), "one-on-one"),
    ("a room known by its address alone", event(ME_YES, ANA, Party("c_1@resource.calendar.google.com")), "one-on-one"),
    ("one address listed twice", event(ME_YES, ANA, replace(ANA, address="ANA@example.com ")), "one-on-one"),
    ("a plus address is another person", event(ME_YES, ANA, replace(ANA, address="ana+x@example.com")), "team-meeting"),
    ("gmail and googlemail are not merged", event(
        ME_YES, Party("ana@gmail.com"), Party("ana@googlemail.com")), "team-meeting"),
    ("one listed twice, one of them declined", event(ME_YES, ANA, replace(ANA, answer=Answer.DECLINED)), "one-on-one"),
    ("a guest without an address is known by name", event(ME_YES, Party("", "Ana")), "one-on-one"),
    ("a guest without address and name", event(ME_YES, ANA, Party("")), "unknown"),
    ("two others", event(ME_YES, ANA, BO), "team-meeting"),
    ("two others, one declined", event(ME_YES, ANA, replace(BO, answer=Answer.DECLINED)), "one-on-one"),
    ("two others, one optional", event(ME_YES, ANA, replace(BO, role=Role.OPTIONAL)), "one-on-one"),
    ("two others, one merely informed", event(ME_YES, ANA, replace(BO, role=Role.NON_PARTICIPANT)), "one-on-one"),
    ("the only other declined", event(ME_YES, replace(ANA, answer=Answer.DECLINED)), "hold"),
    ("the only other is optional", event(ME_YES, replace(ANA, role=Role.OPTIONAL)), "hold"),
    ("the only other has not answered", event(ME_YES, replace(ANA, answer=Answer.NEEDS_ACTION)), "one-on-one"),
    ("a group", event(ME_YES, LIST), "team-meeting"),
    ("a group and one other", event(ME_YES, ANA, LIST), "team-meeting"),
    ("an optional group", event(ME_YES, ANA, replace(LIST, role=Role.OPTIONAL)), "team-meeting"),
    ("a group that somebody declined for", event(ME_YES, replace(LIST, answer=Answer.DECLINED)), "team-meeting"),
    ("a group that is merely informed", event(ME_YES, ANA, replace(LIST, role=Role.NON_PARTICIPANT)), "one-on-one"),
    ("a group known by its address alone", event(ME_YES, Party("x@googlegroups.com")), "team-meeting"),
    ("a group that calls it", event(ME_YES, organizer="x@googlegroups.com"), "team-meeting"),
    ("hidden guests", event(ME_YES, ANA, guests_hidden=True), "unknown"),
    ("hidden guests, several visible", event(ME_YES, ANA, BO, guests_hidden=True), "unknown"),
    ("hidden details", event(title="", private=True, guests_hidden=True), "unknown"),
    ("private, but with its guests visible", event(ME_YES, ANA, private=True), "one-on-one"),
    ("focus time", event(event_type=EventType.FOCUS), "focus"),
    ("out of office", event(event_type=EventType.OUT_OF_OFFICE), "out-of-office"),
    ("a working location", event(event_type=EventType.WORKING_LOCATION), "working-location"),
    ("a birthday", event(event_type=EventType.NO_MEETING), "no-meeting"),
    ("a birthday with a guest is still none", event(ME_YES, ANA, event_type=EventType.NO_MEETING), "no-meeting"),
    ("our own block", event(ours="k1"), "ours"),
    ("our own block that somebody was invited to", event(ME_YES, ANA, ours="k1"), "ours"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "meaning"), [row[1:] for row in WHO_IS_IN_IT], ids=[row[0] for row in WHO_IS_IN_IT])
def test_who_is_in_an_event_says_what_it_means(what: Event, meaning: str) -> None:
    assert read(what)[0] == meaning


# Each row: the event, whether it is all-day, busy by default, busy when tentative events are not.
TAKES_TIME = [
    ("a hold", event(), False, True, True),
    ("a meeting", event(ME_YES, ANA), False, True, True),
    ("a meeting that the only other declined", event(ME_YES, replace(ANA, answer=Answer.DECLINED)), False, True, True),
    ("declined by the leader", event(mine(Answer.DECLINED), ANA), False, False, False),
    ("declined under one address, not the other", event(mine(Answer.DECLINED), ME_TOO, ANA), False, True, True),
    ("declined by whom the calendar calls the leader", event(
        replace(ME_YES, answer=Answer.DECLINED, is_me=True), ME_TOO, ANA), False, False, False),
    ("declined by the organizer", event(
        mine(Answer.DECLINED), ANA, organized_by_me=True), False, False, False),
    ("cancelled", event(ME_YES, ANA, status=Status.CANCELLED), False, False, False),
    ("transparent", event(transparent=True), False, False, False),
    ("a transparent meeting", event(ME_YES, ANA, transparent=True), False, False, False),
    ("tentative", event(status=Status.TENTATIVE), False, True, False),
    ("answered maybe", event(mine(Answer.TENTATIVE), ANA), False, True, False),
    ("not answered", event(mine(Answer.NEEDS_ACTION), ANA), False, True, False),
    ("not answered by the organizer", event(mine(Answer.NEEDS_ACTION), ANA, organized_by_me=True), False, True, True),
    ("not answered by the organizer, known by address", event(
        mine(Answer.NEEDS_ACTION), ANA, organizer="maya@example.com"), False, True, True),
    ("answered maybe by the organizer", event(mine(Answer.TENTATIVE), ANA, organized_by_me=True), False, True, False),
    ("no answer is known", event(mine(Answer.NONE), ANA), False, True, True),
    ("through a group, without an answer of the leader's", event(LIST, organizer=ANA.address), False, True, True),
    ("another person's maybe", event(ME_YES, replace(ANA, answer=Answer.TENTATIVE)), False, True, True),
    ("tentative and transparent", event(status=Status.TENTATIVE, transparent=True), False, False, False),
    ("hidden guests", event(ME_YES, guests_hidden=True), False, True, True),
    ("hidden guests, shown as free", event(ME_YES, guests_hidden=True, transparent=True), False, False, False),
    ("focus time", event(event_type=EventType.FOCUS), False, True, True),
    ("out of office", event(event_type=EventType.OUT_OF_OFFICE), False, True, True),
    ("out of office, shown as free", event(event_type=EventType.OUT_OF_OFFICE, transparent=True), False, False, False),
    ("out of office, cancelled", event(
        event_type=EventType.OUT_OF_OFFICE, status=Status.CANCELLED), False, False, False),
    ("a working location", event(event_type=EventType.WORKING_LOCATION), True, False, False),
    ("a birthday", event(event_type=EventType.NO_MEETING), True, False, False),
    ("an all-day event", event(), True, True, True),
    ("an all-day event shown as free", event(transparent=True), True, False, False),
    ("a holiday by its title, shown as free", event(title="Urlaub", transparent=True), True, False, False),
    ("a holiday by its title", event(title="Urlaub"), True, True, True),
    ("our own block", event(ours="k1"), False, False, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "all_day", "busy", "busy_without_tentative"),
    [row[1:] for row in TAKES_TIME],
    ids=[row[0] for row in TAKES_TIME],
)
def test_whether_an_event_takes_time(what: Event, all_day: bool, busy: bool, busy_without_tentative: bool) -> None:
    assert read(what, all_day=all_day)[1] is busy
    assert read(what, all_day=all_day, tentative_is_busy=False)[1] is busy_without_tentative


LABELS = [
    ("hold", event(), False),
    ("one-on-one", event(ME_YES, ANA), False),
    ("team meeting", event(ME_YES, ANA, BO), False),
    ("focus time", event(event_type=EventType.FOCUS), False),
    ("out of office", event(event_type=EventType.OUT_OF_OFFICE), False),
    ("private event", event(private=True, guests_hidden=True), False),
    ("private event", event(title="", guests_hidden=True), True),
    ("event with hidden guests", event(ME_YES, guests_hidden=True), False),
    ("all-day event", event(), True),
    ("all-day event", event(ME_YES, ANA), True),
    ("own block", event(ours="k1"), False),
    ("working location", event(event_type=EventType.WORKING_LOCATION), True),
    ("no meeting", event(event_type=EventType.NO_MEETING), True),
]


@pytest.mark.parametrize(("label", "what", "all_day"), LABELS)
def test_a_label_says_what_it_is_without_title_or_name(label: str, what: Event, all_day: bool) -> None:
    assert read(what, all_day=all_day)[2] == label


AWAY_TITLES = [
    *("OOO", "ooo - Lisbon", "Out of office", "Annual LEAVE", "Day off!", "Vacation", "Urlaub (Maya)", "En congé"),
    *("Vacaciones", "Férias", "Ferie", "Vakantie", "Urlop", "Dovolená", "ОТПУСК", "Διακοπές", "İZİN", "חופשה", "إجازة"),
    *("夏休み", "休假", "여름휴가", "Dovolena\u0301"),
]


@pytest.mark.parametrize("title", AWAY_TITLES)
def test_an_all_day_event_without_people_is_out_of_office_by_its_title(title: str) -> None:
    assert read(event(title=title), all_day=True) == ("out-of-office", True, "out of office")


@pytest.mark.parametrize(
    ("what", "all_day"),
    [
        (event(title="Urlaub"), False),
        (event(ME_YES, ANA, title="Urlaub"), True),
        (event(ME_YES, replace(ANA, role=Role.OPTIONAL), title="Urlaub"), True),
        (event(title="Urlaub", guests_hidden=True), True),
        (event(title="Monday offsite"), True),
        (event(title="Holidaymaker survey"), True),
        (event(title="Woodstock"), True),
        (event(title=""), True),
    ],
)
def test_a_title_says_nothing_of_timed_events_of_other_people_or_inside_other_words(what: Event, all_day: bool) -> None:
    assert read(what, all_day=all_day)[0] != "out-of-office"


def test_the_people_are_given_as_addresses_and_the_optional_ones_apart() -> None:
    what = event(
        ME_YES, Party("Bo@Example.com"), ANA, Party("cy@example.com", role=Role.OPTIONAL), Party("", "Di  Ek"), ROOM
    )
    reading = read_event(Occurrence(what, timed()), ME, tentative_is_busy=True)
    assert reading.others == ("ana@example.com", "bo@example.com", "di ek")
    assert reading.optional == ("cy@example.com",)


def test_whoever_is_listed_as_required_too_is_not_optional() -> None:
    reading = read_event(
        Occurrence(event(ME_YES, replace(ANA, role=Role.OPTIONAL), ANA), timed()), ME, tentative_is_busy=True
    )
    assert (reading.others, reading.optional) == (("ana@example.com",), ())


parties = st.builds(
    Party,
    st.sampled_from(["", "ana@example.com", "bo@example.com", "maya@example.com", "x@googlegroups.com"]),
    st.sampled_from(["", "Ana"]),
    st.sampled_from(PartyKind),
    st.sampled_from(Role),
    st.sampled_from(Answer),
    st.booleans(),
)
events = st.builds(
    Event,
    st.just("u"),
    st.sampled_from(["", "Standup", "Urlaub"]),
    st.sampled_from(Status),
    st.booleans(),
    st.sampled_from(EventType),
    st.sampled_from(["", "ana@example.com", "maya@example.org", "x@googlegroups.com"]),
    st.booleans(),
    st.lists(parties, max_size=5).map(tuple),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "", "k1"]),
)


@given(events, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_guests_is_irrelevant(what: Event, all_day: bool, tentative: bool, random: object) -> None:
    shuffled = list(what.parties)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    span = days(date(2026, 11, 10)) if all_day else timed()
    first, second = (
        read_event(Occurrence(e, span, all_day), ME, tentative_is_busy=tentative)
        for e in (what, replace(what, parties=tuple(shuffled)))
    )
    assert first == second
    assert not set(first.others) & {"maya@example.com", "maya@example.org"}
    if first.meaning is Meaning.ONE_ON_ONE:
        assert len(first.others) == 1
        assert not what.guests_hidden


@given(events, st.booleans())
def test_what_is_busy_without_tentative_events_is_busy_with_them(what: Event, all_day: bool) -> None:
    strict, usual = read(what, all_day=all_day, tentative_is_busy=False), read(what, all_day=all_day)
    assert strict[0] == usual[0]
    assert usual[1] or not strict[1]


def spans(*occurrences: Occurrence, zone: ZoneInfo = BERLIN, tentative: bool = True) -> tuple[BusySpan, ...]:
    return busy_spans(occurrences, ME, tentative, zone)


def test_busy_spans_are_sorted_and_leave_out_what_takes_no_time() -> None:
    later, sooner = timed(NINE + timedelta(hours=3)), timed()
    got = spans(
        Occurrence(event(), later),
        Occurrence(event(transparent=True), sooner),
        Occurrence(event(ME_YES, ANA), sooner),
        Occurrence(event(ours="k1"), sooner),
    )
    assert [(b.span, b.label) for b in got] == [(sooner, "one-on-one"), (later, "hold")]


def test_the_same_meeting_on_two_calendars_is_one_busy_span_and_different_ones_are_all_kept() -> None:
    in_lisbon = Span(*(t.astimezone(ZoneInfo("Europe/Lisbon")) for t in (timed().start, timed().end)))
    meeting = event(ME_YES, ANA)
    got = spans(Occurrence(meeting, timed()), Occurrence(meeting, in_lisbon), Occurrence(event(), timed()))
    assert [b.label for b in got] == ["hold", "one-on-one"]


def test_tentative_spans_follow_the_setting() -> None:
    maybe = Occurrence(event(status=Status.TENTATIVE), timed())
    assert len(spans(maybe)) == 1
    assert spans(maybe, tentative=False) == ()


AWAY = event(event_type=EventType.OUT_OF_OFFICE)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timed(), days(date(2026, 11, 10))),
        (timed(hours=30), days(date(2026, 11, 10), 2)),
        (timed(hours=24 * 3), days(date(2026, 11, 10), 4)),
        (timed(NINE.replace(hour=0), 24), days(date(2026, 11, 10))),
        (timed(NINE.replace(hour=17), 7), days(date(2026, 11, 10))),
        # A whole day in another zone.
        (timed(NINE.replace(hour=1), 24), days(date(2026, 11, 10), 2)),
        # Closed evenings and nights stay what they are.
        (timed(NINE.replace(hour=17), 16), timed(NINE.replace(hour=17), 16)),
    ],
)
def test_out_of_office_takes_the_whole_local_days_but_a_night_takes_only_itself(span: Span, expected: Span) -> None:
    assert [b.span for b in spans(Occurrence(AWAY, span))] == [expected]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("America/Sao_Paulo", date(2018, 11, 4)),
        ("Africa/Casablanca", date(2026, 2, 15)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Asia/Kathmandu", date(2026, 6, 1)),
    ],
)
def test_a_whole_day_goes_from_midnight_to_midnight_also_when_the_clocks_change(zone: str, day: date) -> None:
    where = ZoneInfo(zone)
    noon = at_wall_clock(day, time(12), where)
    expected = days(day, zone=where)
    for span in (timed(noon), expected):
        assert [b.span for b in spans(Occurrence(AWAY, span), zone=where)] == [expected]
    assert [b.span for b in spans(Occurrence(event(), expected, all_day=True), zone=where)] == [expected]


def test_one_event_may_have_all_day_and_timed_dates() -> None:
    shared = event()
    got = spans(Occurrence(shared, timed()), Occurrence(shared, days(date(2026, 11, 11)), all_day=True))
    assert [b.label for b in got] == ["hold", "all-day event"]


def test_a_timed_event_over_midnight_keeps_its_span() -> None:
    span = timed(NINE.replace(hour=23), 3)
    assert [b.span for b in spans(Occurrence(event(), span))] == [span]


@given(st.lists(st.tuples(events, st.integers(0, 200), st.integers(1, 60), st.booleans()), max_size=8))
def test_busy_spans_cover_every_busy_occurrence_and_do_not_depend_on_order(
    rows: list[tuple[Event, int, int, bool]],
) -> None:
    found = [
        Occurrence(
            e, days(date(2026, 3, 27) + timedelta(s // 24)) if whole else timed(NINE + timedelta(hours=s), n), whole
        )
        for e, s, n, whole in rows
    ]
    got = spans(*found)
    assert got == spans(*reversed(found))
    assert list(got) == sorted(got, key=lambda b: (b.span, b.label))
    for occurrence in found:
        reading = read_event(occurrence, ME, tentative_is_busy=True)
        covered = any(
            b.label == reading.label and b.span.start <= occurrence.span.start and occurrence.span.end <= b.span.end
            for b in got
        )
        assert covered or not reading.busy


NOW = NINE + timedelta(days=30)
PEOPLE = [
    Person("Ana Sousa", 14, 28, ("Ana@example.com", "ana@home.example")),
    Person("Bo", 14, 28, ("bo@example.com",)),
]

MEETINGS = [
    ("a one-on-one", event(ME_YES, ANA), {"Ana Sousa"}),
    ("a one-on-one under the second address", event(ME_YES, Party("ana@home.example")), {"Ana Sousa"}),
    ("a team meeting", event(ME_YES, ANA, BO), {"Ana Sousa", "Bo"}),
    ("a team meeting called by one", event(ME_YES, BO, organizer=ANA.address), {"Ana Sousa", "Bo"}),
    ("a meeting with a group and one by name", event(ME_YES, LIST, BO), {"Bo"}),
    ("one who has not answered", event(ME_YES, replace(ANA, answer=Answer.NEEDS_ACTION)), {"Ana Sousa"}),
    ("a meeting that the leader has not answered", event(mine(Answer.NEEDS_ACTION), ANA), {"Ana Sousa"}),
    ("a tentative meeting", event(ME_YES, ANA, status=Status.TENTATIVE), {"Ana Sousa"}),
    ("declined by the leader", event(mine(Answer.DECLINED), ANA), set()),
    ("declined by the other", event(ME_YES, replace(ANA, answer=Answer.DECLINED)), set()),
    ("declined by one of two", event(ME_YES, BO, replace(ANA, answer=Answer.DECLINED)), {"Bo"}),
    ("optional", event(ME_YES, BO, replace(ANA, role=Role.OPTIONAL)), {"Bo"}),
    ("cancelled", event(ME_YES, ANA, status=Status.CANCELLED), set()),
    ("hidden guests", event(ME_YES, ANA, guests_hidden=True), set()),
    ("shown as free", event(ME_YES, ANA, transparent=True), set()),
    ("our own block", event(ME_YES, ANA, ours="k1"), set()),
    ("out of office", event(ME_YES, ANA, event_type=EventType.OUT_OF_OFFICE), set()),
    ("somebody else", event(ME_YES, Party("cy@example.com")), set()),
]  # fmt: skip


@pytest.mark.parametrize(("what", "met"), [row[1:] for row in MEETINGS], ids=[row[0] for row in MEETINGS])
def test_which_meetings_are_work_contact(what: Event, met: set[str]) -> None:
    assert work_contacts([Occurrence(what, timed())], ME, PEOPLE, NOW) == dict.fromkeys(met, NINE)


def test_an_all_day_event_with_a_guest_is_a_notice_and_no_contact() -> None:
    assert work_contacts([Occurrence(event(ME_YES, ANA), days(date(2026, 11, 10)), True)], ME, PEOPLE, NOW) == {}


def test_only_meetings_that_are_over_count_and_the_last_one_is_given() -> None:
    meeting = event(ME_YES, ANA)
    weekly = [Occurrence(meeting, timed(NINE + timedelta(weeks=n))) for n in (2, 0, 1)]
    assert work_contacts(weekly, ME, PEOPLE, NINE + timedelta(weeks=1, hours=1)) == {
        "Ana Sousa": NINE + timedelta(weeks=1)
    }
    assert work_contacts(weekly, ME, PEOPLE, NINE + timedelta(weeks=1, minutes=59)) == {"Ana Sousa": NINE}
    assert work_contacts(weekly, ME, PEOPLE, NINE) == {}


def test_partners_are_those_met_in_one_on_ones_most_often_first() -> None:
    weekly = [Occurrence(event(ME_YES, ANA), timed(NINE + timedelta(weeks=n))) for n in (0, 1)]
    others = [
        Occurrence(event(ME_YES, replace(BO, name="")), timed()),
        Occurrence(event(ME_YES, ANA, BO), timed(NINE + timedelta(days=2))),
        Occurrence(event(ME_YES, Party("", "Di")), timed()),
        Occurrence(event(ME_YES, Party("cy@example.com", answer=Answer.DECLINED)), timed()),
    ]
    got = [(p.address, p.name, p.meetings, p.last) for p in partners(weekly + others, ME, NOW)]
    assert got == [
        ("ana@example.com", "Ana Sousa", 2, NINE + timedelta(weeks=1)),
        ("bo@example.com", "", 1, NINE),
    ]
