"""The report on a leader's attention: figures of people and blocks, reckoned from the state alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from calsync.changes import tally_of
from calsync.contacts import logged, paused_people
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.kindness import Counted, counted, done_days
from calsync.people.changes import Tally
from calsync.people.figures import Blocks, Date, Figures, figures
from calsync.people.promises import Account, account
from calsync.planning.words import cause_of
from calsync.promises import without_words
from calsync.state.store import Store

__all__ = ["MOST_WEEKS", "Report", "report"]

MOST_WEEKS = 104
"""How far back a report looks: what became of blocks is kept for about two years."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures, the instant they were reckoned at, and the first day of which a night remembers blocks.

    `word` is how the leader kept their promises, `changes` how many of those whom changes affect were asked before,
    `kindness` how many acts were done.
    """

    now: datetime
    recorded_from: date | None
    figures: Figures
    word: Account
    changes: Tally = field(default_factory=Tally)
    kindness: Counted = field(default_factory=Counted)

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `report`."""
        f = self.figures
        return {
            "now": self.now.isoformat(),
            "period": {"start": f.start.isoformat(), "end": f.end.isoformat(), "weeks": len(f.weeks)},
            "reach": {"talked_with": f.reached, "people": f.people},
            "gaps": {
                "median_of_target": f.gaps.median_of_target,
                "people": f.gaps.people,
                "within_ideal": f.gaps.within_ideal,
                "within_max": f.gaps.within_max,
                "past_max": f.gaps.past_max,
            },
            "spread": {
                "talks": f.spread.talks,
                "to_others": f.spread.to_others,
                "share": f.spread.share,
                "quartiles": list(f.spread.quartiles) if f.spread.quartiles else None,
            },
            "blocks": {
                "recorded_from": self.recorded_from.isoformat() if self.recorded_from else None,
                **_blocks(f.blocks),
                "kinds": [{"kind": kind, **_blocks(blocks)} for kind, blocks in f.kinds],
            },
            "promises": {**asdict(self.word), "rate": self.word.rate},
            "changes": asdict(self.changes),
            "kindness": asdict(self.kindness),
            "weeks": [
                {"week": w.name, "start": w.monday.isoformat(), "talks": w.talks, **_counts(w.blocks)} for w in f.weeks
            ],
        }


def report(desk: Desk, weeks: int | None = None, since: date | None = None) -> Report:
    """The figures of the last `weeks` ISO weeks, the present one included, or from the local day `since` on.

    Raises UsageError for a day that is still to come, or further back than MOST_WEEKS.
    """
    today = desk.now.date()
    monday = today - timedelta(today.weekday())
    start = since or monday - timedelta(7 * ((weeks or 1) - 1))
    if start > today:
        raise UsageError(f"{start.isoformat()} is still to come", "give a day that is over, or --weeks 4")
    if start < monday - timedelta(7 * (MOST_WEEKS - 1)):
        raise UsageError(
            f"{start.isoformat()} is more than {MOST_WEEKS} weeks back",
            f"what became of blocks is kept for about two years: give a later day, or --weeks {MOST_WEEKS}",
        )
    with Store(desk.state_folder, desk.now) as store:
        rows, named = store.outcomes(), store.assignments()
        contacts = logged(store)
        newcomers, paused = store.newcomers(), paused_people(desk, store)
        promises = without_words(store)
        changes = tally_of(desk, store, start)
        kindness, deeds = counted(desk, store, start), done_days(desk, store)
    dates = [
        Date(r.kind, r.home, r.start, r.end, r.what, cause_of(r.why), named[r.block][1] if r.block in named else ())
        for r in rows
    ]
    first = min((row.home for row in rows), default=None)
    told = figures(desk.config.people, contacts, newcomers, paused, dates, start, desk.now, desk.config.zone, deeds)
    word = account(promises, start, desk.now, desk.config.zone)
    return Report(desk.now, first, told, word, changes, kindness)


def _counts(blocks: Blocks) -> dict[str, int | None]:
    return {
        "planned": blocks.planned,
        "kept": blocks.kept,
        "open": blocks.open,
        "displaced": blocks.displaced,
        "deleted": blocks.deleted,
        "to_come": blocks.to_come,
    }


def _blocks(blocks: Blocks) -> dict[str, Any]:
    return {
        **_counts(blocks),
        "moved": blocks.moved,
        "pinned": blocks.pinned,
        "displaced_by": [{"what": what, "blocks": number} for what, number in blocks.displaced_by],
        "moved_by": [{"what": what, "blocks": number} for what, number in blocks.moved_by],
    }
