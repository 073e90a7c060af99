"""Whom a change affects, who was asked before its day, and who is still to be asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.changes import (
    CON,
    PRO,
    Answer,
    Change,
    Count,
    Point,
    Saying,
    Tally,
    affected_by,
    counted,
    questions,
    still_to_ask,
    tally,
)
from calsync.people.changesummary import summary

BERLIN = ZoneInfo("Europe/Berlin")
ON = date(2027, 2, 1)
MADE = datetime(2026, 11, 9, 9, tzinfo=BERLIN)
NAMES = ("Ana", "Bo", "Cy", "Di", "Eve", "Flo", "Gus", "Hal", "Ida")
PEOPLE = [Person(name, 14, 28, tags=("support",) if n < 5 else ("sales",)) for n, name in enumerate(NAMES)]


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00+01:00")


def change(
    answers: dict[str, str | None] | None = None,
    tags: tuple[str, ...] = (),
    asking: bool = True,
    closed: str | None = None,
    counts: tuple[int, int] | None = None,
    on: date = ON,
) -> Change:
    rows = tuple(Answer(name, None if day is None else at(day)) for name, day in (answers or {}).items())
    closed_at = None if closed is None else at(closed)
    return Change(1, on, MADE, MADE if asking else None, closed_at, tags, "Tickets", rows, counted=counts)


def count(one: Change, today: date = date(2027, 2, 10), since: dict[str, date] | None = None) -> Count:
    return counted(one, affected_by(one, PEOPLE, since or {}, today, BERLIN))


def test_nine_affected_seven_asked_before_the_date_and_one_after_it_is_seven_of_nine() -> None:
    """Idea 13."""
    days = ["2026-12-01"] * 6 + ["2027-01-31", "2027-02-01", None]
    assert count(change(dict(zip(NAMES, days, strict=True)))) == Count(7, 9)
    later = change(dict(zip(NAMES, days, strict=True)), on=date(2027, 2, 2))
    assert count(later) == Count(8, 9), "the day that counts is the one that it is announced on"


def test_the_day_of_an_answer_is_a_day_of_the_leader() -> None:
    night = Answer("Ana", datetime(2027, 1, 31, 23, 30, tzinfo=ZoneInfo("UTC")))
    one = Change(1, ON, MADE, answers=(night,))
    assert counted(one, affected_by(one, PEOPLE, {}, ON, BERLIN)) == Count(0, 1)
    assert counted(one, affected_by(one, PEOPLE, {}, ON, ZoneInfo("UTC"))) == Count(1, 1)


def test_a_tag_affects_whoever_has_it_when_one_looks_until_the_date() -> None:
    one, today = change(tags=("SUPPORT",)), date(2027, 1, 10)
    assert count(one, today) == Count(0, 5)
    joined = [*PEOPLE, Person("Jo", 14, 28, tags=("Support",))]
    names = [a.name for a in affected_by(one, joined, {"Jo": date(2027, 1, 9)}, today, BERLIN)]
    assert names == [*NAMES[:5], "Jo"]
    late = affected_by(one, joined, {"jo": ON}, ON, BERLIN)
    assert [a.name for a in late] == list(NAMES[:5]), "who came on the day or later is not affected by it"
    assert "Jo" in [a.name for a in affected_by(one, joined, {"Jo": ON - timedelta(1)}, ON, BERLIN)]


def test_who_loses_the_tag_is_affected_only_if_they_were_asked() -> None:
    without = [Person(name, 14, 28) for name in NAMES[:5]]
    one = change({"Bo": "2026-12-01"}, tags=("support",))
    assert [a.name for a in affected_by(one, without, {}, MADE.date(), BERLIN)] == ["Bo"]


def test_who_left_the_rotation_stays_affected_and_is_marked() -> None:
    found = affected_by(change({"Zed": "2026-12-01", "Ana": None}), PEOPLE, {}, MADE.date(), BERLIN)
    assert [(a.name, a.listed, a.before) for a in found] == [("Ana", True, False), ("Zed", False, True)]
    assert still_to_ask([change({"Zed": None})], PEOPLE, {}, MADE.date(), BERLIN) == {}


def test_a_closed_change_keeps_the_count_of_its_closing_and_nobody_is_added_by_a_tag() -> None:
    one = change({"Ana": "2026-12-01", "Bo": None}, tags=("support",), closed="2027-02-02", counts=(7, 9))
    assert count(one) == Count(7, 9)
    assert [a.name for a in affected_by(one, PEOPLE, {}, date(2027, 3, 1), BERLIN)] == ["Ana", "Bo"]


def test_people_are_to_be_asked_while_the_leader_asks_and_before_the_date_only() -> None:
    answers = {"Ana": None, "Bo": "2026-12-01"}
    today = date(2026, 12, 5)
    assert still_to_ask([change(answers)], PEOPLE, {}, today, BERLIN) == {"Ana": ON}
    for none in (change(answers, asking=False), change(answers, closed="2026-12-02"), change(answers, on=today)):
        assert still_to_ask([none], PEOPLE, {}, today, BERLIN) == {}
    sooner = change(answers, on=date(2027, 1, 5))
    assert still_to_ask([change(answers), sooner], PEOPLE, {}, today, BERLIN) == {"Ana": date(2027, 1, 5)}


def test_the_question_is_there_until_it_was_noted_or_the_day_has_come() -> None:
    ana, bo = PEOPLE[:2]
    one, today = change({"Ana": None, "Bo": "2026-12-01"}), date(2026, 12, 5)
    [found] = questions([one], ana, {}, today, today, BERLIN)
    assert found.as_json() == {
        "change": "Tickets",
        "on": "2027-02-01",
        "question": "What would this change for you?",
    }
    assert questions([one], bo, {}, today, today, BERLIN) == ()
    assert questions([one], PEOPLE[2], {}, today, today, BERLIN) == ()
    assert questions([one], ana, {}, today, ON, BERLIN) == (), "nor in a block on the day or after it"
    assert questions([one], ana, {}, ON, ON, BERLIN) == ()
    both = questions([one, change({"Ana": None}, on=date(2027, 1, 5))], ana, {}, today, today, BERLIN)
    assert [q.on for q in both] == [date(2027, 1, 5), ON], "the nearest first"


def test_a_change_without_an_offset_in_its_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Change(1, ON, MADE.replace(tzinfo=None))


def test_the_tally_sums_what_is_open_and_what_was_closed_in_the_period() -> None:
    changes = [
        change({"Ana": "2026-12-01", "Bo": None}),
        change({"Cy": "2026-12-01"}, closed="2026-12-20", counts=(7, 9)),
        change({"Cy": "2026-12-01"}, closed="2026-11-20", counts=(3, 4)),
    ]
    today = date(2026, 12, 24)
    assert tally(changes, PEOPLE, {}, date(2026, 12, 1), today, BERLIN) == Tally(1, 1, 11, 8)
    assert tally([], PEOPLE, {}, date(2026, 12, 1), today, BERLIN) == Tally()


people_days = st.dictionaries(st.sampled_from((*NAMES, "Zed", "Yan")), st.none() | st.dates(), max_size=11)


@given(people_days, st.sets(st.sampled_from(["support", "sales", "none"])), st.dates(), st.booleans())
def test_nobody_is_affected_twice_and_whoever_was_asked_before_counts(
    days: dict[str, date | None], tags: set[str], today: date, closed: bool
) -> None:
    answers = tuple(
        Answer(name, None if day is None else datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("UTC")))
        for name, day in days.items()
    )
    one = Change(1, ON, MADE, MADE, MADE if closed else None, tuple(tags), "T", answers)
    found = affected_by(one, PEOPLE, {}, today, BERLIN)
    names = [a.name for a in found]
    assert len(names) == len(set(names))
    assert set(days) <= set(names)
    assert counted(one, found).asked == sum(day is not None and day < ON for day in days.values())
    assert still_to_ask([one], PEOPLE, {}, today, BERLIN).keys() <= {p.name for p in PEOPLE} - {
        name for name, day in days.items() if day is not None
    }


def test_the_summary_has_both_sides_what_was_said_and_who_raised_it_only_with_names() -> None:
    one = Change(
        1,
        ON,
        MADE,
        closed_at=at("2027-02-03"),
        title="New *ticket* system",
        answers=(
            Answer("Bo", at("2027-02-02"), (Saying(at("2027-02-02"), "too late"),)),
            Answer("Ana", at("2026-12-01"), (Saying(at("2026-12-01"), "fine\n# really", "kept the old one"),)),
        ),
        points=(Point(PRO, "one place"), Point(CON, "<b>slow</b>", "Ana")),
    )
    affected = affected_by(one, PEOPLE, {}, ON, BERLIN)
    bare = summary(one, affected, counted(one, affected), at("2027-02-03"), BERLIN, lambda text: text)
    assert bare.splitlines() == [
        r"# New \*ticket\* system",
        "",
        "Announced on Mon 1 Feb 2027, closed on Wed 3 Feb 2027.",
        "It affects 2 people; 1 of 2 asked before that day. 1 more asked later.",
        "",
        "## What speaks for it",
        "",
        "- one place",
        "",
        "## What speaks against it",
        "",
        r"- \<b\>slow\</b\> (raised by someone who was asked)",
        "",
        "## What was said",
        "",
        r"- fine \# really",
        "- too late",
        "",
        "## What the answers changed",
        "",
        "- kept the old one",
    ]
    named = summary(one, affected, counted(one, affected), at("2027-02-03"), BERLIN, None)
    assert "(raised by Ana)" in named
    assert "- Ana: fine" in named
    assert "- Bo: asked on Tue 2 Feb 2027, after it was announced" in named


def test_a_summary_never_leaves_out_in_silence_what_somebody_said_that_cannot_be_read() -> None:
    one = Change(1, ON, MADE, title="Tickets", answers=(Answer("Ana", at("2026-12-01"), readable=False), Answer("Bo")))
    affected = affected_by(one, PEOPLE, {}, ON, BERLIN)
    bare = summary(one, affected, counted(one, affected), at("2027-02-03"), BERLIN, lambda text: text)
    assert "## What was said\n\n- (cannot be read)\n" in bare
    named = summary(one, affected, counted(one, affected), at("2027-02-03"), BERLIN, None)
    assert "## What was said\n\n- Ana: (cannot be read)\n" in named
