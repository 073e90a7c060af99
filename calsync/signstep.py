"""The command that signs in to a calendar, as every next step says it."""

from __future__ import annotations

import shlex

__all__ = ["sign_in_step"]


def sign_in_step(name: str, *options: str) -> str:
    """Run it for the calendar `name`, with `options`."""
    return "run `" + shlex.join(["calsync", "calendars", "sign-in", name, *options]) + "`"
