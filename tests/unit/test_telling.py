"""What a run says of itself: which weeks have no connect block at all."""

from __future__ import annotations

from datetime import date

from calsync.model import Kind
from calsync.planning.board import KindPlan, Unplaced
from calsync.telling import empty_weeks

SHORT = KindPlan(Kind.CONNECT, (), (), (Unplaced("2026-W49", Kind.CONNECT, 1, ("team meeting 9 h",)),), 0, 0)


def test_a_week_without_any_connect_block_is_named() -> None:
    assert empty_weeks([SHORT]) == ("2026-W49",)


def test_a_week_in_which_the_last_date_of_an_ending_series_stands_has_its_block() -> None:
    assert empty_weeks([SHORT], [date(2026, 12, 3)]) == ()
    assert empty_weeks([SHORT], [date(2026, 12, 10)]) == ("2026-W49",)


def test_other_kinds_have_no_minimum() -> None:
    assert empty_weeks([KindPlan(Kind.KINDNESS, (), (), SHORT.unplaced, 0, 0)]) == ()
