"""The schedulers there are and the usual time of a night: what is named before any scheduler is looked at."""

from __future__ import annotations

from datetime import time

__all__ = ["KINDS", "USUAL"]

KINDS = ("systemd", "cron", "launchd", "windows")
"""In the order in which they are preferred."""

USUAL = time(4, 15)
"""From when on a night is due where nobody says another time: the wall clock of the leader's zone."""
