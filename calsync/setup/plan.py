"""What the steps of a setup share: the draft, what the options said, and whoever answers."""

from __future__ import annotations

from dataclasses import dataclass

from calsync.setup.draft import Draft
from calsync.setup.interview import Interview
from calsync.setup.wishes import Wishes

__all__ = ["ZONE", "Setup"]

ZONE = "zone"
"""Noted of the draft: the time zone of an account's primary calendar."""


@dataclass(slots=True)
class Setup:
    """One setup under way."""

    draft: Draft
    wishes: Wishes
    talk: Interview
