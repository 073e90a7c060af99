"""The price of everything the planner may do: one table, in points, that docs/planning.md shows to the reader.

Two inequalities hold the weights together: a date moves only when its home is taken (`MOVE` outweighs all that a
place can cost by itself), and a date drops only when its week has no room (`SKIP` outweighs the dearest move).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "CLUSTER",
    "DAY_AWAY",
    "EDGE",
    "FRIDAY_LATE",
    "HOUR_AWAY",
    "MIDDAY",
    "MONDAY_FIRST",
    "MOVE",
    "NEAR",
    "NEAR_SECONDS",
    "PREFER",
    "RESHUFFLE",
    "SKIP",
    "SWITCH",
    "TERMS",
    "Term",
]

PREFER = 14
EDGE = 2
MIDDAY = 4
MONDAY_FIRST = 2
FRIDAY_LATE = 3
NEAR = 2
CLUSTER = 5
MOVE = 48
HOUR_AWAY = 1
DAY_AWAY = 4
RESHUFFLE = 6
SKIP = 240
SWITCH = 150

NEAR_SECONDS = 15 * 60
"""How close to a meeting's buffer is close."""


class Term(NamedTuple):
    """One row of the table: its name here, the default weight in points, per what, and what is meant."""

    name: str
    points: int
    unit: str
    meaning: str


TERMS: tuple[Term, ...] = (
    Term("SKIP", SKIP, "date", "the date does not take place"),
    Term("SWITCH", SWITCH, "series ended", "a series that exists gives up its slot"),
    Term("MOVE", MOVE, "date", "the date is not at home"),
    Term("DAY_AWAY", DAY_AWAY, "day", "moved to another day: each day between it and home"),
    Term("HOUR_AWAY", HOUR_AWAY, "started hour", "moved within its day: each started hour between it and home"),
    Term("RESHUFFLE", RESHUFFLE, "date", "a date leaves the legal place that it has now, other than to go home"),
    Term(
        "PREFER",
        PREFER,
        "block",
        "not in the preferred half of the day (the second begins after the midday break, or at 12:00)",
    ),
    Term("CLUSTER", CLUSTER, "pair of blocks", "two blocks on one local day, of whatever kind"),
    Term("MIDDAY", MIDDAY, "block", "it touches 12:00-13:00 and working hours have no break between 11:00 and 14:30"),
    Term("FRIDAY_LATE", FRIDAY_LATE, "block", "on a Friday it ends after 15:00"),
    Term("EDGE", EDGE, "edge", "it touches the first, or the last, half hour of the working day"),
    Term("MONDAY_FIRST", MONDAY_FIRST, "block", "on a Monday it starts within the first working hour"),
    Term("NEAR", NEAR, "side", "less than 15 minutes lie between it and the buffer of a meeting"),
)
