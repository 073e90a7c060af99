"""What the steps of a setup share: the draft, what the options said, whoever answers, and what accounts have told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from calsync.ports import CalendarInfo
from calsync.setup.draft import Draft
from calsync.setup.interview import Interview
from calsync.setup.wishes import Wishes

__all__ = ["Setup"]


@dataclass(slots=True)
class Setup:
    """One setup under way. `infos` are the calendars of each configured calendar's account, by its name."""

    draft: Draft
    wishes: Wishes
    talk: Interview
    infos: dict[str, Sequence[CalendarInfo]] = field(default_factory=dict)
