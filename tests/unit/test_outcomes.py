"""What is remembered of each date: what is over stays, what is to come follows the calendar, the leader's word wins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from calsync.agenda import Slot, block_id
from calsync.model import Kind, Override, Series
from calsync.outcomes import became
from calsync.planning.board import Unplaced
from calsync.planning.words import FIXED, cause_of
from calsync.state.database import FILE_NAME
from calsync.state.store import KEPT_DAYS, OutcomeRow, Store
from calsync.sync.desired import Mark
from tests.system.world import BERLIN
from tests.unit.sync.made import TUESDAY, later, series, week

MONDAY = datetime(2026, 11, 23, 3, tzinfo=BERLIN)
LAST = date(2026, 12, 21)


def nights(*slots: Slot | Series, now: datetime = MONDAY, earlier: Iterable[OutcomeRow] = (), **more: object) -> list:
    given = {"whys": {}, "unplaced": (), "retired": (), **more}
    made = [slot if isinstance(slot, Slot) else Slot(slot, {}) for slot in slots]
    return became(made, earlier=list(earlier), last=LAST, now=now, zone=BERLIN, **given)  # type: ignore[arg-type]


def short(rows: Iterable[OutcomeRow]) -> list[tuple[date, str, str]]:
    return [(row.home, row.what, row.why) for row in rows]


def name(day: date) -> str:
    return block_id(("connect", 1, 0), day)


def test_each_date_to_come_is_told_by_where_it_stands() -> None:
    one = series()
    one = series(
        cancelled=frozenset({week(1), week(2)}), dropped=frozenset({week(1)}), overrides={week(3): later(one, week(3))}
    )
    rows = nights(one, whys={name(week(1)): "holiday", name(week(3)): "team meeting Tue 14:00-15:00"})
    assert short(rows) == [
        (week(0), "home", ""),
        (week(1), "dropped", "holiday"),
        (week(2), "deleted", ""),
        (week(3), "moved", "team meeting Tue 14:00-15:00"),
    ]
    assert rows[0].start == one.home(TUESDAY).start
    assert rows[1].start is None


def test_a_date_that_the_leader_moved_is_pinned_whatever_the_reason_was() -> None:
    one = series()
    placed = later(one, week(1))
    moved = series(overrides={week(1): placed})
    rows = nights(Slot(moved, {week(1): Mark(placed)}), whys={name(week(1)): FIXED})
    assert short(rows)[1] == (week(1), "pinned", "")


def test_what_is_over_stays_as_it_was_when_its_series_is_gone() -> None:
    rows = nights(series())
    after = nights(now=MONDAY + timedelta(days=3), earlier=rows)
    assert short(after) == [(week(0), "home", "")]


def test_the_rest_of_the_week_is_deleted_when_the_leader_deletes_the_series_in_it() -> None:
    rows = nights(series())
    after = nights(earlier=rows, retired=[("connect", 1, 0)])
    assert short(after) == [(week(0), "deleted", "")]
    again = nights(earlier=after, retired=[("connect", 1, 0)])
    assert again == after


def test_the_rest_of_the_week_is_displaced_when_calsync_ends_the_series_in_it() -> None:
    after = nights(earlier=nights(series()), whys={name(TUESDAY): "better times at Wed 10:00"})
    assert short(after) == [(week(0), "dropped", "better times at Wed 10:00")]


def test_a_date_that_the_leader_deleted_on_its_own_day_is_deleted_the_night_after() -> None:
    rows = nights(series())
    gone = series(cancelled=frozenset({TUESDAY}))
    assert short(nights(gone, now=MONDAY + timedelta(days=2), earlier=rows))[0] == (TUESDAY, "deleted", "")


def test_a_date_that_the_leader_moved_on_its_own_day_is_pinned_where_it_took_place() -> None:
    rows = nights(series())
    one = series(overrides={TUESDAY: later(series(), TUESDAY, hours=2)})
    first, *_ = nights(one, now=MONDAY + timedelta(days=2), earlier=rows)
    assert (first.what, first.start) == ("pinned", series().home(TUESDAY).start + timedelta(hours=2))


def test_a_near_date_keeps_the_reason_that_moved_it() -> None:
    one = series(overrides={TUESDAY: later(series(), TUESDAY)})
    rows = nights(one, whys={name(TUESDAY): "one-on-one Tue 14:00-14:30"})
    again = nights(one, now=MONDAY + timedelta(hours=20), earlier=rows, whys={name(TUESDAY): FIXED})
    assert again[0].why == "one-on-one Tue 14:00-14:30"


def test_dates_that_were_over_before_anybody_looked_are_not_made_up() -> None:
    assert nights(series(), now=MONDAY + timedelta(days=3))[0].home == week(1)


def test_a_week_without_a_slot_is_planned_and_displaced_by_what_took_most_of_it() -> None:
    unplaced = [Unplaced("2026-W48", Kind.CONNECT, 2, ("team meeting 9 h", "one-on-one 2 h"))]
    rows = nights(unplaced=unplaced)
    assert short(rows) == [(MONDAY.date(), "dropped", "team meeting 9 h")] * 2
    assert len({row.block for row in rows}) == 2


def test_a_dropped_date_of_a_slot_is_not_counted_again_as_a_week_without_room() -> None:
    one = series(cancelled=frozenset({TUESDAY}), dropped=frozenset({TUESDAY}))
    rows = nights(one, unplaced=[Unplaced("2026-W48", Kind.CONNECT, 1, ("team meeting 9 h",))])
    assert [row.block for row in rows if row.home < week(1)] == [name(TUESDAY)]


def test_the_shortage_of_a_week_is_that_of_its_monday() -> None:
    rows = nights(unplaced=[Unplaced("2026-W48", Kind.CONNECT, 1, ("team meeting 9 h",))])
    later_on = [Unplaced("2026-W48", Kind.CONNECT, 2, ("the week is nearly over",))]
    assert nights(now=MONDAY + timedelta(days=2), earlier=rows, unplaced=later_on) == rows
    assert nights(now=MONDAY + timedelta(days=2), unplaced=later_on) == []


def test_a_block_that_found_room_late_in_its_week_is_short_no_more() -> None:
    rows = nights(unplaced=[Unplaced("2026-W48", Kind.CONNECT, 1, ("team meeting 9 h",))])
    thursday = series(first=TUESDAY + timedelta(2))
    after = nights(thursday, now=MONDAY + timedelta(days=1), earlier=rows)
    assert [row.what for row in after if row.home < week(1) - timedelta(1)] == ["home"]
    assert nights(thursday, now=MONDAY + timedelta(days=1), earlier=after) == after


def test_two_years_are_kept() -> None:
    old = OutcomeRow("connect-1-0-x", "connect", MONDAY.date() - timedelta(KEPT_DAYS), None, None, "dropped", "")
    older = OutcomeRow("connect-1-0-y", "connect", old.home - timedelta(1), None, None, "dropped", "")
    assert nights(earlier=[old, older]) == [old]


def test_what_the_leader_took_over_stays_as_it_was_planned() -> None:
    rows = nights(series())
    assert nights(Slot(series(), {}, theirs=True), earlier=rows) == rows[:1]


def test_the_second_look_changes_nothing() -> None:
    one = series(
        cancelled=frozenset({week(1)}),
        dropped=frozenset({week(1)}),
        overrides={week(2): Override(series().home(week(2)), "Other", False)},
    )
    unplaced = [Unplaced("2026-W50", Kind.KINDNESS, 1, ("holiday on Thu 10 Dec",))]
    for hours in range(0, 24 * 14, 5):
        now = MONDAY + timedelta(hours=hours)
        rows = nights(one, now=now, unplaced=unplaced)
        assert nights(one, now=now, earlier=rows, unplaced=unplaced) == rows


FATES = st.sampled_from(["home", "moved", "dropped", "deleted", "pinned"])
steps = st.lists(
    st.tuples(
        st.integers(1, 60),  # hours to the next night
        st.dictionaries(
            st.integers(0, 3), st.sampled_from(["home", "moved", "dropped", "deleted", "pinned"]), max_size=3
        ),
        st.sampled_from(["stands"] * 6 + ["retired", "ended", "theirs"]),
        st.integers(0, 2),  # blocks that this week has no room for
    ),
    max_size=8,
)


@given(steps)
def test_whatever_happens_a_block_that_was_planned_is_never_lost_and_never_counted_twice(
    course: list[tuple[int, dict[int, str], str, int]],
) -> None:
    rows, now = nights(series(), now=MONDAY), MONDAY
    for hours, fates, state, missing in course:
        now += timedelta(hours=hours)
        before = rows
        one, marks = _as_told(fates)
        unplaced = [Unplaced("2026-W48", Kind.CONNECT, missing, ("team meeting 9 h",))] if missing else []
        slots = [Slot(one, marks, theirs=state == "theirs")] if state in ("stands", "theirs") else []
        retired = [("connect", 1, 0)] if state == "retired" else []
        rows = nights(*slots, now=now, earlier=before, unplaced=unplaced, retired=retired)
        assert nights(*slots, now=now, earlier=rows, unplaced=unplaced, retired=retired) == rows
        names = [row.block for row in rows]
        assert len(names) == len(set(names))
        next_monday = now.date() - timedelta(now.weekday()) + timedelta(7)
        counted = {row.block for row in before if row.home < next_monday and "none" not in row.block}
        assert counted <= set(names)
        for row in rows:
            assert (row.start is None) == (row.end is None) == (row.what in ("dropped", "deleted"))


def _as_told(fates: dict[int, str]) -> tuple[Series, dict[date, Mark]]:
    """A series whose dates stand as told, by number of the week, with what the leader decided of them."""
    plain = series()
    days = {week(n): fate for n, fate in fates.items()}
    overrides = {day: later(plain, day) for day, fate in days.items() if fate in ("moved", "pinned")}
    one = series(
        cancelled=frozenset(day for day, fate in days.items() if fate in ("dropped", "deleted")),
        dropped=frozenset(day for day, fate in days.items() if fate == "dropped"),
        overrides=overrides,
    )
    marks = {day: Mark(overrides.get(day)) for day, fate in days.items() if fate in ("deleted", "pinned")}
    return one, marks


def test_rows_come_back_as_they_were_and_equal_ones_are_not_written(tmp_path: Path) -> None:
    one = series(cancelled=frozenset({week(1)}), dropped=frozenset({week(1)}))
    rows = nights(one, whys={name(week(1)): "holiday"})
    with Store(tmp_path, MONDAY) as store:
        store.keep_outcomes(rows)
        assert store.outcomes() == rows
        before = (tmp_path / "decisions.json").stat().st_mtime_ns
        store.keep_outcomes(reversed(rows))
        assert (tmp_path / "decisions.json").stat().st_mtime_ns == before
        store.keep_outcomes(rows[1:])
        assert store.outcomes() == rows[1:]
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.unlink()
    with Store(tmp_path, MONDAY) as store:
        assert store.outcomes() == rows[1:]


def test_a_cause_is_a_reason_without_its_times() -> None:
    reasons = {
        "team meeting Tue 14:00-15:00, and no other room that week": "team meeting",
        "one-on-one Wed 09:00-09:30": "one-on-one",
        "out of office Thu 3 Dec to Fri 4 Dec": "out of office",
        "out of office Thu 3 Dec": "out of office",
        "holiday on Thu 3 Dec": "holiday",
        "no working time on Tue": "no working time",
        "meeting 1 h 30 min": "meeting",
        "all-day event 2 days": "all-day event",
        "white space rule: one free hour a day": "white space rule: one free hour a day",
        "a tenth of working time": "a tenth of working time",
        "fewer clashes and better times at Tue 14:00, Wed 10:00": "fewer clashes and better times",
        "": "",
    }
    assert {reason: cause_of(reason) for reason in reasons} == reasons
