"""Changes in outline, without their words: whom they affect and who is still to be asked needs no key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from calsync.desk import Desk
from calsync.people.changes import Answer, Change, Point, Saying, affected_by, still_to_ask
from calsync.state.store import Store

__all__ = ["Read", "changes_from", "fix_affected", "outlines", "wanted_before"]

Read = Callable[[str], Mapping[str, Any] | None]
"""Opens an encrypted body; None where that cannot be done."""


def outlines(store: Store) -> list[Change]:
    """Every change, by id: no title, and of answers and points only by whom and when."""
    return changes_from(store, lambda _body: None)


def changes_from(store: Store, read: Read, expired: datetime | None = None) -> list[Change]:
    """Every change, by id, with the words that `read` opens. Of those closed before `expired` no words are kept."""
    rows = store.changes()
    old = {row.id for row in rows if expired is not None and row.closed_at is not None and row.closed_at < expired}

    def opened(change: int, body: str) -> Mapping[str, Any] | None:
        return {} if change in old or not body else read(body)

    answers: dict[int, list[Answer]] = {}
    for one in store.affected() if rows else ():
        # Of two entries who were found to be one person, both answers are kept.
        said = [opened(one.change, body) for body in one.body.split() or [""]]
        readable = None not in said
        sayings = tuple(_saying(entry) for words in said if words and readable for entry in words.get("said", ()))
        answers.setdefault(one.change, []).append(Answer(one.person, one.asked_at, sayings, readable))
    points: dict[int, list[Point]] = {}
    for point in store.points() if rows else ():
        words = opened(point.change, point.body)
        text = "" if words is None else str(words.get("text", ""))
        points.setdefault(point.change, []).append(Point(point.side, text, point.person, point.at, words is not None))
    found = []
    for row in rows:
        words = opened(row.id, row.body)
        found.append(
            Change(
                row.id,
                row.on,
                row.made_at,
                row.asking_since,
                row.closed_at,
                row.tags,
                "" if words is None else str(words.get("title", "")),
                tuple(answers.get(row.id, ())),
                tuple(points.get(row.id, ())),
                row.counted,
                words is not None,
                row.fixed,
            )
        )
    return found


def wanted_before(desk: Desk, store: Store) -> dict[str, date]:
    """Who in the rotation is to be asked about a change, by name, and before which day."""
    changes = [change for change in outlines(store) if change.asks(desk.now.date())]
    if not changes:
        return {}
    return still_to_ask(changes, desk.config.people, store.newcomers(), desk.now.date(), desk.config.zone)


def fix_affected(desk: Desk, store: Store) -> None:
    """Keep by name whom each open change affects whose day has come: who gets a tag later is not affected any more."""
    today, since = desk.now.date(), store.newcomers()
    for change in outlines(store):
        if change.open and change.tags and not change.fixed and today >= change.on:
            found = affected_by(change, desk.config.people, since, today, desk.config.zone)
            store.fix_affected(change.id, [one.name for one in found])


def _saying(entry: Mapping[str, str]) -> Saying:
    return Saying(datetime.fromisoformat(entry["at"]), entry.get("text", ""), entry.get("changed", ""))
