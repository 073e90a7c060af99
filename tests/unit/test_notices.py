"""What is told once: the rule on plain values, with every order of going, staying, changing and coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import CalsyncError, NotFound, Refused, Unfinished, Unreachable
from calsync.model import Span
from calsync.nightreport import CalendarReport, NightReport
from calsync.notices import News, Notice, Topic, decide, failure_notice, judged_by
from calsync.state.store import NoticeRow

NOW = datetime(2026, 11, 9, 4, 15, tzinfo=UTC)
ALL = frozenset(Topic)
DOWN = Notice(Topic.READ, "work", "Unreachable", "work: no answer")


def nights(*wrong: list[Notice], judged: frozenset[Topic] = ALL) -> list[News]:
    """What a row of nights says."""
    told: dict[str, NoticeRow] = {}
    said = []
    for day, notices in enumerate(wrong):
        news, rows = decide(told, notices, judged, NOW + timedelta(day))
        told = {row.key: row for row in rows}
        said.append(news)
    return said


def test_what_goes_on_is_told_on_its_first_night_and_its_end_once() -> None:
    first, second, third, fourth, fifth = nights([DOWN], [DOWN], [], [], [DOWN])
    assert first == News(frozenset({DOWN.key}))
    assert second == News()
    assert third == News(over=("work: no answer",))
    assert fourth == News()
    assert fifth == first


def test_what_changed_is_told_again_and_is_not_over() -> None:
    gone = replace(DOWN, sign="NotFound", what="work: there is no such calendar")
    _, changed, ended = nights([DOWN], [gone], [])
    assert changed == News(frozenset({DOWN.key}))
    assert ended == News(over=("work: there is no such calendar",))


def test_what_a_run_did_not_look_at_is_neither_over_nor_forgotten() -> None:
    export = Notice(Topic.WRITE, "out.ics", "Unfinished", "out.ics cannot be written")
    news, rows = decide({}, [export], ALL, NOW)
    told = {row.key: row for row in rows}
    news, rows = decide(told, [DOWN], {Topic.READ}, NOW + timedelta(1))
    assert news == News(frozenset({DOWN.key}))
    assert {row.key for row in rows} == {DOWN.key, export.key}


def test_weeks_promises_and_remarks_end_without_a_word() -> None:
    for topic in (Topic.ROOM, Topic.PROMISE, Topic.NOTE):
        assert nights([Notice(topic, "x", "1", "")], []) == [News(frozenset({Notice(topic, "x", "1", "").key})), News()]


def test_the_row_says_since_when_and_until_when() -> None:
    _, rows = decide({}, [DOWN], ALL, NOW)
    _, rows = decide({row.key: row for row in rows}, [DOWN], ALL, NOW + timedelta(3))
    assert [(row.told_at, row.seen_at) for row in rows] == [(NOW, NOW + timedelta(3))]


def test_neither_key_nor_sign_quotes_anything() -> None:
    notice = Notice(Topic.READ, "Ana Sousa", "token=abc", "")
    _, (row,) = decide({}, [notice], ALL, NOW)
    assert "Ana" not in row.key + row.sign
    assert "abc" not in row.sign


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=12))
def test_each_stretch_of_nights_is_told_once_and_ended_once(wrong: list[set[str]]) -> None:
    said = nights(*([Notice(Topic.READ, one, "x", one) for one in sorted(night)] for night in wrong))
    for one in "abc":
        key, before = Notice(Topic.READ, one, "x", one).key, False
        for night, news in zip(wrong, said, strict=True):
            assert (key in news.fresh) == (one in night and not before)
            assert (one in news.over) == (one not in night and before)
            before = one in night


def report(*errors: CalsyncError, unread: tuple[str, ...] = ()) -> NightReport:
    made = NightReport(NOW, Span(NOW, NOW + timedelta(7)), dry_run=False)
    made.errors = list(errors)
    made.calendars = [
        CalendarReport(name, "caldav", name not in unread, 0, 1, errors[0].what if name in unread else None)
        for name in ("work", "work-2")
    ]
    return made


NAMES = frozenset({"work", "work-2", "/home/maya/out1.ics", "/home/maya/out2.ics"})


def same(one: CalsyncError, other: CalsyncError, unread: tuple[str, ...] = ()) -> bool:
    first, second = (failure_notice(report(error, unread=unread), error, NAMES) for error in (one, other))
    return (first.key, first.sign) == (second.key, second.sign)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            Unreachable("work: no answer (timed out after 31.2 s)"),
            Unreachable("work: no answer (timed out after 30 s)"),
        ),
        (Unreachable("work: no answer (timed out)"), Unreachable("work: no answer (connection refused)")),
        (Refused("41 of 90 blocks would move"), Refused("38 of 91 blocks would move")),
        (Unfinished("work: busy until 2026-11-09T04:15:00Z"), Unfinished("work: busy until 2026-11-10T05:15:00Z")),
        (
            NotFound("work: request 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed"),
            NotFound("work: request c7a9b1f2-00d3-4bb1-8c11-9d02af63be77 failed"),
        ),
        (NotFound("work: answer deadbeef12"), NotFound("work: answer 0badc0ffee9")),
    ],
)
def test_a_number_a_time_or_the_words_of_a_bad_line_make_no_new_failure(one: CalsyncError, other: CalsyncError) -> None:
    assert same(one, other)
    assert same(one, other, unread=("work",))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Unreachable("work: no answer"), Unreachable("work-2: no answer")),
        (Unfinished("/home/maya/out1.ics cannot be written"), Unfinished("/home/maya/out2.ics cannot be written")),
        (NotFound("work: there is no such calendar"), Unreachable("work: there is no such calendar")),
        (Unfinished("work: the disk is full"), Unfinished("work: it is read only")),
    ],
)
def test_another_thing_or_another_reason_is_another_failure(one: CalsyncError, other: CalsyncError) -> None:
    assert not same(one, other)


def test_a_run_judges_what_it_came_to() -> None:
    assert judged_by(report(Unreachable("work: x"), unread=("work",))) == {Topic.BEGIN, Topic.READ}
    everything = ALL - {Topic.SENDING}
    assert judged_by(report(Refused("too much"))) == everything - {Topic.WRITE}
    assert judged_by(report()) == judged_by(report(Unfinished("work: x"))) == everything


HOUR = timedelta(hours=1)


def tries(*wrong: list[Notice], apart: timedelta = HOUR) -> list[News]:
    """What the tries of one night say, an hour apart."""
    told: dict[str, NoticeRow] = {}
    said = []
    for number, notices in enumerate(wrong):
        news, rows = decide(told, notices, ALL, NOW + number * apart)
        told = {row.key: row for row in rows}
        said.append(news)
    return said


def test_a_failure_whose_reasons_take_turns_is_told_once_for_each_and_ends_once() -> None:
    torn = replace(DOWN, sign="Malformed", what="work: it is torn")
    said = tries(*[[DOWN], [torn]] * 5, [])
    told = News(frozenset({DOWN.key}))
    assert said == [told, told, *[News()] * 8, News(over=(torn.what,))]


def test_a_failure_that_never_says_the_same_is_soon_told_once_a_day() -> None:
    said = tries(*([replace(DOWN, sign=str(number))] for number in range(48)))
    assert [number for number, news in enumerate(said) if news.fresh] == [0, 1, 2, 22, 42]


def test_failures_that_take_turns_within_a_night_are_over_when_all_are() -> None:
    other = Notice(Topic.READ, "family", "Unreachable", "family: no answer")
    said = tries(*[[DOWN], [other]] * 4, [])
    assert said[:2] == [News(frozenset({DOWN.key})), News(frozenset({other.key}))]
    assert said[2:8] == [News()] * 6
    assert set(said[8].over) == {DOWN.what, other.what}


def test_what_comes_and_goes_beside_a_failure_that_stays_is_told_once() -> None:
    export = Notice(Topic.WRITE, "out.ics", "", "out.ics cannot be written")
    said = tries(*[[export, DOWN], [export]] * 6, [])
    assert said[0] == News(frozenset({export.key, DOWN.key}))
    assert said[1:12] == [News()] * 11
    assert set(said[12].over) == {export.what, DOWN.what}


def test_a_night_that_begins_again_says_so_whatever_else_fails() -> None:
    begun = Notice(Topic.BEGIN, "x", "", "the configuration cannot be used")
    assert tries([begun], [DOWN])[1] == News(frozenset({DOWN.key}), (begun.what,))


def test_a_failure_that_is_gone_for_a_day_is_over_whatever_else_fails() -> None:
    other = replace(DOWN, subject="family", what="family: no answer")
    said = tries([DOWN, other], *[[other]] * 23)
    assert [number for number, news in enumerate(said) if news.over] == [20]
