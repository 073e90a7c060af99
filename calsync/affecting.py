"""The changes of the state without their words: whom they affect and who is still to be asked needs no key."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from calsync.desk import Desk
from calsync.people.changes import Answer, Change, Point, still_to_ask
from calsync.state.store import Store

__all__ = ["outlines", "wanted_before"]


def outlines(store: Store) -> list[Change]:
    """Every change, by id: no title, and of answers and points only by whom and when."""
    answers: dict[int, list[Answer]] = {}
    for row in store.affected():
        answers.setdefault(row.change, []).append(Answer(row.person, row.asked_at))
    points: dict[int, list[Point]] = {}
    for point in store.points():
        points.setdefault(point.change, []).append(Point(point.side, "", point.person, point.at))
    bare = [
        Change(r.id, r.on, r.made_at, r.asking_since, r.closed_at, r.tags, counted=r.counted) for r in store.changes()
    ]
    return [replace(c, answers=tuple(answers.get(c.id, ())), points=tuple(points.get(c.id, ()))) for c in bare]


def wanted_before(desk: Desk, store: Store) -> dict[str, date]:
    """Who in the rotation is to be asked about a change, by name, and before which day."""
    rows = outlines(store)
    if not rows:
        return {}
    return still_to_ask(rows, desk.config.people, store.newcomers(), desk.now.date(), desk.config.zone)
