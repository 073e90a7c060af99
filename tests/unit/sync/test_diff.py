"""The changes that a person reads, and the guard that looks at them last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calsync.errors import Refused
from calsync.model import Kind, Series, Span
from calsync.sync.diff import CalendarDiff, diff_calendar
from calsync.sync.guard import check
from calsync.sync.keys import series_key
from tests.unit.sync.made import NOW, later, series, week

HORIZON = Span(NOW, NOW + timedelta(weeks=13))


def diff(before: Series | None, after: Series | None, reasons: dict | None = None) -> CalendarDiff:
    one = before or after
    assert one is not None
    current = {one.key: before} if before else {}
    told = {(one.key, day): why for day, why in (reasons or {}).items()}
    return diff_calendar("work", current, {one.key: after}, {one.key: "e"}, told, HORIZON)


def said(found: CalendarDiff) -> list[tuple[str, str, str | None]]:
    return [
        (c.action.value, f"{c.start:%m-%d %H:%M}", f"{c.was_start:%m-%d %H:%M}" if c.was_start else None)
        for c in found.changes
    ]


def test_equal_series_need_no_write() -> None:
    one = series()
    assert diff(one, one) == CalendarDiff("work", (), (), 13, 0)


def test_a_series_whose_writing_was_cut_off_is_written_again_even_where_nothing_differs() -> None:
    one = series()
    found = diff_calendar("work", {one.key: one}, {one.key: one}, {one.key: "e"}, {}, HORIZON, (), {one.key})
    assert [(w.before, w.after, w.etag) for w in found.writes] == [(one, one, "e")]
    assert found.changes == ()


def test_a_creation_names_its_first_date_and_its_exceptions() -> None:
    made = series(
        overrides={week(1): later(series(), week(1))}, cancelled=frozenset({week(2)}), dropped=frozenset({week(2)})
    )
    assert said(diff(None, made)) == [
        ("create", "11-24 14:00", None),
        ("move", "12-01 15:00", "12-01 14:00"),
        ("cancel", "12-08 14:00", "12-08 14:00"),
    ]


def test_every_kind_of_change_to_a_date_has_its_word() -> None:
    ours = series(
        overrides={week(1): later(series(), week(1))}, cancelled=frozenset({week(2)}), dropped=frozenset({week(2)})
    )
    after = series(
        overrides={week(3): later(series(), week(3)), week(5): later(series(), week(5), 0, transparent=False)},
        cancelled=frozenset({week(4)}),
    )
    assert said(diff(ours, after)) == [
        ("restore", "12-01 14:00", "12-01 15:00"),
        ("restore", "12-08 14:00", None),
        ("move", "12-15 15:00", "12-15 14:00"),
        ("cancel", "12-22 14:00", "12-22 14:00"),
        ("update", "12-29 14:00", "12-29 14:00"),
    ]


def test_a_new_title_is_told_once_and_not_a_date() -> None:
    assert said(diff(series(), series(title="People"))) == [("update", "11-24 14:00", None)]


def test_an_end_is_told_at_the_first_date_that_goes() -> None:
    found = diff(series(), series(until=week(2)), {week(3): "a better time"})
    assert [(c.action.value, c.start.date(), c.reason) for c in found.changes] == [("delete", week(3), "a better time")]


def test_endings_are_written_before_changes_and_creations_last() -> None:
    gone = series()
    changed = series(key=series_key("work", Kind.CONNECT, 2, 0), number=2)
    made = series(key=series_key("work", Kind.CONNECT, 3, 0), number=3)
    found = diff_calendar(
        "work",
        {gone.key: gone, changed.key: changed},
        {gone.key: None, changed.key: replace(changed, title="x"), made.key: made},
        {},
        {},
        HORIZON,
    )
    assert [(w.before is None, w.after is None) for w in found.writes] == [(False, True), (False, False), (True, False)]


@pytest.mark.parametrize(("moved", "refused"), [(2, False), (4, False), (5, True), (13, True)])
def test_the_guard_refuses_more_than_a_third(moved: int, refused: bool) -> None:
    after = series(overrides={week(n): later(series(), week(n)) for n in range(moved)})
    found = diff(series(), after)
    assert (found.standing, found.disturbed) == (13, moved)
    if not refused:
        check([found])
        return
    with pytest.raises(Refused) as error:
        check([found])
    assert error.value.what == (
        f"the plan would delete or move {moved} of 13 blocks, more than a third; nothing was written"
    )
    assert "--force" in error.value.next_step


def test_a_short_horizon_never_makes_one_or_two_changes_surprising() -> None:
    check([CalendarDiff("work", (), (), standing=2, disturbed=2)])


def test_creations_and_restorations_never_alarm_the_guard() -> None:
    check([diff(None, series())])
    check([diff(series(cancelled=frozenset(week(n) for n in range(12))), series())])


def test_keys_are_opaque_lasting_and_different_for_all_that_they_name() -> None:
    keys = {
        series_key(calendar, kind, number, generation)
        for calendar in ("work", "home")
        for kind in Kind
        for number in range(1, 4)
        for generation in range(3)
    }
    assert len(keys) == 2 * 3 * 3 * 3
    assert all(len(key) == 34 and set(key) <= set("abcdefghijklmnopqrstuv0123456789") for key in keys)
    assert series_key("work", Kind.CONNECT, 1, 0) == "cs9c9koc17uh6mtgdfmm1gkfguue0tueb4"
